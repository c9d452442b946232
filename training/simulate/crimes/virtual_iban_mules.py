"""Virtual-IBAN mules.

A virtual IBAN is a number of its own that leads to somebody else's account, often in another
country than its letters say. Fraudsters give every victim another number, all of one country, all
with one beneficiary's name behind, so that no number is seen twice; whatever arrives is dispersed
within hours. Marketplaces, landlords and payment institutions collect their customers' money by the
same means, one number for each payer, and keep it.

Marks in the data: many different IBANs of one country with one creditor name, paid by unrelated
payers within a day or two; beneficiary's country is not that of the IBAN; most of it leaves within
hours for a few new payees.

Source: European Banking Authority, *Report on virtual IBANs*, EBA/Rep/2024/08 (2024); FATF,
Interpol and Egmont Group, *Illicit Financial Flows from Cyber-enabled Fraud* (2023).
"""

from __future__ import annotations

from training.simulate import accounts, acts, people
from training.simulate.crimes.scene import CASH_OUT, Scene, crime, hours

_ISSUERS = ("LT", "EE", "IE", "BE", "NL")


@crime(per_thousand=3)
def commit(scene: Scene) -> None:
    """Collect one wave behind virtual IBANs and disperse it."""
    chance = scene.chance
    moment = scene.moment(margin=4)
    holder = scene.firm(moment) if chance.happens(0.5) else scene.person(moment)
    issuer = chance.pick([code for code in _ISSUERS if code != holder.country.code])
    clock = scene.at_hour(holder.country.code, moment, 8, 14)
    total = 0.0
    for number in range(chance.whole(5, 9)):
        clock += hours(chance, 0.1, 3)
        number_given = accounts.virtual(f"{scene.incident} {number}", holder.party, issuer)
        euros = chance.around(700, 0.8)
        text = chance.pick(("investment", "deposit", "order", "tickets", "invoice", None))
        if chance.happens(0.3):
            victim = scene.person(clock)
            session = acts.sign_in(scene.diary, chance, victim, clock)
            if chance.happens(0.5):
                acts.note(scene.diary, session, "payee_added", chance.between(30, 300))
            came = scene.pay(victim, number_given, euros, session, "victim", text=text)
        else:
            payer = people.outsider(
                chance, chance.pick(("DE", "FR", "NL", "ES", "IT", "PL", issuer))
            )
            came = scene.pay_in(payer, number_given, euros, clock, "victim", text=text)
        came.ultimate_creditor = holder.party
        total += euros
    mark = scene.mark("complicit" if chance.happens(0.6) else "unwitting_mule")
    session = acts.sign_in(scene.diary, chance, holder, clock + hours(chance, 0.3, 9))
    if chance.happens(0.4):
        device, _, address = scene.kit()
        session = scene.intrude(holder, session.clock + hours(chance, 0.1, 1), device, address)
        acts.note(scene.diary, session, "login", 10, mark=mark)
    payees = [scene.mule(chance.pick(CASH_OUT), scene.number // 2, one) for one in range(2)]
    parts = chance.whole(2, 4)
    for _ in range(parts):
        if chance.happens(0.5):
            acts.note(scene.diary, session, "payee_added", chance.between(20, 200), mark=mark)
        scene.pay(
            holder,
            chance.pick(payees),
            total * chance.between(0.85, 0.97) / parts,
            session,
            mark.role,
            wait=chance.around(300, 1.2),
            text=chance.pick(("services", "transfer", "goods", None)),
        )
