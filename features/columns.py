"""An event as a row of integers: what the kernel reads.

Each column is one function of a few fields. A single event calls it once; a table calls it once for
each distinct combination of values (`features.batch`), so online and offline cannot differ.
Identifiers become 64-bit hashes (xxh3: equal on every machine and in any order), countries and
currencies small numbers, and what is absent becomes MISSING.
"""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xxhash

from features.events import AccessEvent, Payment, account_identity
from features.layout import MISSING
from features.reference import MICROSECONDS_PER_DAY, Reference

MICROSECONDS_PER_HOUR = 3_600_000_000


@dataclass(frozen=True)
class Mapped:
    """A column that is a function of reference data and of some fields, taken value by value.

    `function(reference, *values)` gets None for an absent field; it returns an integer or None.
    `time_hour` and `time_day` may be named as fields: whole hours and days since 1970.
    """

    name: str
    fields: tuple[str, ...]
    function: Callable[..., int | None]


@dataclass(frozen=True)
class Computed:
    """A column that is integer arithmetic over earlier columns, the same for one row or many.

    It is missing where any of its inputs is.
    """

    name: str
    columns: tuple[str, ...]
    formula: Callable[..., Any]


@dataclass(frozen=True)
class Given:
    """A column that is an integer field as it stands."""

    name: str
    field: str


@dataclass(frozen=True)
class ReferenceAmount:
    """The amount in cents of the reference currency, by the rate of its day, if there is one."""

    name: str = "amount"


Column = Mapped | Computed | Given | ReferenceAmount


def hashed(text: str) -> int:
    """Return the signed 64-bit xxh3 hash of a text, never MISSING."""
    number = xxhash.xxh3_64_intdigest(text.encode())
    signed = number - 2**64 if number >= 2**63 else number
    return 0 if signed == MISSING else signed


def letters(code: str) -> int:
    """Return a code of capital letters as a number in base 26 (FR is 5 * 26 + 17)."""
    number = 0
    for letter in code:
        number = number * 26 + ord(letter) - ord("A")
    return number


def _hash(_: Reference, text: str | None) -> int | None:
    return None if text is None else hashed(text)


def _letters(_: Reference, code: str | None) -> int | None:
    return None if code is None else letters(code)


def _first_letters(_: Reference, *codes: str | None) -> int | None:
    return next((letters(code) for code in codes if code is not None), None)


def _account(
    _: Reference, scheme: str | None, agent: str | None, account: str | None
) -> int | None:
    return None if account is None else hashed(account_identity(scheme, agent, account))


def _agent(_: Reference, bic: str | None) -> int | None:
    return None if bic is None else hashed(bic[:8])


def _network(_: Reference, ip: str | None) -> int | None:
    if ip is None:
        return None
    address = ipaddress.ip_address(ip)
    length = 24 if address.version == 4 else 48
    return hashed(str(ipaddress.ip_network((ip, length), strict=False)))


def _ip_country(reference: Reference, ip: str | None) -> int | None:
    country = reference.ip_country(ip) if ip else None
    return letters(country) if country else None


def _place(reference: Reference, ip: str | None) -> int | None:
    place = reference.place(ip) if ip else None
    if place is None:
        return None
    return (round((place[0] + 90) * 10_000) << 22) | round((place[1] + 180) * 10_000)


def _asn(reference: Reference, asn: int | None, ip: str | None) -> int | None:
    return asn if asn is not None else reference.asn(ip) if ip else None


def _utc_offset(reference: Reference, *values: Any) -> int:
    country = next((code for code in values[:-1] if code is not None), None)
    return reference.utc_offset(country, values[-1] * MICROSECONDS_PER_HOUR) if country else 0


def _ip_utc_offset(reference: Reference, ip: str | None, hour: int) -> int:
    country = reference.ip_country(ip) if ip else None
    return reference.utc_offset(country, hour * MICROSECONDS_PER_HOUR) if country else 0


def _name(_: Reference, name: str | None) -> int | None:
    if name is None:
        return None
    plain = unicodedata.normalize("NFKD", name).casefold()
    return hashed(" ".join(sorted("".join(c if c.isalnum() else " " for c in plain).split())))


def _length(_: Reference, text: str | None) -> int | None:
    return None if text is None else len(text)


def _digits(_: Reference, text: str | None) -> int | None:
    return None if text is None else sum(c.isdigit() for c in text)


def _words(_: Reference, text: str | None) -> int | None:
    return 0 if text is None else len(text.split())


def _one_of(*words: str) -> Callable[..., int | None]:
    order = {word: place for place, word in enumerate(words)}
    return lambda _, word: order.get(word)


def _is(outcome: str | None, *actions: str) -> Callable[..., int]:
    def function(_: Reference, action: str | None, found: str | None) -> int:
        return int(action in actions and (outcome is None or found == outcome))

    return function


def _hour(time: Any, offset: Any) -> Any:
    return (time // 1_000_000 + offset) // 3600 % 24


def _weekday(time: Any, offset: Any) -> Any:
    return ((time // 1_000_000 + offset) // 86_400 + 3) % 7


def _zeros(minor: Any) -> Any:
    zeros = 0
    for power in range(2, 8):
        zeros = zeros + (minor % 10**power == 0) * (minor > 0)
    return zeros


def _just_under_threshold(amount: Any) -> Any:
    return (amount >= 850_000) & (amount < 1_000_000)


def _pair(first: Any, second: Any) -> Any:
    return first * 676 + second


_PLACE_AND_NETWORK: tuple[Column, ...] = (
    Mapped("ip", ("ip_address",), _hash),
    Mapped("ip_network", ("ip_address",), _network),
    Mapped("ip_country", ("ip_address",), _ip_country),
    Mapped("place", ("ip_address",), _place),
    Mapped("device", ("device_id",), _hash),
)

PAYMENT_COLUMNS: tuple[Column, ...] = (
    Given("time", "time"),
    ReferenceAmount(),
    Given("amount_minor", "amount_minor"),
    Mapped("debtor", ("debtor_account_scheme", "debtor_agent", "debtor_account"), _account),
    Mapped("creditor", ("creditor_account_scheme", "creditor_agent", "creditor_account"), _account),
    Mapped("customer", ("customer_id",), _hash),
    Mapped("debtor_agent", ("debtor_agent",), _agent),
    Mapped("creditor_agent", ("creditor_agent",), _agent),
    Mapped(
        "debtor_account_country", ("debtor_account_country", "debtor_agent_country"), _first_letters
    ),
    Mapped(
        "creditor_account_country",
        ("creditor_account_country", "creditor_agent_country"),
        _first_letters,
    ),
    Computed("corridor", ("debtor_account_country", "creditor_account_country"), _pair),
    Mapped("debtor_agent_country", ("debtor_agent_country",), _letters),
    Mapped("creditor_agent_country", ("creditor_agent_country",), _letters),
    Mapped("debtor_residence", ("debtor_country",), _letters),
    Mapped("creditor_residence", ("creditor_country",), _letters),
    Mapped("creditor_name", ("creditor_name",), _name),
    Mapped("currency", ("currency",), _letters),
    Mapped(
        "channel",
        ("channel",),
        _one_of("online", "mobile", "branch", "card", "api", "atm", "phone", "other"),
    ),
    Mapped("purpose", ("purpose",), _hash),
    Mapped(
        "payee_verification", ("payee_verification",), _one_of("match", "close_match", "no_match")
    ),
    Mapped("remittance_length", ("remittance_text",), _length),
    Mapped("remittance_digits", ("remittance_text",), _digits),
    Mapped("intermediaries", ("intermediary_agents",), _words),
    Given("truncated", "truncated"),
    *_PLACE_AND_NETWORK,
    Mapped(
        "utc_offset",
        ("debtor_account_country", "debtor_agent_country", "time_hour"),
        _utc_offset,
    ),
    Computed("hour", ("time", "utc_offset"), _hour),
    Computed("weekday", ("time", "utc_offset"), _weekday),
    Computed("trailing_zeros", ("amount_minor",), _zeros),
    Computed("just_under_threshold", ("amount",), _just_under_threshold),
)

_SENSITIVE = (
    "password_reset",
    "device_enrolment",
    "payee_added",
    "limit_change",
    "mail_rule",
    "consent_grant",
)

ACCESS_COLUMNS: tuple[Column, ...] = (
    Given("time", "time"),
    Mapped("user", ("user_id",), _hash),
    *_PLACE_AND_NETWORK,
    Mapped("asn", ("asn", "ip_address"), _asn),
    Mapped("user_agent", ("user_agent",), _hash),
    Mapped("user_agent_length", ("user_agent",), _length),
    Mapped("application", ("client_application",), _hash),
    Mapped("session", ("session_id",), _hash),
    Mapped("resource", ("resource",), _hash),
    Given("bytes", "bytes"),
    Mapped(
        "action",
        ("action",),
        _one_of(
            "login",
            "mfa_challenge",
            "password_reset",
            "device_enrolment",
            "payee_added",
            "limit_change",
            "mail_rule",
            "consent_grant",
            "api_call",
            "download",
            "logout",
            "other",
        ),
    ),
    Mapped("mfa", ("mfa_method",), _one_of("none", "sms", "totp", "push", "hardware_key", "other")),
    Mapped("privilege", ("privilege",), _one_of("user", "administrator", "service")),
    Mapped(
        "is_failure", ("action", "outcome"), lambda _, action, outcome: int(outcome == "failure")
    ),
    Mapped("is_login", ("action", "outcome"), _is(None, "login")),
    Mapped("is_failed_login", ("action", "outcome"), _is("failure", "login")),
    Mapped("is_successful_login", ("action", "outcome"), _is("success", "login")),
    Mapped("is_mfa_challenge", ("action", "outcome"), _is(None, "mfa_challenge")),
    Mapped("is_password_reset", ("action", "outcome"), _is("success", "password_reset")),
    Mapped("is_payee_added", ("action", "outcome"), _is("success", "payee_added")),
    Mapped("is_device_enrolment", ("action", "outcome"), _is("success", "device_enrolment")),
    Mapped("is_mail_rule", ("action", "outcome"), _is("success", "mail_rule")),
    Mapped("is_sensitive", ("action", "outcome"), _is("success", *_SENSITIVE)),
    Mapped("is_retrieval", ("action", "outcome"), _is(None, "download", "api_call")),
    Mapped("utc_offset", ("ip_address", "time_hour"), _ip_utc_offset),
    Computed("hour", ("time", "utc_offset"), _hour),
    Computed("weekday", ("time", "utc_offset"), _weekday),
)

LABEL_COLUMNS = ("label_fraud", "label_weight")
"""Columns that a label's row has behind those of its event; its `time` is when it became known."""

COLUMNS: dict[str, tuple[Column, ...]] = {"payment": PAYMENT_COLUMNS, "access": ACCESS_COLUMNS}
NAMES: dict[str, tuple[str, ...]] = {
    stream: tuple(column.name for column in columns) for stream, columns in COLUMNS.items()
}


class Encoder:
    """Turns one event after another into its row; remembers what equal values gave before."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._plans = {stream: _Plan(columns) for stream, columns in COLUMNS.items()}

    def row(self, event: Payment | AccessEvent) -> np.ndarray[Any, Any]:
        """Return an event's row: int64[columns], in the order of `NAMES[event.stream]`."""
        plan = self._plans[event.stream]
        time = event.time_us
        fields = {
            **event.__dict__,
            "time": time,
            "time_hour": time // MICROSECONDS_PER_HOUR,
            "time_day": time // MICROSECONDS_PER_DAY,
        }
        row = [MISSING] * len(NAMES[event.stream])
        if isinstance(event, Payment):
            fields["amount_minor"] = event.amount_minor
            fields["intermediary_agents"] = " ".join(event.intermediary_agents) or None
            amount = self.reference.amount_reference(event.amount_minor, event.currency, time)
            row[_AMOUNT] = MISSING if amount is None else amount
        for place, field in plan.given:
            value = fields[field]
            row[place] = MISSING if value is None else int(value)
        for group in plan.groups:
            key = tuple([fields[field] for field in group.fields])
            found = group.known.get(key)
            if found is None:
                found = [column.function(self.reference, *key) for column in group.columns]
                if len(group.known) >= _REMEMBERED:
                    group.known.clear()
                group.known[key] = found
            for place, value in zip(group.places, found, strict=True):
                if value is not None:
                    row[place] = value
        for place, inputs, formula in plan.computed:
            values = [row[number] for number in inputs]
            if MISSING not in values:
                row[place] = int(formula(*values))
        return np.array(row, dtype=np.int64)


@dataclass(frozen=True)
class _Group:
    """Mapped columns of the same fields, and what they gave for values seen before."""

    fields: tuple[str, ...]
    columns: list[Mapped]
    places: list[int]
    known: dict[tuple[Any, ...], list[int | None]]


class _Plan:
    """A stream's columns, sorted by how each is filled."""

    def __init__(self, columns: tuple[Column, ...]) -> None:
        names = [column.name for column in columns]
        groups: dict[tuple[str, ...], _Group] = {}
        self.given: list[tuple[int, str]] = []
        self.computed: list[tuple[int, list[int], Callable[..., Any]]] = []
        for place, column in enumerate(columns):
            if isinstance(column, Given):
                self.given.append((place, column.field))
            elif isinstance(column, Computed):
                inputs = [names.index(name) for name in column.columns]
                self.computed.append((place, inputs, column.formula))
            elif isinstance(column, Mapped):
                group = groups.setdefault(column.fields, _Group(column.fields, [], [], {}))
                group.columns.append(column)
                group.places.append(place)
        self.groups = list(groups.values())


_AMOUNT = NAMES["payment"].index("amount")
_REMEMBERED = 65_536
