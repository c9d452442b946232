"""How the console says things: money, times, ages, countries and quantities, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any

import pycountry
from markupsafe import Markup

STATES = {"open": "Open", "claimed": "Claimed", "decided": "Decided"}
ADVICES = {"urgent": "Urgent", "review": "Review", "clear": "Clear"}
STREAMS = {"payment": "Payments", "access": "Access"}
ROLES = {
    "victim": "Victim",
    "unwitting_mule": "Unwitting mule",
    "complicit": "Complicit",
    "perpetrator": "Perpetrator",
    "unknown": "Not known",
}
TYPOLOGIES = {
    "account_takeover": "Account takeover",
    "mule_chain": "Mule chain",
    "structuring": "Structuring below a threshold",
    "business_email_compromise": "Business e-mail compromise",
    "trafficking_proceeds": "Proceeds of trafficking",
    "password_spraying": "Password spraying",
    "session_hijack": "Session hijack",
    "authorised_push_payment": "Authorised push payment",
    "mirror_settlement": "Mirror settlement",
    "nested_correspondent": "Nested correspondent",
    "operator_holiday_fraud": "Operator fraud on a holiday",
    "scam_compound": "Scam compound",
    "shared_device_farm": "Shared device farm",
    "small_payment_exploitation": "Exploitation by small payments",
    "trade_misinvoicing": "Trade mis-invoicing",
    "virtual_asset_exit": "Exit by virtual assets",
    "virtual_iban_mules": "Virtual-IBAN mules",
}
FATES = {
    "rejected": "rejected",
    "returned": "returned",
    "recall_requested": "recall asked for",
    "recall_accepted": "recalled",
    "recall_refused": "recall refused",
}
"""What the last of a payment's statuses is called; others tell a reviewer nothing."""
FATF_LISTS = {
    "increased_monitoring": "was under increased monitoring by the Financial Action Task Force",
    "call_for_action": "was called high-risk by the Financial Action Task Force",
}
ACTIONS = {
    "login": "Login",
    "mfa_challenge": "Second factor asked",
    "password_reset": "Password reset",
    "device_enrolment": "Device enrolled",
    "payee_added": "Payee added",
    "limit_change": "Limit changed",
    "mail_rule": "Mail rule set",
    "consent_grant": "Consent granted",
    "api_call": "API call",
    "download": "Download",
    "logout": "Logout",
    "other": "Other action",
}
HAPPENINGS = {
    "opened": "Opened",
    "event_added": "Event added",
    "claimed": "Claimed",
    "released": "Released",
    "noted": "Note",
    "decided": "Decided",
    "proposed": "Proposed",
    "approved": "Approved",
    "rejected": "Rejected",
    "withdrawn": "Proposal withdrawn",
    "broke_glass": "Done at once, harm was imminent",
    "snoozed": "Put to sleep",
    "woken": "Woken",
    "merged": "Merged",
    "split": "Split",
    "referred": "Referred",
    "recalled": "Recall",
    "duty_done": "Duty done",
}
KEYS = (
    (("?",), "this list"),
    (("g", "q"), "the queue"),
    (("/",), "search"),
    (("j",), "next case of the list"),
    (("k",), "case before"),
    (("Enter",), "open the case in focus"),
    (("x",), "select the case in focus"),
    (("t",), "take the next case"),
    (("c",), "claim this case"),
    (("d",), "go to the decision"),
    (("n",), "write a note"),
    (("r",), "reasons"),
    (("i",), "timeline"),
    (("m",), "map and parties"),
    (("l",), "links to other cases"),
    (("u",), "back to the queue"),
)
"""Keys of the console, each with what it does; `static/console.js` acts on them."""
ENTITIES = {
    "account": "account",
    "customer": "customer",
    "device": "device",
    "document": "document",
    "ip": "address",
    "name": "name",
}
FINDINGS = {
    "confirmed": "Confirmed",
    "honest": "Honest",
    "undecided": "Undecided",
    "unsaid": "Nothing established",
}
BULK = {"claim": "Claim", "release": "Release"}
APPROVAL_STATES = {"approved": "Approved", "rejected": "Rejected", "withdrawn": "Withdrawn"}
CLOCK_STATES = {"running": "Running", "late": "Late", "met": "Met", "met late": "Met late"}
_UNITS_OF_TIME = ((86_400, "d"), (3_600, "h"), (60, "min"))


def money(cents: int | None, currency: str = "EUR") -> str:
    """Say an amount of integer cents, such as 1,234.50 EUR; a dash when it is not known."""
    return "—" if cents is None else f"{cents / 100:,.2f} {currency}"


def short_money(cents: int) -> str:
    """Say an amount of cents without decimals once they no longer matter."""
    return f"{cents / 100:,.0f} EUR" if abs(cents) >= 100_00 else money(cents)


def amount(decimal: str, currency: str) -> str:
    """Say an event's own amount, decimal text such as 3850.00, with its currency."""
    return f"{Decimal(decimal):,f} {currency}"


def percent(share: float) -> str:
    """Say a probability, 0 to 1; never 0 % or 100 % when it is neither."""
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    if share < 0.001:
        return "under 0.1 %"
    if share > 0.999:
        return "over 99.9 %"
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def moment(at: datetime, *, seconds: bool = False) -> Markup:
    """Write a time in UTC as a `time` element that machines can read."""
    utc = at.astimezone(UTC)
    shown = utc.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")
    return Markup('<time datetime="{}" title="{} UTC" data-shown="{}">{}</time>').format(
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        utc.strftime("%A %d %B %Y, %H:%M:%S"),
        "seconds" if seconds else "minutes",
        shown,
    )


def until(due: datetime, now: datetime) -> Markup:
    """Write how long there is until a case is due, or by how much it is late, as a badge."""
    left = due - now
    late = left < timedelta(0)
    kind = "late" if late else "due soon" if left < timedelta(hours=1) else "due"
    said = f"late by {span(-left)}" if late else f"due in {span(left)}"
    return Markup('<span class="badge {}" title="due {} UTC">{}</span>').format(
        kind, due.astimezone(UTC).strftime("%Y-%m-%d %H:%M"), said
    )


def span(length: timedelta) -> str:
    """Say a length of time in its largest fitting unit, such as 3 h."""
    seconds = length.total_seconds()
    for size, unit in _UNITS_OF_TIME:
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return "under 1 min"


def span_of(seconds: int) -> str:
    """Say a number of seconds in its largest fitting unit."""
    return span(timedelta(seconds=seconds))


def first_upper(text: str) -> str:
    """Begin a text with a capital letter and leave the rest as it is."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """Make an error's text a sentence: a capital letter first, a full stop last."""
    return first_upper(text) + ("" if text.endswith((".", "!", "?")) else ".")


def shortened(text: str, most: int = 26) -> str:
    """Cut a long text in its middle, where numbers differ least."""
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}…{text[len(text) - most // 2 + 1 :]}"


def measure(value: float) -> str:
    """Say a measure: whole numbers as they are, others with three significant decimals."""
    return f"{value:,.0f}" if value == int(value) and abs(value) > 1 else f"{value:,.3f}"


def runs(items: Iterable[Any], attribute: str) -> list[tuple[Any, list[Any]]]:
    """Gather neighbours whose attribute is the same, in their order."""
    return [(key, list(run)) for key, run in groupby(items, attrgetter(attribute))]


def many(count: int, one: str, more: str | None = None) -> str:
    """Say a count with its noun, such as 1 event or 3 events."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


@lru_cache(maxsize=512)
def country_name(code: str | None) -> str:
    """Return a country's common English name, the code itself when there is none."""
    if code is None:
        return "unknown country"
    country = pycountry.countries.get(alpha_2=code)
    if country is None:
        return "Kosovo" if code == "XK" else code
    return str(getattr(country, "common_name", country.name)).partition(",")[0]


def corridor(pair: tuple[str | None, str | None] | None) -> Markup:
    """Write a corridor as two country codes with an arrow; names are there to be read aloud."""
    if pair is None:
        return Markup('<span class="quiet">—</span>')
    first, second = (_country(code) for code in pair)
    return Markup(
        '<span class="corridor">{} <span class="arrow" aria-hidden="true">→</span>'
        '<span class="hidden"> to </span> {}</span>'
    ).format(first, second)


def _country(code: str | None) -> Markup:
    return Markup('<abbr class="country" title="{}">{}</abbr>').format(
        country_name(code), code or "??"
    )


def fatf(status: str) -> str:
    """Say how the Financial Action Task Force lists a country."""
    return FATF_LISTS.get(status, status)


def account(number: str) -> str:
    """Write an IBAN in groups of four, as people read it; other numbers as they are."""
    if len(number) >= 15 and number[:2].isalpha() and number[2:4].isdigit() and number.isalnum():
        return " ".join(number[start : start + 4] for start in range(0, len(number), 4))
    return number


FILTERS: dict[str, Callable[..., Any]] = {
    "account": account,
    "corridor": corridor,
    "country_name": country_name,
    "fatf": fatf,
    "first_upper": first_upper,
    "runs": runs,
    "many": many,
    "measure": measure,
    "moment": moment,
    "money": money,
    "percent": percent,
    "sentence": sentence,
    "short_money": short_money,
    "span": span,
    "until": until,
}
