"""Account takeover.

Someone else signs in with a customer's credentials and sends the money away. Passwords leaked
elsewhere are tried until one fits (credential stuffing), or the customer was phished and the first
try succeeds. Then, mostly from abroad and from a device never seen: a device is enrolled or the
password reset, the limit raised, a payee added, and within minutes to a day one or more transfers
leave for an account that a money mule holds, often abroad. Some first send a small sum to see
whether it passes. Some stop at the second factor, some ask for it until the victim gives in, and
some exchange it. The careful work through a home connection in the victim's own country, wait a
night, and send less; or they talk the victim into lending the screen (remote access), so that
device, address and login are the victim's own.

Marks in the data: failed logins then a success from a new address or device; `device_enrolment`,
`password_reset`, `limit_change`, `payee_added`; a payment to a new creditor soon after; creditors
shared by several victims.

Source: FinCEN, *Account Takeover Activity*, advisory FIN-2011-A016 (2011); OWASP Automated Threat
Handbook, OAT-008 *Credential Stuffing*; MITRE ATT&CK T1110.004, T1078, T1621 *Multi-Factor
Authentication Request Generation*, T1098.005 *Device Registration* and T1556.006 *Multi-Factor
Authentication*; Europol, *Internet Organised Crime Threat Assessment* (2024).
"""

from __future__ import annotations

from training.simulate import acts, networks
from training.simulate.crimes.scene import CASH_OUT, Scene, crime, hours
from training.simulate.people import Person

_GANG_SIZE = 4


@crime(per_thousand=30)
def commit(scene: Scene) -> None:
    """Take over one account."""
    chance = scene.chance
    moment = scene.moment(margin=2)
    victim = scene.person(moment)
    device, country, address = scene.kit()
    if chance.happens(0.15):
        own = acts.sign_in(scene.diary, chance, victim, moment)
        _send(scene, victim, own, country, careful=True)
        return
    careful = chance.happens(0.28)
    if careful:
        address = networks.residential_proxy(victim.country.code, chance)
        moment = scene.at_hour(victim.country.code, moment, 9, 22)
    session = scene.intrude(victim, moment, device, address)
    mark = scene.mark("victim")
    for _ in range(0 if chance.happens(0.4) else chance.whole(1, 5)):
        acts.note(scene.diary, session, "login", chance.between(1, 30), "failure", mark)
    if chance.happens(0.2):
        acts.note(scene.diary, session, "password_reset", chance.between(20, 200), mark=mark)
    acts.note(scene.diary, session, "login", chance.between(3, 40), mark=mark)
    if not _passes_second_factor(scene, victim, session):
        return
    for action, likely in (("device_enrolment", 0.3), ("other", 0.12), ("limit_change", 0.35)):
        if chance.happens(likely):
            changed = "second factor" if action == "other" else None
            wait = chance.between(20, 200)
            acts.note(scene.diary, session, action, wait, mark=mark, resource=changed)
    if careful or chance.happens(0.2):
        session = scene.intrude(victim, session.clock + hours(chance, 5, 30), device, address)
        acts.note(scene.diary, session, "login", 5, mark=mark)
    _send(scene, victim, session, country, careful)


def _passes_second_factor(scene: Scene, victim: Person, session: acts.Session) -> bool:
    """Ask for the second factor, some until the victim gives in; tell whether it was given."""
    chance, mark, factor = scene.chance, scene.mark("victim"), victim.second_factor
    if factor == "none" or not chance.happens(0.6):
        return True
    for _ in range(chance.whole(2, 6) if chance.happens(0.15) else 0):
        acts.note(scene.diary, session, "mfa_challenge", 40, "failure", mark, mfa_method=factor)
    stopped = chance.happens(0.3)
    acts.note(
        scene.diary,
        session,
        "mfa_challenge",
        chance.between(10, 90),
        "failure" if stopped else "success",
        mark,
        mfa_method=factor,
    )
    return not stopped


def _send(scene: Scene, victim: Person, session: acts.Session, country: str, careful: bool) -> None:
    chance, mark = scene.chance, scene.mark("victim")
    place = victim.country.code if chance.happens(0.35) else country
    if place == country and chance.happens(0.4):
        place = chance.pick(CASH_OUT)
    payee = scene.mule(place, scene.number // _GANG_SIZE, chance.whole(0, 1))
    if chance.happens(0.8):
        acts.note(scene.diary, session, "payee_added", chance.between(20, 200), mark=mark)
    currency = acts.settlement_currency(victim.party, payee)
    size = victim.wage * chance.around(0.3 if careful else 0.55, 0.7)
    parts = [size * chance.between(0.6, 1.1) for _ in range(chance.whole(1, 3))]
    if chance.happens(0.25):
        parts.insert(0, chance.between(1, 9))
    for euros in parts:
        minor = (
            acts.round_sum(euros, currency)
            if chance.happens(0.5)
            else acts.minor_units(euros, currency)
        )
        answer = acts.verification(chance, victim.party, payee, True)
        if answer == "match" and chance.happens(0.25):
            answer = chance.pick(("no_match", "close_match"))
        acts.order(
            scene.diary,
            chance,
            victim,
            payee,
            minor,
            currency,
            session,
            answer,
            wait=chance.around(150, 1.2),
            text=chance.pick(("transfer", "invoice", "rent", "thanks", None)),
            mark=mark,
        )
