"""The challenger in the shadow: scores what was answered already, and is asked nothing.

An event is offered after its answer is durable. What waits is bounded: when scoring falls behind,
events are left out and counted, never waited for. Scores are written when no event waits for the
writer, into a table of their own.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.events import AccessEvent, Payment
from models.decision import decide
from models.runtime import Scorer
from serving.champions import Champions
from serving.metrics import Metrics
from serving.sequencer import Sequencer, Turn
from serving.store import shadow

_log = logging.getLogger("crossflag")
_AT_ONCE = 256
_PAUSE = 0.01


@dataclass(frozen=True)
class Seen:
    """An event that the champion has scored: its place in the log, and its row of features."""

    sequence: int
    member: str
    stream: str
    features: npt.NDArray[np.float64]
    event: Payment | AccessEvent


class Shadow:
    """Scores events beside the champion; `capacity` bounds those that wait."""

    def __init__(
        self, champions: Champions, sequencer: Sequencer, metrics: Metrics, capacity: int
    ) -> None:
        self._champions = champions
        self._sequencer = sequencer
        self._metrics = metrics
        self._capacity = capacity
        self._waiting: deque[Seen] = deque()
        self._more = asyncio.Event()

    def wanted(self, stream: str) -> bool:
        """Tell whether the stream has a challenger."""
        return self._champions.challenger(stream) is not None

    def offer(self, seen: Sequence[Seen]) -> None:
        """Take events whose answers are durable, or count those for which there is no room."""
        room = max(self._capacity - len(self._waiting), 0)
        self._waiting.extend(seen[:room])
        if len(seen) > room:
            self._metrics.shadow_dropped.labels(seen[0].stream).inc(len(seen) - room)
        if seen:
            self._more.set()

    async def run(self) -> None:
        """Score what is offered, until cancelled."""
        while True:
            await self._more.wait()
            self._more.clear()
            while self._waiting:
                some = [self._waiting.popleft() for _ in range(self._size())]
                try:
                    await self._work(some)
                except Exception as error:
                    # A message may hold values of an event; the kind of error does not.
                    _log.error("%d events left the shadow: %s", len(some), type(error).__name__)
                    self._metrics.shadow_dropped.labels(some[0].stream).inc(len(some))

    def _size(self) -> int:
        """Return how many of one stream stand first."""
        first = self._waiting[0].stream
        for place in range(min(len(self._waiting), _AT_ONCE)):
            if self._waiting[place].stream != first:
                return place
        return min(len(self._waiting), _AT_ONCE)

    async def _work(self, some: list[Seen]) -> None:
        stream = some[0].stream
        scorer = self._champions.challenger(stream)
        if scorer is None:
            return
        rows = await asyncio.to_thread(_scored, scorer, some)
        while self._sequencer.busy:
            await asyncio.sleep(_PAUSE)

        def task(turn: Turn) -> None:
            shadow.add(turn.unit.connection, rows)

        await self._sequencer.submit(task)
        self._metrics.shadow_events.labels(stream).inc(len(rows))


def _scored(scorer: Scorer, some: Sequence[Seen]) -> list[shadow.Scored]:
    scores = scorer.score(np.stack([scorer.row(one.features, one.event) for one in some]))
    return [
        shadow.Scored(
            sequence=one.sequence,
            model_version=scorer.bundle.version,
            member=one.member,
            stream=one.stream,
            margin=margin,
            probability=probability,
            advice=decide(probability, scorer.bundle.thresholds).advice,
        )
        for one, margin, probability in zip(
            some, scores.margin.tolist(), scores.probability.tolist(), strict=True
        )
    ]
