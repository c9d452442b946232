"""What was answered without a score is scored as soon as can be, and raised if it matters.

An event goes the way of every other: history, score, case. It counts as arrived when it is scored,
and one that was stored after all meets its first answer again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from itertools import groupby
from pathlib import Path

from serving import audit, restoring
from serving.answering.journal import Entry, Journal
from serving.auth import Principal
from serving.errors import Internal, Unavailable
from serving.metrics import Metrics
from serving.scoring import Assessed, Assessor
from serving.sequencer import Sequencer, Turn

_log = logging.getLogger("crossflag")
_PAUSE = 0.5
_AT_ONCE = 100


class Rescoring:
    """Empties the journal, in its order, whenever the service takes events."""

    def __init__(
        self, journal: Journal, assessor: Assessor, sequencer: Sequencer, metrics: Metrics
    ) -> None:
        self._journal = journal
        self._assessor = assessor
        self._sequencer = sequencer
        self._metrics = metrics
        metrics.deferred.set_function(lambda: float(journal.waiting))

    async def run(self) -> None:
        """Look twice a second, until cancelled."""
        while True:
            await asyncio.sleep(_PAUSE)
            if self._journal.waiting and self._sequencer.not_ready is None:
                try:
                    await self._empty()
                except Unavailable:
                    # The rest waits for its turn; what was scored is known by its identifier.
                    continue
                except Exception as error:
                    # A message may hold values of an event; the kind of error does not.
                    _log.error("events were not scored later: %s", type(error).__name__)

    async def _empty(self) -> None:
        for segment in await asyncio.to_thread(self._journal.closed):
            await self._score(segment)

    async def _score(self, segment: Path) -> None:
        entries = await asyncio.to_thread(self._journal.entries, segment)
        for (member, country, actor, stream), some in groupby(entries, _sender):
            principal = Principal("key", actor, member, country, frozenset({"score"}))
            waiting = list(some)
            for start in range(0, len(waiting), _AT_ONCE):
                await self._together(principal, stream, waiting[start : start + _AT_ONCE])
        await asyncio.to_thread(self._journal.done, segment, len(entries))

    async def _together(self, principal: Principal, stream: str, entries: list[Entry]) -> None:
        events = [restoring.event(stream, entry.body.encode()) for entry in entries]
        try:
            answers = await self._assessor.assess(principal, stream, events)
        except Internal:
            if len(entries) > 1:
                for entry in entries:
                    await self._together(principal, stream, [entry])
                return
            answers = [Internal("it cannot be scored")]
        advices: Counter[str] = Counter()
        for answer in answers:
            advice = answer.assessment.advice if isinstance(answer, Assessed) else "refused"
            advices[advice] += 1

        def note(turn: Turn) -> None:
            target = f"{stream}/{events[0].event_id}"
            audit.note(turn.unit, principal, "event.rescored", target, advices=dict(advices))

        await self._sequencer.submit(note)
        for advice, count in advices.items():
            self._metrics.rescored.labels(stream, advice).inc(count)


def _sender(entry: Entry) -> tuple[str, str, str, str]:
    return entry.member, entry.country, entry.actor, entry.stream
