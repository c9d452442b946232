"""What persons, firms and criminals do: sign in, act within a session, order a payment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from features.reference import currency_exponent
from training.simulate import devices, names
from training.simulate.calendars import MINUTE
from training.simulate.chance import Chance, Weights
from training.simulate.geography import COUNTRIES, SEPA, WALLETS_PER_EURO
from training.simulate.people import Customer
from training.simulate.records import Access, Device, Diary, Mark, Party, Transfer

SECOND = 1_000_000
PER_EURO = {country.currency: country.per_euro for country in COUNTRIES.values()} | WALLETS_PER_EURO
_ANSWERS = ("match", "close_match", "no_match", "not_checked")
_KNOWN_PAYEE = Weights((0.93, 0.04, 0.004, 0.026))
_NEW_PAYEE = Weights((0.8, 0.12, 0.03, 0.05))


def minor_of(units: float, currency: str) -> int:
    """Return whole units of a currency as minor units, at least one."""
    return max(1, round(units * 10.0 ** (currency_exponent(currency) or 0)))


def minor_units(euros: float, currency: str, round_to: float = 0.0) -> int:
    """Return an amount of that many euros in minor units of `currency`.

    With `round_to` (in whole units of the currency) it is a round sum, as people send.
    """
    units = euros * PER_EURO[currency]
    if round_to:
        units = max(round_to, round(units / round_to) * round_to)
    return minor_of(units, currency)


def round_sum(euros: float, currency: str) -> int:
    """Return the amount as people round it by hand: to tens or fifties, or more of small units."""
    per_euro = PER_EURO[currency]
    scale = 10.0 ** len(str(int(per_euro))) / 10 if per_euro >= 2 else 1.0
    return minor_units(euros, currency, (10.0 if euros < 200 else 50.0) * scale)


def exchange(minor: float, given: str, wanted: str) -> int:
    """Return an amount in minor units of another currency."""
    ratio = PER_EURO[wanted] / PER_EURO[given]
    exponents = (currency_exponent(wanted) or 0) - (currency_exponent(given) or 0)
    return max(1, round(minor * ratio * 10.0**exponents))


@dataclass(slots=True)
class Session:
    """A session in progress; `clock` is the time of its latest event."""

    user_id: str
    session_id: str
    ip_address: str
    device: Device
    clock: int


def note(
    diary: Diary,
    session: Session,
    action: str,
    wait: float,
    outcome: str = "success",
    mark: Mark | None = None,
    **details: Any,
) -> Access:
    """Write down one access event, `wait` seconds after the session's latest."""
    session.clock += int(wait * SECOND)
    event = Access(
        diary.next_key(),
        session.clock,
        session.user_id,
        action,
        outcome,
        session.ip_address,
        session.device,
        session.session_id,
        mark=mark,
        **details,
    )
    diary.accesses.append(event)
    return event


def open_session(
    chance: Chance, customer: Customer, moment: int, device: Device, ip_address: str
) -> Session:
    """Return a session that has not yet signed in."""
    return Session(customer.customer_id, chance.hexadecimal(16), ip_address, device, moment)


def sign_in(
    diary: Diary,
    chance: Chance,
    customer: Customer,
    moment: int,
    device: Device | None = None,
    ip_address: str | None = None,
) -> Session:
    """Sign in as the customer does: sometimes mistyping, sometimes having forgotten."""
    if device is None:
        device = customer.phone(moment)
        if len(customer.devices) > 1 and chance.happens(0.3):
            device = customer.devices[1]
        if not device.mobile and chance.happens(0.07):
            # Cookies cleared or the browser updated: the same computer looks new.
            device = Device(
                devices.computer(chance).device_id, device.user_agent, device.application, False
            )
    ip_address = ip_address or customer.address(moment, chance)
    session = open_session(chance, customer, moment, device, ip_address)
    tries = 0
    while tries < 5 and chance.happens(customer.clumsiness * (1 + 2.5 * tries)):
        note(diary, session, "login", chance.between(6, 40), "failure")
        tries += 1
    if tries >= 2 and chance.happens(0.5):
        forgot = note(diary, session, "password_reset", chance.between(30, 200))
        forgot.notable = True
    note(diary, session, "login", chance.between(4, 25))
    fresh = (
        customer.new_phone_at is not None and 0 <= moment - customer.new_phone_at < 12 * 60 * MINUTE
    )
    asked = 0.95 if fresh else 0.3
    if customer.second_factor != "none" and chance.happens(asked):
        if chance.happens(0.03):
            note(diary, session, "mfa_challenge", 20, "failure", mfa_method=customer.second_factor)
        note(
            diary,
            session,
            "mfa_challenge",
            chance.between(4, 50),
            mfa_method=customer.second_factor,
        )
    return session


def verification(chance: Chance, debtor: Party, creditor: Party, new: bool) -> str:
    """Return the payee check's answer; it exists within the euro payments area only."""
    if debtor.account_country not in SEPA or creditor.account_country not in SEPA:
        return "not_checked"
    return chance.weighted(_ANSWERS, _NEW_PAYEE if new else _KNOWN_PAYEE)


def spelling(chance: Chance, creditor: Party, answer: str) -> Party:
    """Return the creditor under the name the payer typed, which a close match does not hit."""
    if answer != "close_match":
        return creditor
    return Party(
        creditor.account,
        creditor.scheme,
        creditor.account_country,
        creditor.agent,
        names.misspelt(chance, creditor.name),
        creditor.country,
    )


def settlement_currency(debtor: Party, creditor: Party) -> str:
    """Return the currency in which the debtor sends."""
    own = COUNTRIES[debtor.account_country].currency
    if debtor.account_country == creditor.account_country:
        return own
    if debtor.account_country in SEPA and creditor.account_country in SEPA:
        return "EUR"
    return own if own in ("EUR", "USD", "GBP", "CHF") else "USD"


def intermediary(debtor: Party, creditor: Party) -> str | None:
    """Return the correspondent bank between two currencies' areas."""
    if "WALLET" in (debtor.scheme, creditor.scheme):
        return None
    if debtor.account_country == creditor.account_country:
        return None
    if debtor.account_country in SEPA and creditor.account_country in SEPA:
        return None
    return "ZQCODEX0" if creditor.account_country in ("TR", "UA", "MA", "EG") else "ZQCOUSX0"


def order(
    diary: Diary,
    chance: Chance,
    customer: Customer,
    creditor: Party,
    minor: int,
    currency: str,
    session: Session,
    answer: str,
    *,
    wait: float = 60,
    purpose: str | None = None,
    text: str | None = None,
    mark: Mark | None = None,
    notable: bool = False,
) -> Transfer:
    """Order a payment within a session, `wait` seconds after its latest event."""
    session.clock += int(wait * SECOND)
    payment = Transfer(
        diary.next_key(),
        session.clock,
        customer.party,
        spelling(chance, creditor, answer),
        minor,
        currency,
        "mobile" if session.device.mobile else "online",
        customer.customer_id,
        purpose,
        text,
        answer,
        session.device.device_id,
        session.ip_address,
        intermediary(customer.party, creditor),
        mark,
        notable,
    )
    diary.transfers.append(payment)
    return payment


def receive(
    diary: Diary,
    debtor: Party,
    creditor: Party,
    minor: int,
    currency: str,
    moment: int,
    *,
    channel: str = "other",
    purpose: str | None = None,
    text: str | None = None,
    customer_id: str | None = None,
    mark: Mark | None = None,
    notable: bool = False,
) -> Transfer:
    """Write down a payment of which no session is known: a standing order, or from elsewhere."""
    payment = Transfer(
        diary.next_key(),
        moment,
        debtor,
        creditor,
        minor,
        currency,
        channel,
        customer_id,
        purpose,
        text,
        intermediary=intermediary(debtor, creditor),
        mark=mark,
        notable=notable,
    )
    diary.transfers.append(payment)
    return payment
