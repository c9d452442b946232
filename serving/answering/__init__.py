"""Answering a caller who may be in a hurry, may ask twice at once, or may ask again.

An event that is being worked on is refused for a moment (`InFlight`). A caller with a deadline gets
an answer in time: the assessment, or a `Degraded` one when that could not be had. What was left out
then is written to a journal on this machine's own disk, and scored from there (`rescoring`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from models.decision import RuleHit
from serving.answering.journal import Entry, Journal
from serving.auth import Principal
from serving.errors import InFlight, ServiceError, Unavailable
from serving.metrics import Metrics
from serving.scoring import Assessed, Assessor, IdempotencyKey, Scorable
from serving.watchlists.keeping import Screening
from serving.watchlists.questions import rule_hits, screen
from serving.watchlists.screener import Hit

Kept: TypeAlias = bool | Literal["unknown"]
LEFT_OUT = ("history", "score", "novelty", "reasons", "case")
_LATE = "the answer was not there in time"
_SHARE_TO_KEEP = 0.3
_MOST_TO_KEEP = 0.25


@dataclass(frozen=True)
class Degraded:
    """An answer in time without a score.

    `kept` is true when the event is on disk and will be scored, false when it must be sent again,
    "unknown" when it was under way and nothing more is known. `hits` are rules that met the event
    without its history: the watchlists that are in memory.
    """

    event: Scorable
    because: str
    kept: Kept
    left_out: tuple[str, ...]
    hits: tuple[RuleHit, ...]
    watchlist_hits: tuple[dict[str, Any], ...]


Outcome: TypeAlias = Assessed | Degraded | ServiceError


class Answering:
    """Between the routes and the assessor."""

    def __init__(
        self, assessor: Assessor, journal: Journal, screening: Screening, metrics: Metrics
    ) -> None:
        self._assessor = assessor
        self._journal = journal
        self._screening = screening
        self._metrics = metrics
        self._under_way: set[tuple[str, str, str]] = set()

    async def assess(
        self,
        principal: Principal,
        stream: str,
        events: Sequence[Scorable],
        deadline: float | None = None,
        once: IdempotencyKey | None = None,
    ) -> list[Outcome]:
        """Answer events of one stream, within `deadline` seconds where one is given.

        Raises as `Assessor.assess` does, with a deadline never `Unavailable`; and `InFlight` while
        a request of the same key is worked on.
        """
        principal.require("score")
        if once is None:
            return await self._assess(principal, stream, events, deadline, None)
        key = (principal.member, "", once.name)
        if key in self._under_way:
            self._metrics.refused.labels("in_flight").inc()
            raise InFlight(f"the request of Idempotency-Key {once.name!r}")
        self._under_way.add(key)
        try:
            return await self._assess(principal, stream, events, deadline, once)
        finally:
            self._under_way.discard(key)

    async def _assess(
        self,
        principal: Principal,
        stream: str,
        events: Sequence[Scorable],
        deadline: float | None,
        once: IdempotencyKey | None,
    ) -> list[Outcome]:
        ours, free, outcomes = self._enter(principal, stream, events)
        if not free:
            return outcomes
        asking = self._ask(principal, stream, free, ours, once)
        if deadline is None:
            worked: Sequence[Outcome] = await asking
        else:
            future = asyncio.ensure_future(asking)
            worked = await self._in_time(principal, stream, free, future, deadline)
        rest = iter(worked)
        return [one if isinstance(one, InFlight) else next(rest) for one in outcomes]

    def _enter(
        self, principal: Principal, stream: str, events: Sequence[Scorable]
    ) -> tuple[set[tuple[str, str, str]], list[Scorable], list[Any]]:
        ours: set[tuple[str, str, str]] = set()
        free: list[Scorable] = []
        outcomes: list[Any] = []
        for event in events:
            key = (principal.member, stream, event.event_id)
            if key in self._under_way and key not in ours:
                self._metrics.refused.labels("in_flight").inc()
                outcomes.append(InFlight(f"event_id {event.event_id!r}"))
                continue
            ours.add(key)
            self._under_way.add(key)
            free.append(event)
            outcomes.append(None)
        return ours, free, outcomes

    async def _ask(
        self,
        principal: Principal,
        stream: str,
        events: Sequence[Scorable],
        ours: set[tuple[str, str, str]],
        once: IdempotencyKey | None,
    ) -> Sequence[Outcome]:
        try:
            return await self._assessor.assess(principal, stream, events, once)
        finally:
            self._under_way -= ours

    async def _in_time(
        self,
        principal: Principal,
        stream: str,
        events: Sequence[Scorable],
        asking: asyncio.Future[Sequence[Outcome]],
        deadline: float,
    ) -> Sequence[Outcome]:
        end = asyncio.get_running_loop().time() + deadline
        to_keep = min(deadline * _SHARE_TO_KEEP, _MOST_TO_KEEP)
        await asyncio.wait({asking}, timeout=deadline - to_keep)
        because, reason = _LATE, "deadline"
        if asking.done():
            try:
                return asking.result()
            except Unavailable as error:
                because, reason = str(error), "unavailable"
        else:
            asking.add_done_callback(_forget)
        self._metrics.degraded.labels(stream, reason).inc(len(events))
        answers = [self._without(event, principal.member, because) for event in events]
        kept = await self._keep(principal, events, end, asking.done())
        if asking.done() and reason == "deadline" and asking.exception() is None:
            return asking.result()
        return [Degraded(kept=kept, **one) for one in answers]

    async def _keep(
        self, principal: Principal, events: Sequence[Scorable], end: float, refused: bool
    ) -> Kept:
        entries = [Entry.of(principal, event) for event in events]
        keeping = asyncio.ensure_future(self._journal.keep(entries))
        await asyncio.wait({keeping}, timeout=end - asyncio.get_running_loop().time())
        if not keeping.done():
            keeping.add_done_callback(_forget)
            return "unknown"
        if keeping.exception() is None:
            return True
        # Where it was under way, it may be stored yet.
        return False if refused else "unknown"

    def _without(self, event: Scorable, member: str, because: str) -> dict[str, Any]:
        """Return what can be said of an event without the database."""
        left_out: tuple[str, ...] = LEFT_OUT
        met: list[Hit] = []
        if self._screening.loaded:
            met = [
                hit for hit in screen(self._screening.screener, event, member) if not hit.protected
            ]
        else:
            left_out = (*LEFT_OUT, "watchlists")
        return {
            "event": event,
            "because": because,
            "left_out": left_out,
            "hits": tuple(rule_hits(met)),
            "watchlist_hits": tuple(hit.document() for hit in met),
        }


def _forget(done: asyncio.Future[Any]) -> None:
    """Take note of an outcome that nobody waits for any more."""
    if not done.cancelled():
        done.exception()
