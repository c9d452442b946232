"""Carries the outbox out: signed, with patience, and with a log of every attempt.

Signatures, headers and what statuses mean follow the Standard Webhooks specification 1.0. A message
may arrive twice (the answer to the first was lost); its `webhook-id` is the same then.
"""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter

import httpx
from standardwebhooks import Webhook

from features.errors import CrossflagError
from serving.clock import now
from serving.metrics import Metrics
from serving.sequencer import Sequencer
from serving.store import webhooks as table
from serving.store.database import Database
from serving.store.unit import StoreFailure
from serving.store.webhooks import DELIVERED, FAILED, AttemptRow, DeliveryRow, WebhookRow
from serving.webhooks.addresses import Unreachable, target

_log = logging.getLogger("crossflag")
_AT_ONCE = 32
_AT_ONCE_PER_WEBHOOK = 4
_LOOK_SECONDS = 0.25
_LEASE = 60_000_000
_GONE = 410
_LONGEST_WAIT = 12 * 3_600.0
_LONGEST_ASKED = 3_600.0
_HOUR = 3_600_000_000
_KEPT = 30 * 24 * _HOUR


@dataclass(frozen=True)
class Patience:
    """When a message is tried again: after `first` seconds, then four times as long each time.

    Each wait is drawn from half to one and a half of that, so that a receiver that comes back is
    not called by all at once. After `attempts` the message has failed. `timeout` is in seconds.
    """

    first: float = 5.0
    attempts: int = 11
    timeout: float = 10.0

    def wait(self, attempts: int, chance: float) -> float:
        """Return seconds after so many attempts; `chance` is from 0 to 1."""
        return min(self.first * 4.0 ** (attempts - 1), _LONGEST_WAIT) * (0.5 + chance)


async def send(
    client: httpx.AsyncClient,
    webhook: WebhookRow,
    message_id: str,
    body: bytes,
    *,
    anywhere: bool,
    timeout: float,
) -> tuple[AttemptRow, float]:
    """Try once; return what came of it, and for how many seconds the receiver asks to wait."""
    at, started = now(), perf_counter()
    status, error, asked = None, None, 0.0
    moment = datetime.fromtimestamp(at // 1_000_000, UTC)
    headers = {
        "content-type": "application/cloudevents+json",
        "user-agent": "crossflag",
        "webhook-id": message_id,
        "webhook-timestamp": str(at // 1_000_000),
        "webhook-signature": Webhook(webhook.secret).sign(message_id, moment, body.decode()),
    }
    try:
        async with asyncio.timeout(timeout):
            to = await target(webhook.url, anywhere)
            # The answer's body is of no interest, and is not read.
            async with client.stream(
                "POST",
                to.url,
                content=body,
                headers=headers | {"host": to.header},
                extensions={"sni_hostname": to.host},
            ) as answer:
                status = answer.status_code
                after = answer.headers.get("retry-after", "")
                asked = min(float(after), _LONGEST_ASKED) if after.isdecimal() else 0.0
    except TimeoutError:
        error = "timeout"
    except Unreachable as reason:
        error = str(reason)
    except CrossflagError:
        error = "url_refused"
    except httpx.TimeoutException:
        error = "timeout"
    except httpx.HTTPError as failure:
        error = type(failure).__name__
    return AttemptRow(at, status, error, round((perf_counter() - started) * 1_000)), asked


def client() -> httpx.AsyncClient:
    """Return the client for all webhooks: no redirects, no proxy of the environment."""
    return httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=None)  # noqa: S113


class Deliverer:
    """Takes what is due and tries it; several processes may do so on one store."""

    def __init__(
        self,
        database: Database,
        sequencer: Sequencer,
        metrics: Metrics,
        patience: Patience,
        anywhere: bool,
    ) -> None:
        self._database = database
        self._sequencer = sequencer
        self._metrics = metrics
        self.patience = patience
        self._anywhere = anywhere
        self._at_work: set[asyncio.Task[None]] = set()
        self._of_webhook: dict[str, int] = {}
        self._forgot_at = 0

    async def run(self) -> None:
        """Carry messages out until cancelled; those at hand are left for whoever comes next."""
        async with client() as caller:
            try:
                while True:
                    if not await self._some(caller):
                        await asyncio.sleep(_LOOK_SECONDS)
            finally:
                for one in self._at_work:
                    one.cancel()
                await asyncio.gather(*self._at_work, return_exceptions=True)

    async def _some(self, caller: httpx.AsyncClient) -> bool:
        room = _AT_ONCE - len(self._at_work)
        busy = {one for one, count in self._of_webhook.items() if count >= _AT_ONCE_PER_WEBHOOK}
        at = now()
        try:
            if room < 1 or not await self._database.reads(table.due, at):
                await self._forget(at)
                return False
            taken = await self._sequencer.submit(
                lambda turn: table.take(turn.unit.connection, at, at + _LEASE, room, busy)
            )
            known = {one.webhook_id: one for one in await self._database.reads(table.every)}
        except (CrossflagError, StoreFailure):
            return False
        for row in taken:
            count = self._of_webhook.get(row.webhook_id, 0)
            self._of_webhook[row.webhook_id] = count + 1
            one = asyncio.create_task(self._deliver(caller, known[row.webhook_id], row))
            self._at_work.add(one)
            one.add_done_callback(self._at_work.discard)
        return bool(taken)

    async def _deliver(
        self, caller: httpx.AsyncClient, webhook: WebhookRow, row: DeliveryRow
    ) -> None:
        try:
            attempt, asked = await send(
                caller,
                webhook,
                row.message_id,
                row.body,
                anywhere=self._anywhere,
                timeout=self.patience.timeout,
            )
            values = self._after(row, attempt, asked)

            def note(turn: object) -> None:
                connection = turn.unit.connection  # type: ignore[attr-defined]
                table.note_attempt(connection, row.delivery, attempt, **values)
                if attempt.status == _GONE:
                    table.disable(connection, row.webhook_id, attempt.at)

            try:
                await self._sequencer.submit(note)
            except CrossflagError:
                _log.warning("an attempt at a webhook was not noted; it is made again")
            self._metrics.webhooks.labels(str(values["state"])).inc()
        finally:
            self._of_webhook[row.webhook_id] -= 1

    def _after(self, row: DeliveryRow, attempt: AttemptRow, asked: float) -> dict[str, str | int]:
        attempts = row.attempts + 1
        if attempt.status is not None and attempt.status // 100 == 2:
            return {"state": DELIVERED, "attempts": attempts}
        if attempts >= self.patience.attempts or attempt.status == _GONE:
            return {"state": FAILED, "attempts": attempts}
        wait = max(self.patience.wait(attempts, random.random()), asked)  # noqa: S311
        return {"state": "waiting", "attempts": attempts, "next_at": now() + round(wait * 1e6)}

    async def _forget(self, at: int) -> None:
        """Once an hour, delete what was told long ago: it is a second copy of events."""
        if at - self._forgot_at > _HOUR:
            self._forgot_at = at
            await self._sequencer.submit(
                lambda turn: table.forget(turn.unit.connection, at - _KEPT)
            )
