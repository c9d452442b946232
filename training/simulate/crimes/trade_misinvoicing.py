"""Trade mis-invoicing.

An invoice says another price than the goods have, so that value crosses a border in their name.
Over-invoiced, the importer pays round sums far above what the firm pays for such goods; the same
shipment is invoiced twice; the account stands in a third country, where neither goods nor seller
are. Under-invoiced, the exporter is paid too little by the buyer and the rest by somebody else from
elsewhere. Honest importers also pay large and round advances to new suppliers far away.

Marks in the data: goods in the remittance text that do not fit the firm's trade; one invoice number
paid twice; round amounts; creditor's country and account's country differ and neither is a usual
corridor; a client's invoice settled in part by an unrelated third party, at
times in the client's name (ultimate debtor).

Source: FATF and Egmont Group, *Trade-Based Money Laundering: Risk Indicators* (2021); Wolfsberg
Group, ICC and BAFT, *Trade Finance Principles* (2019).
"""

from __future__ import annotations

from dataclasses import replace

from training.simulate import acts, people
from training.simulate.calendars import DAY, calendar
from training.simulate.crimes.scene import Scene, crime
from training.simulate.honest.business_likenesses import GOODS
from training.simulate.people import Firm

_MAKERS = ("HK", "PK", "TR", "IN", "UA", "EG", "MX")
_HOLDERS = ("AE", "HK", "LT", "EE", "SG", "GB", "CH")


@crime(per_thousand=4.5)
def commit(scene: Scene) -> None:
    """Move value in the name of one firm's trade."""
    moment = scene.moment(margin=25)
    firm = scene.firm(moment)
    if scene.number % 3 == 1:
        _under_invoiced(scene, firm, moment)
    else:
        _over_invoiced(scene, firm, moment)


def _over_invoiced(scene: Scene, firm: Firm, moment: int) -> None:
    chance = scene.chance
    days = calendar(firm.country.code)
    goods = chance.pick(GOODS)
    place = chance.pick(_HOLDERS)
    seller = people.outsider(chance, place, firm=True)
    if chance.happens(0.8):
        seller = replace(seller, country=chance.pick(_MAKERS))
    size = firm.turnover * 0.05 * chance.around(5, 0.4)
    invoice = chance.whole(1000, 9999)
    for number in range(chance.whole(3, 6)):
        moment += int(chance.between(2, 6) * DAY)
        when = days.moment(days.on_or_after(days.local_day(moment)), chance.between(8.5, 17.5))
        session = acts.sign_in(scene.diary, chance, firm, when, device=firm.devices[0])
        if number == 0 and chance.happens(0.5):
            acts.note(scene.diary, session, "payee_added", chance.between(30, 200))
        if not chance.happens(0.3):
            invoice += chance.whole(1, 40)
        scene.pay(
            firm,
            seller,
            size * chance.around(1, 0.25),
            session,
            "perpetrator",
            whole=0.75,
            purpose=chance.pick(("GDDS", "SUPP", None)),
            text=f"{goods} invoice {invoice}" if chance.happens(0.7) else f"invoice {invoice}",
        )


def _under_invoiced(scene: Scene, firm: Firm, moment: int) -> None:
    """The buyer pays part of the price, somebody else from a third country the rest."""
    chance = scene.chance
    days = calendar(firm.country.code)
    goods = chance.pick(GOODS)
    client = chance.pick(firm.clients)
    third = people.outsider(chance, chance.pick(_HOLDERS), firm=chance.happens(0.6))
    for _ in range(chance.whole(3, 4)):
        moment += int(chance.between(2, 6) * DAY)
        when = days.moment(days.on_or_after(days.local_day(moment)), chance.between(8.5, 17.5))
        price = firm.turnover * 0.065 * chance.around(2.2, 0.5)
        text = f"{goods} invoice {chance.whole(1000, 9999)}"
        share = chance.between(0.15, 0.45)
        for payer, part, delay in ((client, share, 0.0), (third, 1 - share, 1.0)):
            paid = scene.pay_in(
                payer,
                firm.party,
                price * part,
                when + int(delay * chance.between(0.1, 3) * DAY),
                "complicit",
                whole=0.75,
                channel=chance.pick(("online", "api")),
                purpose="GDDS",
                text=text,
            )
            if payer is third and chance.happens(0.6):
                paid.ultimate_debtor = client
