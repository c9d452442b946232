"""Honest things that look like crime: they keep a detector, and its reviewers, humble."""

from __future__ import annotations

from collections.abc import Callable

from training.simulate import acts, networks, people
from training.simulate.calendars import DAY, HOUR, MINUTE, Span, calendar
from training.simulate.chance import Chance
from training.simulate.honest import persons
from training.simulate.honest.rhythm import hour
from training.simulate.people import Person
from training.simulate.records import Diary

Oddity = Callable[[Diary, Chance, Person, Span], None]


def happen(diary: Diary, chance: Chance, person: Person, span: Span) -> None:
    """Let each oddity befall the person with its own probability per hundred days."""
    for probability, oddity in _ODDITIES:
        if chance.happens(min(0.9, probability * span.days / 100)):
            oddity(diary, chance, person, span)
    if person.new_phone_at is not None and span.start <= person.new_phone_at < span.end:
        _new_phone(diary, chance, person, span)
    for trip in person.trips:
        if max(span.start, person.opened) <= trip.start < span.end and chance.happens(0.7):
            moment = trip.start + int(
                chance.between(0.1, 1.0) * min(3 * DAY, trip.end - trip.start)
            )
            session = acts.sign_in(diary, chance, person, moment)
            for event in diary.accesses[-3:]:
                event.notable = event.session_id == session.session_id
            if chance.happens(0.35):
                payee = people.outsider(chance, trip.country, firm=chance.happens(0.6))
                minor = acts.round_sum(
                    chance.around(320, 0.7), acts.settlement_currency(person.party, payee)
                )
                persons.pay_online(
                    diary,
                    chance,
                    person,
                    payee,
                    minor,
                    moment,
                    None,
                    chance.pick(("booking", "deposit", "apartment", "tour")),
                    notable=True,
                    session=session,
                )


def some_time(chance: Chance, person: Person, span: Span) -> int:
    """Return a time of day at which the person is about, once the account is open."""
    days = calendar(person.country.code)
    day = chance.pick(span.dates())
    return max(days.moment(day, hour(chance, days, day)), person.opened + HOUR)


def _new_phone(diary: Diary, chance: Chance, person: Person, span: Span) -> None:
    """The first days with a new telephone: enrolment, a forgotten password, then a payment."""
    moment = (person.new_phone_at or span.start) + int(chance.between(5, 300) * MINUTE)
    if moment < person.opened:
        return
    session = acts.open_session(
        chance, person, moment, person.phone(moment), person.address(moment, chance)
    )
    for _ in range(chance.count(0.8)):
        acts.note(diary, session, "login", chance.between(8, 60), "failure").notable = True
    if chance.happens(0.45):
        acts.note(diary, session, "password_reset", chance.between(30, 300)).notable = True
    acts.note(diary, session, "login", chance.between(5, 60)).notable = True
    acts.note(diary, session, "device_enrolment", chance.between(20, 200)).notable = True
    if chance.happens(0.25):
        acts.note(diary, session, "other", 60, resource="second factor").notable = True
    if chance.happens(0.3):
        wait = chance.between(60, 3000)
        payee = people.outsider(
            chance,
            chance.pick(person.country.families_in)
            if chance.happens(0.25)
            else person.country.code,
        )
        session.clock += int(wait * acts.SECOND)
        euros = chance.around(0.12 * person.wage, 1.0)
        minor = acts.round_sum(euros, acts.settlement_currency(person.party, payee))
        persons.pay_online(
            diary,
            chance,
            person,
            payee,
            minor,
            session.clock,
            None,
            None,
            notable=True,
            session=session,
        )


def _large_purchase(diary: Diary, chance: Chance, person: Person, span: Span) -> None:
    """A car, a deposit, a builder: much money to a new payee, a limit raised just before."""
    moment = some_time(chance, person, span)
    abroad = chance.happens(0.3)
    place = chance.pick(person.country.families_in) if abroad else person.country.code
    payee = people.outsider(chance, place, firm=chance.happens(0.5))
    session = acts.sign_in(diary, chance, person, moment)
    if chance.happens(0.6):
        acts.note(diary, session, "limit_change", chance.between(30, 200)).notable = True
    currency = acts.settlement_currency(person.party, payee)
    minor = acts.round_sum(person.wage * chance.around(1.6, 0.7), currency)
    parts = chance.whole(2, 3) if chance.happens(0.3) else 1
    for _ in range(parts):
        persons.pay_online(
            diary,
            chance,
            person,
            payee,
            minor // parts,
            session.clock,
            None,
            chance.pick(("car", "deposit", "kitchen", "invoice", "roof")),
            notable=True,
            session=session,
        )


def _student(diary: Diary, chance: Chance, person: Person, span: Span) -> None:
    """A child studies abroad: fees to a school there, pocket money, logins from both countries."""
    place = chance.pick(("GB", "NL", "DE", "US", "CA", "IT", "FR", "CZ"))
    school, child = people.outsider(chance, place, firm=True), people.outsider(chance, place)
    for payee, median, times, purpose in ((school, 1900, 2, "STDY"), (child, 320, 5, None)):
        for _ in range(chance.whole(1, times)):
            moment = some_time(chance, person, span)
            currency = acts.settlement_currency(person.party, payee)
            minor = acts.round_sum(chance.around(median, 0.4), currency)
            persons.pay_online(
                diary, chance, person, payee, minor, moment, purpose, "studies", notable=True
            )
    for _ in range(chance.whole(2, 6)):
        moment = some_time(chance, person, span)
        session = acts.sign_in(
            diary, chance, person, moment, ip_address=networks.mobile(place, chance)
        )
        diary.accesses[-1].notable = session is not None


def _treasurer(diary: Diary, chance: Chance, person: Person, span: Span) -> None:
    """A club's treasurer: many pay in within two days, and the sum goes out at once, abroad."""
    moment = some_time(chance, person, span)
    currency = person.country.currency
    share = acts.round_sum(chance.around(120, 0.6), currency)
    members = [people.outsider(chance, person.country.code) for _ in range(chance.whole(6, 14))]
    clock = moment
    for member in members:
        clock += int(chance.between(0.1, 5) * HOUR)
        acts.receive(
            diary,
            member,
            person.party,
            share,
            currency,
            clock,
            channel=chance.pick(("online", "mobile")),
            text=chance.pick(("trip", "club trip", "present", None)),
            notable=True,
        )
    organiser = people.outsider(
        chance, chance.pick((*person.country.families_in, "ES", "IT")), firm=True
    )
    target = acts.settlement_currency(person.party, organiser)
    collected = share * len(members) * chance.between(0.85, 1.0)
    total = acts.exchange(collected, currency, target)
    persons.pay_online(
        diary,
        chance,
        person,
        organiser,
        total,
        clock + int(chance.between(1, 20) * HOUR),
        None,
        "group booking",
        notable=True,
    )


def _seller(diary: Diary, chance: Chance, person: Person, span: Span) -> None:
    """Somebody sells things: small sums from many strangers, some from abroad, now and then out."""
    moment = some_time(chance, person, span)
    for _ in range(chance.whole(6, 22)):
        moment += int(chance.around(30, 1.0) * HOUR)
        place = (
            chance.pick(person.country.families_in) if chance.happens(0.2) else person.country.code
        )
        buyer = people.outsider(chance, place)
        currency = acts.settlement_currency(buyer, person.party)
        acts.receive(
            diary,
            buyer,
            person.party,
            acts.minor_units(chance.around(48, 0.7), currency, 5 if chance.happens(0.5) else 0),
            currency,
            moment,
            channel=chance.pick(("online", "mobile")),
            text=chance.pick(("order", "bike", "massage", "service", "thanks", "lesson", None)),
        )


def _instalments(diary: Diary, chance: Chance, person: Person, span: Span) -> None:
    """A builder or a dealer is paid in parts, each large and round, within weeks."""
    moment = some_time(chance, person, span)
    place = chance.pick(person.country.families_in) if chance.happens(0.35) else person.country.code
    builder = people.outsider(chance, place, firm=chance.happens(0.7))
    currency = acts.settlement_currency(person.party, builder)
    part = acts.round_sum(chance.around(6500, 0.5), currency)
    for _ in range(chance.whole(2, 5)):
        moment += int(chance.around(4, 0.8) * DAY)
        if chance.happens(0.3):
            acts.receive(
                diary,
                person.party,
                builder,
                part,
                currency,
                moment,
                channel=chance.pick(("branch", "phone")),
                customer_id=person.customer_id,
                text=chance.pick(("invoice", "works", "goods", "loan", None)),
                notable=True,
            )
        else:
            persons.pay_online(
                diary, chance, person, builder, part, moment, None, "instalment", notable=True
            )


def _forgot_password(diary: Diary, chance: Chance, person: Person, span: Span) -> None:
    """Wrong passwords, a reset from another network, and a payment that could not wait."""
    moment = some_time(chance, person, span)
    session = acts.open_session(
        chance, person, moment, chance.pick(person.devices), person.address(moment, chance)
    )
    for _ in range(chance.whole(2, 6)):
        acts.note(diary, session, "login", chance.between(8, 70), "failure").notable = True
    acts.note(diary, session, "password_reset", chance.between(60, 500)).notable = True
    acts.note(diary, session, "login", chance.between(8, 60)).notable = True
    if chance.happens(0.5):
        payee = (
            chance.pick(person.friends)
            if chance.happens(0.5)
            else people.outsider(chance, person.country.code)
        )
        currency = acts.settlement_currency(person.party, payee)
        minor = acts.round_sum(chance.around(220, 1.0), currency)
        persons.pay_online(
            diary,
            chance,
            person,
            payee,
            minor,
            session.clock,
            None,
            None,
            notable=True,
            session=session,
        )


_ODDITIES: tuple[tuple[float, Oddity], ...] = (
    (0.10, _large_purchase),
    (0.035, _student),
    (0.02, _treasurer),
    (0.025, _seller),
    (0.035, _instalments),
    (0.10, _forgot_password),
)
