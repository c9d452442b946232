"""Scam compound.

In guarded compounds hundreds of people, many of them lured and held there, win strangers' trust by
message and talk them into false investments. Victims in several countries pay for weeks, more each
time, to accounts that change every few days. The receiving accounts, some in the names of the
workers who were brought there, are all worked from the compound's network, and money leaves them
the same day. So one ring shows two crimes: fraud, and trafficking for forced criminality; the
holders of those accounts may themselves be victims.

Marks in the data: payments that grow over weeks from one payer to always new payees with
"investment" texts; payers of several countries share these payees; many users' logins from one
network far from their homes, with few devices; what came in is gone within a day.

Source: UNODC, *Casinos, Money Laundering, Underground Banking, and Transnational Organized Crime in
East and Southeast Asia* (2024); INTERPOL Orange Notice on human trafficking-fuelled fraud (2023);
FinCEN alert FIN-2023-Alert005 on "pig butchering" (2023); FATF, Interpol and Egmont Group (2023).
"""

from __future__ import annotations

from training.simulate import acts, devices, networks, people
from training.simulate.calendars import DAY
from training.simulate.crimes.scene import Scene, crime, hours
from training.simulate.people import Person
from training.simulate.records import Device, Party

_PLACES = ("PH", "AE", "HK", "NG")
_ACCOUNTS_IN = ("HK", "AE", "PH", "LT", "SG", "GB", "BG")
_TEXTS = ("investment", "deposit", "trading account", "fee", "tax", "loan", None)


@crime(per_thousand=2)
def commit(scene: Scene) -> None:
    """Run one compound's operation for some weeks."""
    chance = scene.chance
    moment = scene.moment(margin=25)
    place = chance.pick(_PLACES)
    # Where the operators sit: three lines of one provider, or a proxy that all of them use.
    lines = [networks.home(place, f"{scene.incident} {number}", moment) for number in range(3)]
    if chance.happens(0.4):
        block = chance.whole(0, 7)
        lines = [networks.hosting(chance, block) for _ in range(3)]
    kit = [devices.phone(chance) for _ in range(3)]
    workers = [scene.person(moment, known_for=0) for _ in range(chance.whole(3, 5))]
    outside = [people.outsider(chance, chance.pick(_ACCOUNTS_IN)) for _ in range(6)]
    till = people.outsider(chance, place)
    for _ in range(chance.whole(4, 6)):
        _groom(scene, workers, outside, lines, kit, till, moment)
    for worker in workers:
        for _ in range(chance.whole(1, 3)):
            _operate(scene, worker, lines, kit, moment + hours(chance, 12, 24 * 35))


def _groom(
    scene: Scene,
    workers: list[Person],
    outside: list[Party],
    lines: list[str],
    kit: list[Device],
    till: Party,
    moment: int,
) -> None:
    """Take one victim's money in growing parts; now and then it passes a worker's account."""
    chance = scene.chance
    victim = scene.person(moment, known_for=20)
    clock = moment + hours(chance, 1, 24 * 14)
    size = victim.wage * chance.around(0.06, 0.5)
    for _ in range(chance.whole(2, 5)):
        clock = scene.at_hour(victim.country.code, clock, 10, 23)
        week = int((clock - moment) // (6 * DAY))
        payee = outside[(week + chance.whole(0, 1)) % len(outside)]
        worker = workers[week % len(workers)] if chance.happens(0.35) else None
        if worker is victim:
            worker = None
        session = acts.sign_in(scene.diary, chance, victim, clock)
        if chance.happens(0.6):
            acts.note(scene.diary, session, "payee_added", chance.between(30, 300))
        scene.pay(
            victim,
            worker.party if worker else payee,
            size,
            session,
            "victim",
            whole=0.6,
            text=chance.pick(_TEXTS),
        )
        if worker:
            at = session.clock + hours(chance, 0.5, 14)
            took = _operate(scene, worker, lines, kit, at)
            passed = size * chance.between(0.85, 0.98)
            scene.pay(worker, till, passed, took, "victim", whole=0.3, text=chance.pick(_TEXTS))
        size *= chance.between(1.15, 2.1)
        clock += hours(chance, 24 * 2, 24 * 8)


def _operate(
    scene: Scene, worker: Person, lines: list[str], kit: list[Device], moment: int
) -> acts.Session:
    """Sign in to a worker's account from the compound."""
    chance = scene.chance
    session = scene.intrude(worker, moment, chance.pick(kit), chance.pick(lines))
    mark = scene.mark("victim")
    acts.note(scene.diary, session, "login", chance.between(4, 40), mark=mark)
    if worker.second_factor != "none" and chance.happens(0.3):
        acts.note(
            scene.diary, session, "mfa_challenge", 20, mark=mark, mfa_method=worker.second_factor
        )
    return session
