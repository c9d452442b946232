"""What the simulator writes down: parties, devices, transfers and accesses, and marks of crime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from features.events import SubjectRole


@dataclass(frozen=True, slots=True)
class Party:
    """A name with an account."""

    account: str
    scheme: str
    account_country: str
    agent: str
    name: str
    country: str


@dataclass(frozen=True, slots=True)
class Device:
    """A telephone, computer or script."""

    device_id: str
    user_agent: str
    application: str
    mobile: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """The truth about a criminal event: kind of crime, incident, and the subject's part in it."""

    typology: str
    incident: str
    role: SubjectRole


@dataclass(slots=True)
class Transfer:
    """One payment; time in microseconds UTC, amount in minor units.

    `intermediary` names the banks between, in order, with blanks between them.
    """

    key: str
    time: int
    debtor: Party
    creditor: Party
    minor: int
    currency: str
    channel: str
    customer_id: str | None = None
    purpose: str | None = None
    text: str | None = None
    verification: str | None = None
    device_id: str | None = None
    ip_address: str | None = None
    intermediary: str | None = None
    mark: Mark | None = None
    notable: bool = False
    ultimate_debtor: Party | None = None
    ultimate_creditor: Party | None = None


@dataclass(slots=True)
class Access:
    """One access event; time in microseconds UTC."""

    key: str
    time: int
    user_id: str
    action: str
    outcome: str
    ip_address: str
    device: Device | None
    session_id: str | None = None
    mfa_method: str | None = None
    privilege: str = "user"
    bytes: int | None = None
    resource: str | None = None
    mark: Mark | None = None
    notable: bool = False


@dataclass(slots=True)
class Diary:
    """The events of one owner (a person, a business, one incident), each with a lasting key."""

    owner: str
    transfers: list[Transfer] = field(default_factory=list)
    accesses: list[Access] = field(default_factory=list)

    def next_key(self) -> str:
        """Return a key that no other event has, whatever else the world holds."""
        return f"{self.owner}/{len(self.transfers) + len(self.accesses)}"


def merge(diaries: Sequence[Diary]) -> tuple[list[Transfer], list[Access]]:
    """Return all transfers and all accesses, each ordered by time, ties by key."""
    transfers = [item for diary in diaries for item in diary.transfers]
    accesses = [item for diary in diaries for item in diary.accesses]
    transfers.sort(key=lambda item: (item.time, item.key))
    accesses.sort(key=lambda item: (item.time, item.key))
    return transfers, accesses
