"""Operator fraud on a holiday.

Somebody with an operator's rights, an insider or a thief who has an insider's password, acts when
nobody is there: on a public holiday or a weekend, best by night. First the ledgers, lists and the
archive of payments are downloaded, so that amounts and partners can be imitated; then limits are
raised, payees added, and payments released that will be seen on the next working day. Offices that
close their books on a Saturday, and operators who really work on holidays, look alike.

Marks in the data: `privilege` administrator on a day of rest of the firm's country; downloads far
above habit just before `limit_change` and `payee_added`; payments to new payees at off hours;
volume to a device never seen when the rights were stolen.

Source: MITRE ATT&CK T1078 *Valid Accounts*, T1530 *Data from Cloud Storage* and T1567
*Exfiltration Over Web Service*; CISA and FBI, *Ransomware Awareness for Holidays and Weekends*,
AA21-243A (2021); CERT, *Common Sense Guide to Mitigating Insider Threats*, 7th edition (2022).
"""

from __future__ import annotations

from datetime import date, timedelta

from training.simulate import acts, networks, people
from training.simulate.calendars import Calendar, calendar
from training.simulate.crimes.scene import CASH_OUT, Scene, crime
from training.simulate.honest.business_likenesses import BOOKS
from training.simulate.people import Firm
from training.simulate.records import Device


@crime(per_thousand=5)
def commit(scene: Scene) -> None:
    """Misuse one firm's operator's rights on a day of rest."""
    chance = scene.chance
    moment = scene.moment(margin=5)
    firm = scene.firm(moment)
    days = calendar(firm.country.code)
    day = _day_of_rest(scene, days, days.local_day(moment))
    device, address = _operator(scene, firm, moment)
    when = days.moment(day, chance.between(13, 26))
    session = scene.intrude(firm, when, device, address)
    mark = scene.mark("perpetrator")
    rights = "administrator"
    acts.note(scene.diary, session, "login", 5, mark=mark, privilege=rights)
    for _ in range(chance.whole(2, 7)):
        acts.note(
            scene.diary,
            session,
            "download",
            chance.around(60, 0.9),
            mark=mark,
            privilege=rights,
            bytes=int(chance.around(2_000_000, 1.0)),
            resource=chance.pick(BOOKS),
        )
    if chance.happens(0.6):
        acts.note(scene.diary, session, "limit_change", 200, mark=mark, privilege=rights)
    payees = [
        people.outsider(
            chance, chance.pick((*CASH_OUT, firm.country.code)), firm=chance.happens(0.5)
        )
        for _ in range(chance.whole(1, 2))
    ]
    for payee in payees:
        acts.note(
            scene.diary,
            session,
            "payee_added",
            chance.between(30, 400),
            mark=mark,
            privilege=rights,
        )
        for _ in range(chance.whole(1, 3)):
            scene.pay(
                firm,
                payee,
                firm.turnover * 0.05 * chance.around(2.0, 0.6),
                session,
                "victim",
                wait=chance.around(400, 1.0),
                purpose=chance.pick(("SUPP", "GDDS", None)),
                text=f"invoice {chance.whole(1000, 9999)}",
            )


def _day_of_rest(scene: Scene, days: Calendar, day: date) -> date:
    """Return the next public holiday when one is near, else the next day of a weekend."""
    week = [day + timedelta(days=number) for number in range(8)]
    feasts = [one for one in week if days.holiday(one)]
    rest = [one for one in week if not days.business_day(one)]
    return scene.chance.pick(feasts) if feasts else scene.chance.pick(rest or week)


def _operator(scene: Scene, firm: Firm, moment: int) -> tuple[Device, str]:
    """Return where it is done from: the office's computer, a home nearby, or a thief's device."""
    chance = scene.chance
    if chance.happens(0.35):
        device, _, address = scene.kit()
        return device, address
    if chance.happens(0.5):
        return firm.devices[0], networks.home(firm.country.code, firm.home, moment)
    return firm.devices[0], firm.address(moment, chance)
