"""Honest persons' doings that look like the crimes of payment scams, mules and virtual assets.

Each draws from a stream of its own, beside the person's ordinary life.
"""

from __future__ import annotations

from training.simulate import accounts, acts, devices, networks, people
from training.simulate.calendars import DAY, HOUR, Span, calendar
from training.simulate.chance import Chance
from training.simulate.honest.oddities import Oddity, some_time
from training.simulate.honest.persons import pay_online
from training.simulate.people import Person
from training.simulate.records import Diary, Party

_PLATFORMS = (("LT", 1), ("IE", 2), ("NL", 3), ("EE", 4))


def befall(diary: Diary, chance: Chance, person: Person, span: Span) -> None:
    """Let each likeness befall the person with its own probability per hundred days."""
    for probability, likeness in _LIKENESSES:
        if chance.happens(min(0.9, probability * span.days / 100)):
            likeness(diary, chance, person, span)


def _pay(
    diary: Diary,
    chance: Chance,
    person: Person,
    payee: Party,
    euros: float,
    moment: int,
    text: str | None,
    session: acts.Session | None = None,
) -> None:
    currency = acts.settlement_currency(person.party, payee)
    minor = (
        acts.round_sum(euros, currency)
        if chance.happens(0.6)
        else acts.minor_units(euros, currency)
    )
    pay_online(
        diary, chance, person, payee, minor, moment, None, text, notable=True, session=session
    )


def _virtual_assets(diary: Diary, chance: Chance, person: Person, span: Span) -> None:
    """Virtual assets bought little by little; some keep the keys, and name nobody."""
    exchange = people.exchange(chance.whole(0, 3))
    custody = accounts.wallet(f"{person.customer_id} custody", person.party.name, exchange.agent)
    keeps_keys, told = chance.happens(0.5), chance.happens(0.6)
    moment = some_time(chance, person, span)
    size = person.wage * chance.around(0.08, 0.8)
    for _ in range(chance.whole(1, 4)):
        _pay(diary, chance, person, exchange, size, moment, chance.pick(("top up", "", "savings")))
        diary.transfers[-1].ultimate_creditor = person.party
        if keeps_keys and chance.happens(0.6):
            currency = chance.pick(("USDC", "BTC", "BTC"))
            out = acts.receive(
                diary,
                custody,
                accounts.wallet(f"{person.customer_id} own", person.party.name if told else ""),
                acts.minor_units(size * chance.between(0.8, 0.99), currency),
                currency,
                moment + int(chance.around(20, 1.2) * HOUR),
                channel=chance.pick(("mobile", "online", "api")),
                customer_id=person.customer_id,
                notable=True,
            )
            if told:
                out.ultimate_debtor = out.ultimate_creditor = person.party
        moment += int(chance.around(12, 0.7) * DAY)


def _helped_from_afar(diary: Diary, chance: Chance, person: Person, span: Span) -> None:
    """A child or a firm's help desk works the screen: long sessions, at times a payment."""
    for _ in range(chance.whole(1, 3)):
        moment = some_time(chance, person, span)
        lent = devices.screen_lent(chance, person.phone(moment))
        session = acts.sign_in(diary, chance, person, moment, device=lent)
        if chance.happens(0.3):
            acts.note(diary, session, "limit_change", chance.around(200, 0.6))
        session.clock += int(chance.around(400, 0.8) * acts.SECOND)
        if chance.happens(0.45):
            fresh = people.outsider(chance, person.country.code, firm=True)
            payee = fresh if chance.happens(0.6) else chance.pick(person.friends)
            euros = person.wage * chance.around(0.15, 0.9)
            text = chance.pick(("invoice", "repair", "", "transfer"))
            _pay(diary, chance, person, payee, euros, session.clock, text, session)
        for event in diary.accesses:
            event.notable |= event.session_id == session.session_id


def _public_computer(diary: Diary, chance: Chance, person: Person, span: Span) -> None:
    """A library's computer: one device and one address for everybody of the town."""
    town = Chance("library", person.country.code, chance.whole(0, 1))
    device, home = devices.computer(town), f"library {person.country.code}"
    for _ in range(chance.whole(1, 3)):
        moment = some_time(chance, person, span)
        address = networks.home(person.country.code, home, moment)
        acts.sign_in(diary, chance, person, moment, device, address)
        diary.accesses[-1].notable = True
        if chance.happens(0.3):
            payee = people.outsider(chance, person.country.code)
            session = acts.open_session(chance, person, moment + 5 * acts.SECOND, device, address)
            _pay(diary, chance, person, payee, chance.around(90, 0.9), moment, "rent", session)


def _saver(diary: Diary, chance: Chance, person: Person, span: Span) -> None:
    """A broker is given more each time, as trust grows."""
    place = chance.pick((person.country.code, "LT", "GB", "CH", "IE"))
    broker = people.outsider(chance, place, firm=True)
    moment = some_time(chance, person, span)
    size = person.wage * chance.around(0.1, 0.7)
    for _ in range(chance.whole(2, 4)):
        text = chance.pick(("investment", "savings", "deposit", "trading account", ""))
        _pay(diary, chance, person, broker, size, moment, text)
        size *= chance.between(1.0, 2.0)
        moment += int(chance.around(6, 0.8) * DAY)


def _streamer(diary: Diary, chance: Chance, person: Person, span: Span) -> None:
    """Strangers of many countries tip somebody who plays or sings on the net at night."""
    moment = some_time(chance, person, span)
    days = calendar(person.country.code)
    fans = [
        people.outsider(chance, chance.pick(("DE", "US", "GB", "FR", "SE", "CA", "PL")))
        for _ in range(chance.whole(3, 6))
    ]
    for _ in range(chance.whole(6, 14)):
        moment += int(chance.around(40, 0.8) * HOUR)
        fan = chance.pick(fans)
        currency = acts.settlement_currency(fan, person.party)
        acts.receive(
            diary,
            fan,
            person.party,
            acts.round_sum(chance.pick((10, 20, 20, 30, 50, 100)), currency),
            currency,
            days.moment(days.local_day(moment), chance.between(19, 27)),
            channel="mobile",
            text=chance.pick(("gift", "thanks", "help", "show", None)),
            notable=True,
        )


def _giver(diary: Diary, chance: Chance, person: Person, span: Span) -> None:
    """Small round gifts to somebody far away, by night when one thinks of them."""
    place = chance.pick((*person.country.families_in, "PH", "KE", "NG", "UA"))
    friend = people.outsider(chance, place)
    days = calendar(person.country.code)
    moment = some_time(chance, person, span)
    for _ in range(chance.whole(2, 6)):
        when = days.moment(days.local_day(moment), chance.between(19, 27))
        text = chance.pick(("gift", "school", "medicine", "help", "", ""))
        _pay(diary, chance, person, friend, chance.pick((20, 25, 30, 50, 80, 100)), when, text)
        moment += int(chance.around(8, 0.8) * DAY)


def _marketplace(diary: Diary, chance: Chance, person: Person, span: Span) -> None:
    """A marketplace abroad gives each order a virtual IBAN of its own."""
    issuer, number = chance.pick(_PLATFORMS)
    seat = chance.pick(("DE", "FR", "GB"))
    platform = people.outsider(Chance("platform", number, seat), seat, firm=True)
    for _ in range(chance.whole(1, 3)):
        moment = some_time(chance, person, span)
        payee = accounts.virtual(f"order {chance.hexadecimal(8)}", platform, issuer)
        text = f"order {chance.whole(10_000, 99_999)}"
        _pay(diary, chance, person, payee, chance.around(110, 1.0), moment, text)
        if moment >= person.opened:
            diary.transfers[-1].ultimate_creditor = platform


def _go_between(diary: Diary, chance: Chance, person: Person, span: Span) -> None:
    """A group's cashier: friends pay in, and about as much is paid on the same day for them."""
    for _ in range(chance.whole(1, 3)):
        moment = some_time(chance, person, span)
        euros = chance.around(420, 0.8)
        friend = people.outsider(chance, person.country.code)
        currency = acts.settlement_currency(friend, person.party)
        acts.receive(
            diary,
            friend,
            person.party,
            acts.round_sum(euros, currency),
            currency,
            moment,
            channel="mobile",
            text=chance.pick(("trip", "loan", "thanks", "gift", None)),
            notable=True,
        )
        payee = people.outsider(chance, person.country.code, firm=chance.happens(0.5))
        when = moment + int(chance.between(0.3, 12) * HOUR)
        _pay(diary, chance, person, payee, euros * chance.between(0.95, 1), when, "booking")


_LIKENESSES: tuple[tuple[float, Oddity], ...] = (
    (0.04, _virtual_assets),
    (0.05, _helped_from_afar),
    (0.05, _public_computer),
    (0.03, _saver),
    (0.008, _streamer),
    (0.025, _giver),
    (0.045, _marketplace),
    (0.03, _go_between),
)
