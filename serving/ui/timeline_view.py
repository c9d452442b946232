"""The subject's timeline as the case page shows it: one picture and one table of the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from serving.cases import CaseDetail, TimelineEntry
from serving.ui import words
from serving.ui.timeline_svg import Mark, timeline

WINDOWS = {"flags": "Around the flags", "7d": "7 days", "30d": "30 days", "all": "All"}
DEFAULT_WINDOW = "flags"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DETAILS = ("remittance_text", "resource", "client_application", "user_agent")
_VERIFICATIONS = {"no_match": "payee name does not match", "close_match": "payee name is close"}


@dataclass(frozen=True)
class Row:
    """One line of the table; `number` marks the case's flagged events, as in the picture."""

    entry: TimelineEntry
    number: int | None
    what: str
    amount: str
    with_whom: str
    with_whom_account: str
    corridor: tuple[str | None, str | None] | None
    details: tuple[str, ...]

    @property
    def key(self) -> str:
        """Return the event's name in forms and addresses."""
        return f"{self.entry.stream}:{self.entry.event_id}"


@dataclass(frozen=True)
class View:
    """A window of the timeline: its picture, its rows (newest first), and what it leaves out."""

    window: str
    picture: Markup
    rows: tuple[Row, ...]
    left_out: int


def rows(case: CaseDetail) -> list[Row]:
    """Return every entry of the case's timeline as a row, oldest first, flagged ones numbered."""
    made, number = [], 0
    for entry in case.timeline:
        if entry.in_case:
            number += 1
        given = number if entry.in_case else None
        made.append(_access(entry, given) if entry.stream == "access" else _payment(entry, given))
    return made


def view(all_rows: Sequence[Row], window: str) -> View | None:
    """Return one window of the rows, drawn; None when the subject has no event to show."""
    if not all_rows:
        return None
    name = window if window in WINDOWS else DEFAULT_WINDOW
    start, end = _bounds(all_rows, name)
    shown = [row for row in all_rows if start <= row.entry.time <= end]
    picture = timeline([_mark(row) for row in shown], _us(start), _us(end))
    return View(name, picture, tuple(reversed(shown)), len(all_rows) - len(shown))


def _bounds(all_rows: Sequence[Row], window: str) -> tuple[datetime, datetime]:
    every = [row.entry.time for row in all_rows]
    flagged = [row.entry.time for row in all_rows if row.number is not None] or every[-1:]
    first, last = min(flagged), max(flagged)
    if window == "all":
        first, last = min(every), max(every)
    elif window != "flags":
        first = min(first, last - timedelta(days=7 if window == "7d" else 30))
    near = window == "flags"
    margin = max((last - first) * (0.25 if near else 0.03), timedelta(minutes=10 if near else 60))
    return first - margin, last + margin


def _mark(row: Row) -> Mark:
    entry = row.entry
    cents = entry.assessment.amount_reference if entry.assessment else None
    when = entry.time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    said = " · ".join(part for part in (when, row.what, row.amount, row.with_whom) if part)
    return Mark(
        at_us=_us(entry.time),
        lane=entry.direction,
        title=said,
        amount=None if cents is None else cents / 100,
        number=row.number,
        failed=entry.event.get("outcome") == "failure",
    )


def _payment(entry: TimelineEntry, number: int | None) -> Row:
    event = entry.event
    paid = entry.direction == "out"
    other = "creditor" if paid else "debtor"
    checked = _VERIFICATIONS.get(event.get("payee_verification", ""))
    facts = (event.get("channel"), event.get("purpose"), checked, event.get("remittance_text"))
    told = [words.FATES[status] for status in entry.statuses if status in words.FATES]
    return Row(
        entry=entry,
        number=number,
        what=", ".join(["Paid" if paid else "Received", *told[-1:]]),
        amount=words.amount(str(event["amount"]), event["currency"]),
        with_whom=str(event.get(f"{other}_name", "")),
        with_whom_account=words.account(str(event[f"{other}_account"])),
        corridor=(_place(event, "debtor"), _place(event, "creditor")),
        details=tuple(str(fact) for fact in facts if fact),
    )


def _access(entry: TimelineEntry, number: int | None) -> Row:
    event = entry.event
    action = words.ACTIONS.get(event["action"], event["action"])
    fate = {"failure": " failed", "unknown": ", outcome unknown"}.get(event["outcome"], "")
    method = event.get("mfa_method")
    facts = [f"second factor {method.replace('_', ' ')}"] if method and method != "none" else []
    facts += [str(event[field]) for field in _DETAILS if event.get(field)]
    if event.get("bytes"):
        facts.append(f"{event['bytes']:,} bytes")
    return Row(
        entry=entry,
        number=number,
        what=action + fate,
        amount="",
        with_whom=str(event.get("device_id", "")),
        with_whom_account=str(event.get("ip_address", "")),
        corridor=None,
        details=tuple(facts),
    )


def _place(event: Mapping[str, object], party: str) -> str | None:
    place = event.get(f"{party}_account_country") or event.get(f"{party}_agent_country")
    return str(place) if place else None


def _us(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
