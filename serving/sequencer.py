"""The one writer: tasks run one after another in groups, and a group is one commit.

While a commit is on its way to the disk the next tasks gather, so that a busy service commits many
events at once and an idle one answers at once. Nobody gets an answer before the commit. When a
commit fails, what the engines learnt in its group is void: they are made again from the log, and
whoever was waiting is told to send again. Each turn begins with a look at which members are this
process's (`ownership`), and ends with a commit under the numbers that it found.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from features.errors import CrossflagError
from serving import replaying
from serving.clock import Stamps, now
from serving.errors import Internal, Unavailable
from serving.metrics import Metrics
from serving.ownership import Ownership
from serving.pools import Pools
from serving.snapshots import Snapshots
from serving.store.database import Database
from serving.store.unit import EventKey, StoreFailure, Unit

T = TypeVar("T")
_log = logging.getLogger("crossflag")
_RETRY_SECONDS = 1.0
_STALLED_SECONDS = 10.0
_LOOK_SECONDS = 0.5
_REPLAYING = "replaying its event log"
_REBUILDING = "rebuilding its history after a failed commit"
_TAKING_OVER = "reading the history of members that it has taken over"
_NOT_STORED = "nothing was stored; send it again"
_NOT_KNOWN = "it is not known whether this was stored; send it again, which is safe in both cases"
_STALLED = "waiting for its database, which does not answer"


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
        self,
        database: Database,
        ownership: Ownership,
        pools: Pools,
        snapshots: Snapshots,
        metrics: Metrics,
        *,
        capacity: int,
        group: int,
    ) -> None:
        self.database = database
        self.ownership = ownership
        self.pools = pools
        self._snapshots = snapshots
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
        self._committing = False
        self._stalled = False

    @property
    def not_ready(self) -> str | None:
        """Why no task is taken now, None when it is."""
        if self._running is not None and self._running.done() and not self._stopping:
            return "stopped by a fault of its own; start it again"
        if self._stopping:
            return "stopping"
        return self._doing or (_STALLED if self._stalled else None)

    @property
    def busy(self) -> bool:
        """Whether anything waits for its turn or has it."""
        return self._events_waiting > 0 or self._committing

    @property
    def behind(self) -> str | None:
        """Why events of some member would wait, None when every owned history is in memory."""
        unread = self.pools.unread(self.ownership)
        return _TAKING_OVER if max(unread.values(), default=0) > 1 else None

    def start(self) -> None:
        """Replay the log, then take tasks; `not_ready` says what it is doing until then."""
        self._running = asyncio.create_task(self._run(), name="crossflag-sequencer")

    async def stop(self) -> None:
        """Finish what waits and take nothing more."""
        self._stopping = True
        self._queue.put_nowait(None)
        if self._running is not None:
            await self._running
        await asyncio.get_running_loop().run_in_executor(
            self._thread, self._snapshots.at_the_end, self.database, self.pools
        )
        self._thread.shutdown()
        await asyncio.to_thread(self.ownership.stop)

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
        anything. Raises `Unavailable` when the queue is full, the service is not ready, another
        service owns the member, or the commit failed.
        """
        if self.not_ready is None and member is not None:
            # In one order everywhere: two services then never take half of a shared history each.
            for one in sorted(self.pools.agreements.together((member,))):
                if self.ownership.fence(one) is None:
                    await asyncio.to_thread(self.ownership.claim, one)
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

    def _look_again(self) -> None:
        """Have a turn soon, even without a task."""
        nothing = _Waiting(_nothing, None, (), asyncio.get_running_loop().create_future())
        nothing.answer.cancel()
        self._events_waiting += nothing.weight
        self._queue.put_nowait(nothing)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        changed = partial(loop.call_soon_threadsafe, self._look_again)
        await self._until_done(lambda: self._begin(changed), _REPLAYING)
        await self._until_done(lambda: self._follow(()), _REPLAYING)
        while (first := await self._queue.get()) is not None:
            self._events_waiting -= first.weight
            self._committing = True
            await self._commit([first, *self._drain(self._group - first.weight)])
            self._committing = self._stalled = False

    async def _watched(self, group: list[_Waiting[Any]], turn: asyncio.Future[list[Any]]) -> None:
        """Wait for the end of a turn; one that stalls makes nobody wait for longer.

        Whether a stalled group is stored is known when the database answers again, and not before.
        """
        waited = 0.0
        while not (await asyncio.wait({turn}, timeout=_LOOK_SECONDS))[0]:
            # A history that is read into memory takes its time, and says so.
            waited = 0.0 if self._doing else waited + _LOOK_SECONDS
            if waited < _STALLED_SECONDS:
                continue
            if not self._stalled:
                _log.error("the database has not answered for %.0f s", waited)
            self._stalled = True
            for waiting in group:
                _settle(waiting, Unavailable(_NOT_KNOWN))
            for waiting in self._drain(self._events_waiting):
                _settle(waiting, Unavailable(_NOT_STORED))

    async def _commit(self, group: list[_Waiting[Any]]) -> None:
        loop = asyncio.get_running_loop()
        try:
            turn = loop.run_in_executor(self._thread, self._turn, group)
            await self._watched(group, turn)
            outcomes = turn.result()
        except Exception as error:
            # A message may hold values of an event; the kind of error does not.
            cause = error.__cause__ or error
            _log.error("%d tasks were not committed: %s", len(group), type(cause).__name__)
            self._metrics.failed_commits.inc()
            self._doing = _REBUILDING
            if isinstance(error, _Broken):
                _settle(error.waiting, Internal("this request cannot be worked on"))
            for waiting in group:
                # The commit itself may have reached a database whose answer never came.
                _settle(waiting, Unavailable(_NOT_KNOWN))
            for waiting in self._drain(self._events_waiting):
                _settle(waiting, Unavailable(_NOT_STORED))
            members = {waiting.member for waiting in group if waiting.member is not None}
            # At once: what is void must not outlive the service in a snapshot.
            self.pools.drop(members)
            await self._until_done(lambda: self._follow(members), _REBUILDING)
        else:
            for waiting, outcome in zip(group, outcomes, strict=True):
                _settle(waiting, outcome)

    def _turn(self, group: list[_Waiting[Any]]) -> list[Any]:
        started = now()
        outcomes: list[Any] = []
        together = self.pools.agreements.together
        members = together({waiting.member for waiting in group if waiting.member is not None})
        self._follow(members)
        self._snapshots.between_commits(self.database, self.pools, members)
        fences = self.pools.fences(members)
        with self.database.unit() as unit:
            lost = self.ownership.lost(unit, fences)
            ours = fences.keys() - together(lost)
            unit.prefetch(key for waiting in group for key in waiting.keys)
            turn = Turn(unit, self.pools, self._stamps)
            for waiting in group:
                if waiting.member is not None and waiting.member not in ours:
                    outcomes.append(_taken_over(waiting.member))
                    continue
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

    async def _until_done(self, work: Callable[[], None], doing: str) -> None:
        self._doing = doing
        while not self._stopping:
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, work)
            except Exception as error:
                _log.error("the event log could not be read: %s", type(error).__name__)
                self._doing = f"unable to read its event log ({type(error).__name__})"
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                self._doing = None
                return

    def _begin(self, changed: Callable[[], object]) -> None:
        self.pools.warm()
        self.ownership.start(changed)

    def _follow(self, members: Collection[str]) -> None:
        """Have in memory the history of those that are ours: of `members`, and what is owned."""
        gained = self.pools.follow(self.ownership, members)
        if gained:
            doing = self._doing
            if max(gained.values()) > 1:
                self._doing = doing or _TAKING_OVER
            last = replaying.rebuild(self.pools, self.database, gained, self._snapshots)
            self._stamps.last = max(self._stamps.last, last)
            self._doing = doing


def _settle(waiting: _Waiting[Any], outcome: Any) -> None:
    if waiting.answer.done():
        return
    if isinstance(outcome, BaseException):
        waiting.answer.set_exception(outcome)
    else:
        waiting.answer.set_result(outcome)


def _taken_over(member: str) -> Unavailable:
    return Unavailable(
        f"the events of {member} were taken over by another service; send them there, or here "
        f"again once this service has taken over"
    )


def _nothing(_: Turn) -> None:
    """Change nothing."""
