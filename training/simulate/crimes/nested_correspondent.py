"""Nested correspondent.

A bank that nobody here has looked into reaches the world through another's account: a firm that
keeps an account here orders payments for that bank's customers, one behind the other, through up to
four banks. Only the ultimate debtors' names tell that these are strangers' payments, and at times
these are left out or changed on the way; their countries do not fit the firm's, nor the route. Pay
agents and payment institutions do the same honestly: for customers of their own country, by the
shortest way, with names.

Marks in the data: many different ultimate debtors behind one debtor; more intermediaries than the
corridor needs; ultimate debtor's, debtor's and agents' countries that do not fit together; missing
names; amounts round and alike; files sent by a program at night.

Source: FATF, *Guidance on Correspondent Banking Services* (2016); Wolfsberg Group, *Financial Crime
Principles for Correspondent Banking* (2022); FFIEC *BSA/AML Examination Manual*, *Correspondent
Accounts (Foreign)*.
"""

from __future__ import annotations

from dataclasses import replace

from training.simulate import accounts, acts, devices, networks, people
from training.simulate.acts import open_session
from training.simulate.calendars import DAY, calendar
from training.simulate.crimes.scene import CASH_OUT, Scene, crime

_BEHIND = ("AE", "PK", "UA", "NG", "EG", "HK", "KE", "TR")
_ROUTE = ("US", "DE", "AE", "GB", "HK", "CH")


@crime(per_thousand=2.7)
def commit(scene: Scene) -> None:
    """Send one nested bank's payments for some weeks."""
    chance = scene.chance
    moment = scene.moment(margin=10)
    firm = scene.firm(moment)
    days = calendar(firm.country.code)
    home = chance.pick([code for code in _BEHIND if code != firm.country.code])
    hidden = [people.outsider(chance, home) for _ in range(chance.whole(5, 9))]
    address = firm.server_ip or networks.hosting(chance)
    program = firm.server or devices.script(chance)
    for _ in range(chance.whole(3, 4)):
        moment += int(chance.between(1, 8) * DAY)
        day = days.on_or_after(days.local_day(moment))
        session = open_session(
            chance, firm, days.moment(day, chance.between(1, 20)), program, address
        )
        acts.note(
            scene.diary,
            session,
            "api_call",
            2,
            privilege="service",
            bytes=int(chance.around(70_000, 0.8)),
            resource="payment file",
        )
        for _ in range(chance.whole(2, 4)):
            place = chance.pick((*CASH_OUT, *_BEHIND))
            payee = people.outsider(chance, place, firm=chance.happens(0.5))
            paid = scene.pay_in(
                firm.party,
                payee,
                firm.turnover * 0.05 * chance.around(1.2, 0.6),
                session.clock + int(chance.between(1, 40) * acts.SECOND),
                "complicit",
                whole=0.6,
                channel="api",
                text=chance.pick(("services", "goods", "transfer", "invoice", None)),
                customer_id=firm.customer_id,
            )
            sender = chance.pick(hidden)
            if chance.happens(0.25):
                sender = replace(sender, country=chance.pick(_BEHIND))
            if chance.happens(0.2):
                sender = replace(sender, name="")
            paid.ultimate_debtor = sender
            route = chance.some(_ROUTE, chance.whole(1, 4))
            paid.intermediary = " ".join(accounts.bic("ZQCO", place) for place in route)
