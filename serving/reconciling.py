"""A source's control totals against what was ingested, and which of its events are missing.

A total is a count and a value of one member's payments (or access events) of one day in one
currency. Values are decimals and compared exactly. A day is the event's own, in a zone one gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from serving.store import totals
from serving.store.database import View
from serving.store.records import microseconds, moment

NO_CURRENCY = ""
_LISTED = 1_000
Progress = Callable[[int], None]
"""Called with how many entries of the log were read."""


@dataclass(frozen=True, order=True)
class Slot:
    """What a total is about; access events have no currency."""

    member: str
    stream: str
    day: date
    currency: str = NO_CURRENCY


@dataclass(frozen=True)
class Total:
    """How many events, and the sum of their amounts in whole units of the currency."""

    count: int = 0
    value: Decimal = Decimal(0)


@dataclass(frozen=True)
class Line:
    """A slot as the source has it and as it was ingested; a value of None was not given."""

    slot: Slot
    expected_count: int
    expected_value: Decimal | None
    ingested: Total

    @property
    def agrees(self) -> bool:
        """Tell whether both say the same."""
        value = self.expected_value
        same_value = value is None or value == self.ingested.value
        return self.expected_count == self.ingested.count and same_value

    def document(self) -> dict[str, Any]:
        """Return the line for a program; values are decimals as text."""
        value = self.expected_value
        return {
            "member": self.slot.member,
            "stream": self.slot.stream,
            "day": self.slot.day.isoformat(),
            "currency": self.slot.currency or None,
            "expected_count": self.expected_count,
            "ingested_count": self.ingested.count,
            "expected_value": None if value is None else f"{value:f}",
            "ingested_value": f"{self.ingested.value:f}" if self.slot.currency else None,
            "agrees": self.agrees,
        }


@dataclass(frozen=True)
class Expected:
    """What a source says: totals by slot, and the identifiers of its events where it gives them."""

    totals: dict[Slot, tuple[int, Decimal | None]]
    identifiers: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """By (member, stream)."""


@dataclass(frozen=True)
class Reconciliation:
    """Every slot; identifiers that are missing, and ingested ones that the source does not have."""

    lines: list[Line]
    missing: list[tuple[str, str, str]]
    """As (member, stream, event id)."""
    surplus: list[tuple[str, str, str]]

    @property
    def agrees(self) -> bool:
        """Tell whether nothing differs."""
        return all(line.agrees for line in self.lines) and not self.missing and not self.surplus

    def document(self) -> dict[str, Any]:
        """Return all of it for a program; at most a thousand identifiers of a kind are listed."""
        names = ("member", "stream", "event_id")
        return {
            "agrees": self.agrees,
            "totals": [line.document() for line in self.lines],
            "missing": len(self.missing),
            "missing_events": [
                dict(zip(names, one, strict=True)) for one in self.missing[:_LISTED]
            ],
            "surplus": len(self.surplus),
            "surplus_events": [
                dict(zip(names, one, strict=True)) for one in self.surplus[:_LISTED]
            ],
        }


def reconcile(
    view: View, expected: Expected, zone: ZoneInfo, progress: Progress = lambda _: None
) -> Reconciliation:
    """Compare a source's totals with the log.

    Slots of the same members, streams and days that only the log has are lines, too. Without any
    total, identifiers alone are compared, and none is called surplus.
    """
    ingested: dict[Slot, Total] = {}
    surplus: list[tuple[str, str, str]] = []
    read = 0
    for (member, stream), days in sorted(_days(expected.totals).items()):
        known = expected.identifiers.get((member, stream))
        for event in totals.events_between(view, member, stream, *_span(days, zone)):
            read += 1
            progress(read)
            day = moment(event.event_time).astimezone(zone).date()
            if day not in days:
                continue
            slot, value = _slot(member, stream, day, event.body)
            before = ingested.get(slot, Total())
            ingested[slot] = Total(before.count + 1, before.value + value)
            if known is not None and event.event_id not in known:
                surplus.append((member, stream, event.event_id))
    lines = [
        Line(slot, *expected.totals.get(slot, (0, None)), ingested.get(slot, Total()))
        for slot in sorted(expected.totals.keys() | ingested.keys())
    ]
    return Reconciliation(lines, list(_missing(view, expected)), sorted(surplus))


def _missing(view: View, expected: Expected) -> Iterable[tuple[str, str, str]]:
    for (member, stream), wanted in sorted(expected.identifiers.items()):
        there = totals.known(view, member, stream, wanted)
        for event_id in sorted(wanted - there):
            yield member, stream, event_id


def _days(slots: Iterable[Slot]) -> dict[tuple[str, str], set[date]]:
    days: dict[tuple[str, str], set[date]] = {}
    for slot in slots:
        days.setdefault((slot.member, slot.stream), set()).add(slot.day)
    return days


def _span(days: Iterable[date], zone: ZoneInfo) -> tuple[int, int]:
    """Return from when to before when the days last, in microseconds."""
    ordered: Sequence[date] = sorted(days)
    after = ordered[-1] + timedelta(days=1)
    edges = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (ordered[0], after))
    first, end = map(microseconds, edges)
    return first, end


def _slot(member: str, stream: str, day: date, body: bytes) -> tuple[Slot, Decimal]:
    if stream != "payment":
        return Slot(member, stream, day), Decimal(0)
    fields = orjson.loads(body)
    return Slot(member, stream, day, fields["currency"]), Decimal(fields["amount"])
