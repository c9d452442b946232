"""A person's days: shopping, rent, utilities, family abroad, friends, a look at the account."""

from __future__ import annotations

from datetime import date, timedelta

from training.simulate import acts, networks, people
from training.simulate.acts import Session
from training.simulate.calendars import DAY, EPOCH, MINUTE, Calendar, Span, calendar
from training.simulate.chance import Chance
from training.simulate.geography import COUNTRIES
from training.simulate.honest import oddities
from training.simulate.honest.rhythm import hour, mood
from training.simulate.people import Person
from training.simulate.records import Diary, Party

_FAMILY_TEXTS = (
    "family support",
    "for mother",
    "help for home",
    "school fees",
    "monthly support",
    "",
)
_FRIEND_TEXTS = (
    "dinner thanks tickets rent birthday holiday deposit fee transfer invoice services loan "
    "investment goods"
)


def live(person: Person, span: Span, chance: Chance) -> Diary:
    """Write down what a person does over the simulated days."""
    diary = Diary(person.customer_id)
    days = calendar(person.country.code)
    _duties(diary, chance, person, span, days)
    for day in span.dates():
        if (day - EPOCH).days * DAY < person.opened:
            continue
        # The card is used where the person is, by the clock of that place.
        place = calendar(person.whereabouts(days.moment(day, 12)))
        for _ in range(chance.count(0.155 * person.activity * mood(place, day))):
            _shop(diary, chance, person, place.moment(day, hour(chance, place, day)))
        if chance.happens(0.085 * person.activity):
            _look(diary, chance, person, place.moment(day, hour(chance, place, day)))
        if chance.happens(0.022 * person.activity):
            _send_friend(diary, chance, person, place.moment(day, hour(chance, place, day)))
    oddities.happen(diary, chance, person, span)
    return diary


def _duties(diary: Diary, chance: Chance, person: Person, span: Span, days: Calendar) -> None:
    """Wages, rent, utilities and money for the family, month by month."""
    currency = person.country.currency
    rent = acts.round_sum(person.rent, currency)
    rent_day, rent_by_hand = chance.whole(1, 5), chance.happens(0.15)
    for year, month in span.months():
        for payday in days.paydays(year, month):
            _payday(diary, chance, person, days, payday)
        due = days.on_or_after(date(year, month, rent_day))
        if person.landlord:
            if rent_by_hand:
                moment = days.moment(due, hour(chance, days, due))
                pay_online(diary, chance, person, person.landlord, rent, moment, "RENT", "rent")
            else:
                _standing(
                    diary, person, person.landlord, rent, days.moment(due, 5.2), "RENT", "rent"
                )
        for number, utility in enumerate(person.utilities):
            when = days.on_or_after(date(year, month, 8 + 6 * number))
            bill = acts.minor_units(person.wage * 0.02 * chance.around(1, 0.3), currency)
            purpose = ("ELEC", "PHON", "INSU")[number]
            _standing(diary, person, utility, bill, days.moment(when, 4.5), purpose, "monthly bill")


def _payday(diary: Diary, chance: Chance, person: Person, days: Calendar, payday: date) -> None:
    monthly = 2 if person.country.payday == "twice_a_month" else 1
    if person.employer and person.employer_id is None:
        wage = acts.minor_units(
            person.wage / monthly * chance.around(1, 0.015), person.country.currency
        )
        moment = days.moment(payday, chance.between(1, 9))
        if moment >= person.opened:
            acts.receive(
                diary,
                person.employer,
                person.party,
                wage,
                person.country.currency,
                moment,
                channel="api",
                purpose="SALA",
                text=f"wages {payday:%m/%Y}",
            )
    if not person.family or not chance.happens(0.8):
        return
    wait = 0 if person.remits > 0.5 else chance.whole(0, 4)
    when = payday + timedelta(days=wait)
    moment = days.moment(when, max(hour(chance, days, when), 10.0))
    for relative in person.family[: 1 if chance.happens(0.7) else 3]:
        euros = person.wage / monthly * person.remits * chance.around(1, 0.2)
        currency = acts.settlement_currency(person.party, relative)
        pay_online(
            diary,
            chance,
            person,
            relative,
            acts.round_sum(euros, currency),
            moment,
            None,
            chance.pick(_FAMILY_TEXTS),
            notable=person.remits > 0.5,
        )
        moment += int(chance.between(2, 9) * MINUTE)


def _standing(
    diary: Diary, person: Person, payee: Party, minor: int, moment: int, purpose: str, text: str
) -> None:
    if moment < person.opened:
        return
    person.known_payees.setdefault(payee.account, moment)
    acts.receive(
        diary,
        person.party,
        payee,
        minor,
        person.country.currency,
        moment,
        purpose=purpose,
        text=text,
        customer_id=person.customer_id,
    )


def _shop(diary: Diary, chance: Chance, person: Person, moment: int) -> None:
    place = person.whereabouts(moment)
    away = place != person.country.code
    if away:
        merchant = people.shop(place, chance.whole(1, 40))
    elif chance.happens(0.82):
        merchant = chance.pick(person.shops)
    else:
        merchant = people.shop(place, chance.whole(1, 40))
    local = merchant.party.country == place
    currency = COUNTRIES[merchant.party.country].currency if local else person.country.currency
    minor = acts.minor_units(chance.around(merchant.median, merchant.spread), currency)
    payment = acts.receive(
        diary,
        person.party,
        merchant.party,
        minor,
        currency,
        moment,
        channel="card",
        customer_id=person.customer_id,
        notable=away,
    )
    payment.intermediary = None
    if not local or chance.happens(0.2):
        payment.ip_address = person.address(moment, chance)
        payment.device_id = person.phone(moment).device_id


def _look(diary: Diary, chance: Chance, person: Person, moment: int) -> None:
    """Look at the account, and now and then change something."""
    session = acts.sign_in(diary, chance, person, moment)
    if chance.happens(0.25):
        acts.note(
            diary,
            session,
            "download",
            chance.between(10, 90),
            bytes=int(chance.around(180_000, 0.8)),
            resource="statement",
        )
    if chance.happens(0.02):
        change = acts.note(diary, session, "limit_change", chance.between(20, 120))
        change.notable = True
    if chance.happens(0.02):
        acts.note(
            diary, session, "consent_grant", chance.between(20, 120), resource="budget planner"
        )
    if chance.happens(0.1 if session.device.mobile else 0.03):
        # A telephone leaves the house, a VPN is switched on: the session goes on from elsewhere.
        session.ip_address = (
            networks.vpn(chance) if chance.happens(0.12) else person.address(session.clock, chance)
        )
        for _ in range(chance.whole(1, 3)):
            resource = chance.pick(("balance", "transactions", "statement", "profile"))
            volume = int(chance.around(60_000, 1.0))
            wait = chance.around(200, 1.2)
            acts.note(diary, session, "api_call", wait, resource=resource, bytes=volume)
    if chance.happens(0.3):
        acts.note(diary, session, "logout", chance.between(20, 300))


def pay_online(
    diary: Diary,
    chance: Chance,
    person: Person,
    payee: Party,
    minor: int,
    moment: int,
    purpose: str | None,
    text: str | None,
    *,
    notable: bool = False,
    session: Session | None = None,
) -> None:
    """Sign in, add the payee when new, and pay; people known for long are not added again."""
    if moment < person.opened:
        return
    session = session or acts.sign_in(diary, chance, person, moment)
    first = payee.account not in person.known_payees
    new = first and (person.opened > moment - 60 * DAY or chance.happens(0.25))
    if first:
        person.known_payees[payee.account] = moment
    if new:
        acts.note(diary, session, "payee_added", chance.between(30, 200))
    answer = acts.verification(chance, person.party, payee, new)
    acts.order(
        diary,
        chance,
        person,
        payee,
        minor,
        acts.settlement_currency(person.party, payee),
        session,
        answer,
        wait=chance.between(15, 240),
        purpose=purpose,
        text=text or None,
        notable=notable or new,
    )


def _send_friend(diary: Diary, chance: Chance, person: Person, moment: int) -> None:
    if chance.happens(0.3):
        place = person.country.code
        if chance.happens(0.15):
            place = chance.pick((*person.country.families_in, "GB", "DE", "ES", "LT"))
        payee = people.outsider(chance, place, firm=chance.happens(0.4))
        euros = chance.around(140, 1.1)
    else:
        payee, euros = chance.pick(person.friends), chance.around(38, 0.8)
    level = (person.country.wage / 2500) ** 0.7
    currency = acts.settlement_currency(person.party, payee)
    minor = (
        acts.round_sum(euros * level, currency)
        if chance.happens(0.6)
        else acts.minor_units(euros * level, currency)
    )
    text = chance.pick(["", *_FRIEND_TEXTS.split()])
    if chance.happens(0.06) and moment >= person.opened:
        acts.receive(
            diary,
            person.party,
            payee,
            minor,
            currency,
            moment,
            channel=chance.pick(("branch", "atm", "phone")),
            text=text or None,
            customer_id=person.customer_id,
        )
        return
    pay_online(diary, chance, person, payee, minor, moment, None, text)
