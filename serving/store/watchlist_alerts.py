"""Alerts of watchlists: a member's customer who met a record, once each; and how far a rescreening
of the log has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from serving.store.schema import events
from serving.store.schema import watchlist_alerts as alerts
from serving.store.schema import watchlist_rescreens as rescreens

Key = tuple[str, str, str, str]
"""Member, subject, list and record: what an alert is about, and is raised once for."""


@dataclass(frozen=True)
class AlertRow:
    """An alert as stored; times in microseconds."""

    member: str
    number: int
    subject: str
    list_name: str
    entity_id: str
    version: int
    caption: str
    topics: str
    field: str
    score: float
    source: str
    """event, or rescreening."""
    sequence: int
    raised_at: int
    state: str = "open"
    """open, freeze, reported, confirmed or dismissed."""
    judged_by: str | None = None
    judged_at: int | None = None
    reason: str | None = None
    until: int | None = None
    """Of a dismissed one: until when its record is held back for this customer."""

    @property
    def key(self) -> Key:
        """Return what it is about."""
        return self.member, self.subject, self.list_name, self.entity_id


@dataclass(frozen=True)
class Stored:
    """An event of the log, as far as rescreening needs it."""

    sequence: int
    member: str
    stream: str
    body: bytes


def find(connection: Connection, key: Key) -> AlertRow | None:
    """Return the alert that is about this."""
    column = alerts.c
    query = sa.select(alerts).where(
        sa.tuple_(column.member, column.subject, column.list_name, column.entity_id) == sa.tuple_(
            *map(sa.literal, key)
        )
    )  # fmt: skip
    row = connection.execute(query).first()
    return AlertRow(*row) if row else None


def one(connection: Connection, member: str, number: int) -> AlertRow | None:
    """Return a member's alert of a number."""
    query = sa.select(alerts).where(alerts.c.member == member, alerts.c.number == number)
    row = connection.execute(query).first()
    return AlertRow(*row) if row else None


def next_number(connection: Connection, member: str) -> int:
    """Return the number of a member's next alert."""
    query = sa.select(sa.func.max(alerts.c.number)).where(alerts.c.member == member)
    return (connection.scalar(query) or 0) + 1


def add(connection: Connection, row: AlertRow) -> None:
    """Write a new alert."""
    connection.execute(sa.insert(alerts).values(vars(row)))


def change(connection: Connection, member: str, number: int, **values: Any) -> None:
    """Change some columns of an alert."""
    connection.execute(
        sa.update(alerts).where(alerts.c.member == member, alerts.c.number == number).values(values)
    )


def of_member(
    connection: Connection, member: str, states: Sequence[str], limit: int
) -> list[AlertRow]:
    """Return a member's alerts in some states, the surest and oldest first."""
    query = (
        sa.select(alerts)
        .where(alerts.c.member == member, alerts.c.state.in_(states))
        .order_by(alerts.c.score.desc(), alerts.c.number)
        .limit(limit)
    )
    return [AlertRow(*row) for row in connection.execute(query)]


def dismissed(connection: Connection) -> dict[Key, int]:
    """Return until when each dismissed record is held back for a customer."""
    column = alerts.c
    query = sa.select(
        column.member, column.subject, column.list_name, column.entity_id, column.until
    ).where(column.state == "dismissed", column.until.is_not(None))
    return {(a, b, c, d): until for a, b, c, d, until in connection.execute(query)}


def progress(connection: Connection, name: str) -> tuple[int, int] | None:
    """Return for which version a list was last rescreened, and after which entry it goes on."""
    query = sa.select(rescreens.c.version, rescreens.c.after).where(rescreens.c.name == name)
    row = connection.execute(query).first()
    return (row[0], row[1]) if row else None


def begin(connection: Connection, name: str, version: int, first: bool) -> None:
    """Begin the rescreening of a version at the start of the log, once."""
    if first:
        connection.execute(sa.insert(rescreens).values(name=name, version=version, after=0))
    else:
        connection.execute(
            sa.update(rescreens)
            .where(rescreens.c.name == name, rescreens.c.version < version)
            .values(version=version, after=0)
        )


def advance(connection: Connection, name: str, version: int, old: int, new: int) -> bool:
    """Say that a rescreening has come further; False when another process was there before."""
    done = connection.execute(
        sa.update(rescreens)
        .where(rescreens.c.name == name, rescreens.c.version == version, rescreens.c.after == old)
        .values(after=new)
    )
    return done.rowcount == 1


def after(connection: Connection, sequence: int, limit: int) -> list[Stored]:
    """Return the next payments and access events of the log, of all members."""
    query = (
        sa.select(events.c.sequence, events.c.member, events.c.stream, events.c.body)
        .where(events.c.sequence > sequence, events.c.stream.in_(("payment", "access")))
        .order_by(events.c.sequence)
        .limit(limit)
    )
    return [Stored(*row) for row in connection.execute(query)]
