"""The world: its span of time, its people, and the diaries of what everybody did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from training.simulate.calendars import Span
from training.simulate.chance import Chance
from training.simulate.crimes import CRIMES, Scene
from training.simulate.honest import business_likenesses, firms, persons, private_likenesses
from training.simulate.population import Population, populate
from training.simulate.records import Access, Diary, Transfer, merge


@dataclass(slots=True)
class World:
    """Everything that happened."""

    seed: int
    span: Span
    population: Population
    transfers: list[Transfer]
    accesses: list[Access]


def simulate(
    seed: int,
    customers: int,
    first_day: date,
    days: int,
    crimes: Sequence[str],
    progress: Callable[[str, int, int], None] | None = None,
) -> World:
    """Return a world of `customers` over `days` days in which the named crimes are committed.

    `progress` hears what is being done, how much of it is done, and of how much.
    """
    span = Span(first_day, days)
    population = populate(seed, customers, span.start, span.end)
    tell = progress or (lambda *_: None)
    diaries: list[Diary] = []
    for done, person in enumerate(population.persons):
        diary = persons.live(person, span, Chance(seed, "life", person.customer_id))
        private_likenesses.befall(diary, Chance(seed, "likeness", person.customer_id), person, span)
        diaries.append(diary)
        if done % 50 == 0:
            tell("honest persons", done, len(population.persons))
    for done, firm in enumerate(population.firms):
        diary = firms.trade(firm, span, Chance(seed, "trade", firm.customer_id))
        business_likenesses.befall(diary, Chance(seed, "likeness", firm.customer_id), firm, span)
        diaries.append(diary)
        if done % 20 == 0:
            tell("honest firms", done, len(population.firms))
    diaries.append(firms.pay_wages(population, span, seed))
    for done, name in enumerate(crimes):
        tell("crimes", done, len(crimes))
        crime = CRIMES[name]
        for number in range(crime.incidents(customers, days)):
            chance = Chance(seed, "crime", name, number)
            scene = Scene(seed, name, number, population, span, chance)
            crime.commit(scene)
            diaries.append(scene.diary)
    transfers, accesses = merge(diaries)
    start, end = span.start, span.end
    return World(
        seed,
        span,
        population,
        [item for item in transfers if start <= item.time < end],
        [item for item in accesses if start <= item.time < end],
    )
