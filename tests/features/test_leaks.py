"""No feature sees its own event's label, a later event, or a label before it was known."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from event_worlds import random_world
from hypothesis import given, settings
from hypothesis import strategies as st

from features.batch import build
from features.catalog import PAYMENTS
from features.errors import UnreadableFile
from features.events import Label, Payment, parse
from features.reference import Reference
from features.table import EventTable, concatenate, from_events

REFERENCE = Reference()


def rows_by_event(tables: tuple[EventTable, EventTable, EventTable]) -> dict[str, bytes]:
    built = build(*tables, REFERENCE)
    return {
        name: row.tobytes()
        for table in tables[:2]
        for name, row in zip(
            table.column("event_id").to_pylist(), built.features[table.stream], strict=True
        )
    }


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), cut=st.integers(20, 280))
def test_what_comes_later_moves_nothing(seed: int, cut: int) -> None:
    world = random_world(seed)
    whole = rows_by_event(world.tables)
    until = rows_by_event(world.until(cut).tables)
    assert until == {name: whole[name] for name in until}


def _label_of(event_id: str, known_at: object, is_fraud: bool = True) -> EventTable:
    given = {
        "stream": "payment",
        "event_id": event_id,
        "is_fraud": is_fraud,
        "known_at": known_at,
        "source": "import",
    }
    return from_events("label", [parse(Label, given)])


@pytest.mark.parametrize("days", [0, 1, 9])
def test_a_label_is_invisible_until_it_is_known(days: int) -> None:
    payments, access, labels = random_world(11, size=400).tables
    names = payments.column("event_id").to_pylist()
    about = 10
    first = payments.integers("time")[about]
    known_at = first + days * 86_400_000_000
    label = _label_of(names[about], np.datetime64(int(known_at), "us").item().isoformat() + "Z")
    without = rows_by_event((payments, access, labels))
    with_it = rows_by_event((payments, access, concatenate([labels, label])))
    assert with_it[names[about]] == without[names[about]]
    for name, arrived in zip(names, payments.received_at, strict=True):
        if arrived <= known_at:
            assert with_it[name] == without[name]
    assert with_it != without


def test_a_label_known_before_its_event_is_refused() -> None:
    world = random_world(2)
    payments, access, labels = world.tables
    payment = world.of(Payment)[5][1]
    assert isinstance(payment, Payment)
    early = _label_of(payment.event_id, payment.time - timedelta(seconds=1))
    with pytest.raises(UnreadableFile, match=f"{payment.event_id}: known_at lies before"):
        build(payments, access, concatenate([labels, early]), REFERENCE)


def test_a_correction_takes_the_first_label_back() -> None:
    given = {"currency": "EUR", "amount": "5", "debtor_account": "a", "creditor_account": "b"}
    payments = [
        parse(Payment, {**given, "event_id": f"p{day}", "time": f"2026-03-{day:02d}T12:00:00Z"})
        for day in (1, 4, 6)
    ]
    labels = concatenate(
        [
            _label_of("p1", "2026-03-03T00:00:00Z", is_fraud=True),
            _label_of("p1", "2026-03-05T00:00:00Z", is_fraud=False),
        ]
    )
    built = build(from_events("payment", payments), None, labels, REFERENCE)
    frauds = built.features["payment"][:, PAYMENTS.index("creditor_frauds_7d")]
    assert frauds.tolist() == [0, 1, 0]
