"""The columns of a payment's row."""

from __future__ import annotations

from typing import Any

from features.columns import places, texts
from features.columns.kinds import (
    Column,
    Computed,
    Given,
    Mapped,
    ReferenceAmount,
    hash_of,
    hashed,
    is_given,
    letters_of,
    one_of,
)
from features.events import account_identity
from features.reference import REFERENCE_CURRENCY, Reference
from features.reference.dated import ANYWHERE

_JUST_UNDER = (3, 20)
"""How far below a threshold still counts as just under it: 15 per cent."""


def _account(
    _: Reference, scheme: str | None, agent: str | None, account: str | None
) -> int | None:
    return None if account is None else hashed(account_identity(scheme, agent, account))


def _agent(_: Reference, bic: str | None) -> int | None:
    return None if bic is None else hashed(bic[:8])


def _threshold(
    reference: Reference, country: str | None, agent_country: str | None, currency: str, day: int
) -> int:
    """Return the threshold of country and day in a currency, 0 where none is known."""
    return reference.lists.threshold(country or agent_country or ANYWHERE, currency, day) or 0


def _threshold_reference(
    reference: Reference, country: str | None, agent_country: str | None, _: str, day: int
) -> int:
    return _threshold(reference, country, agent_country, REFERENCE_CURRENCY, day)


def _uses(
    reference: Reference, country: str | None, agent_country: str | None, currency: str, day: int
) -> int | None:
    where = country or agent_country
    return int(reference.lists.uses_currency(where, currency, day)) if where else None


def _zeros(minor: Any) -> Any:
    zeros = 0
    for power in range(2, 8):
        zeros = zeros + (minor % 10**power == 0) * (minor > 0)
    return zeros


def _just_under(minor: Any, threshold: Any) -> Any:
    # Never missing, for rings count it; a threshold of 0 is none.
    share, whole = _JUST_UNDER
    return (minor >= threshold - threshold * share // whole) & (minor < threshold)


def _pair(first: Any, second: Any) -> Any:
    return first * 676 + second


_DEBTORS = ("debtor_account_country", "debtor_agent_country")
_CREDITORS = ("creditor_account_country", "creditor_agent_country")
_MONEY = ("currency", "time_day")

PAYMENT_COLUMNS: tuple[Column, ...] = (
    Given("time", "time"),
    ReferenceAmount(),
    Given("amount_minor", "amount_minor"),
    Mapped("debtor", ("debtor_account_scheme", "debtor_agent", "debtor_account"), _account),
    Mapped("creditor", ("creditor_account_scheme", "creditor_agent", "creditor_account"), _account),
    Mapped("customer", ("customer_id",), hash_of),
    Mapped("debtor_agent", ("debtor_agent",), _agent),
    Mapped("creditor_agent", ("creditor_agent",), _agent),
    Mapped("debtor_account_country", _DEBTORS, letters_of),
    Mapped("creditor_account_country", _CREDITORS, letters_of),
    Computed("corridor", ("debtor_account_country", "creditor_account_country"), _pair),
    Mapped("debtor_agent_country", ("debtor_agent_country",), letters_of),
    Mapped("creditor_agent_country", ("creditor_agent_country",), letters_of),
    Mapped("debtor_residence", ("debtor_country",), letters_of),
    Mapped("creditor_residence", ("creditor_country",), letters_of),
    Mapped("creditor_name", ("creditor_name",), texts.name),
    Mapped("creditor_is_named", ("creditor_name",), is_given),
    Mapped("creditor_script", ("creditor_name",), texts.script),
    Mapped("debtor_is_named", ("debtor_name",), is_given),
    Computed(
        "unnamed_parties",
        ("debtor_is_named", "creditor_is_named"),
        lambda debtor, creditor: 2 - debtor - creditor,
    ),
    Mapped(
        "creditor_scheme",
        ("creditor_account_scheme",),
        one_of("IBAN", "BBAN", "CARD", "WALLET", "MERCHANT", "OTHER"),
    ),
    Mapped("currency", ("currency",), letters_of),
    Mapped(
        "channel",
        ("channel",),
        one_of("online", "mobile", "branch", "card", "api", "atm", "phone", "other"),
    ),
    Mapped("purpose", ("purpose",), hash_of),
    Mapped(
        "payee_verification", ("payee_verification",), one_of("match", "close_match", "no_match")
    ),
    Mapped("remittance_length", ("remittance_text",), texts.length),
    Mapped("remittance_digits", ("remittance_text",), texts.digits),
    Mapped("remittance_script", ("remittance_text",), texts.script),
    Mapped("intermediaries", ("intermediary_agents",), texts.words),
    Given("truncated", "truncated"),
    *places.PLACE_AND_NETWORK,
    Mapped("clock", (*_DEBTORS, "time_hour"), places.country_clock),
    *places.LOCAL_TIME,
    *places.BANKING_DAY,
    Computed("trailing_zeros", ("amount_minor",), _zeros),
    Mapped("threshold", (*_DEBTORS, *_MONEY), _threshold),
    Mapped("threshold_reference", (*_DEBTORS, *_MONEY), _threshold_reference),
    Mapped("is_debtors_currency", (*_DEBTORS, *_MONEY), _uses),
    Mapped("creditor_threshold", (*_CREDITORS, *_MONEY), _threshold),
    Mapped("is_creditors_currency", (*_CREDITORS, *_MONEY), _uses),
    Computed("just_under_threshold", ("amount_minor", "threshold"), _just_under),
    Computed("just_under_creditors", ("amount_minor", "creditor_threshold"), _just_under),
    Computed(
        "currency_owners",
        ("is_debtors_currency", "is_creditors_currency"),
        lambda debtors, creditors: (1 - debtors) * 2 + 1 - creditors,
    ),
)
