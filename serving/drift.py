"""Drift of what a member's events looked like lately against what the champion learnt from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import orjson

from models.drift import Sample, Shift, compare, corridor_name
from models.explain import BASELINE
from models.runtime import Scorer
from serving.store import served
from serving.store.database import View
from serving.store.records import moment

EVENTS = 5_000
_WORDS = ("stable", "moved", "far", "too few")


@dataclass(frozen=True)
class StreamDrift:
    """One stream of one member: how many events were compared, from when on, and every shift."""

    stream: str
    model_version: str
    since: datetime
    events: int
    shifts: tuple[Shift, ...]

    @property
    def words(self) -> dict[str, int]:
        """How many distributions over all corridors are stable, moved, far, or too few to tell."""
        whole = [one.word for one in self.shifts if not one.corridor]
        return {word: whole.count(word) for word in _WORDS}  # type: ignore[arg-type]


def measure(
    connection: View, scorer: Scorer, member: str, since: int, limit: int = EVENTS
) -> StreamDrift | None:
    """Compare a member's newest assessments since a time (microseconds), `limit` at most.

    Margins and reasons count where the champion itself gave them. None when its bundle holds no
    baseline.
    """
    bundle = scorer.bundle
    if bundle.baseline is None:
        return None
    sets = served.feature_sets(connection)
    rows, corridors, margins, scored, reasons = [], [], [], [], []
    wanted = [name for name, _ in bundle.features]
    places: dict[str, list[int]] = {}
    for one in served.recent(connection, member, bundle.stream, since, limit):
        if one.feature_set not in places:
            known = {name: at for at, (name, _) in enumerate(sets.get(one.feature_set, []))}
            places[one.feature_set] = [known.get(name, -1) for name in wanted]
        values = np.append(np.frombuffer(one.features), np.nan)
        rows.append(values[places[one.feature_set]].astype(np.float32))
        corridor = _corridor(one.body)
        corridors.append(corridor)
        if one.model_version != bundle.version:
            continue
        margins.append(one.margin)
        scored.append(corridor)
        first = next(iter(orjson.loads(one.reasons)), None)
        if first is not None and first["feature"] != BASELINE:
            reasons.append(first.get("group", first["feature"]))
    table = np.stack(rows) if rows else np.zeros((0, len(wanted)), np.float32)
    served_all = [all(one[at] >= 0 for one in places.values()) for at in range(len(wanted))]
    names = [name for name, there in zip(wanted, served_all, strict=True) if there]
    sample = Sample(table[:, served_all], corridors, np.array(margins), scored, reasons)
    shifts = tuple(compare(bundle.baseline, names, sample))
    return StreamDrift(bundle.stream, bundle.version, moment(since), len(rows), shifts)


def _corridor(body: bytes) -> str:
    fields = orjson.loads(body)
    sides = (
        fields.get(f"{role}_account_country") or fields.get(f"{role}_agent_country")
        for role in ("debtor", "creditor")
    )
    return corridor_name(*sides)
