"""Shared device farm.

A mule herder works many accounts from one telephone or emulator: bought, rented or opened with
stolen papers. Each sign-in comes through another home connection of the account's own country, so
that addresses look right and only the device gives it away. Accounts are warmed by small payments
among themselves, then take money in and send it to a common till. Families, workers' lodgings and
a library's computer also put many users behind one device.

Marks in the data: one device, six accounts or more, of people with nothing else in common; an
address new at each login; small payments in a circle; the same payee for all.

Source: FATF, Interpol and Egmont Group, *Illicit Financial Flows from Cyber-enabled Fraud* (2023);
Europol, European Money Mule Action (EMMA) findings; MITRE ATT&CK T1585 *Establish Accounts* and
T1090 *Proxy*.
"""

from __future__ import annotations

from training.simulate import acts, devices, networks, people
from training.simulate.calendars import DAY
from training.simulate.crimes.scene import CASH_OUT, Scene, crime, hours
from training.simulate.people import Person
from training.simulate.records import Device, Party


@crime(per_thousand=2.8)
def commit(scene: Scene) -> None:
    """Work a herd of accounts from one device for some weeks."""
    chance = scene.chance
    moment = scene.moment(margin=10)
    device = devices.phone(chance) if chance.happens(0.7) else devices.computer(chance)
    first = scene.person(moment, known_for=0)
    near = [
        one
        for one in scene.population.persons
        if one.opened < moment and (one.country is first.country or chance.happens(0.04))
    ]
    herd = chance.some(near if len(near) >= 6 else scene.population.persons, chance.whole(6, 8))
    till = people.outsider(chance, chance.pick((first.country.code, *CASH_OUT)))
    for number, one in enumerate(herd):
        clock = moment + hours(chance, 0, 60)
        for visit in range(chance.whole(2, 3)):
            session = _visit(scene, one, device, clock, fresh=visit == 0)
            if visit and chance.happens(0.5):
                _pass_on(scene, herd, number, till, session)
            clock += int(chance.between(1, 7) * DAY)


def _visit(scene: Scene, one: Person, device: Device, clock: int, fresh: bool) -> acts.Session:
    chance, mark = scene.chance, scene.mark("complicit")
    country = one.country.code
    address = (
        networks.mobile(country, chance)
        if chance.happens(0.4)
        else networks.residential_proxy(country, chance)
    )
    session = scene.intrude(one, clock, device, address)
    if chance.happens(0.15):
        acts.note(scene.diary, session, "login", chance.between(5, 30), "failure", mark)
    acts.note(scene.diary, session, "login", chance.between(3, 30), mark=mark)
    if fresh and chance.happens(0.4):
        acts.note(scene.diary, session, "device_enrolment", chance.between(20, 200), mark=mark)
    return session


def _pass_on(
    scene: Scene, herd: list[Person], number: int, till: Party, session: acts.Session
) -> None:
    """Send a small sum round the herd, or take money in and hand it to the till."""
    chance, one = scene.chance, herd[number]
    if chance.happens(0.35):
        neighbour = herd[(number + 1) % len(herd)].party
        scene.pay(one, neighbour, chance.between(5, 60), session, "complicit", text="thanks")
        return
    euros = chance.around(450, 0.7)
    if chance.happens(0.5):
        payer = people.outsider(chance, one.country.code)
        scene.pay_in(payer, one.party, euros, session.clock - hours(chance, 1, 20), "complicit")
    scene.pay(one, till, euros * chance.between(0.88, 0.98), session, "complicit", text=None)
