"""Mirror settlement.

Value crosses a border and no payment does. Two brokers, one in each country, keep a running account
(hawala, fei-ch'ien, the black market's peso exchange): somebody pays the broker here, and on the
same day the broker there pays out as much to somebody else; and on that day or another the other
way round. The four people of a round have nothing to do with one another, and the accounts of the
two brokers never meet. Firms that settle among their own branches, and treasurers of clubs, show
the same rhythm for honest reasons; much of such trading serves migrants where no bank does.

Marks in the data: on one day a payment into and a payment out of alike amounts, in two countries
and opposite directions; many unrelated payers and payees for a private account; nearly nothing is
left on it; texts that say little.

Source: FATF, *The Role of Hawala and Other Similar Service Providers in Money Laundering and
Terrorist Financing* (2013); UNODC, *The Hawala System: Its operations and misuse by opiate
traffickers and migrant smugglers* (2023).
"""

from __future__ import annotations

from training.simulate import acts, people
from training.simulate.calendars import DAY
from training.simulate.crimes.scene import Scene, crime, hours
from training.simulate.people import Person

_TEXTS = ("gift", "loan", "family", "goods", "thanks", None, None)


@crime(per_thousand=3)
def commit(scene: Scene) -> None:
    """Run two brokers for some weeks."""
    chance = scene.chance
    moment = scene.moment(margin=25)
    here = scene.person(moment)
    elsewhere = [
        one
        for one in scene.population.persons
        if one.country is not here.country and one.opened < moment
    ]
    linked = [one for one in elsewhere if one.country.code in here.country.families_in]
    there = chance.pick(linked or elsewhere or scene.population.persons)
    for _ in range(chance.whole(2, 4)):
        moment += int(chance.between(1.5, 6) * DAY)
        noon = scene.at_hour(here.country.code, moment, 8, 14)
        euros = chance.around(1100, 0.6)
        _hand_over(scene, here, there, euros, noon)
        if chance.happens(0.75):
            back = euros * chance.between(0.97, 1.03)
            _hand_over(scene, there, here, back, noon + hours(chance, 0.2, 5))


def _hand_over(scene: Scene, taker: Person, giver: Person, euros: float, moment: int) -> None:
    """Let one broker take a sum in, and the other pay the same out within hours."""
    chance = scene.chance
    payer = people.outsider(chance, taker.country.code)
    scene.pay_in(
        payer, taker.party, euros, moment, "perpetrator", whole=0.7, text=chance.pick(_TEXTS)
    )
    session = acts.sign_in(scene.diary, chance, giver, moment + hours(chance, 0.2, 6))
    payee = people.outsider(chance, giver.country.code)
    scene.pay(
        giver,
        payee,
        euros * chance.between(0.97, 1.0),
        session,
        "perpetrator",
        whole=0.5,
        text=chance.pick(_TEXTS),
    )
