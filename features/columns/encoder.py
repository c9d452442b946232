"""Events turned into rows one at a time; `features.encoding` turns whole tables, equally."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np

from features.columns.kinds import MICROSECONDS_PER_HOUR, Column, Computed, Given, Mapped
from features.columns.streams import COLUMNS
from features.events import AccessEvent, Payment
from features.layout import MISSING
from features.reference import MICROSECONDS_PER_DAY, Reference

_REMEMBERED = 65_536


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
        numbers: list[int] = []
        if isinstance(event, Payment):
            minor = event.amount_minor
            fields["amount_minor"] = minor
            fields["intermediary_agents"] = " ".join(event.intermediary_agents) or None
            amount = self.reference.amount_reference(minor, event.currency, time)
            numbers.append(MISSING if amount is None else amount)
        for field in plan.given:
            value = fields[field]
            numbers.append(MISSING if value is None else int(value))
        for group in plan.groups:
            key = group.key(fields)
            found = group.known.get(key)
            if found is None:
                found = group.find(self.reference, key)
            numbers += found
        for inputs, formula in plan.computed:
            taken = inputs(numbers)
            numbers.append(MISSING if MISSING in taken else formula(*taken))
        row: np.ndarray[Any, Any] = np.array(numbers, dtype=np.int64)[plan.order]
        return row


@dataclass(frozen=True)
class _Group:
    """Mapped columns of the same fields, and what they gave for values seen before."""

    fields: tuple[str, ...]
    key: Callable[[dict[str, Any]], Any]
    columns: list[Mapped]
    known: dict[Any, tuple[int, ...]]

    def find(self, reference: Reference, key: Any) -> tuple[int, ...]:
        """Return the columns of values that were not seen before, and remember them."""
        values = key if len(self.fields) > 1 else (key,)
        given = [column.function(reference, *values) for column in self.columns]
        found = tuple(MISSING if number is None else number for number in given)
        if len(self.known) >= _REMEMBERED:
            self.known.clear()
        self.known[key] = found
        return found


class _Plan:
    """A stream's columns in the order in which they are filled.

    First the reference amount and given fields, then group after group, then what is computed of
    these; `order` puts them into the row's own order.
    """

    def __init__(self, columns: tuple[Column, ...]) -> None:
        groups: dict[tuple[str, ...], _Group] = {}
        for column in columns:
            if isinstance(column, Mapped):
                fresh = _Group(column.fields, itemgetter(*column.fields), [], {})
                groups.setdefault(column.fields, fresh).columns.append(column)
        self.groups = list(groups.values())
        given = [column for column in columns if isinstance(column, Given)]
        computed = [column for column in columns if isinstance(column, Computed)]
        self.given = [column.field for column in given]
        names = [
            *(
                column.name
                for column in columns
                if not isinstance(column, Mapped | Given | Computed)
            ),
            *(column.name for column in given),
            *(column.name for group in self.groups for column in group.columns),
            *(column.name for column in computed),
        ]
        self.computed = [
            (_taking([names.index(name) for name in column.columns]), column.formula)
            for column in computed
        ]
        self.order = np.array([names.index(column.name) for column in columns])


def _taking(places: list[int]) -> Callable[[Sequence[int]], tuple[int, ...]]:
    """Return a function that takes some numbers out of a list, always as a tuple."""
    if len(places) == 1:
        (only,) = places
        return lambda numbers: (numbers[only],)
    return itemgetter(*places)
