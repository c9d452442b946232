"""The population, and what ties its members: jobs, friends, rooms and devices.

Everybody is drawn from a random stream of their own, so that a larger population begins with the
same people as a smaller one.
"""

from __future__ import annotations

from dataclasses import dataclass

from training.simulate.chance import Chance, Weights
from training.simulate.geography import COUNTRIES, ORDER
from training.simulate.people import Firm, Person, draw_firm, draw_person, outsider

FIRMS_PER_HUNDRED = 8
_RESIDENCE = Weights([country.weight for country in COUNTRIES.values()])


@dataclass(slots=True)
class Population:
    """Everybody."""

    persons: list[Person]
    firms: list[Firm]
    offices: dict[str, str]


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
            firms.append(draw_firm(chance, identifier, country, offices, start, end))
        else:
            persons.append(draw_person(chance, identifier, country, start, end))
    _employ(seed, persons, firms)
    _befriend(seed, persons)
    _share_devices(seed, persons)
    _share_rooms(seed, persons)
    return Population(persons, firms, offices)


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
