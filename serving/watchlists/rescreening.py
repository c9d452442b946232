"""Rescreening: when a list changes, past customers who meet what is new of it are raised once.

The log is read again from its start, a part at a time; each part's alerts and the place that was
reached are one transaction, so that a service that dies goes on where it was, and no alert is
raised twice. Where several services run, whoever comes first does a part, and the others go on
behind it.
"""

from __future__ import annotations

import asyncio
import logging

from features.errors import CrossflagError
from serving import audit
from serving.restoring import event
from serving.sequencer import Sequencer
from serving.store import watchlist_alerts as table
from serving.store.database import Database
from serving.store.unit import Unit
from serving.store.watchlist_alerts import Stored
from serving.watchlists.alerts import raise_for, tell_case
from serving.watchlists.keeping import Screening
from serving.watchlists.looking import difference, records
from serving.watchlists.questions import screen
from serving.watchlists.screener import Hit, ListIndex, Screener

PART = 500
"""Events of the log that are looked at in one transaction."""
SECONDS = 1.0
_LOG = logging.getLogger(__name__)


class Rescreening:
    """Follows the lists in force and screens the log against what each new version brings."""

    def __init__(self, sequencer: Sequencer, database: Database, screening: Screening) -> None:
        self._sequencer = sequencer
        self._database = database
        self._screening = screening
        self._done: dict[str, int] = {}

    async def run(self) -> None:
        """Rescreen whenever a list has a version that was not rescreened, until cancelled."""
        while True:
            await asyncio.sleep(SECONDS)
            try:
                for one in self._screening.screener.lists:
                    await self.rescreen(one.row.name, one.row.version)
            except CrossflagError:
                continue  # the service is busy or not ready; the place that was reached is kept
            except Exception as error:
                _LOG.error("rescreening stopped for now: %s", type(error).__name__)

    async def rescreen(self, name: str, version: int) -> int:
        """Screen the log against what a version of a list brings; return the alerts raised."""
        if self._done.get(name) == version:
            return 0
        await self._sequencer.submit(lambda turn: _begin(turn.unit, name, version))
        fresh: Screener | None = None
        raised = 0
        while True:
            place = await self._database.reads(table.progress, name)
            if place is None or place[0] != version:
                return raised  # a newer version came meanwhile; it is rescreened next
            part = await self._database.reads(table.after, place[1], PART)
            if not part:
                break
            if fresh is None:
                fresh = await asyncio.to_thread(self._fresh, name, version)
            found = await asyncio.to_thread(_screened, fresh, part)
            raised += await self._sequencer.submit(
                lambda turn, place=place, part=part, found=found: _raise(  # type: ignore[misc]
                    turn.unit, name, version, place[1], part, found
                )
            )
        self._done[name] = version
        return raised

    def _fresh(self, name: str, version: int) -> Screener:
        """Return a screener of the records that this version added or changed."""
        row = next(one.row for one in self._screening.screener.lists if one.row.name == name)
        entities = records(self._database, name, version)
        if version > 1:
            changes = difference(self._database, name, version - 1, version)
            new = {one for one, _ in (*changes.added, *changes.changed)}
            entities = (one for one in entities if one.entity_id in new)
        return Screener([ListIndex(row, entities)])


def _begin(unit: Unit, name: str, version: int) -> None:
    place = table.progress(unit.connection, name)
    if place is None or place[0] < version:
        table.begin(unit.connection, name, version, place is None)


def _screened(fresh: Screener, part: list[Stored]) -> list[tuple[Stored, list[Hit]]]:
    met = [(one, screen(fresh, event(one.stream, one.body), one.member)) for one in part]
    return [(one, hits) for one, hits in met if hits]


def _raise(
    unit: Unit,
    name: str,
    version: int,
    place: int,
    part: list[Stored],
    found: list[tuple[Stored, list[Hit]]],
) -> int:
    if not table.advance(unit.connection, name, version, place, part[-1].sequence):
        return 0
    raised = 0
    for one, hits in found:
        told = event(one.stream, one.body)
        for row in raise_for(unit, told, one.member, one.sequence, hits, "rescreening"):
            tell_case(unit, row)
            audit.note(unit, None, "watchlist.rescreened", f"W-{row.number}", member=one.member,
                       list=name, version=version, record=row.entity_id)  # fmt: skip
            raised += 1
    return raised
