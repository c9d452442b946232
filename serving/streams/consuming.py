"""Batches of records: scored, answered on other topics, and only then marked as read.

A batch counts as read once its assessments are committed and their results and dead letters are on
the broker. A process that dies in between leaves the batch to the next one, which finds the events
in the log, says the same of them again, and counts nothing twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from serving.assessments import Assessment
from serving.auth import Principal
from serving.errors import Internal, ServiceError
from serving.metrics import Metrics
from serving.scoring import Assessed, Scorable
from serving.streams.records import TOO_LARGE, Poison, Record, Sent, read

_log = logging.getLogger("crossflag")
_PAUSE = 0.25
Place = tuple[str, int]
"""Topic and partition."""


@dataclass(frozen=True)
class DeadLetter:
    """A record that cannot be scored, as it came, and why."""

    record: Record
    why: Poison

    @property
    def value(self) -> bytes | None:
        """The record's value; none of one that was too large, which the broker might refuse."""
        return None if self.why.kind == TOO_LARGE else self.record.value


class Broker(Protocol):
    """Where batches come from and answers go."""

    async def publish(
        self, results: Sequence[tuple[Record, Assessment]], dead: Sequence[DeadLetter]
    ) -> None:
        """Put results and dead letters on their topics; return once the broker has them."""

    async def mark_read(self, offsets: dict[Place, int]) -> None:
        """Note where to read on, by topic and partition."""

    def lag(self) -> dict[Place, int]:
        """Return how many records wait, of the partitions that are this process's."""


class Consumer:
    """Works on batches, one after another.

    `assess` scores a member's events in one commit, `principal_of` says who a member is (None for
    nobody that is known), `release` lets go of members, `limit` bounds a value's bytes and `group`
    the events of one commit.
    """

    def __init__(
        self,
        broker: Broker,
        metrics: Metrics,
        *,
        assess: Callable[[Principal, Sequence[Scorable]], Awaitable[list[Assessed | ServiceError]]],
        principal_of: Callable[[str], Awaitable[Principal | None]],
        release: Callable[[Collection[str]], None],
        limit: int,
        group: int,
    ) -> None:
        self._broker = broker
        self._metrics = metrics
        self._assess = assess
        self._principal_of = principal_of
        self._release = release
        self._limit = limit
        self._group = group
        self._members: dict[str, Place] = {}
        self._assigned: set[Place] = set()
        self._at_work = asyncio.Lock()
        self.stopping = False
        self.waiting_for: str | None = None
        """Why a batch cannot be worked on just now, None when nothing is in the way."""

    async def take(self, records: Sequence[Record]) -> None:
        """Work on a batch until it is read, or until its partitions are another process's."""
        async with self._at_work:
            while True:
                # What was taken away or not yet given again is left to whoever reads it next.
                mine = [one for one in records if (one.topic, one.partition) in self._assigned]
                if not mine or self.stopping or await self._worked(mine):
                    break
        self.tell_lag()

    async def revoked(self, seconds: float) -> None:
        """Before partitions are dealt out anew: finish the batch at hand, if that is soon done."""
        self._assigned = set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._finished()

    async def assigned(self, places: Collection[Place]) -> None:
        """Take partitions over, and let go of the members of those that are no longer given."""
        self._assigned = set(places)
        gone = [one for one, place in self._members.items() if place not in self._assigned]
        for member in gone:
            del self._members[member]
        await asyncio.to_thread(self._release, gone)
        numbers = ", ".join(str(number) for _, number in sorted(places)) or "none"
        _log.info("partitions of this worker: %s", numbers)
        self.tell_lag()

    async def _finished(self) -> None:
        async with self._at_work:
            pass

    def tell_lag(self) -> None:
        """Set the metrics of what waits."""
        self._metrics.stream_lag.clear()
        for (topic, partition), waiting in self._broker.lag().items():
            self._metrics.stream_lag.labels(topic, str(partition)).set(waiting)

    async def _worked(self, records: Sequence[Record]) -> bool:
        """Work on records once; False when that could not be finished and is to be done again."""
        given: dict[str, list[tuple[Record, Scorable]]] = {}
        dead: list[DeadLetter] = []
        for record in records:
            place = (record.topic, record.partition)
            said = read(record, self._limit)
            if isinstance(said, Sent):
                given.setdefault(said.member, []).append((record, said.event))
                self._members.setdefault(said.member, place)
            else:
                dead.append(DeadLetter(record, said))
        try:
            worked = await asyncio.gather(
                *(self._of_member(member, events) for member, events in given.items())
            )
            results: list[tuple[Record, Assessment]] = []
            for record, outcome in (one for part in worked for one in part):
                if isinstance(outcome, Assessed):
                    results.append((record, outcome.assessment))
                elif isinstance(outcome, Poison):
                    dead.append(DeadLetter(record, outcome))
                else:
                    why = Poison(outcome.kind.replace("-", "_"), str(outcome))
                    dead.append(DeadLetter(record, why))
            await self._broker.publish(results, dead)
        except Exception as error:
            # Whatever it was: a batch that is let go of here would be lost.
            known = isinstance(error, ServiceError)
            self._hindered(str(error) if known else f"a fault ({type(error).__name__})")
            await asyncio.sleep(_PAUSE)
            return False
        self.waiting_for = None
        await self._broker.mark_read(_after(records))
        for letter in dead:
            self._metrics.dead_letters.labels(letter.why.kind).inc()
        return True

    async def _of_member(
        self, member: str, events: Sequence[tuple[Record, Scorable]]
    ) -> list[tuple[Record, Assessed | ServiceError | Poison]]:
        principal = await self._principal_of(member)
        if principal is None:
            why = Poison("unknown_member", "no API key in force lets this member score events")
            return [(record, why) for record, _ in events]
        answers: list[Assessed | ServiceError] = []
        for start in range(0, len(events), self._group):
            part = [event for _, event in events[start : start + self._group]]
            answers += await self._assessed(principal, part)
        records = (record for record, _ in events)
        return list(zip(records, answers, strict=True))

    async def _assessed(
        self, principal: Principal, events: Sequence[Scorable]
    ) -> list[Assessed | ServiceError]:
        """Score events; one that brings the service to a fault of its own is no reason to stop."""
        try:
            return await self._assess(principal, events)
        except Internal as fault:
            if len(events) == 1:
                return [fault]
            return [one for event in events for one in await self._assessed(principal, [event])]

    def _hindered(self, why: str) -> None:
        if why != self.waiting_for:
            _log.warning("a batch waits: %s", why)
        self.waiting_for = why


def _after(records: Iterable[Record]) -> dict[Place, int]:
    last: dict[Place, int] = {}
    for one in records:
        place = (one.topic, one.partition)
        last[place] = max(last.get(place, 0), one.offset + 1)
    return last
