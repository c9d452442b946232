"""Webhooks, the outbox of what they are to be told, and the log of attempts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from serving.store.schema import webhook_attempts, webhook_deliveries, webhooks

WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"


@dataclass(frozen=True)
class WebhookRow:
    """Where a member is told what; times in microseconds."""

    webhook_id: str
    member: str
    url: str
    secret: str
    kinds: tuple[str, ...]
    created_at: int
    disabled_at: int | None = None


@dataclass(frozen=True)
class Message:
    """What one webhook is to be told."""

    webhook_id: str
    message_id: str
    member: str
    kind: str
    body: bytes
    created_at: int


@dataclass(frozen=True)
class DeliveryRow:
    """A message on its way; `next_at` is when it is tried next, in microseconds."""

    delivery: int
    webhook_id: str
    message_id: str
    member: str
    kind: str
    body: bytes
    created_at: int
    state: str
    attempts: int
    next_at: int


@dataclass(frozen=True)
class AttemptRow:
    """One attempt: the status that was answered, or the kind of failure without an answer."""

    at: int
    status: int | None
    error: str | None
    milliseconds: int


_DELIVERY = tuple(webhook_deliveries.c[name] for name in DeliveryRow.__dataclass_fields__)


def add(connection: Connection, row: WebhookRow) -> None:
    """Store a new webhook."""
    values = vars(row) | {"kinds": " ".join(row.kinds)}
    connection.execute(sa.insert(webhooks).values(values))


def every(connection: Connection) -> list[WebhookRow]:
    """Return every webhook, oldest first, those that are disabled as well."""
    rows = connection.execute(
        sa.select(webhooks).order_by(webhooks.c.created_at, webhooks.c.webhook_id)
    ).mappings()
    return [WebhookRow(**{**row, "kinds": tuple(row["kinds"].split())}) for row in rows]


def disable(connection: Connection, webhook_id: str, at: int) -> bool:
    """End a webhook; what waits for it fails. False when it is none that is in force."""
    ended = connection.execute(
        sa.update(webhooks)
        .where(webhooks.c.webhook_id == webhook_id, webhooks.c.disabled_at.is_(None))
        .values(disabled_at=at)
    )
    connection.execute(
        sa.update(webhook_deliveries)
        .where(webhook_deliveries.c.webhook_id == webhook_id, webhook_deliveries.c.state == WAITING)
        .values(state=FAILED)
    )
    return bool(ended.rowcount)


def put(connection: Connection, messages: Sequence[Message]) -> None:
    """Put messages into the outbox, to be carried out at once."""
    rows = [
        vars(one) | {"state": WAITING, "attempts": 0, "next_at": one.created_at} for one in messages
    ]
    if rows:
        connection.execute(sa.insert(webhook_deliveries), rows)


def due(connection: Connection, at: int) -> bool:
    """Tell whether anything waits to be carried out."""
    query = sa.select(webhook_deliveries.c.delivery).where(
        webhook_deliveries.c.state == WAITING, webhook_deliveries.c.next_at <= at
    )
    return connection.scalar(query.limit(1)) is not None


def take(
    connection: Connection, at: int, until: int, limit: int, busy: Collection[str]
) -> list[DeliveryRow]:
    """Take messages that are due, but none for `busy` webhooks; nobody else gets them until then.

    Whoever takes them and dies leaves them to the next one.
    """
    query = (
        sa.select(*_DELIVERY)
        .where(
            webhook_deliveries.c.state == WAITING,
            webhook_deliveries.c.next_at <= at,
            webhook_deliveries.c.webhook_id.not_in(list(busy)),
        )
        .order_by(webhook_deliveries.c.next_at, webhook_deliveries.c.delivery)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = [DeliveryRow(*row) for row in connection.execute(query)]
    if taken:
        _change(connection, [one.delivery for one in taken], next_at=until)
    return taken


def note_attempt(connection: Connection, delivery: int, attempt: AttemptRow, **values: Any) -> None:
    """Log an attempt, and change the delivery's columns."""
    connection.execute(sa.insert(webhook_attempts).values(delivery=delivery, **vars(attempt)))
    _change(connection, [delivery], **values)


def again(connection: Connection, delivery: int, at: int) -> bool:
    """Carry a message out once more; False when there is none of this number."""
    found = connection.scalar(
        sa.select(webhook_deliveries.c.delivery).where(webhook_deliveries.c.delivery == delivery)
    )
    if found is not None:
        _change(connection, [delivery], state=WAITING, attempts=0, next_at=at)
    return found is not None


def newest(
    connection: Connection, limit: int, webhook_id: str | None, state: str | None
) -> list[tuple[DeliveryRow, AttemptRow | None]]:
    """Return the newest messages, newest first, each with its last attempt."""
    query = sa.select(*_DELIVERY).order_by(webhook_deliveries.c.delivery.desc()).limit(limit)
    if webhook_id is not None:
        query = query.where(webhook_deliveries.c.webhook_id == webhook_id)
    if state is not None:
        query = query.where(webhook_deliveries.c.state == state)
    found = [DeliveryRow(*row) for row in connection.execute(query)]
    return [(one, next(iter(attempts(connection, one.delivery)[::-1]), None)) for one in found]


def attempts(connection: Connection, delivery: int) -> list[AttemptRow]:
    """Return every attempt at a message, oldest first."""
    columns = tuple(webhook_attempts.c[name] for name in AttemptRow.__dataclass_fields__)
    query = sa.select(*columns).where(webhook_attempts.c.delivery == delivery)
    return [
        AttemptRow(*row) for row in connection.execute(query.order_by(webhook_attempts.c.entry))
    ]


def forget(connection: Connection, before: int) -> None:
    """Delete messages of before a time that no longer wait, with their attempts."""
    old = sa.select(webhook_deliveries.c.delivery).where(
        webhook_deliveries.c.state != WAITING, webhook_deliveries.c.created_at < before
    )
    connection.execute(sa.delete(webhook_attempts).where(webhook_attempts.c.delivery.in_(old)))
    connection.execute(
        sa.delete(webhook_deliveries).where(
            webhook_deliveries.c.state != WAITING, webhook_deliveries.c.created_at < before
        )
    )


def _change(connection: Connection, deliveries: Sequence[int], **values: Any) -> None:
    connection.execute(
        sa.update(webhook_deliveries)
        .where(webhook_deliveries.c.delivery.in_(deliveries))
        .values(**values)
    )
