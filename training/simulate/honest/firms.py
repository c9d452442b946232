"""A firm's days: suppliers, clients, wages, its mailbox, scripts and month-end downloads."""

from __future__ import annotations

from datetime import date

from training.simulate import acts, networks, people
from training.simulate.calendars import DAY, EPOCH, HOUR, MINUTE, Calendar, Span, calendar
from training.simulate.chance import Chance, Weights
from training.simulate.people import Firm
from training.simulate.population import Population
from training.simulate.records import Device, Diary, Party

_OFFICE_HOURS = Weights(
    (0.1,) * 6 + (0.5, 2, 7, 10, 10, 9, 6, 7, 9, 9, 8, 5, 2, 1, 0.7, 0.5, 0.3, 0.2)
)
THRESHOLD = 10_000
MAIL_RULES = (
    "move to folder",
    "file invoices",
    "forward to colleague",
    "delete",
    "move to RSS feeds",
)


def mail_client(firm: Firm) -> Device:
    """Return the firm's mail program on its main computer."""
    own = firm.devices[0]
    return Device(own.device_id, own.user_agent, "mail", False)


def trade(firm: Firm, span: Span, chance: Chance) -> Diary:
    """Write down what a firm does over the simulated days."""
    diary = Diary(firm.customer_id)
    days = calendar(firm.country.code)
    renewed = _supplier_moves_bank(chance, firm, span)
    for day in span.dates():
        if (day - EPOCH).days * DAY < firm.opened:
            continue
        if not days.business_day(day):
            if chance.happens(0.04 * firm.activity):
                _mail(diary, chance, firm, _office_hour(chance, days, day))
            continue
        if chance.happens(0.55 * firm.activity):
            _pay_suppliers(diary, chance, firm, _office_hour(chance, days, day), renewed)
        for _ in range(chance.count(0.3 * firm.activity)):
            _paid_by_client(diary, chance, firm, _office_hour(chance, days, day))
        if chance.happens(0.3 * firm.activity):
            _mail(diary, chance, firm, _office_hour(chance, days, day))
        if firm.server and chance.happens(0.35):
            _script(diary, chance, firm, days.moment(day, chance.between(1, 6)))
        if day.day <= 4 and chance.happens(0.35):
            _download_books(diary, chance, firm, _office_hour(chance, days, day))
    return diary


def _office_hour(chance: Chance, days: Calendar, day: date) -> int:
    return days.moment(day, _OFFICE_HOURS.index(chance.between(0, 1)) + chance.between(0, 1))


def _invoice(chance: Chance, firm: Firm) -> float:
    """Return an invoice's size in euros; some firms' prices lie near the reporting threshold."""
    if firm.near_threshold and chance.happens(0.3):
        return chance.between(0.85, 1.12) * THRESHOLD
    return chance.around(firm.turnover * 0.05, 0.9)


def _supplier_moves_bank(chance: Chance, firm: Firm, span: Span) -> dict[str, tuple[int, Party]]:
    """Honest suppliers change their bank, too; return when, and their new account."""
    moved = {}
    for supplier in firm.suppliers:
        if chance.happens(0.05 * span.days / 100):
            place = supplier.country
            if chance.happens(0.2):
                place = chance.pick(("LT", "DE", "IE", "GB"))
            fresh = people.outsider(chance, place, firm=True)
            renamed = Party(
                fresh.account,
                fresh.scheme,
                fresh.account_country,
                fresh.agent,
                supplier.name,
                supplier.country,
            )
            moved[supplier.account] = (int(chance.between(span.start, span.end)), renamed)
    return moved


def _pay_suppliers(
    diary: Diary, chance: Chance, firm: Firm, moment: int, renewed: dict[str, tuple[int, Party]]
) -> None:
    session = acts.sign_in(diary, chance, firm, moment, device=chance.pick(firm.devices))
    for _ in range(1 + chance.count(0.4)):
        if chance.happens(0.035):
            place = chance.pick((firm.country.code, *firm.country.families_in))
            supplier = people.outsider(chance, place, firm=True)
        else:
            supplier = chance.pick(firm.suppliers)
        move = renewed.get(supplier.account)
        if move and session.clock >= move[0]:
            supplier = move[1]
        first = supplier.account not in firm.known_payees
        added = (
            first
            and (move is not None or session.clock > firm.opened + 60 * DAY)
            and chance.happens(0.3)
        )
        firm.known_payees.setdefault(supplier.account, session.clock)
        if added:
            acts.note(diary, session, "payee_added", chance.between(30, 200)).notable = True
        currency = acts.settlement_currency(firm.party, supplier)
        if chance.happens(0.025):
            acts.receive(
                diary,
                firm.party,
                supplier,
                acts.minor_units(_invoice(chance, firm), currency),
                currency,
                session.clock + int(chance.between(0.2, 3) * HOUR),
                channel=chance.pick(("branch", "phone")),
                purpose="SUPP",
                text=f"invoice {chance.whole(1000, 9999)}",
                customer_id=firm.customer_id,
            )
            continue
        acts.order(
            diary,
            chance,
            firm,
            supplier,
            acts.minor_units(_invoice(chance, firm), currency, 50 if chance.happens(0.15) else 0),
            currency,
            session,
            acts.verification(chance, firm.party, supplier, added),
            wait=chance.between(30, 400),
            purpose=chance.pick(("SUPP", "GDDS", "SUPP")),
            text=f"invoice {chance.whole(1000, 9999)}",
            notable=added,
        )
    if chance.happens(0.2):
        acts.note(diary, session, "logout", chance.between(20, 600))


def _paid_by_client(diary: Diary, chance: Chance, firm: Firm, moment: int) -> None:
    client = chance.pick(firm.clients)
    currency = acts.settlement_currency(client, firm.party)
    acts.receive(
        diary,
        client,
        firm.party,
        acts.minor_units(_invoice(chance, firm) * 1.3, currency),
        currency,
        moment,
        channel=chance.pick(("online", "api")),
        purpose="GDDS",
        text=f"invoice {chance.whole(1000, 9999)}",
    )


def _mail(diary: Diary, chance: Chance, firm: Firm, moment: int) -> None:
    """Somebody reads mail, at times from a journey, and sorts it with a rule."""
    travelling = chance.happens(0.06)
    address = networks.public_wifi(chance.pick(firm.country.families_in), chance)
    session = acts.sign_in(
        diary,
        chance,
        firm,
        moment,
        device=mail_client(firm),
        ip_address=address if travelling else None,
    )
    if chance.happens(0.2):
        acts.note(
            diary,
            session,
            "download",
            chance.between(60, 900),
            bytes=int(chance.around(400_000, 1.0)),
            resource="mail folder",
        )
    if chance.happens(0.01):
        acts.note(diary, session, "consent_grant", 90, resource="mail reader").notable = True
    if chance.happens(0.04):
        rule = acts.note(
            diary,
            session,
            "mail_rule",
            chance.between(30, 900),
            resource=chance.pick(MAIL_RULES),
        )
        rule.notable = True


def _script(diary: Diary, chance: Chance, firm: Firm, moment: int) -> None:
    """A program fetches statements by night; when its password has expired it keeps failing."""
    if firm.server is None or firm.server_ip is None:
        return
    session = acts.open_session(chance, firm, moment, firm.server, firm.server_ip)
    if chance.happens(0.015):
        for _ in range(chance.whole(4, 15)):
            failed = acts.note(diary, session, "login", 60, "failure", privilege="service")
            failed.notable = True
        return
    for _ in range(chance.whole(1, 4)):
        acts.note(
            diary,
            session,
            "api_call",
            chance.between(1, 20),
            privilege="service",
            bytes=int(chance.around(90_000, 1.0)),
            resource=chance.pick(("transactions", "balance", "profile")),
        )


def _download_books(diary: Diary, chance: Chance, firm: Firm, moment: int) -> None:
    """The bookkeeper closes the month: many documents, much data, sometimes from home."""
    session = acts.sign_in(diary, chance, firm, moment, device=firm.devices[0])
    if chance.happens(0.2):
        session.ip_address = networks.vpn(chance)
    for _ in range(chance.whole(3, 12)):
        item = acts.note(
            diary,
            session,
            "download",
            chance.between(3, 40),
            bytes=int(chance.around(1_500_000, 1.0)),
            resource=chance.pick(("statement", "ledger", "payment archive", "customer list")),
        )
        item.notable = True


def pay_wages(population: Population, span: Span, seed: int) -> Diary:
    """Write down the wages that firms of this bank pay to staff who bank here too."""
    diary = Diary("wages")
    firms = {firm.customer_id: firm for firm in population.firms}
    for person in population.persons:
        firm = firms.get(person.employer_id or "")
        if firm is None:
            continue
        chance = Chance(seed, "wages", person.customer_id)
        days = calendar(firm.country.code)
        monthly = 2 if person.country.payday == "twice_a_month" else 1
        currency = acts.settlement_currency(firm.party, person.party)
        for year, month in span.months():
            for payday in days.paydays(year, month):
                moment = days.moment(payday, 2 + (int(firm.customer_id[1:]) % 40) / 8)
                moment += chance.whole(0, 3) * MINUTE
                if moment < max(person.opened, firm.opened) + HOUR:
                    continue
                acts.receive(
                    diary,
                    firm.party,
                    person.party,
                    acts.minor_units(person.wage / monthly * chance.around(1, 0.015), currency),
                    currency,
                    moment,
                    channel="api",
                    purpose="SALA",
                    text=f"wages {payday:%m/%Y}",
                    customer_id=firm.customer_id,
                )
    return diary
