"""Does what was served follow from the log? A sample of vectors, computed again and compared.

The log is read by a history of its own, beside the running service. Vectors are compared bit by
bit; where one differs, what the assessment kept tells why.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from features.catalog import CATALOGUES
from features.definitions import Catalogue
from features.reference import Reference
from serving.agreements import Agreements
from serving.pools import Pools, Scored
from serving.replaying import Replay
from serving.store import served
from serving.store.database import Database
from serving.store.log import Record
from serving.store.records import moment
from serving.store.served import Served

MISSING = "the log lacks the event"
ALTERED = "the log is not what was accepted"
POOL = "the agreement that it was scored under is not in the configuration"
UNKNOWN_SET = "nothing tells what the numbers of this feature set stand for"
FEATURE = "the feature has another version now"
REFERENCE = "other reference data"
HISTORY = "another history: the log's entries before it are not those of then"
VALUE = "every version agrees"

_SAID_EVERY = 20_000
Progress = Callable[[int, int], None]
"""Called with the entries of the log that were read, and how many there are to read."""


@dataclass(frozen=True)
class Difference:
    """All that differ alike: one feature (None for the whole vector), one cause.

    `first` and `last` are the earliest and latest ring version (place in the log up to which the
    history had grown) at which it was served, None where the assessment did not keep it. The
    example is the earliest one; its values are None where there is none to compare.
    """

    feature: str | None
    family: str | None
    cause: str
    count: int
    first: int | None
    last: int | None
    assessment_id: str | None
    event: str
    pool: str | None
    served: float | None
    recomputed: float | None


@dataclass
class Verified:
    """What a verification found; `left_out` counts features that are no more, by name."""

    sampled: int
    entries: int
    features_compared: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            **vars(self),
            "left_out": dict(self.left_out),
            "differences": [vars(one) for one in self.differences],
        }


def verify(
    database: Database,
    reference: Reference,
    shared: Agreements,
    *,
    sample: int,
    seed: int,
    since: int = 0,
    member: str | None = None,
    progress: Progress | None = None,
) -> Verified:
    """Compute `sample` served vectors again from the log alone, and report what differs.

    They are drawn at random from the assessments received since a time (microseconds), of one
    member or of all. `shared` are all agreements there ever were, ended ones too.
    """
    with database.reading() as connection, database.reading() as aside:
        places = served.assessed(connection, member, since)
        chosen = sorted(random.Random(seed).sample(places, min(sample, len(places))))  # noqa: S311
        wanted = {one.sequence: one for one in served.served(connection, chosen)}
        members = shared.together({one.member for one in wanted.values()})
        last = chosen[-1] if chosen else 0
        total = served.entries(connection, members, last)
        sets = served.feature_sets(connection)
        found = _Findings(Verified(len(chosen), total), reference, shared, sets)
        for one in wanted.values():
            if not one.logged:
                found.whole(one, MISSING)
        pools = Pools(reference, shared)
        replay = Replay(pools, aside)
        for done, (record, digest) in enumerate(served.hashed(connection, members, last)):
            # The body that was accepted has this digest; another one explains every difference.
            if hashlib.sha256(record.body).digest() != digest:
                found.entry(record, ALTERED)
            sampled = wanted.get(record.sequence)
            try:
                if sampled is not None and sampled.logged:
                    found.compare(sampled, replay.score(record))
                else:
                    replay.add(record)
            except LookupError:
                found.entry(record, MISSING)
            if progress and (done + 1) % _SAID_EVERY == 0:
                progress(done + 1, total)
    return found.result()


@dataclass(frozen=True)
class _Places:
    """Where the features of a stored vector are in it, and in a vector of today's catalogue."""

    then: npt.NDArray[np.int64]
    now: npt.NDArray[np.int64]
    changed: npt.NDArray[np.bool_]
    gone: tuple[str, ...]


class _Findings:
    """Compares vectors and gathers what differs, by feature and cause."""

    def __init__(
        self,
        verified: Verified,
        reference: Reference,
        shared: Agreements,
        sets: dict[str, list[tuple[str, int]]],
    ) -> None:
        self._verified = verified
        self._reference = reference.version
        self._agreements = shared
        self._sets = sets
        self._places: dict[str, _Places] = {}
        self._found: dict[tuple[str | None, str], Difference] = {}
        self._altered: set[str] = set()

    def result(self) -> Verified:
        """Return everything, the most frequent differences first."""
        found = sorted(self._found.values(), key=lambda one: (-one.count, one.feature or ""))
        return replace(self._verified, differences=found)

    def entry(self, record: Record, cause: str) -> None:
        """Note that an entry of the log itself is wrong."""
        self._altered.add(record.member)
        event = f"{record.stream} {record.event_id} of {record.member}"
        place = record.sequence
        self._add(Difference(None, None, cause, 1, place, place, None, event, None, None, None))

    def whole(self, one: Served, cause: str) -> None:
        """Note that a vector cannot be computed again."""
        self._add(_difference(one, cause))

    def compare(self, one: Served, again: Scored) -> None:
        """Compare a served vector with the one that the log gives."""
        if one.pool != again.pool:
            self.whole(one, POOL)
            return
        catalogue = CATALOGUES[one.stream]
        if one.feature_set not in self._sets:
            self.whole(one, UNKNOWN_SET)
            return
        if one.feature_set not in self._places:
            self._places[one.feature_set] = _places(self._sets[one.feature_set], catalogue)
        places = self._places[one.feature_set]
        self._verified.left_out.update(places.gone)
        then = np.frombuffer(one.features, np.float64)[places.then]
        now = again.features[places.now]
        self._verified.features_compared += len(then)
        held = (one.pool_position, one.pool_entries)
        moved = None not in held and held != (again.position, again.entries)
        different = np.flatnonzero(then.view(np.int64) != now.view(np.int64))
        for place in different.tolist():
            feature = catalogue.features[int(places.now[place])]
            self._add(
                replace(
                    _difference(one, self._cause(one, bool(places.changed[place]), moved)),
                    feature=feature.name,
                    family=feature.family,
                    served=_number(then[place]),
                    recomputed=_number(now[place]),
                )
            )
        if moved and not len(different):
            self.whole(one, HISTORY)

    def _cause(self, one: Served, changed: bool, moved: bool) -> str:
        if changed:
            return FEATURE
        if one.reference_version != self._reference:
            return REFERENCE
        if self._altered & self._agreements.together((one.member,)):
            return ALTERED
        return HISTORY if moved else VALUE

    def _add(self, new: Difference) -> None:
        key = (new.feature, new.cause)
        old = self._found.get(key)
        if old is None:
            self._found[key] = new
        else:
            versions = [one for one in (old.first, old.last, new.first) if one is not None]
            first, last = (min(versions), max(versions)) if versions else (None, None)
            self._found[key] = replace(old, count=old.count + 1, first=first, last=last)


def _places(pairs: Sequence[tuple[str, int]], catalogue: Catalogue) -> _Places:
    known = {feature.name: feature.version for feature in catalogue.features}
    kept = [place for place, (name, _) in enumerate(pairs) if name in known]
    return _Places(
        then=np.array(kept, np.int64),
        now=np.array([catalogue.index(pairs[place][0]) for place in kept], np.int64),
        changed=np.array([known[pairs[place][0]] != pairs[place][1] for place in kept], np.bool_),
        gone=tuple(name for name, _ in pairs if name not in known),
    )


def _difference(one: Served, cause: str) -> Difference:
    event = f"{one.stream} {one.event_id} of {one.member}, {moment(one.received_at).isoformat()}"
    return Difference(
        feature=None,
        family=None,
        cause=cause,
        count=1,
        first=one.pool_position,
        last=one.pool_position,
        assessment_id=one.assessment_id,
        event=event,
        pool=one.pool,
        served=None,
        recomputed=None,
    )


def _number(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)
