"""Authorised push payment under remote access.

A caller says to be the bank, the police or a broker, and the customers themselves pay: to a "safe
account", a "release fee", an "investment". Many are talked into a remote-access program, so that
the caller sees the screen and types along. Device, address and password are the customer's own; the
session is long, the payee is new, the payee's name does not fit the account, and each payment is
larger than the one before, until the victim rings the bank. Children who help a parent from afar,
and savers who pay a broker more each time, look alike.

Marks in the data: `client_application` remote_access or such a tool in the user agent; minutes
between the events of one session; `limit_change` and `payee_added` just before; verification of
payee `no_match` or `close_match`; several rising payments to one new payee within days.

Source: FATF, Interpol and Egmont Group, *Illicit Financial Flows from Cyber-enabled Fraud* (2023);
UK Payment Systems Regulator, *Authorised push payment scams performance report* (2024); MITRE
ATT&CK T1219 *Remote Access Tools*.
"""

from __future__ import annotations

from dataclasses import replace

from training.simulate import acts, devices
from training.simulate.crimes.scene import CASH_OUT, Scene, crime, hours

_TEXTS = ("safe account", "deposit", "investment", "fee", "transfer", "own account", None)


@crime(per_thousand=12)
def commit(scene: Scene) -> None:
    """Talk one customer into paying."""
    chance = scene.chance
    moment = scene.moment(margin=6)
    victim = scene.person(moment, known_for=20)
    moment = scene.at_hour(victim.country.code, moment, 9, 19)
    place = victim.country.code if chance.happens(0.5) else chance.pick(CASH_OUT)
    payee = scene.mule(place, scene.number // 3, chance.whole(0, 1))
    if chance.happens(0.25):
        # A "safe account" is said to be the victim's own.
        payee = replace(payee, name=victim.party.name)
    remote = chance.happens(0.65)
    size = victim.wage * chance.around(0.22, 0.6)
    for visit in range(chance.whole(1, 3)):
        device = victim.phone(moment)
        lent = devices.screen_lent(chance, device) if remote else device
        session = acts.sign_in(scene.diary, chance, victim, moment, device=lent)
        if chance.happens(0.35):
            acts.note(scene.diary, session, "limit_change", chance.around(300, 0.6))
        if visit == 0 and chance.happens(0.8):
            acts.note(scene.diary, session, "payee_added", chance.around(400, 0.6))
        if remote:
            scene.blame(session, "victim")
        for _ in range(chance.whole(1, 2)):
            answer = acts.verification(chance, victim.party, payee, True)
            if answer != "not_checked" and chance.happens(0.55):
                answer = chance.pick(("no_match", "no_match", "close_match"))
            scene.pay(
                victim,
                payee,
                size,
                session,
                "victim",
                whole=0.7,
                wait=chance.around(800, 0.7),
                answer=answer,
                text=chance.pick(_TEXTS),
            )
            size *= chance.between(1.1, 1.9)
        moment = session.clock + hours(chance, 3, 40)
