"""Structuring.

A sum that would have to be reported is split so that each part stays below the threshold: 10,000 in
most places, of whatever currency the report is made in. The parts go within days, by different
ways (counter, machine, telephone, online), to a few related accounts, often abroad. Firms whose
prices happen to lie there, and people who like round sums, look alike.

Marks in the data: several payments of 85 to 99.9 per cent of the threshold within ten days; few,
new creditors; channels that change; a sum over days that is far above the threshold.

Source: 31 U.S.C. 5324 and 31 CFR 1010.311 (United States); FFIEC *BSA/AML Examination Manual*,
appendix G, *Structuring*; Regulation (EU) 2018/1672 on controls on cash (10,000 EUR).
"""

from __future__ import annotations

from training.simulate import acts, people
from training.simulate.calendars import DAY, calendar
from training.simulate.crimes.scene import CASH_OUT, Scene, crime

_THRESHOLDS = {"EUR": 10_000, "USD": 10_000, "GBP": 10_000, "CHF": 15_000, "CAD": 10_000}


def _threshold(currency: str) -> float:
    """Return the reporting threshold in whole units, the equivalent of 10,000 EUR elsewhere."""
    return _THRESHOLDS.get(currency) or 10_000 * acts.PER_EURO[currency]


@crime(per_thousand=9)
def commit(scene: Scene) -> None:
    """Split one large sum."""
    chance = scene.chance
    moment = scene.moment(margin=12)
    launderer = scene.firm(moment) if chance.happens(0.45) else scene.person(moment)
    mark = scene.mark("perpetrator" if chance.happens(0.6) else "complicit")
    homes = (launderer.country.code, *launderer.country.families_in, chance.pick(CASH_OUT))
    payees = [
        people.outsider(chance, chance.pick(homes), firm=chance.happens(0.5))
        for _ in range(chance.whole(1, 3))
    ]
    days = calendar(launderer.country.code)
    for _ in range(chance.whole(3, 8)):
        moment += int(chance.between(0.2, 2.4) * DAY)
        day = days.on_or_after(days.local_day(moment))
        when = days.moment(day, chance.between(9, 18))
        payee = chance.pick(payees)
        currency = acts.settlement_currency(launderer.party, payee)
        below = chance.between(0.93, 0.999) if chance.happens(0.7) else chance.between(0.5, 0.93)
        step = 50 if chance.happens(0.6) else 1
        minor = acts.minor_of(_threshold(currency) * below // step * step, currency)
        if chance.happens(0.4):
            acts.receive(
                scene.diary,
                launderer.party,
                payee,
                minor,
                currency,
                when,
                channel=chance.pick(("branch", "atm", "phone")),
                customer_id=launderer.customer_id,
                text=chance.pick(("transfer", "loan", "goods", None)),
                mark=mark,
            )
            continue
        session = acts.sign_in(scene.diary, chance, launderer, when)
        acts.order(
            scene.diary,
            chance,
            launderer,
            payee,
            minor,
            currency,
            session,
            acts.verification(chance, launderer.party, payee, False),
            text=chance.pick(("transfer", "loan", "goods", "invoice", None)),
            mark=mark,
        )
