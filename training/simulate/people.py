"""Persons and firms that bank here, and the merchants and outsiders they pay."""

from __future__ import annotations

from dataclasses import dataclass, field

from training.simulate import accounts, devices, names, networks
from training.simulate.calendars import DAY
from training.simulate.chance import Chance, Weights
from training.simulate.geography import COUNTRIES, ORDER, Country
from training.simulate.records import Device, Party

_SECOND_FACTORS = ("none", "sms", "totp", "push")
_SECOND_FACTOR_WEIGHTS = Weights((0.14, 0.38, 0.16, 0.32))
_SHOPS = (
    ("groceries", 26.0, 0.55, 8.0),
    ("restaurant", 21.0, 0.6, 5.0),
    ("fuel", 48.0, 0.4, 3.0),
    ("fashion", 55.0, 0.7, 2.0),
    ("electronics", 130.0, 0.9, 0.8),
    ("pharmacy", 17.0, 0.6, 2.0),
    ("travel", 240.0, 0.8, 0.7),
    ("streaming", 12.0, 0.2, 2.0),
)
_SHOP_WEIGHTS = Weights([weight for *_, weight in _SHOPS])
_RISKY_SUPPLIERS = ("TR", "AE", "HK", "NG", "UA", "PK", "ZA", "KE")


@dataclass(frozen=True, slots=True)
class Merchant:
    """A shop: what it is called and what a purchase there costs (EUR, median and spread)."""

    party: Party
    kind: str
    median: float
    spread: float


@dataclass(slots=True)
class Trip:
    """Days spent in another country."""

    start: int
    end: int
    country: str


@dataclass(slots=True)
class Customer:
    """A person or firm that banks here; also the user who signs in."""

    customer_id: str
    country: Country
    party: Party
    opened: int
    home: str
    devices: list[Device]
    second_factor: str
    uses_vpn: bool
    clumsiness: float
    activity: float
    new_phone_at: int | None = None
    new_phone: Device | None = None
    office_ip: str | None = None
    trips: list[Trip] = field(default_factory=list)
    known_payees: dict[str, int] = field(default_factory=dict)

    def whereabouts(self, moment: int) -> str:
        """Return the country the customer is in."""
        for trip in self.trips:
            if trip.start <= moment < trip.end:
                return trip.country
        return self.country.code

    def phone(self, moment: int) -> Device:
        """Return the customer's main device, which may have been replaced by now."""
        if self.new_phone and self.new_phone_at is not None and moment >= self.new_phone_at:
            return self.new_phone
        return self.devices[0]

    def address(self, moment: int, chance: Chance) -> str:
        """Return the network address the customer comes from."""
        country = self.whereabouts(moment)
        if self.uses_vpn and chance.happens(0.35):
            return networks.vpn(chance)
        if country != self.country.code:
            if chance.happens(0.45):
                return networks.mobile(country, chance)
            return networks.public_wifi(country, chance)
        if self.office_ip and chance.happens(0.3):
            return self.office_ip
        if chance.happens(0.4):
            return networks.mobile(country, chance)
        return networks.home(country, self.home, moment)


@dataclass(slots=True)
class Person(Customer):
    """Somebody with wages, a rent and a family."""

    wage: float = 0.0
    employer: Party | None = None
    employer_id: str | None = None
    landlord: Party | None = None
    rent: float = 0.0
    family: list[Party] = field(default_factory=list)
    remits: float = 0.0
    friends: list[Party] = field(default_factory=list)
    utilities: list[Party] = field(default_factory=list)
    shops: list[Merchant] = field(default_factory=list)


@dataclass(slots=True)
class Firm(Customer):
    """A firm with suppliers, customers and staff."""

    turnover: float = 0.0
    suppliers: list[Party] = field(default_factory=list)
    clients: list[Party] = field(default_factory=list)
    server: Device | None = None
    server_ip: str | None = None
    near_threshold: bool = False


def shop(country: str, number: int) -> Merchant:
    """Return one of a country's shops, the same each time."""
    chance = Chance("shop", country, number)
    kind, median, spread, _ = chance.weighted(_SHOPS, _SHOP_WEIGHTS)
    name = names.shop(chance, COUNTRIES[country].names, kind)
    level = (COUNTRIES[country].wage / 2500) ** 0.6
    party = accounts.merchant(f"{country} {number}", name, country)
    return Merchant(party, kind, median * level * chance.around(1.0, 0.25), spread)


def outsider(chance: Chance, country: str, firm: bool = False) -> Party:
    """Return a person or firm that banks elsewhere."""
    group = COUNTRIES[country].names
    name = names.business(chance, group) if firm else names.person(chance, group)
    return accounts.party(f"outsider {chance.hexadecimal(12)}", name, country)


def exchange(number: int) -> Party:
    """Return one of the few firms that sell virtual assets, the same each time."""
    country = ("LT", "EE", "IE", "GB")[number % 4]
    name = names.surname(Chance("exchange", number), COUNTRIES[country].names)
    return accounts.party(f"exchange {number}", f"{name} Digital Assets Ltd", country)


def _opening(chance: Chance, start: int, end: int) -> int:
    """Most accounts are old; some open while we watch."""
    if chance.happens(0.12):
        return int(chance.between(start, end - 10 * DAY))
    return start - int(chance.around(900, 0.9) * DAY) - DAY


def draw_person(chance: Chance, identifier: str, country: Country, start: int, end: int) -> Person:
    """Return a person with wages, home, devices and habits."""
    code = country.code
    name = names.person(chance, country.names)
    wage = country.wage * chance.around(1.0, 0.38)
    owned = [devices.phone(chance)]
    if chance.happens(0.45):
        owned.append(devices.computer(chance))
    person = Person(
        customer_id=identifier,
        country=country,
        party=accounts.party(f"{identifier}", name, code, accounts.MEMBER_BANK),
        opened=_opening(chance, start, end),
        home=f"household {identifier}",
        devices=owned,
        second_factor=chance.weighted(_SECOND_FACTORS, _SECOND_FACTOR_WEIGHTS),
        uses_vpn=chance.happens(0.09),
        clumsiness=min(0.3, chance.around(0.035, 0.9)),
        activity=chance.around(1.0, 0.45),
        wage=wage,
        employer=outsider(chance, code, firm=True),
        landlord=outsider(chance, code, firm=chance.happens(0.4)),
        rent=wage * chance.between(0.18, 0.38),
    )
    person.utilities = [outsider(chance, code, firm=True) for _ in range(chance.whole(1, 3))]
    person.friends = [outsider(chance, code) for _ in range(chance.whole(1, 4))]
    if chance.happens(0.24):
        abroad = chance.pick(country.families_in)
        person.family = [outsider(chance, abroad) for _ in range(chance.whole(1, 3))]
        person.remits = (
            chance.between(0.08, 0.3) if chance.happens(0.85) else chance.between(0.6, 0.85)
        )
    person.shops = [shop(code, chance.whole(1, 40)) for _ in range(chance.whole(5, 11))]
    if chance.happens(0.5):
        person.shops.append(shop(chance.pick(("IE", "NL", "US", "GB", "DE")), chance.whole(41, 55)))
    _oddities(chance, person, start, end)
    return person


def _oddities(chance: Chance, person: Person, start: int, end: int) -> None:
    """Travel and new telephones, as honest people have them."""
    for _ in range(chance.count(0.3 * (end - start) / (100 * DAY))):
        place = chance.pick(ORDER)
        if place != person.country.code:
            leave = int(chance.between(start, end))
            stay = int(chance.around(7, 0.6) * DAY)
            person.trips.append(Trip(leave, leave + stay, place))
    if chance.happens(min(0.9, 0.14 * (end - start) / (100 * DAY))):
        person.new_phone_at = int(chance.between(start, end))
        person.new_phone = devices.phone(chance)


def draw_firm(
    chance: Chance,
    identifier: str,
    country: Country,
    offices: dict[str, str],
    start: int,
    end: int,
) -> Firm:
    """Return a firm with suppliers and clients; its shared address is noted in `offices`."""
    code = country.code
    firm = Firm(
        customer_id=identifier,
        country=country,
        party=accounts.party(
            identifier, names.business(chance, country.names), code, accounts.MEMBER_BANK
        ),
        opened=_opening(chance, start, end),
        home=f"household {identifier}",
        devices=[devices.computer(chance), devices.phone(chance)],
        second_factor=chance.pick(("totp", "push", "hardware_key", "sms")),
        uses_vpn=chance.happens(0.15),
        clumsiness=0.03,
        activity=chance.around(1.0, 0.5),
        turnover=country.wage * chance.around(14, 0.7),
        near_threshold=chance.happens(0.2),
    )
    firm.office_ip = networks.office(int(identifier[1:]), code, offices)
    places = [code] * 4 + list(country.families_in)
    if chance.happens(0.3):
        places += [chance.pick(_RISKY_SUPPLIERS), chance.pick(_RISKY_SUPPLIERS)]
    firm.suppliers = [
        outsider(chance, chance.pick(places), firm=True) for _ in range(chance.whole(4, 10))
    ]
    firm.clients = [
        outsider(chance, chance.pick(places), firm=True) for _ in range(chance.whole(3, 8))
    ]
    if chance.happens(0.35):
        firm.server = devices.script(chance)
        firm.server_ip = networks.hosting(chance)
    return firm
