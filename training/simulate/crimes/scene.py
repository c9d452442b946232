"""What every crime is given: people, time, a random stream, and a diary to write its events in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from features.events import SubjectRole
from training.simulate import acts, devices, networks, people
from training.simulate.acts import Session
from training.simulate.calendars import DAY, HOUR, Span, calendar
from training.simulate.chance import Chance
from training.simulate.people import Customer, Firm, Person
from training.simulate.population import Population
from training.simulate.records import Device, Diary, Mark, Party, Transfer

_GOLDEN_RATIO = 0.618033988749895
_QUIET_DAYS = 2
C = TypeVar("C", bound=Customer)
CASH_OUT = ("NG", "TR", "UA", "HK", "AE", "LT", "RO", "GB", "ES", "ZA", "BG", "MX")


@dataclass(slots=True)
class Scene:
    """One incident of a crime; `number` counts the incidents of this crime."""

    seed: int
    typology: str
    number: int
    population: Population
    span: Span
    chance: Chance
    diary: Diary = field(init=False)

    def __post_init__(self) -> None:
        self.diary = Diary(self.incident)

    @property
    def incident(self) -> str:
        """Name of the incident."""
        return f"{self.typology}-{self.number:04d}"

    def mark(self, role: SubjectRole) -> Mark:
        """Return the mark of this incident's events."""
        return Mark(self.typology, self.incident, role)

    def moment(self, margin: float = 0.0) -> int:
        """Return an instant of the simulated time, `margin` days before its end at the latest.

        The incidents of a crime spread over the whole time rather than bunch by bad luck.
        """
        begin = Chance(self.seed, self.typology, "first").between(0, 1)
        share = (begin + self.number * _GOLDEN_RATIO + self.chance.between(-0.03, 0.03)) % 1.0
        length = self.span.days - _QUIET_DAYS - min(margin, self.span.days / 2)
        return self.span.start + int((_QUIET_DAYS + share * length) * DAY)

    def at_hour(self, country: str, moment: int, low: float, high: float) -> int:
        """Return an instant of the same local day between two local hours."""
        days = calendar(country)
        return days.moment(days.local_day(moment), self.chance.between(low, high))

    def person(self, moment: int, known_for: float = 5.0) -> Person:
        """Return a person who has been a customer for `known_for` days by then."""
        return _open_by(self.chance, self.population.persons, moment, known_for)

    def firm(self, moment: int) -> Firm:
        """Return a firm that has been a customer for some time by then."""
        return _open_by(self.chance, self.population.firms, moment, 20.0)

    def mule(self, country: str, gang: int, number: int) -> Party:
        """Return an account that one gang uses in several incidents."""
        return people.outsider(
            Chance(self.seed, self.typology, "gang", gang, country, number), country
        )

    def kit(self) -> tuple[Device, str, str]:
        """Return a criminal's device, the country worked from and the address shown.

        Some sit abroad, some behind a VPN or a hosting centre, some behind a home connection.
        """
        chance = self.chance
        country = chance.pick(CASH_OUT)
        device = devices.computer(chance) if chance.happens(0.6) else devices.phone(chance)
        draw = chance.between(0, 1)
        if draw < 0.35:
            return device, country, networks.mobile(country, chance)
        if draw < 0.55:
            return device, country, networks.vpn(chance)
        if draw < 0.75:
            return device, country, networks.hosting(chance)
        return device, country, networks.home(country, f"lair {chance.hexadecimal(6)}", 0)

    def blame(self, session: Session, role: SubjectRole) -> None:
        """Mark all that happened in a session that began as an ordinary one."""
        for event in self.diary.accesses:
            if event.session_id == session.session_id:
                event.mark = self.mark(role)

    def pay(
        self,
        customer: Customer,
        payee: Party,
        euros: float,
        session: Session,
        role: SubjectRole,
        *,
        whole: float = 0.5,
        wait: float = 150,
        answer: str = "",
        purpose: str | None = None,
        text: str | None = None,
    ) -> Transfer:
        """Order a payment of this incident; `whole` is how likely the sum is a round one.

        The payee is verified as a new one when `answer` is not given.
        """
        currency = acts.settlement_currency(customer.party, payee)
        return acts.order(
            self.diary,
            self.chance,
            customer,
            payee,
            self.sum_of(euros, currency, whole),
            currency,
            session,
            answer or acts.verification(self.chance, customer.party, payee, True),
            wait=wait,
            purpose=purpose,
            text=text,
            mark=self.mark(role),
        )

    def pay_in(
        self,
        payer: Party,
        payee: Party,
        euros: float,
        moment: int,
        role: SubjectRole,
        *,
        whole: float = 0.5,
        channel: str = "",
        purpose: str | None = None,
        text: str | None = None,
        customer_id: str | None = None,
    ) -> Transfer:
        """Write down a payment of this incident of which no session is known."""
        currency = acts.settlement_currency(payer, payee)
        return acts.receive(
            self.diary,
            payer,
            payee,
            self.sum_of(euros, currency, whole),
            currency,
            moment,
            channel=channel or self.chance.pick(("online", "mobile")),
            purpose=purpose,
            text=text,
            customer_id=customer_id,
            mark=self.mark(role),
        )

    def sum_of(self, euros: float, currency: str, whole: float) -> int:
        """Return an amount in minor units, a round one as likely as `whole` says."""
        if self.chance.happens(whole):
            return acts.round_sum(euros, currency)
        return acts.minor_units(euros, currency)

    def intrude(self, victim: Customer, moment: int, device: Device, address: str) -> Session:
        """Return a session of the criminal in the victim's name, not yet signed in."""
        return acts.open_session(self.chance, victim, moment, device, address)


@dataclass(frozen=True, slots=True)
class Crime:
    """One typology: how often it is committed, and what one incident is."""

    name: str
    per_thousand: float
    commit: Callable[[Scene], None]
    module: str

    def incidents(self, customers: int, days: int) -> int:
        """Return how many incidents such a world sees; at least one."""
        return max(1, round(self.per_thousand * customers / 1000 * days / 100))

    @property
    def text(self) -> str:
        """The docstring of the crime's file."""
        return sys.modules[self.module].__doc__ or ""


REGISTERED: dict[str, Crime] = {}


def crime(per_thousand: float) -> Callable[[Callable[[Scene], None]], Callable[[Scene], None]]:
    """Register a crime, named by its file: incidents per thousand customers and hundred days."""

    def register(commit: Callable[[Scene], None]) -> Callable[[Scene], None]:
        name = commit.__module__.rpartition(".")[2]
        REGISTERED[name] = Crime(name, per_thousand, commit, commit.__module__)
        return commit

    return register


def _open_by(chance: Chance, among: list[C], moment: int, known_for: float) -> C:
    ripe = [one for one in among if one.opened < moment - known_for * DAY]
    return chance.pick(ripe or among)


def hours(chance: Chance, low: float, high: float) -> int:
    """Return a length of time in microseconds, drawn evenly between two numbers of hours."""
    return int(chance.between(low, high) * HOUR)
