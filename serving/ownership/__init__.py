"""Which members this process owns: all on SQLite, those that it has locked on PostgreSQL.

An owner numbers its members' events and holds their history in memory. On PostgreSQL ownership is
an advisory lock and a fencing number (`store.owners`): it is lost when the connection that keeps
the lock breaks or another process takes over, and this process then tries to become owner again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from serving.errors import Unavailable
from serving.ownership.shared import Shared
from serving.store import log
from serving.store.database import Database
from serving.store.unit import Unit


class Ownership(Protocol):
    """What the sequencer asks; a fencing number is the same as long as ownership is not broken."""

    def start(self, changed: Callable[[], object]) -> None:
        """Take what there is; `changed` is called, from a thread, whenever that changes."""

    def stop(self) -> None:
        """Let go of everything."""

    def members(self) -> Collection[str]:
        """Return the members whose history belongs in memory, whether events come or not."""

    def fence(self, member: str) -> int | None:
        """Return the fencing number, None when the member is not this process's."""

    def claim(self, member: str) -> None:
        """Become a member's owner now; raises `Misdirected` or `Unavailable` saying who is."""

    def release(self, members: Collection[str]) -> None:
        """Let go of some members, so that another process may take them at once."""

    def lost(self, unit: Unit, fences: Mapping[str, int | None]) -> set[str]:
        """Return those that are not owned any more; the others stay until the unit's commit."""

    def standing_by(self) -> str | None:
        """Return why no member at all is this process's, None when some is or none exists."""


class Sole:
    """SQLite: the lock of its file makes this the one process there is."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._members: list[str] = []

    def start(self, changed: Callable[[], object]) -> None:
        """Find the log's members."""
        self._members = self._database.read(log.members)

    def stop(self) -> None:
        """Nothing to let go of: closing the database frees the file."""

    def members(self) -> Collection[str]:
        """Return the log's members as of the start."""
        return self._members

    def fence(self, member: str) -> int | None:
        """Return 0: nobody else can own anything."""
        return 0

    def claim(self, member: str) -> None:
        """Every member is owned already."""

    def release(self, members: Collection[str]) -> None:
        """Nobody else could take them."""

    def lost(self, unit: Unit, fences: Mapping[str, int | None]) -> set[str]:
        """Return none."""
        return set()

    def standing_by(self) -> str | None:
        """Return None."""
        return None


def ownership_of(
    database: Database,
    members: Collection[str],
    patience: float,
    together: Callable[[Collection[str]], Collection[str]] = set,
    on_demand: bool = False,
    address: str | None = None,
) -> Ownership:
    """Return the kind of ownership that this database asks for.

    `together` gives some members and all whom agreements tie to them. With `on_demand`, members
    are owned only from the first event on that asks for them: something else says whose they are.
    `address` is where this process takes requests.
    """
    if database.shared:
        return Shared(database, members, patience, together, on_demand, address)
    return Sole(database)


@contextmanager
def owning(
    database: Database, member: str, patience: float = 10
) -> Iterator[Callable[[Unit], None]]:
    """Own one member for the length of the block; call what it yields first in each unit.

    Raises `Unavailable` when a service owns the member, or has taken it over meanwhile.
    """
    ownership = ownership_of(database, (member,), patience)
    ownership.start(lambda: None)
    try:
        ownership.claim(member)
        fences = {member: ownership.fence(member)}

        def check(unit: Unit) -> None:
            if ownership.lost(unit, fences):
                raise Unavailable(f"another process has taken {member} over; start again")

        yield check
    finally:
        ownership.stop()
