"""The one writer: tasks run one after another in groups, and a group is one commit.

While a commit is on its way to the disk the next tasks gather, so that a busy service commits many
events at once and an idle one answers at once. Nobody gets an answer before the commit. When a
commit fails, what the engines learnt in its group is void: they are made again from the log, and
whoever was waiting is told to send again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from features.errors import CrossflagError
from serving.clock import Stamps, now
from serving.errors import Internal, Unavailable
from serving.metrics import Metrics
from serving.pools import Pools
from serving.store import log
from serving.store.database import Database
from serving.store.unit import EventKey, StoreFailure, Unit

T = TypeVar("T")
_log = logging.getLogger("crossflag")
_RETRY_SECONDS = 1.0
_REPLAYING = "replaying its event log"
_REBUILDING = "rebuilding its history after a failed commit"


@dataclass
class Turn:
    """What a task works with while it is its turn: the transaction, the engines, the clock."""

    unit: Unit
    pools: Pools
    stamps: Stamps


@dataclass(eq=False)
class _Waiting(Generic[T]):
    task: Callable[[Turn], T]
    member: str | None
    keys: Sequence[EventKey]
    answer: asyncio.Future[T]

    @property
    def weight(self) -> int:
        return max(len(self.keys), 1)


class _Broken(Exception):
    """A task failed in a way nobody foresaw; the whole group is void."""

    def __init__(self, waiting: _Waiting[Any]) -> None:
        self.waiting = waiting


class Sequencer:
    """Runs tasks in order. `capacity` bounds the events that wait, `group` those of one commit."""

    def __init__(
        self, database: Database, pools: Pools, metrics: Metrics, *, capacity: int, group: int
    ) -> None:
        self.database = database
        self.pools = pools
        self._metrics = metrics
        self._capacity = capacity
        self._group = group
        self._stamps = Stamps()
        self._queue: asyncio.Queue[_Waiting[Any] | None] = asyncio.Queue()
        self._events_waiting = 0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="crossflag-writer")
        self._running: asyncio.Task[None] | None = None
        self._doing: str | None = "starting"
        self._stopping = False

    @property
    def not_ready(self) -> str | None:
        """Why no task is taken now, None when it is."""
        if self._running is not None and self._running.done() and not self._stopping:
            return "stopped by a fault of its own; start it again"
        return "stopping" if self._stopping else self._doing

    def start(self) -> None:
        """Replay the log, then take tasks; `not_ready` says what it is doing until then."""
        self._running = asyncio.create_task(self._run(), name="crossflag-sequencer")

    async def stop(self) -> None:
        """Finish what waits and take nothing more."""
        self._stopping = True
        self._queue.put_nowait(None)
        if self._running is not None:
            await self._running
        self._thread.shutdown()

    async def submit(
        self,
        task: Callable[[Turn], T],
        *,
        member: str | None = None,
        keys: Sequence[EventKey] = (),
    ) -> T:
        """Run a task in its turn and return its result once that is committed.

        `member` is whose history it adds to, `keys` the entries of the log that it will ask for. A
        CrossflagError that it raises goes to its caller, and must come before it has changed
        anything. Raises `Unavailable` when the queue is full, the service is not ready, or the
        commit failed.
        """
        if self.not_ready is not None:
            raise Unavailable(f"the service is {self.not_ready}; send again shortly")
        waiting = _Waiting(task, member, keys, asyncio.get_running_loop().create_future())
        if self._events_waiting and self._events_waiting + waiting.weight > self._capacity:
            self._metrics.refused.labels("queue_full").inc()
            raise Unavailable("too many events are waiting; slow down and send again")
        self._events_waiting += waiting.weight
        self._queue.put_nowait(waiting)
        answer: T = await waiting.answer
        return answer

    async def _run(self) -> None:
        await self._rebuild(None, _REPLAYING)
        while (first := await self._queue.get()) is not None:
            self._events_waiting -= first.weight
            await self._commit([first, *self._drain(self._group - first.weight)])

    async def _commit(self, group: list[_Waiting[Any]]) -> None:
        loop = asyncio.get_running_loop()
        try:
            outcomes = await loop.run_in_executor(self._thread, self._turn, group)
        except Exception as error:
            # A message may hold values of an event; the kind of error does not.
            cause = error.__cause__ or error
            _log.error("%d tasks were not committed: %s", len(group), type(cause).__name__)
            self._metrics.failed_commits.inc()
            self._doing = _REBUILDING
            if isinstance(error, _Broken):
                _settle(error.waiting, Internal("this request cannot be worked on"))
            for waiting in [*group, *self._drain(self._events_waiting)]:
                _settle(waiting, Unavailable("nothing was stored; send it again"))
            members = {waiting.member for waiting in group if waiting.member is not None}
            await self._rebuild(members, _REBUILDING)
        else:
            for waiting, outcome in zip(group, outcomes, strict=True):
                _settle(waiting, outcome)

    def _turn(self, group: list[_Waiting[Any]]) -> list[Any]:
        started = now()
        outcomes: list[Any] = []
        with self.database.unit() as unit:
            unit.prefetch(key for waiting in group for key in waiting.keys)
            turn = Turn(unit, self.pools, self._stamps)
            for waiting in group:
                try:
                    outcomes.append(waiting.task(turn))
                except CrossflagError as refusal:
                    outcomes.append(refusal)
                except StoreFailure:
                    raise
                except Exception as error:
                    raise _Broken(waiting) from error
        self._metrics.group_events.observe(sum(len(waiting.keys) for waiting in group))
        self._metrics.group_seconds.observe((now() - started) / 1e6)
        return outcomes

    def _drain(self, events: int) -> list[_Waiting[Any]]:
        drained: list[_Waiting[Any]] = []
        while events > 0 and not self._queue.empty():
            waiting = self._queue.get_nowait()
            if waiting is None:
                self._queue.put_nowait(None)
                break
            self._events_waiting -= waiting.weight
            events -= waiting.weight
            drained.append(waiting)
        return drained

    async def _rebuild(self, members: set[str] | None, doing: str) -> None:
        self._doing = doing
        while not self._stopping:
            try:
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(self._thread, self._replay, members)
            except Exception as error:
                _log.error("the event log could not be read: %s", type(error).__name__)
                self._doing = f"unable to read its event log ({type(error).__name__})"
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                self._doing = None
                return

    def _replay(self, members: set[str] | None) -> None:
        self._stamps.last = max(self._stamps.last, self.database.read(log.last_received))
        self.pools.warm()
        self.pools.rebuild(self.database, members)


def _settle(waiting: _Waiting[Any], outcome: Any) -> None:
    if waiting.answer.done():
        return
    if isinstance(outcome, BaseException):
        waiting.answer.set_exception(outcome)
    else:
        waiting.answer.set_result(outcome)
