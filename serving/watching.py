"""What changes meanwhile, looked at now and then, off the path of events: drift, and alarms.

A look reads the store and counts; it changes nothing that a score rests on. Each member sees its
own; the metrics hold the largest of any member, without a name.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from features.catalog import CATALOGUES
from features.errors import CrossflagError
from models.drift import Shift
from serving import alarms as raising
from serving import drift as drifting
from serving.alarms import Alarm
from serving.auth import Principal
from serving.champions import Champions
from serving.clock import now
from serving.drift import StreamDrift
from serving.metrics import Metrics
from serving.ownership import Ownership
from serving.store import log, novelties
from serving.store.database import Database, View
from serving.store.records import moment

_log = logging.getLogger("crossflag")
_NOVEL_EVENTS = 20_000
_DAY = 86_400_000_000
_FIRST_SECONDS = 60
_OF = ("feature", "score", "reason", "corridor")


@dataclass(frozen=True)
class Watched:
    """What the last look found of one member, and when it was."""

    at: datetime
    drift: tuple[StreamDrift, ...]
    alarms: tuple[Alarm, ...]


class Watch:
    """Looks every `minutes`, at the last `days` of each member's assessments."""

    def __init__(
        self,
        database: Database,
        ownership: Ownership,
        champions: Champions,
        metrics: Metrics,
        *,
        minutes: int,
        days: int,
    ) -> None:
        self.minutes = minutes
        self.days = days
        self._database = database
        self._ownership = ownership
        self._champions = champions
        self._metrics = metrics
        self._seen: dict[str, Watched] = {}
        self._raised: set[object] = set()

    def last(self, principal: Principal) -> Watched | None:
        """Return what the last look found of the caller's member, None before the first.

        Raises `Forbidden` without the scope `read`.
        """
        principal.require("read")
        return self._seen.get(principal.member)

    async def run(self) -> None:
        """Look a minute after the start and then every `minutes`, until cancelled."""
        seconds = float(min(_FIRST_SECONDS, 60 * self.minutes))
        while True:
            await asyncio.sleep(seconds)
            seconds = 60.0 * self.minutes
            try:
                await asyncio.to_thread(self.look, now())
            except Exception as error:
                # A message may hold values of an event; the kind of error does not.
                _log.error("drift and alarms were not looked at: %s", type(error).__name__)

    def look(self, at: int) -> None:
        """Look at every member that this process owns, as of a time (microseconds)."""
        with self._database.reading() as connection:
            members = [one for one in log.members(connection) if self._owned(one)]
            novel = novelties.since(connection, raising.window(at), _NOVEL_EVENTS)
            found = [one for one in raising.alarms(novel, at) if one.member in members]
            seen = {
                member: Watched(
                    moment(at),
                    tuple(self._drift(connection, member, at - self.days * _DAY)),
                    tuple(one for one in found if one.member == member),
                )
                for member in members
            }
        self._seen = seen
        self._tell(found)
        self._measure(seen.values())

    def _owned(self, member: str) -> bool:
        return self._ownership.fence(member) is not None

    def _drift(self, connection: View, member: str, since: int) -> Iterable[StreamDrift]:
        for stream in CATALOGUES:
            try:
                scorer = self._champions.scorer(stream)
            except CrossflagError:
                continue
            measured = drifting.measure(connection, scorer, member, since)
            if measured is not None and measured.events:
                yield measured

    def _tell(self, found: list[Alarm]) -> None:
        for one in found:
            if one.key not in self._raised:
                _log.warning("alarm at %s: %s", one.member, one.sentence())
        self._raised = {one.key for one in found}

    def _measure(self, seen: Iterable[Watched]) -> None:
        metrics, members = self._metrics, list(seen)
        for stream in CATALOGUES:
            streams = [one for member in members for one in member.drift if one.stream == stream]
            shifts = [shift for one in streams for shift in one.shifts if _counts(shift)]
            for of in _OF:
                largest = max((one.psi for one in shifts if one.of == of), default=0.0)
                metrics.drift.labels(stream, of).set(largest)
            for word in ("moved", "far"):
                count = max((one.words[word] for one in streams), default=0)
                metrics.drifted.labels(stream, word).set(count)
            raised = [one for member in members for one in member.alarms if one.stream == stream]
            metrics.alarms.labels(stream).set(len(raised))


def _counts(shift: Shift) -> bool:
    return not shift.corridor and shift.word != "too few"
