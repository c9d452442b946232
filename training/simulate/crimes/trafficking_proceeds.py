"""Trafficking proceeds.

People are made to work for others, and their controllers hold their accounts. Wages of several
workers of one employer arrive on one day and are sent on within hours, nearly whole, to the same
few collectors, by one device that signs in to account after account. Beside it, clients pay many
small sums, often at night, to a collector, who sends them home along one corridor. Migrants who
send most of their wages home themselves, and flatmates who share a tablet, look alike at first.

Marks in the data: one device or address on many customers' accounts; wages emptied the same day;
few collectors, many senders, one corridor; small round sums at night from unrelated payers.

Source: FATF and APG, *Financial Flows from Human Trafficking* (2018); FinCEN, *Supplemental
Advisory on Identifying and Reporting Human Trafficking and Related Activity*, FIN-2020-A008 (2020);
OSCE, *Following the Money: Compendium of Resources and Step-by-step Guide to Financial
Investigations into Trafficking in Human Beings* (2019).
"""

from __future__ import annotations

from training.simulate import acts, devices, networks, people
from training.simulate.calendars import HOUR, MINUTE, Calendar, calendar
from training.simulate.crimes.scene import Scene, crime
from training.simulate.geography import COUNTRIES
from training.simulate.people import Person
from training.simulate.records import Device, Party


@crime(per_thousand=4)
def commit(scene: Scene) -> None:
    """Run one ring for the whole of the simulated time."""
    chance = scene.chance
    moment = scene.moment(margin=25)
    first = scene.person(moment)
    home = chance.pick(first.country.families_in)
    neighbours = [
        one for one in scene.population.persons if one.country is first.country and one.wage > 0
    ]
    workers = chance.some(neighbours, chance.whole(3, 6))
    controller = devices.phone(chance)
    collectors = [people.outsider(chance, home) for _ in range(chance.whole(1, 2))]
    local = people.outsider(chance, first.country.code)
    days = calendar(first.country.code)
    for year, month in scene.span.months():
        for payday in days.paydays(year, month):
            clock = days.moment(payday, chance.between(11, 20))
            if clock < moment:
                continue
            for worker in workers:
                clock += int(chance.between(2, 25) * MINUTE)
                if worker.opened < clock and chance.happens(0.85):
                    _empty(scene, worker, controller, [*collectors, local], clock)
    _takings(scene, local, collectors[0], days, moment)


def _empty(
    scene: Scene, worker: Person, controller: Device, payees: list[Party], clock: int
) -> None:
    """Sign in as the worker and send the wages on."""
    chance = scene.chance
    mark = scene.mark("victim")
    country = worker.country.code
    address = networks.home(country, f"controller {scene.incident}", clock)
    if chance.happens(0.4):
        address = networks.mobile(country, chance)
    session = scene.intrude(worker, clock, controller, address)
    acts.note(scene.diary, session, "login", 5, mark=mark)
    if worker.second_factor != "none" and chance.happens(0.3):
        acts.note(
            scene.diary, session, "mfa_challenge", 20, mark=mark, mfa_method=worker.second_factor
        )
    payee = chance.pick(payees)
    if chance.happens(0.2):
        acts.note(scene.diary, session, "payee_added", 60, mark=mark)
    monthly = 2 if worker.country.payday == "twice_a_month" else 1
    currency = acts.settlement_currency(worker.party, payee)
    acts.order(
        scene.diary,
        chance,
        worker,
        payee,
        acts.round_sum(worker.wage / monthly * chance.between(0.55, 0.93), currency),
        currency,
        session,
        acts.verification(chance, worker.party, payee, False),
        wait=chance.between(20, 90),
        text=chance.pick(("family support", "rent", "help for home", None)),
        mark=mark,
    )


def _takings(scene: Scene, local: Party, collector: Party, days: Calendar, moment: int) -> None:
    """Clients' payments by night to a collector who banks here, who sends them home."""
    chance = scene.chance
    holder = scene.person(moment)
    currency = COUNTRIES[holder.country.code].currency
    day_by_day, total = moment, 0
    for number in range(chance.whole(8, 16)):
        day_by_day += int(chance.around(14, 0.8) * HOUR)
        when = scene.at_hour(holder.country.code, day_by_day, 20, 28)
        payer = people.outsider(chance, holder.country.code)
        minor = acts.minor_units(chance.between(4, 16) * 10, currency, 10)
        total += minor
        acts.receive(
            scene.diary,
            payer,
            holder.party,
            minor,
            currency,
            when,
            channel="mobile",
            text=chance.pick(("massage", "thanks", "service", None)),
            mark=scene.mark("perpetrator"),
        )
        if number % 6 == 5:
            session = acts.sign_in(
                scene.diary, chance, holder, when + int(chance.between(3, 14) * HOUR)
            )
            target = acts.settlement_currency(holder.party, collector)
            acts.order(
                scene.diary,
                chance,
                holder,
                collector,
                acts.exchange(total * chance.between(0.8, 0.98), currency, target),
                target,
                session,
                acts.verification(chance, holder.party, collector, False),
                text=chance.pick(("family support", "help for home", None)),
                mark=scene.mark("complicit"),
            )
            total = 0
