"""What webhooks are to be told, written in the commit of what it tells: once, or not at all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import orjson
from cloudevents.core.formats.json import JSONFormat

from serving.assessments import Assessment
from serving.clock import now
from serving.store import webhooks as table
from serving.store.database import Database
from serving.store.unit import StoreFailure, Unit
from serving.store.webhooks import Message, WebhookRow
from serving.streams.cloudevents import SCORED, scored

KINDS = {
    "assessment.scored": SCORED,
    "assessment.flagged": "org.crossflag.assessment.flagged",
    "case.opened": "org.crossflag.case.opened",
}
"""What a webhook may be told, and the type of the CloudEvent."""
_LOOK_SECONDS = 1.0
_log = logging.getLogger("crossflag")


class Outbox:
    """Knows who wants to be told what; a new webhook is told from a second after it was made."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._webhooks: dict[str, list[WebhookRow]] = {}

    def refresh(self) -> None:
        """See which webhooks there are."""
        found: dict[str, list[WebhookRow]] = {}
        for one in self._database.read(table.every):
            if one.disabled_at is None:
                found.setdefault(one.member, []).append(one)
        self._webhooks = found

    async def follow(self) -> None:
        """Keep up with webhooks that come and go."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                await asyncio.to_thread(self.refresh)
            except StoreFailure as error:
                _log.error("webhooks could not be read: %s", type(error).__name__)

    def put(self, unit: Unit, told: Sequence[tuple[Assessment, bool]]) -> None:
        """Write what an assessment, and whether it opened a case, has to tell to whom."""
        messages = [
            Message(
                one.webhook_id,
                f"{assessment.assessment_id}.{kind}",
                assessment.member,
                kind,
                body(assessment, kind),
                now(),
            )
            for assessment, opened in told
            for one in self._webhooks.get(assessment.member, ())
            for kind in one.kinds
            if _is(kind, assessment, opened)
        ]
        table.put(unit.connection, messages)


def body(assessment: Assessment, kind: str) -> bytes:
    """Return an assessment as a CloudEvent in structured JSON."""
    event = scored(assessment, KINDS[kind])
    plain = orjson.loads(orjson.dumps(event.get_data(), option=orjson.OPT_UTC_Z))
    return JSONFormat().write(type(event)(event.get_attributes(), plain))


def _is(kind: str, assessment: Assessment, opened: bool) -> bool:
    if kind == "case.opened":
        return opened
    return kind == "assessment.scored" or assessment.flagged
