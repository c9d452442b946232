"""Webhooks: a member's own systems are told of assessments and cases, signed and in time."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Collection
from datetime import UTC, datetime

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from features.errors import Problem
from serving import audit
from serving.clock import now
from serving.errors import Invalid, NotFound
from serving.store import webhooks as table
from serving.store.database import Database
from serving.store.webhooks import AttemptRow, DeliveryRow, WebhookRow
from serving.webhooks import addresses
from serving.webhooks.delivering import Patience, client, send
from serving.webhooks.outbox import KINDS

__all__ = ["KINDS", "AttemptRow", "DeliveryRow", "WebhookRow"]
_SECRET_BYTES = 32


def add(
    database: Database, *, member: str, url: str, kinds: Collection[str], anywhere: bool
) -> WebhookRow:
    """Create a webhook, with a new secret; raises `Invalid`. See `addresses.check`."""
    unknown = [one for one in kinds if one not in KINDS]
    if unknown or not kinds:
        fix = f"use some of {', '.join(KINDS)}"
        raise Invalid([Problem("kinds", " ".join(unknown), "unknown kind, or none", fix)])
    if not member:
        raise Invalid([Problem("member", "", "missing", "name the member who is told")])
    addresses.check(url, anywhere)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    row = WebhookRow(
        f"wh-{secrets.token_hex(6)}", member, url, secret, tuple(dict.fromkeys(kinds)), now()
    )
    with database.unit() as unit:
        table.add(unit.connection, row)
        audit.note(
            unit, None, "webhook.add", row.webhook_id, member=member, kinds=sorted(row.kinds)
        )
    return row


def every(database: Database) -> list[WebhookRow]:
    """Return every webhook, oldest first."""
    return database.read(table.every)


def one_of(database: Database, webhook_id: str) -> WebhookRow:
    """Return a webhook in force; raises `NotFound`."""
    for one in every(database):
        if one.webhook_id == webhook_id and one.disabled_at is None:
            return one
    raise NotFound(f"no webhook {webhook_id!r} is in force; see `webhooks list`")


def remove(database: Database, webhook_id: str) -> None:
    """End a webhook; what waits for it is given up. Raises `NotFound`."""
    member = one_of(database, webhook_id).member
    with database.unit() as unit:
        table.disable(unit.connection, webhook_id, now())
        audit.note(unit, None, "webhook.remove", webhook_id, member=member)


def deliveries(
    database: Database, limit: int, webhook_id: str | None, state: str | None
) -> list[tuple[DeliveryRow, AttemptRow | None]]:
    """Return the newest messages, newest first, each with its last attempt."""
    return database.read(lambda view: table.newest(view, limit, webhook_id, state))


def redeliver(database: Database, delivery: int) -> None:
    """Send a message once more, under its old identifier; raises `NotFound`."""
    with database.unit() as unit:
        if not table.again(unit.connection, delivery, now()):
            raise NotFound(f"there is no delivery {delivery}; see `webhooks deliveries`")
        audit.note(unit, None, "webhook.redeliver", str(delivery))


def test(database: Database, webhook_id: str, anywhere: bool) -> AttemptRow:
    """Send a message of the type `org.crossflag.webhook.test` now; raises `NotFound`."""
    webhook = one_of(database, webhook_id)
    message_id = f"test-{secrets.token_hex(8)}"
    event = CloudEvent(
        {
            "id": message_id,
            "source": "/crossflag",
            "type": "org.crossflag.webhook.test",
            "time": datetime.now(UTC),
            "datacontenttype": "application/json",
        },
        {"webhook_id": webhook_id},
    )

    async def go() -> AttemptRow:
        async with client() as caller:
            body = JSONFormat().write(event)
            attempt, _ = await send(
                caller, webhook, message_id, body, anywhere=anywhere, timeout=Patience().timeout
            )
            return attempt

    return asyncio.run(go())
