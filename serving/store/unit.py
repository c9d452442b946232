"""One writing transaction, and the event log inside it.

Rows of the log are gathered and written together, because a group of events costs one statement
and one commit; whoever asks the database within the transaction calls `flush` first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from serving.assessments import Assessment
from serving.store import schema
from serving.store.inserting import insert
from serving.store.records import assessment_of, microseconds

EventKey = tuple[str, str, str]
"""Member, stream and event id: what identifies an entry of the log."""
StoreFailure = sa.exc.SQLAlchemyError
"""What a statement or commit raises when the database cannot do it."""
_PER_LOOKUP = 500
_EVENTS = schema.events.c
_LAST = sa.select(sa.func.max(_EVENTS.sequence))
_RESERVE = sa.select(schema.log_numbers.next_value()).select_from(sa.func.generate_series(1, 64))
# One text for however many: a statement of its own for each number is put together anew each time.
_KNOWN_IN = {
    "sqlite": "SELECT event_id, sequence, body_hash FROM events WHERE member = ? AND stream = ? "
    "AND event_id IN (SELECT value FROM json_each(?))",
    "postgresql": "SELECT event_id, sequence, body_hash FROM events WHERE member = %s "
    "AND stream = %s AND event_id = ANY(%s)",
}
_ASSESSMENT = sa.select(schema.assessments).where(
    schema.assessments.c.sequence == sa.bindparam("sequence")
)


@dataclass(frozen=True)
class Entry:
    """One entry of the log, about to be written."""

    member: str
    stream: str
    event_id: str
    received_at: int
    event_time: int
    body: bytes
    body_hash: bytes
    subject: str | None = None
    counterparty: str | None = None
    uetr: str | None = None
    end_to_end_id: str | None = None


@dataclass(frozen=True)
class Logged:
    """An entry that the log already holds."""

    sequence: int
    body_hash: bytes


class Unit:
    """An open writing transaction: the log's end, and the connection for everything else."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._numbers = _numbers(connection)
        self._known: dict[EventKey, Logged | None] = {}
        self._fresh: dict[int, Assessment] = {}
        self._events: list[dict[str, Any]] = []
        self._assessments: list[dict[str, Any]] = []

    def prefetch(self, keys: Iterable[EventKey]) -> None:
        """Look up many entries at once, so that `find` need not ask one by one."""
        wanted: dict[tuple[str, str], list[str]] = {}
        for member, stream, event_id in keys:
            if (member, stream, event_id) not in self._known:
                self._known[member, stream, event_id] = None
                wanted.setdefault((member, stream), []).append(event_id)
        dialect = self.connection.dialect.name
        for (member, stream), identifiers in wanted.items():
            for start in range(0, len(identifiers), _PER_LOOKUP):
                part = identifiers[start : start + _PER_LOOKUP]
                given = part if dialect == "postgresql" else orjson.dumps(part).decode()
                found = self.connection.exec_driver_sql(_KNOWN_IN[dialect], (member, stream, given))
                for event_id, sequence, body_hash in found:
                    self._known[member, stream, event_id] = Logged(sequence, body_hash)

    def find(self, key: EventKey) -> Logged | None:
        """Return the log's entry of this identity, written or about to be, None without one."""
        self.prefetch((key,))
        return self._known[key]

    def append(self, entry: Entry) -> int:
        """Add an entry at the end of the log and return its sequence number."""
        sequence = next(self._numbers)
        self._known[entry.member, entry.stream, entry.event_id] = Logged(sequence, entry.body_hash)
        self._events.append({"sequence": sequence, **vars(entry)})
        return sequence

    def assess(
        self,
        sequence: int,
        assessment: Assessment,
        *,
        margin: float,
        pool_position: int,
        pool_entries: int,
        features: bytes,
        contributions: bytes | None,
    ) -> None:
        """Keep an entry's assessment, with the feature values (float64) that it rests on.

        Its pool held `pool_entries` of the log's entries before it, `pool_position` the last.
        """
        self._fresh[sequence] = assessment
        values = dict(vars(assessment))
        for name in ("because", "thresholds"):
            values[name] = orjson.dumps(values[name]).decode()
        values |= {
            "sequence": sequence,
            "received_at": microseconds(assessment.received_at),
            "reasons": orjson.dumps(assessment.reasons).decode(),
            "counterfactual": assessment.counterfactual
            and orjson.dumps(assessment.counterfactual).decode(),
            "unusual": orjson.dumps(assessment.unusual).decode() if assessment.novel else None,
            "watchlist_hits": orjson.dumps(assessment.watchlist_hits).decode()
            if assessment.watchlist_hits
            else None,
            "margin": margin,
            "pool_position": pool_position,
            "pool_entries": pool_entries,
            "features": features,
            "contributions": contributions,
        }
        self._assessments.append(values)

    def assessment(self, sequence: int) -> Assessment | None:
        """Return the assessment of an entry, written or about to be."""
        if sequence in self._fresh:
            return self._fresh[sequence]
        found = self.connection.execute(_ASSESSMENT, {"sequence": sequence}).mappings()
        return next(map(assessment_of, found), None)

    def flush(self) -> None:
        """Write what was gathered, so that statements of this transaction see it."""
        if self._events:
            insert(self.connection, schema.events, self._events)
        if self._assessments:
            insert(self.connection, schema.assessments, self._assessments)
        self._events, self._assessments = [], []


def _numbers(connection: Connection) -> Iterator[int]:
    """Yield the next sequence numbers; a member's rise in the order of its commits.

    Where several processes write, numbers are drawn within the transaction and never kept for a
    later one: between the two another process may have owned the member.
    """
    if connection.dialect.name == "sqlite":
        yield from count((connection.scalar(_LAST) or 0) + 1)
    while True:
        yield from connection.scalars(_RESERVE)
