"""Champion and challenger, side by side on the events that both have scored."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from models.decision import Thresholds, decide
from serving.auth import Principal
from serving.store import shadow
from serving.store.database import Database, View
from serving.store.records import moment

ON_A_PAGE = 20_000
_QUANTILES = (0.5, 0.9, 0.99, 0.999)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Flags:
    """What became of one model's flags: how many, how many are labelled, how many are fraud."""

    flags: int
    labelled: int
    frauds: int

    @property
    def precision(self) -> float | None:
        """Share of fraud among the labelled flags, None while there are none."""
        return self.frauds / self.labelled if self.labelled else None


@dataclass(frozen=True)
class Comparison:
    """A challenger beside the champions of the same events.

    `agreement` is the share of events with the same advice by score (rules, watchlists and quotas
    left aside), `flips` counts advice pairs as "champion to challenger", `rank_correlation` is
    Spearman's. `scores` holds each model's mean probability and quantiles. `champion_flags` and
    `challenger_flags` compare outcomes at the same number of flags: as many of the challenger's
    highest as the champion flagged. Frauds that only one of them flags are `only_champion` and
    `only_challenger`.
    """

    stream: str
    challenger: str
    champions: dict[str, int]
    events: int
    missed: int
    """Events that were answered meanwhile and not scored by the challenger."""
    first: str
    last: str
    agreement: float
    flips: dict[str, int]
    rank_correlation: float | None
    scores: dict[str, dict[str, float]]
    labelled: int
    champion_flags: Flags
    challenger_flags: Flags
    only_champion: int
    only_challenger: int

    def document(self) -> dict[str, Any]:
        """Return everything as JSON-able values."""
        body = asdict(self)
        for name, flags in (
            ("champion_flags", self.champion_flags),
            ("challenger_flags", self.challenger_flags),
        ):
            body[name]["precision"] = flags.precision
        return body


class Comparisons:
    """What a member may see of a challenger: its own events, scored twice."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, principal: Principal, stream: str, version: str) -> Comparison | None:
        """Compare on the member's newest events; None without any. Raises `Forbidden`."""
        principal.require("read")
        return await self._database.reads(compare, stream, version, principal.member, ON_A_PAGE)


def compare(
    connection: View,
    stream: str,
    version: str | None,
    member: str | None,
    newest: int,
) -> Comparison | None:
    """Compare a challenger, the latest one if None, on its newest events; None without any.

    `member` narrows it to one member's events; None takes all.
    """
    if version is None:
        version = next(iter(shadow.versions(connection, stream)), None)
        if version is None:
            return None
    pairs = list(shadow.pairs(connection, stream, version, member, newest))
    if not pairs:
        return None
    said = shadow.labels(connection, stream, member)
    answered = shadow.assessed_since(connection, stream, member, pairs[-1].sequence)
    thresholds: dict[str, Thresholds] = {}
    for pair in pairs:
        if pair.thresholds not in thresholds:
            thresholds[pair.thresholds] = Thresholds.from_dict(orjson.loads(pair.thresholds))
    advice = [decide(one.probability, thresholds[one.thresholds]).advice for one in pairs]
    flips = Counter(f"{own} to {one.shadow_advice}" for own, one in zip(advice, pairs, strict=True))
    same = sum(count for flip, count in flips.items() if len(set(flip.split(" to "))) == 1)
    margin = np.array([one.margin for one in pairs])
    shadow_margin = np.array([one.shadow_margin for one in pairs])
    label = [said.get((one.member, one.event_id)) for one in pairs]
    ours = np.array([one != "clear" for one in advice])
    theirs = np.zeros(len(pairs), dtype=bool)
    theirs[np.lexsort((np.arange(len(pairs)), -shadow_margin))[: int(ours.sum())]] = True
    fraud = np.array([one is True for one in label])
    known = np.array([one is not None for one in label])
    return Comparison(
        stream=stream,
        challenger=version,
        champions=dict(Counter(one.model_version for one in pairs)),
        events=len(pairs),
        missed=max(answered - len(pairs), 0),
        first=moment(pairs[-1].received_at).isoformat(),
        last=moment(pairs[0].received_at).isoformat(),
        agreement=same / len(pairs),
        flips=dict(flips),
        rank_correlation=_rank_correlation(margin, shadow_margin),
        scores={
            "champion": _spread(np.array([one.probability for one in pairs])),
            "challenger": _spread(np.array([one.shadow_probability for one in pairs])),
        },
        labelled=int(known.sum()),
        champion_flags=_flags(ours, known, fraud),
        challenger_flags=_flags(theirs, known, fraud),
        only_champion=int((fraud & ours & ~theirs).sum()),
        only_challenger=int((fraud & theirs & ~ours).sum()),
    )


def _flags(flagged: Any, known: Any, fraud: Any) -> Flags:
    return Flags(int(flagged.sum()), int((flagged & known).sum()), int((flagged & fraud).sum()))


def _spread(probability: Floats) -> dict[str, float]:
    values = np.quantile(probability, _QUANTILES)
    named = {
        f"q{level:g}": round(float(value), 6)
        for level, value in zip(_QUANTILES, values, strict=True)
    }
    return {"mean": round(float(probability.mean()), 6), **named}


def _rank_correlation(one: Floats, other: Floats) -> float | None:
    """Spearman's rank correlation, ties at their mean rank; None where one is constant."""
    first, second = _ranks(one), _ranks(other)
    if first.std() == 0 or second.std() == 0:
        return None
    return round(float(np.corrcoef(first, second)[0, 1]), 6)


def _ranks(values: Floats) -> Floats:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    mean: Floats = np.cumsum(count) - (count - 1) / 2
    return mean[place]
