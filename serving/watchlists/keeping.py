"""Keeps the screener as the store has the lists: looks for new versions, makes indexes aside."""

from __future__ import annotations

import asyncio
import logging

from features.events import AccessEvent, Payment
from serving import audit
from serving.clock import now
from serving.store import watchlist_alerts as alerts_table
from serving.store import watchlists as table
from serving.store.database import Database
from serving.store.unit import Unit
from serving.subjects import subject_of
from serving.watchlists.alerts import raise_for
from serving.watchlists.looking import records
from serving.watchlists.questions import screen
from serving.watchlists.screener import Hit, ListIndex, Screener

SECONDS = 1.0
"""Between two looks at the lists' versions."""
_LOG = logging.getLogger(__name__)


class Screening:
    """The screener in force. It is replaced whole: nobody ever meets half a list."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.screener = Screener()
        self.loaded = False
        """Whether the lists in force were read; nothing is scored before."""
        self._held_back: dict[alerts_table.Key, int] = {}

    def refresh(self) -> bool:
        """Bring the screener to the lists in force; tell whether any list was new or changed."""
        self._held_back = self._database.read(alerts_table.dismissed)
        known = {one.row: one for one in self.screener.lists}
        rows = self._database.read(table.lists)
        if [one.row for one in self.screener.lists] == rows:
            self.loaded = True
            return False
        self.screener = Screener(
            [
                known.get(row) or ListIndex(row, records(self._database, row.name, row.version))
                for row in rows
            ]
        )
        self.loaded = True
        return True

    async def start(self) -> None:
        """Read the lists; where that fails, `follow` tries again and `loaded` says so meanwhile."""
        try:
            await asyncio.to_thread(self.refresh)
        except Exception as error:
            _LOG.error("watchlists could not be read: %s", type(error).__name__)

    def screened(
        self, unit: Unit, event: Payment | AccessEvent, member: str, sequence: int
    ) -> list[Hit]:
        """Return the records that an event meets and that its decision may know of.

        Each raises an alert, once a customer. A record that a person said is not this customer is
        held back until its day. A missing person or a victim is none of them: such a hit goes to
        the audit log, where those who protect look, and neither score nor advice nor answer shows
        it.
        """
        met = screen(self.screener, event, member)
        for hit in met:
            if hit.protected:
                audit.note(
                    unit, None, "watchlist.protective", hit.entity_id, member=member,
                    list=hit.list_name, version=hit.version, stream=event.stream,
                    event_id=event.event_id, field=hit.field, score=hit.score,
                )  # fmt: skip
        subject = subject_of(event)
        told = [
            hit
            for hit in met
            if not hit.protected
            and self._held_back.get((member, subject, hit.list_name, hit.entity_id), 0) <= now()
        ]
        raise_for(unit, event, member, sequence, told, "event")
        return told

    async def follow(self) -> None:
        """Look for changes of the lists until cancelled."""
        while True:
            await asyncio.sleep(SECONDS)
            try:
                if await asyncio.to_thread(self.refresh):
                    _LOG.info("watchlists: %s records in force", len(self.screener))
            except Exception as error:
                # The lists in memory stay in force; the next look tries again. A message may hold
                # what stands in a list; the kind of error does not.
                _LOG.error("watchlists could not be read: %s", type(error).__name__)
