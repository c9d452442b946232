"""Novel events by what they have in common, for the alarm of novel events that grow alike."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from serving.store import schema

_NOVEL, _EVENTS = schema.novel_events, schema.events


@dataclass(frozen=True)
class NovelRow:
    """A novel event: the families that are most unusual about it, and its corridor."""

    sequence: int
    member: str
    stream: str
    received_at: int
    families: str
    debtor_country: str | None
    creditor_country: str | None


def add(connection: Connection, rows: list[NovelRow]) -> None:
    """Note novel events that were just written to the log."""
    if rows:
        connection.execute(sa.insert(_NOVEL), [vars(row) for row in rows])


def since(connection: Connection, after: int, limit: int) -> list[tuple[NovelRow, str]]:
    """Return the newest `limit` novel events received after a time, each with its subject."""
    query = (
        sa.select(_NOVEL, _EVENTS.c.subject)
        .join_from(_NOVEL, _EVENTS, _NOVEL.c.sequence == _EVENTS.c.sequence)
        .where(_NOVEL.c.received_at > after)
        .order_by(_NOVEL.c.received_at.desc())
        .limit(limit)
    )
    return [(NovelRow(*row[:-1]), row[-1]) for row in connection.execute(query)]
