"""History in memory: the engine of each pool, fed in the order of the log.

A pool is one member's own history, or what members share under an agreement (`agreements`). A
member's events become part of its own pool always, and of an agreement's while they are shared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.engine import Engine
from features.events import AccessEvent, Finding, Label, Payment, parse
from features.reference import Reference
from serving import agreements
from serving.agreements import Agreements
from serving.ownership import Ownership

_TIME = "2026-01-01T00:00:00Z"
_PAYMENT = {
    "event_id": "warm",
    "time": _TIME,
    "currency": "EUR",
    "amount": "1.00",
    "debtor_account": "1",
    "creditor_account": "2",
}
_ACCESS_EVENT = {
    "event_id": "warm",
    "time": _TIME,
    "user_id": "1",
    "action": "login",
    "outcome": "success",
}


@dataclass(frozen=True)
class Place:
    """Where an entry stands in the log; `received_at` is in microseconds."""

    member: str
    sequence: int
    received_at: int


@dataclass(frozen=True)
class Scored:
    """One event's features, and the history that they rest on.

    `pool` names it, `entries` is how many of the log's entries it held then and `position` the
    sequence of the last one, 0 for none: they are the version of every ring that was read. `late`
    and `amount_reference` are as in `features.engine.Step`.
    """

    features: npt.NDArray[np.float64]
    late: bool
    amount_reference: int | None
    pool: str
    position: int
    entries: int


@dataclass
class Pool:
    """One history: its engine, the last entry that it took (a sequence), and how many it took."""

    name: str
    engine: Engine
    position: int = 0
    entries: int = 0

    def took(self, sequence: int) -> None:
        """Note that an entry became part of it."""
        self.position = sequence
        self.entries += 1


def own_pool(member: str) -> str:
    """Return the name of the history of a member's own events."""
    return f"member:{member}"


class Pools:
    """The engines of all members; one thread owns them."""

    def __init__(self, reference: Reference, shared: Agreements = agreements.NONE) -> None:
        self.reference = reference
        self.agreements = shared
        self._pools: dict[str, Pool] = {}
        self._fences: dict[str, int] = {}

    def step(self, event: Payment | AccessEvent, place: Place) -> Scored:
        """Return an event's features from history as of now, then record the event.

        They rest on the history that an agreement in force shares, else on the member's own.
        """
        agreement = self.agreements.in_force(place.member, place.received_at)
        read = self._pool(agreement.pool if agreement else own_pool(place.member))
        position, entries = read.position, read.entries
        step = read.engine.step(event)
        read.took(place.sequence)
        for pool in self._taking(place):
            if pool is not read:
                pool.engine.record(event)
                pool.took(place.sequence)
        return Scored(step.features, step.late, step.amount_reference, read.name, position, entries)

    def record(self, event: Payment | AccessEvent, place: Place) -> None:
        """Record an event without computing its features."""
        for pool in self._taking(place):
            pool.engine.record(event)
            pool.took(place.sequence)

    def label(
        self,
        event: Payment | AccessEvent,
        label: Label,
        previous: Finding | None,
        place: Place,
        event_received_at: int,
    ) -> None:
        """Record what became known of an event, wherever the event is; see `Engine.label`."""
        for pool in self._taking(place, event_received_at):
            pool.engine.label(event, label, previous)
            pool.took(place.sequence)

    def retract(self, payment: Payment, place: Place, payment_received_at: int) -> None:
        """Take a payment that was undone out of value features, wherever the payment is."""
        for pool in self._taking(place, payment_received_at):
            pool.engine.retract(payment)
            pool.took(place.sequence)

    def _taking(self, place: Place, event_received_at: int | None = None) -> Iterator[Pool]:
        """Yield the pools that an entry becomes part of: those of its event, where it is of one."""
        yield self._pool(own_pool(place.member))
        for one in self.agreements.sharing(place.member, place.received_at):
            if event_received_at is None or one.shares(event_received_at):
                yield self._pool(one.pool)

    def _pool(self, name: str) -> Pool:
        if name not in self._pools:
            self._pools[name] = Pool(name, Engine(self.reference))
        return self._pools[name]

    def warm(self) -> None:
        """Fetch compiled code and calendars now, not while the first event waits."""
        self.reference.calendars.prepare()
        engine = Engine(self.reference)
        engine.step(parse(Payment, _PAYMENT))
        engine.step(parse(AccessEvent, _ACCESS_EVENT))

    def fences(self, members: Collection[str]) -> dict[str, int]:
        """Return under which fencing number each member's history was read, of those that were."""
        return {member: self._fences[member] for member in members if member in self._fences}

    def follow(self, ownership: Ownership, members: Collection[str]) -> dict[str, int]:
        """Forget members that are not owned as they were; return what is `unread` then."""
        fence = ownership.fence
        self.drop([member for member, under in self._fences.items() if fence(member) != under])
        return self.unread(ownership, members)

    def unread(self, ownership: Ownership, members: Collection[str] = ()) -> dict[str, int]:
        """Return whose history is to be read into memory, with their fencing numbers.

        That is every owned member's, and those of `members` that are owned; members whom agreements
        tie together are read together, when all of them are owned.
        """
        together = self.agreements.together
        wanted = together({*members, *ownership.members()}) - self._fences.keys()
        owned = {
            member: number for member in wanted if (number := ownership.fence(member)) is not None
        }
        return {member: owned[member] for member in owned if together((member,)) <= owned.keys()}

    def drop(self, members: Collection[str]) -> None:
        """Forget the history of some members, and of all whom agreements tie to them."""
        dropped = self.agreements.together(members)
        for member in dropped:
            self._pools.pop(own_pool(member), None)
            self._fences.pop(member, None)
        for one in self.agreements:
            if dropped.intersection(one.members):
                self._pools.pop(one.pool, None)

    def members(self) -> list[str]:
        """Return the members whose history is in memory."""
        return list(self._fences)

    def groups(self, members: Collection[str]) -> list[tuple[str, ...]]:
        """Return these members, and whom agreements tie to them, in groups of those tied."""
        return sorted({tuple(sorted(self.agreements.together((one,)))) for one in members})

    def of(self, group: Collection[str]) -> list[Pool]:
        """Return the histories that hold anything of these members."""
        names = [own_pool(member) for member in group]
        names += [one.pool for one in self.agreements if not set(group).isdisjoint(one.members)]
        return [self._pools[name] for name in names if name in self._pools]

    def put(self, pools: Iterable[Pool]) -> None:
        """Take histories that were read elsewhere in place of one's own."""
        self._pools |= {pool.name: pool for pool in pools}

    def have_read(self, fences: Mapping[str, int]) -> None:
        """Note that the history of these members is in memory, read under these numbers."""
        self._fences |= fences
