"""Business e-mail compromise.

A thief reads a firm's mailbox, waits for a real invoice, and sends the firm "our new bank details"
in the supplier's name. The firm itself pays, from its usual device and at its usual hour, so only
the account, the country and the size are wrong. Before it: a sign-in to the mailbox from abroad,
and a rule that hides or forwards the supplier's letters, or a program that is let in to read them.
Between the rule and the payment lie days.

Marks in the data: `mail_rule` after a mailbox login from a new network; days later a payment to the
name of a known supplier at a new account, in another country than before; the verification of
payee answers `no_match` or `close_match`; the amount is larger than the firm pays this supplier.

Source: FBI IC3, *Business Email Compromise: The $55 Billion Scam*, public service announcement
of 11 September 2024; FinCEN advisory FIN-2019-A005 (2019); MITRE ATT&CK T1564.008 *Email Hiding
Rules*, T1114.003 *Email Forwarding Rule* and T1528 *Steal Application Access Token*.
"""

from __future__ import annotations

from training.simulate import acts, people
from training.simulate.calendars import DAY, calendar
from training.simulate.crimes.scene import CASH_OUT, Scene, crime
from training.simulate.honest.firms import MAIL_RULES, mail_client
from training.simulate.people import Firm
from training.simulate.records import Device, Party


@crime(per_thousand=22)
def commit(scene: Scene) -> None:
    """Divert one firm's payments to one supplier."""
    chance = scene.chance
    moment = scene.moment(margin=16)
    firm = scene.firm(moment)
    paid_at = moment
    if chance.happens(0.8):
        paid_at = _read_mail(scene, firm, moment)
    days = calendar(firm.country.code)
    supplier = chance.pick(firm.suppliers)
    account = _new_account(scene, firm, supplier)
    size = firm.turnover * 0.05 * chance.around(2.0, 0.6)
    for _ in range(1 if chance.happens(0.65) else 2):
        paid_at += int(chance.between(1.5, 8) * DAY)
        day = days.on_or_after(days.local_day(paid_at))
        when = days.moment(day, chance.between(8.5, 17.5))
        session = acts.sign_in(scene.diary, chance, firm, when, device=firm.devices[0])
        if chance.happens(0.6):
            acts.note(scene.diary, session, "payee_added", chance.between(30, 300))
        answer = acts.verification(chance, firm.party, account, True)
        if answer != "not_checked":
            answer = chance.pick(("no_match", "no_match", "close_match", "match"))
        currency = acts.settlement_currency(firm.party, account)
        acts.order(
            scene.diary,
            chance,
            firm,
            account,
            acts.minor_units(size * chance.around(1, 0.15), currency),
            currency,
            session,
            answer,
            wait=chance.between(30, 400),
            purpose="SUPP",
            text=f"invoice {chance.whole(1000, 9999)}",
            mark=scene.mark("victim"),
        )


def _new_account(scene: Scene, firm: Firm, supplier: Party) -> Party:
    """Return the thief's account, under the supplier's name."""
    place = scene.chance.pick([*CASH_OUT, "HK", "GB", "PL"])
    if scene.chance.happens(0.2):
        place = firm.country.code
    thief = people.outsider(scene.chance, place)
    return Party(
        thief.account,
        thief.scheme,
        thief.account_country,
        thief.agent,
        supplier.name,
        supplier.country,
    )


def _read_mail(scene: Scene, firm: Firm, moment: int) -> int:
    """Sign in to the mailbox, hide letters, and come back; return when the reading ended."""
    chance, mark = scene.chance, scene.mark("victim")
    own, _, address = scene.kit()
    program = mail_client(firm)
    device = Device(own.device_id, program.user_agent, program.application, False)
    session = scene.intrude(firm, moment, device, address)
    for _ in range(chance.count(0.6)):
        acts.note(scene.diary, session, "login", chance.between(3, 60), "failure", mark)
    acts.note(scene.diary, session, "login", chance.between(3, 60), mark=mark)
    if chance.happens(0.25):
        acts.note(scene.diary, session, "consent_grant", 90, mark=mark, resource="mail reader")
    if chance.happens(0.75):
        acts.note(
            scene.diary,
            session,
            "mail_rule",
            chance.between(60, 1500),
            mark=mark,
            resource=chance.pick(MAIL_RULES),
        )
    for _ in range(chance.whole(1, 2)):
        session = scene.intrude(
            firm, session.clock + int(chance.around(1.2, 0.7) * DAY), device, address
        )
        acts.note(scene.diary, session, "login", 10, mark=mark)
        if chance.happens(0.4):
            acts.note(
                scene.diary,
                session,
                "download",
                chance.between(60, 900),
                mark=mark,
                bytes=int(chance.around(600_000, 0.9)),
                resource="mail folder",
            )
    return session.clock
