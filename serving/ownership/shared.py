"""PostgreSQL: this process owns the members that it has locked, as long as the lock holds."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Collection, Mapping

from serving.errors import Misdirected, StoreError, Unavailable
from serving.store import owners
from serving.store.database import Database, View
from serving.store.unit import StoreFailure, Unit

_log = logging.getLogger("crossflag")
_STANDING_BY = "standing by: another service owns every member that it may take"


class Shared:
    """PostgreSQL: an advisory lock for each member, on a connection of its own.

    `members` limits what this process may own (all, when empty). A process that gave no sign of
    life for `patience` seconds is taken over: its connections are ended, the lock is taken, the
    fencing number rises. A process that died lets go by itself, and at once. With `on_demand` it
    takes no member that nobody asked for. `address` is where others are to send what is its.
    """

    def __init__(
        self,
        database: Database,
        members: Collection[str],
        patience: float,
        together: Callable[[Collection[str]], Collection[str]] = set,
        on_demand: bool = False,
        address: str | None = None,
    ) -> None:
        self._database = database
        self._on_demand = on_demand
        self._address = address
        self._instance = database.instance
        self._name = f"{socket.gethostname()}, process {os.getpid()}"
        self._may_own = frozenset(members)
        self._patience = patience
        self._together = together
        self._held: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._changed: Callable[[], object] = lambda: None
        self._connection: View | None = None
        self._one_at_a_time = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="crossflag-owner", daemon=True)
        self._standing_by: str | None = None

    def start(self, changed: Callable[[], object]) -> None:
        """Take every registered member that is free; then keep them, and look for others."""
        self._changed = changed
        with self._one_at_a_time:
            self._look()
        self._told = dict(self._held)
        self._thread.start()

    def stop(self) -> None:
        """Let go of every member, so that another process takes them at once."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._one_at_a_time, contextlib.suppress(StoreFailure):
            self._held.clear()
            if self._connection is not None:
                owners.leave(self._connection, self._instance)
                self._connection.close()

    def members(self) -> Collection[str]:
        """Return the members that this process owns."""
        return list(self._held)

    def fence(self, member: str) -> int | None:
        """Return the fencing number under which the member was taken."""
        return self._held.get(member)

    def claim(self, member: str) -> None:
        """Take a member that is new or free."""
        may = self._may(member)
        try:
            with self._one_at_a_time:
                if may and (member in self._held or self._take(member)):
                    return
                holder = owners.holder(self._connected(), member)
        except StoreFailure as error:
            raise Unavailable("the service cannot reach its database; send again") from error
        if holder and holder.address and holder.silent_for <= self._patience:
            raise Misdirected(
                f"the events of {member} are taken at {holder.address}; send them there",
                holder.address,
            )
        if not may:
            raise Unavailable(
                f"this service takes no events of {member}: it is not among CROSSFLAG_MEMBERS; "
                f"send them to the service that has it"
            )
        who = f"another service ({holder.name})" if holder else "another service"
        raise Unavailable(
            f"the events of {member} are taken by {who}; send them there, or here again "
            f"once this service has taken over"
        )

    def release(self, members: Collection[str]) -> None:
        """Give the locks of some members back; whoever asks for their events takes them."""
        with self._one_at_a_time, contextlib.suppress(StoreFailure):
            for member in members:
                if self._held.pop(member, None) is not None:
                    owners.let_go(self._connected(), member)

    def lost(self, unit: Unit, fences: Mapping[str, int | None]) -> set[str]:
        """Compare the numbers with the database's, and keep take-overs out until the commit."""
        if not fences:
            return set()
        mine = owners.still_mine(unit.connection, self._instance, fences)
        gone = {member for member, fence in fences.items() if mine.get(member) != fence}
        for member in gone:
            self._held.pop(member, None)
        return gone

    def standing_by(self) -> str | None:
        """Return why this process owns nothing."""
        return None if self._held else self._standing_by

    def _keep(self) -> None:
        while not self._over.wait(min(1.0, self._patience / 10)):
            with self._one_at_a_time:
                self._look()
            held = dict(self._held)
            for member in sorted(self._told.keys() - held.keys()):
                _log.warning("the events of %s are not this service's any more", member)
            for member in sorted(held.keys() - self._told.keys()):
                _log.info("the events of %s are this service's now", member)
            if held != self._told:
                self._told = held
                self._changed()

    def _look(self) -> None:
        """Give a sign of life, see what is still held, and take what is free."""
        try:
            connection = self._connected()
            owners.renew(connection, self._instance, self._name, self._address)
            possible = [one for one in owners.registered(connection) if self._may(one.member)]
            for one in possible:
                if one.instance != self._instance or one.fence != self._held.get(one.member):
                    self._held.pop(one.member, None)
                    if not self._on_demand and self._first_of(one.member):
                        self._take(one.member)
        except (StoreFailure, StoreError) as error:
            _log.error("ownership cannot be kept: %s", type(error).__name__)
            self._standing_by = "unable to reach its database"
            self._let_go()
        else:
            self._standing_by = _STANDING_BY if possible and not self._on_demand else None

    def _take(self, member: str) -> bool:
        connection = self._connected()
        fence = owners.take(connection, member, self._instance)
        if fence is not None:
            self._held[member] = fence
            return True
        holder = owners.holder(connection, member)
        if holder is not None and holder.silent_for > self._patience:
            _log.warning(
                "%s gave no sign of life for %.0f s; its connections are ended",
                holder.name,
                holder.silent_for,
            )
            owners.end(connection, holder.instance)
        return False

    def _first_of(self, member: str) -> bool:
        """Tell whether this process has all that come before a member whom agreements tie to it.

        Two processes that take free members at once then never get half of them each.
        """
        return all(one in self._held for one in self._together((member,)) if one < member)

    def _may(self, member: str) -> bool:
        return not self._may_own or member in self._may_own

    def _connected(self) -> View:
        if self._connection is not None and self._connection.invalidated:
            # It would connect again by itself, and without the locks.
            self._let_go()
        if self._connection is None:
            self._connection = self._database.apart()
        return self._connection

    def _let_go(self) -> None:
        self._held.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(StoreFailure):
                connection.close()
