"""Keeps the screener as the store has the lists: looks for new versions, makes indexes aside."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from serving.store import watchlists as table
from serving.store.database import Database
from serving.watchlists.looking import records
from serving.watchlists.screener import ListIndex, Screener

SECONDS = 1.0
"""Between two looks at the lists' versions."""
_LOG = logging.getLogger(__name__)


class Watch:
    """The screener in force. It is replaced whole: nobody ever meets half a list."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._task: asyncio.Task[None] | None = None
        self.screener = Screener()

    def refresh(self) -> bool:
        """Bring the screener to the lists in force; tell whether any list was new or changed."""
        known = {one.row: one for one in self.screener.lists}
        rows = self._database.read(table.lists)
        if [one.row for one in self.screener.lists] == rows:
            return False
        self.screener = Screener(
            [
                known.get(row) or ListIndex(row, records(self._database, row.name, row.version))
                for row in rows
            ]
        )
        return True

    def start(self) -> None:
        """Look for changes from now on; call within the event loop, after a first `refresh`."""
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(SECONDS)
            try:
                if await asyncio.to_thread(self.refresh):
                    _LOG.info("watchlists: %s records in force", len(self.screener))
            except Exception:
                # The lists in memory stay in force; the next look tries again.
                _LOG.exception("watchlists could not be read")
