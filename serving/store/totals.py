"""Reading the event log for control totals: what was ingested of some days, and what is known."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from serving.store.schema import events

_EVENTS = events.c
_PER_FETCH = 2_000
_PER_LOOKUP = 500


@dataclass(frozen=True)
class Ingested:
    """An event of the log: its identifier, its own time (microseconds) and canonical form."""

    event_id: str
    event_time: int
    body: bytes


def events_between(
    connection: Connection, member: str, stream: str, first: int, end: int
) -> Iterator[Ingested]:
    """Yield a member's events of one stream from `first` to before `end`, in microseconds."""
    query = sa.select(_EVENTS.event_id, _EVENTS.event_time, _EVENTS.body).where(
        _EVENTS.member == member,
        _EVENTS.stream == stream,
        _EVENTS.event_time >= first,
        _EVENTS.event_time < end,
    )
    for row in connection.execute(query, execution_options={"yield_per": _PER_FETCH}):
        yield Ingested(*row)


def known(
    connection: Connection, member: str, stream: str, identifiers: Collection[str]
) -> set[str]:
    """Return those of some identifiers that the log holds."""
    found: set[str] = set()
    wanted = list(identifiers)
    for start in range(0, len(wanted), _PER_LOOKUP):
        query = sa.select(_EVENTS.event_id).where(
            _EVENTS.member == member,
            _EVENTS.stream == stream,
            _EVENTS.event_id.in_(wanted[start : start + _PER_LOOKUP]),
        )
        found.update(connection.scalars(query))
    return found
