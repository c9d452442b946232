"""What was served, and the log that it is checked against."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from serving.store import schema
from serving.store.log import Record

_EVENTS, _ASSESSMENTS, _SETS = schema.events, schema.assessments, schema.feature_sets
_ADD_SET = sa.text(
    "INSERT INTO feature_sets (version, stream, features) "
    "VALUES (:version, :stream, :features) ON CONFLICT DO NOTHING"
)
_PER_FETCH = 2_000
_PER_LOOKUP = 500
# No index leads by time: so many entries at most are looked through for a member's newest.
_LOOKED_THROUGH = 500_000


def add_feature_set(
    connection: Connection, version: str, stream: str, features: Collection[tuple[str, int]]
) -> None:
    """Keep the (name, version) pairs of a feature set, unless they are there."""
    listing = orjson.dumps(list(features)).decode()
    connection.execute(_ADD_SET, {"version": version, "stream": stream, "features": listing})


def feature_sets(connection: Connection) -> dict[str, list[tuple[str, int]]]:
    """Return the (name, version) pairs of every feature set, by its version."""
    rows = connection.execute(sa.select(_SETS.c.version, _SETS.c.features))
    return {
        version: [(name, number) for name, number in orjson.loads(features)]
        for version, features in rows
    }


@dataclass(frozen=True)
class Served:
    """What an assessment says of the vector that was served; the ring version may be None.

    `logged` is false when the log lacks the event.
    """

    sequence: int
    member: str
    stream: str
    event_id: str
    assessment_id: str
    received_at: int
    feature_set: str
    reference_version: str
    pool: str
    pool_position: int | None
    pool_entries: int | None
    features: bytes
    logged: bool


def assessed(connection: Connection, member: str | None, since: int) -> list[int]:
    """Return the sequences of the assessments received since a time, of a member or of all."""
    query = sa.select(_ASSESSMENTS.c.sequence).where(_ASSESSMENTS.c.received_at >= since)
    if member is not None:
        query = query.where(_ASSESSMENTS.c.member == member)
    return list(connection.scalars(query.order_by(_ASSESSMENTS.c.sequence)))


def served(connection: Connection, sequences: Sequence[int]) -> Iterator[Served]:
    """Yield what was served at these places of the log."""
    own, event = _ASSESSMENTS.c, _EVENTS.c
    there = sa.and_(
        event.sequence == own.sequence,
        event.member == own.member,
        event.stream == own.stream,
        event.event_id == own.event_id,
    )
    columns = [own[name] for name in Served.__dataclass_fields__ if name in own]
    query = sa.select(*columns, event.sequence.is_not(None).label("logged")).join(
        _EVENTS, there, isouter=True
    )
    for start in range(0, len(sequences), _PER_LOOKUP):
        part = list(sequences[start : start + _PER_LOOKUP])
        for row in connection.execute(query.where(own.sequence.in_(part))):
            yield Served(**row._mapping)


def entries(connection: Connection, members: Collection[str], last: int) -> int:
    """Return how many entries of some members the log holds up to a sequence."""
    query = sa.select(sa.func.count()).where(_of(members, last))
    return connection.scalar(query) or 0


def hashed(
    connection: Connection, members: Collection[str], last: int
) -> Iterator[tuple[Record, bytes]]:
    """Yield the log of some members up to a sequence, each entry with the digest of its body."""
    columns = [_EVENTS.c[name] for name in Record.__dataclass_fields__]
    query = sa.select(*columns, _EVENTS.c.body_hash).where(_of(members, last))
    query = query.order_by(_EVENTS.c.sequence)
    for row in connection.execute(query, execution_options={"yield_per": _PER_FETCH}):
        yield Record(*row[:-1]), row[-1]


def _of(members: Collection[str], last: int) -> sa.ColumnElement[bool]:
    return sa.and_(_EVENTS.c.member.in_(list(members)), _EVENTS.c.sequence <= last)


@dataclass(frozen=True)
class Recent:
    """What drift looks at of one assessment."""

    feature_set: str
    model_version: str
    features: bytes
    margin: float
    reasons: str
    body: bytes


def recent(
    connection: Connection, member: str, stream: str, after: int, limit: int
) -> Iterator[Recent]:
    """Yield a member's newest assessments received after a time, of the log's last entries."""
    own = _ASSESSMENTS.c
    last = connection.scalar(sa.select(sa.func.max(own.sequence))) or 0
    columns = [own[name] for name in Recent.__dataclass_fields__ if name != "body"]
    query = (
        sa.select(*columns, _EVENTS.c.body)
        .join_from(_ASSESSMENTS, _EVENTS, own.sequence == _EVENTS.c.sequence)
        .where(
            own.sequence > last - _LOOKED_THROUGH,
            own.member == member,
            own.stream == stream,
            own.received_at > after,
        )
        .order_by(own.sequence.desc())
        .limit(limit)
    )
    for row in connection.execute(query, execution_options={"yield_per": _PER_FETCH}):
        yield Recent(**row._mapping)
