"""The population: persons and firms that bank here, and the merchants and firms they pay.

Each is drawn from a random stream of its own, so that a larger population begins with the same
people as a smaller one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from training.simulate import accounts, devices, names, networks
from training.simulate.calendars import DAY
from training.simulate.chance import Chance, Weights
from training.simulate.geography import COUNTRIES, ORDER, Country
from training.simulate.records import Device, Party

FIRMS_PER_HUNDRED = 8
_RESIDENCE = Weights([country.weight for country in COUNTRIES.values()])
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


@dataclass(slots=True)
class Population:
    """Everybody."""

    persons: list[Person]
    firms: list[Firm]
    offices: dict[str, str]


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


def populate(seed: int, customers: int, start: int, end: int) -> Population:
    """Return a population of `customers`; times in microseconds bound the simulated days."""
    offices: dict[str, str] = {}
    firms: list[Firm] = []
    persons: list[Person] = []
    for number in range(customers):
        chance = Chance(seed, "customer", number)
        country = COUNTRIES[chance.weighted(ORDER, _RESIDENCE)]
        identifier = f"C{100000 + number}"
        if number % 100 < FIRMS_PER_HUNDRED:
            firms.append(_firm(chance, identifier, country, offices, start, end))
        else:
            persons.append(_person(chance, identifier, country, start, end))
    _employ(seed, persons, firms)
    _befriend(seed, persons)
    _share_devices(seed, persons)
    _share_rooms(seed, persons)
    return Population(persons, firms, offices)


def _opening(chance: Chance, start: int, end: int) -> int:
    """Most accounts are old; some open while we watch."""
    if chance.happens(0.12):
        return int(chance.between(start, end - 10 * DAY))
    return start - int(chance.around(900, 0.9) * DAY) - DAY


def _person(chance: Chance, identifier: str, country: Country, start: int, end: int) -> Person:
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


def _firm(
    chance: Chance,
    identifier: str,
    country: Country,
    offices: dict[str, str],
    start: int,
    end: int,
) -> Firm:
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


def _employ(seed: int, persons: list[Person], firms: list[Firm]) -> None:
    """Give two in five persons a job at a firm of their country that banks here too."""
    by_country: dict[str, list[Firm]] = {}
    for firm in firms:
        by_country.setdefault(firm.country.code, []).append(firm)
    for person in persons:
        chance = Chance(seed, "job", person.customer_id)
        local = by_country.get(person.country.code)
        if local and chance.happens(0.4):
            firm = chance.pick(local)
            person.employer, person.employer_id = firm.party, firm.customer_id
            person.office_ip = firm.office_ip


def _befriend(seed: int, persons: list[Person]) -> None:
    """Some friends bank here too, so that money also flows between customers."""
    for person in persons:
        chance = Chance(seed, "friends", person.customer_id)
        for _ in range(chance.count(1.2)):
            other = chance.pick(persons)
            if other is not person and (
                other.country.code == person.country.code or chance.happens(0.15)
            ):
                person.friends.append(other.party)


def _share_rooms(seed: int, persons: list[Person]) -> None:
    """Workers far from home share a room and a tablet, and send most of their wages home."""
    by_country: dict[str, list[Person]] = {}
    for person in persons:
        by_country.setdefault(person.country.code, []).append(person)
    for code, neighbours in by_country.items():
        chance = Chance(seed, "rooms", code)
        for _ in range(chance.count(len(neighbours) / 60)):
            group = chance.some(neighbours, chance.whole(3, 5))
            abroad = chance.pick(group[0].country.families_in)
            for one in group:
                one.home, one.devices = group[0].home, list(group[0].devices)
                one.new_phone = one.new_phone_at = None
                one.family = [outsider(chance, abroad)]
                one.remits = chance.between(0.5, 0.85)


def _share_devices(seed: int, persons: list[Person]) -> None:
    """Couples and flatmates live at one address; some families share one device."""
    for first, second in zip(persons[::2], persons[1::2], strict=False):
        chance = Chance(seed, "household", first.customer_id)
        if first.country is second.country or chance.happens(0.05):
            if chance.happens(0.6):
                second.home = first.home
            if chance.happens(0.4):
                second.devices = list(first.devices)
                second.new_phone, second.new_phone_at = first.new_phone, first.new_phone_at
