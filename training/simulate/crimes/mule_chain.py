"""Mule chain.

Proceeds of fraud are gathered and scattered through recruited accounts before the bank can call
them back. Victims in several countries pay one account within hours (fan-in); its holder, recruited
as an "agent" or sharing the plot, keeps a few per cent and sends the rest on the same day to
several accounts in other countries (fan-out), some of which pass it on once more. Some mules are
customers of long standing with an ordinary life around it, others opened the account shortly
before.

Marks in the data: many new payers, from several countries, within hours; 85 to 97 per cent leaves
again within hours, to new payees abroad; receiver and sender of one day are the same account; the
same next-hop accounts serve several mules.

Source: FATF, Interpol and Egmont Group, *Illicit Financial Flows from Cyber-enabled Fraud* (2023);
Europol, European Money Mule Action (EMMA) findings; Altman et al., *Realistic Synthetic Financial
Transactions for Anti-Money Laundering Models*, NeurIPS 2023 (fan-in, fan-out, scatter-gather).
"""

from __future__ import annotations

from training.simulate import acts, people
from training.simulate.calendars import DAY, HOUR
from training.simulate.crimes.scene import CASH_OUT, Scene, crime, hours
from training.simulate.people import Person
from training.simulate.records import Party

_LAYERS = 2


@crime(per_thousand=8)
def commit(scene: Scene) -> None:
    """Run one wave of money through a mule."""
    chance = scene.chance
    moment = scene.moment(margin=4)
    fresh = [one for one in scene.population.persons if 0 < moment - one.opened < 45 * DAY]
    mule = chance.pick(fresh) if fresh and chance.happens(0.4) else scene.person(moment)
    moment = scene.at_hour(mule.country.code, moment, 8, 15)
    received, clock = _gather(scene, mule, moment)
    if received:
        _scatter(scene, mule, received, clock, 1)


def _gather(scene: Scene, mule: Person, moment: int) -> tuple[float, int]:
    """Let victims pay in; return what came (in units of the mule's currency), and by when."""
    chance, mark = scene.chance, scene.mark("victim")
    places = [mule.country.code, *chance.some([*mule.country.families_in, "DE", "FR", "GB"], 2)]
    own = mule.country.currency
    total, clock = 0.0, moment
    for _ in range(chance.whole(2, 7)):
        clock += hours(chance, 0.05, 1.6)
        euros = chance.around(650, 0.8)
        if chance.happens(0.2):
            victim = scene.person(clock)
            currency = acts.settlement_currency(victim.party, mule.party)
            session = acts.sign_in(scene.diary, chance, victim, clock)
            if chance.happens(0.6):
                acts.note(scene.diary, session, "payee_added", chance.between(30, 300))
            answer = acts.verification(chance, victim.party, mule.party, True)
            minor = acts.round_sum(euros, currency)
            acts.order(
                scene.diary,
                chance,
                victim,
                mule.party,
                minor,
                currency,
                session,
                answer,
                text=chance.pick(("deposit", "investment", "fee", "tickets")),
                mark=mark,
            )
        else:
            payer = people.outsider(chance, chance.pick(places))
            currency = acts.settlement_currency(payer, mule.party)
            minor = acts.round_sum(euros, currency)
            acts.receive(
                scene.diary,
                payer,
                mule.party,
                minor,
                currency,
                clock,
                channel=chance.pick(("online", "mobile")),
                text=chance.pick(("deposit", "investment", "fee", "tickets", None)),
                mark=mark,
            )
        total += acts.exchange(minor, currency, own)
    return total, clock


def _scatter(scene: Scene, mule: Person, received: float, clock: int, layer: int) -> None:
    chance = scene.chance
    mark = scene.mark("unwitting_mule" if chance.happens(0.5) else "complicit")
    session = acts.sign_in(scene.diary, chance, mule, clock + int(chance.around(1.2, 0.9) * HOUR))
    if chance.happens(0.35):
        device, _, address = scene.kit()
        session = scene.intrude(mule, session.clock + 5 * 60 * acts.SECOND, device, address)
        acts.note(scene.diary, session, "login", 10, mark=mark)
    passed = received * chance.between(0.85, 0.97)
    number = chance.whole(1, 4)
    shares = [chance.between(0.5, 1.5) for _ in range(number)]
    for share in shares:
        payee, next_mule = _next_hop(scene, mule, layer, session.clock)
        currency = acts.settlement_currency(mule.party, payee)
        own = mule.country.currency
        amount = passed * share / sum(shares)
        minor = acts.exchange(amount, own, currency)
        if chance.happens(0.65):
            acts.note(scene.diary, session, "payee_added", chance.between(20, 200))
        acts.order(
            scene.diary,
            chance,
            mule,
            payee,
            minor,
            currency,
            session,
            acts.verification(chance, mule.party, payee, True),
            wait=chance.around(200, 1.3),
            text=chance.pick(("transfer", "services", "family", None)),
            mark=mark,
        )
        if next_mule is not None:
            came = acts.exchange(minor, currency, next_mule.country.currency)
            _scatter(scene, next_mule, came, session.clock, layer + 1)


def _next_hop(scene: Scene, mule: Person, layer: int, moment: int) -> tuple[Party, Person | None]:
    """Return where the money goes next: abroad, or to a second mule who banks here too."""
    chance = scene.chance
    if layer < _LAYERS and chance.happens(0.2):
        other = scene.person(moment)
        if other is not mule:
            return other.party, other
    place = chance.pick(CASH_OUT)
    return scene.mule(place, scene.number // 3, chance.whole(0, 1)), None
