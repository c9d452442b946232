"""Honest firms' doings that look like the crimes of trade, correspondents, brokers and operators.

Each draws from a stream of its own, beside the firm's ordinary trade.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from training.simulate import accounts, acts, networks, people
from training.simulate.calendars import DAY, HOUR, Span, calendar
from training.simulate.chance import Chance
from training.simulate.people import Firm
from training.simulate.records import Diary

GOODS = (
    "frozen foods",
    "mobile telephones",
    "scrap metal",
    "textiles",
    "used vehicles",
    "cosmetics",
    "machine parts",
)
BOOKS = ("ledger", "payment archive", "customer list", "statement", "transactions")
Likeness = Callable[[Diary, Chance, Firm, Span], None]


def befall(diary: Diary, chance: Chance, firm: Firm, span: Span) -> None:
    """Let each likeness befall the firm with its own probability."""
    for probability, likeness in _LIKENESSES:
        if chance.happens(probability):
            likeness(diary, chance, firm, span)


def _open_day(chance: Chance, firm: Firm, span: Span) -> int:
    """Return an hour of a business day on which the firm banks here."""
    days = calendar(firm.country.code)
    day = days.on_or_after(chance.pick(span.dates()))
    return max(days.moment(day, chance.between(8, 18)), firm.opened + HOUR)


def _importer(diary: Diary, chance: Chance, firm: Firm, span: Span) -> None:
    """Advances to a new maker far away, whose bank at times stands in a third country."""
    place = chance.pick(("HK", "TR", "IN", "PK", "AE", "UA", "SG", "MX"))
    maker = people.outsider(chance, place, firm=True)
    if chance.happens(0.3):
        maker = replace(maker, country=chance.pick(("HK", "TR", "IN", "PK", "EG")))
    goods, moment = chance.pick(GOODS), _open_day(chance, firm, span)
    price = firm.turnover * 0.05 * chance.around(1.8, 0.6)
    for _ in range(chance.whole(1, 4)):
        session = acts.sign_in(diary, chance, firm, moment, device=firm.devices[0])
        currency = acts.settlement_currency(firm.party, maker)
        euros = price * chance.around(1, 0.4)
        acts.order(
            diary,
            chance,
            firm,
            maker,
            acts.round_sum(euros, currency)
            if chance.happens(0.5)
            else acts.minor_units(euros, currency),
            currency,
            session,
            acts.verification(chance, firm.party, maker, True),
            purpose=chance.pick(("GDDS", "SUPP")),
            text=f"{goods} invoice {chance.whole(1000, 9999)}",
            notable=True,
        )
        moment += int(chance.around(9, 0.6) * DAY)


def _part_payments(diary: Diary, chance: Chance, firm: Firm, span: Span) -> None:
    """A client pays a part at order and the rest through its leasing or factoring house."""
    client = chance.pick(firm.clients)
    factor = people.outsider(chance, chance.pick(("GB", "DE", "CH", "AE", "NL")), firm=True)
    goods, moment = chance.pick(GOODS), _open_day(chance, firm, span)
    for payer, share in ((client, chance.between(0.2, 0.5)), (factor, 0.6)):
        currency = acts.settlement_currency(payer, firm.party)
        acts.receive(
            diary,
            payer,
            firm.party,
            acts.minor_units(firm.turnover * 0.065 * share * chance.around(1.4, 0.4), currency),
            currency,
            moment,
            channel=chance.pick(("online", "api")),
            purpose="GDDS",
            text=f"{goods} invoice {chance.whole(1000, 9999)}",
            notable=True,
        )
        if payer is factor and chance.happens(0.4):
            diary.transfers[-1].ultimate_debtor = client
        moment += int(chance.between(0.2, 4) * DAY)


def _virtual_numbers(diary: Diary, chance: Chance, firm: Firm, span: Span) -> None:
    """Each client pays by a virtual IBAN of its own; the money stays, or goes to suppliers."""
    issuer = chance.pick(("LT", "EE", "IE", "BE", "NL"))
    for _ in range(chance.whole(6, 18)):
        payer = people.outsider(chance, chance.pick((firm.country.code, "DE", "FR", "NL", "ES")))
        given = accounts.virtual(f"{firm.customer_id} {chance.hexadecimal(6)}", firm.party, issuer)
        currency = acts.settlement_currency(payer, given)
        came = acts.receive(
            diary,
            payer,
            given,
            acts.minor_units(chance.around(420, 0.9), currency),
            currency,
            _open_day(chance, firm, span),
            channel=chance.pick(("online", "mobile")),
            text=chance.pick(("order", "invoice", "deposit", "tickets", None)),
            notable=True,
        )
        came.ultimate_creditor = firm.party


def _pay_agent(diary: Diary, chance: Chance, firm: Firm, span: Span) -> None:
    """A pay agent sends its own country's customers' money by file, with their names."""
    program, address = firm.server or firm.devices[0], firm.server_ip or networks.hosting(chance)
    customers = [people.outsider(chance, firm.country.code) for _ in range(chance.whole(6, 12))]
    corridor = chance.pick(firm.country.families_in)
    for _ in range(chance.whole(4, 8)):
        moment = _open_day(chance, firm, span)
        session = acts.open_session(chance, firm, moment, program, address)
        acts.note(
            diary,
            session,
            "api_call",
            2,
            privilege="service",
            bytes=int(chance.around(70_000, 0.8)),
            resource="payment file",
        ).notable = True
        for _ in range(chance.whole(1, 4)):
            payee = people.outsider(chance, corridor)
            currency = acts.settlement_currency(firm.party, payee)
            sent = acts.receive(
                diary,
                firm.party,
                payee,
                acts.round_sum(firm.turnover * 0.05 * chance.around(0.8, 0.7), currency),
                currency,
                session.clock + int(chance.between(1, 40) * acts.SECOND),
                channel="api",
                text=chance.pick(("family support", "services", "transfer", None)),
                customer_id=firm.customer_id,
                notable=True,
            )
            sent.ultimate_debtor = chance.pick(customers)
            if chance.happens(0.15):
                sent.ultimate_debtor = replace(sent.ultimate_debtor, name="")
            if sent.intermediary and chance.happens(0.3):
                sent.intermediary += " ZQCOGBX0"


def _own_branches(diary: Diary, chance: Chance, firm: Firm, span: Span) -> None:
    """A group settles among its branches: money in and out of alike amounts on one day."""
    branches = [
        people.outsider(chance, chance.pick(firm.country.families_in), firm=True) for _ in range(2)
    ]
    for _ in range(chance.whole(2, 4)):
        moment = _open_day(chance, firm, span)
        euros = firm.turnover * 0.05 * chance.around(1.2, 0.5)
        giver, taker = chance.some(branches, 2)
        currency = acts.settlement_currency(giver, firm.party)
        acts.receive(
            diary,
            giver,
            firm.party,
            acts.minor_units(euros, currency),
            currency,
            moment,
            channel="api",
            text="settlement",
            notable=True,
        )
        currency = acts.settlement_currency(firm.party, taker)
        acts.receive(
            diary,
            firm.party,
            taker,
            acts.minor_units(euros * chance.between(0.97, 1.03), currency),
            currency,
            moment + int(chance.between(0.2, 5) * HOUR),
            channel="api",
            customer_id=firm.customer_id,
            text=chance.pick(("settlement", "services", None)),
            notable=True,
        )


def _administers(diary: Diary, chance: Chance, firm: Firm, span: Span) -> None:
    """An operator sets limits and fetches books, now and then on a day of rest."""
    days = calendar(firm.country.code)
    for _ in range(chance.whole(2, 6)):
        day = chance.pick(span.dates())
        if not days.business_day(day) and chance.happens(0.4):
            day = days.on_or_after(day)
        moment = days.moment(day, chance.between(7, 23))
        if moment < firm.opened:
            continue
        session = acts.sign_in(diary, chance, firm, moment, device=firm.devices[0])
        for event in diary.accesses:
            if event.session_id == session.session_id:
                event.privilege = "administrator"
        for _ in range(chance.count(1.6)):
            acts.note(
                diary,
                session,
                "download",
                chance.around(90, 0.9),
                privilege="administrator",
                bytes=int(chance.around(900_000, 1.1)),
                resource=chance.pick(BOOKS),
            ).notable = True
        if chance.happens(0.3):
            acts.note(diary, session, "limit_change", 100, privilege="administrator").notable = True
        if chance.happens(0.45):
            fresh = chance.happens(0.5)
            payee = (
                people.outsider(chance, firm.country.code, firm=True)
                if fresh
                else chance.pick(firm.suppliers)
            )
            if fresh and chance.happens(0.7):
                acts.note(
                    diary, session, "payee_added", 60, privilege="administrator"
                ).notable = True
            currency = acts.settlement_currency(firm.party, payee)
            acts.order(
                diary,
                chance,
                firm,
                payee,
                acts.minor_units(firm.turnover * 0.05 * chance.around(1.2, 0.7), currency),
                currency,
                session,
                acts.verification(chance, firm.party, payee, fresh),
                wait=chance.around(200, 1.0),
                purpose="SUPP",
                text=f"invoice {chance.whole(1000, 9999)}",
                notable=True,
            )


_LIKENESSES: tuple[tuple[float, Likeness], ...] = (
    (0.35, _importer),
    (0.2, _part_payments),
    (0.1, _virtual_numbers),
    (0.08, _pay_agent),
    (0.12, _own_branches),
    (0.6, _administers),
)
