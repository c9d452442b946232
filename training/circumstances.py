"""What stood around each judged event: its worth, corridor, channel, segment, season and case.

Figures are told by these; none of them is a feature by being named here. Ramadan is a matter of
the date alone (Umm al-Qura calendar), never of a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from training import prepare

if TYPE_CHECKING:
    import pyarrow as pa

    from features.reference import Reference
    from features.table import EventTable
    from training.metrics.outcomes import Floats, Integers, Mask
    from training.recipe import Recipe

NO_AMOUNT = 0.0
SEGMENT_FIELDS = {
    "payment": (
        "extra_segment",
        "extra_customer_segment",
        "extra_customer_kind",
        "debtor_account_scheme",
    ),
    "access": ("extra_segment", "extra_user_segment", "extra_user_kind", "privilege"),
}
"""Where a customer's segment is looked for, the first that is there."""
_RAMADAN = 9
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Circumstances:
    """What stood around each event of a slice.

    `value` is the amount in cents of the reference currency, zero without a rate or an amount;
    `dimensions` name each event's group by dimension (corridor or country, channel, segment,
    ramadan, holiday); `segment_field` is the column behind segment. `began_before` marks frauds
    whose subject had one of the same typology before the slice.
    """

    event_id: list[str]
    time: Integers
    value: Floats
    typology: list[str]
    dimensions: dict[str, list[str]]
    countries: tuple[list[str], list[str]]
    """Debtor's and creditor's country; of access events both are the address's."""
    segment_field: str | None
    began_before: Mask


def circumstances(
    recipe: Recipe,
    line: prepare.Timeline,
    rows: prepare.Slice,
    reference: Reference,
) -> Circumstances:
    """Return what stood around each event of a slice of a timeline."""
    events = line.events.take(rows.places)
    typology = prepare.typologies_of(line, rows, recipe)
    countries = _countries(events, reference)
    dimensions = {}
    if events.stream == "payment":
        dimensions["corridor"] = [
            f"{debtor}→{creditor}" if debtor and creditor else ""
            for debtor, creditor in zip(*countries, strict=True)
        ]
        dimensions["channel"] = _texts(events.column("channel"))
    else:
        dimensions["country"] = countries[0]
        dimensions["channel"] = _texts(events.column("client_application"))
    field = _segment_field(recipe, events)
    if field is not None:
        dimensions["segment"] = _texts(events.column(field))
    dimensions |= _seasons(events, rows.outcomes.day, countries[0], reference)
    return Circumstances(
        _texts(events.column("event_id")),
        events.integers("time"),
        _values(events, reference),
        typology,
        {name: names for name, names in dimensions.items() if any(names)},
        countries,
        field,
        _began_before(recipe, line, rows, typology),
    )


def _texts(column: pa.ChunkedArray) -> list[str]:
    import pyarrow as pa

    return [value or "" for value in column.cast(pa.string()).to_pylist()]


def _segment_field(recipe: Recipe, events: EventTable) -> str | None:
    own = recipe.figures.segment
    if own is not None:
        return next((name for name in (own, f"extra_{own}") if events.has(name)), None)
    return next((name for name in SEGMENT_FIELDS[events.stream] if events.has(name)), None)


def _countries(events: EventTable, reference: Reference) -> tuple[list[str], list[str]]:
    """Return debtor's and creditor's country as the corridor has them, empty where unknown."""
    if events.stream == "access":
        place = cache(lambda ip: (reference.ip_country(ip) or "") if ip else "")
        found = [place(ip) for ip in _texts(events.column("ip_address"))]
        return found, found
    sides = []
    for party in ("debtor", "creditor"):
        held = _texts(events.column(f"{party}_account_country"))
        bank = _texts(events.column(f"{party}_agent_country"))
        sides.append([one or other for one, other in zip(held, bank, strict=True)])
    return sides[0], sides[1]


def _values(events: EventTable, reference: Reference) -> Floats:
    """Return each amount in cents of the reference currency, by the rate of its day."""
    if events.stream != "payment":
        return np.zeros(len(events))
    minor, time = events.integers("amount_minor"), events.integers("time")
    currencies = _texts(events.column("currency"))
    found = (
        reference.amount_reference(int(amount), currency, int(when))
        for amount, currency, when in zip(minor, currencies, time, strict=True)
    )
    return np.array([NO_AMOUNT if one is None else float(one) for one in found])


def _seasons(
    events: EventTable, day: Integers, country: list[str], reference: Reference
) -> dict[str, list[str]]:
    fasting = {int(one): is_ramadan(int(one)) for one in np.unique(day)}
    seasons = {}
    if any(fasting.values()):
        seasons["ramadan"] = ["in Ramadan" if fasting[int(one)] else "outside" for one in day]
    if any(country):
        rest = cache(reference.calendars.is_holiday)
        told = [
            ("public holiday" if rest(where, int(one)) else "other day") if where else ""
            for where, one in zip(country, day, strict=True)
        ]
        if "public holiday" in told:
            seasons["holiday"] = told
    return seasons


def is_ramadan(day: int) -> bool:
    """Tell whether a day (counted from 1970-01-01) lies in Ramadan; False where none can tell."""
    from hijridate import Gregorian

    when = _EPOCH + timedelta(days=day)
    try:
        return int(Gregorian(when.year, when.month, when.day).to_hijri().month) == _RAMADAN
    except OverflowError:
        return False


def _began_before(
    recipe: Recipe, line: prepare.Timeline, rows: prepare.Slice, typology: list[str]
) -> Mask:
    """Mark frauds whose subject had one of the same typology before the slice began."""
    known_now = prepare.what_is_known(line, line.known_by, recipe)
    earlier = np.flatnonzero((known_now.target == 1) & line.before(rows.span))
    kinds = known_now.typologies
    known = {(int(line.subject[place]), kinds[place]) for place in earlier}
    subject = rows.outcomes.subject.tolist()
    return (
        np.array([one in known for one in zip(subject, typology, strict=True)], dtype=bool)
        & rows.outcomes.target
    )
