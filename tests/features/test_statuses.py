"""Statuses tied to payments over whole tables, against one status after another as they arrive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from features.events import UNDOING, Label, Payment, PaymentStatus, parse
from features.statuses import recall_labels, retractions, tie
from features.table import EventTable, from_events, to_events
from features.timeline import in_order

START = datetime(2026, 5, 1, tzinfo=UTC)
UETRS = [f"eb6305c9-1f7f-49de-aed0-16487c27b42{digit}" for digit in "de"]
MINUTE = 60_000_000
BASE = int(START.timestamp()) * 1_000_000


def payment(number: int, minute: int, **more: Any) -> Payment:
    fixed = {"currency": "EUR", "amount": 1, "debtor_account": "1", "creditor_account": "2"}
    when = (START + timedelta(minutes=minute)).isoformat()
    return parse(Payment, {"event_id": f"p{number}", "time": when, **fixed, **more})


def status(number: int, minute: int, **more: Any) -> PaymentStatus:
    when = (START + timedelta(minutes=minute)).isoformat()
    return parse(PaymentStatus, {"event_id": f"s{number}", "time": when, **more})


def tables(
    payments: list[tuple[int, Payment]], statuses: list[tuple[int, PaymentStatus]]
) -> tuple[EventTable, EventTable]:
    def one(stream: str, arrivals: Any) -> EventTable:
        return from_events(
            stream, [e for _, e in arrivals], [BASE + MINUTE * a for a, _ in arrivals]
        )

    return one("payment", payments), one("payment_status", statuses)


names = st.fixed_dictionaries(
    {},
    optional={"uetr": st.sampled_from(UETRS), "end_to_end_id": st.sampled_from(["E1", "E2"])},
)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Any, Any]:
    payments, statuses = [], []
    for number in range(draw(st.integers(1, 6))):
        when = draw(st.integers(0, 20))
        payments.append((when + draw(st.integers(0, 5)), payment(number, when, **draw(names))))
    for number in range(draw(st.integers(1, 6))):
        named = draw(names)
        if not named or draw(st.booleans()):
            named["payment_event_id"] = draw(st.sampled_from(["p0", "p1", "p9"]))
        when = draw(st.integers(0, 25))
        fate = draw(st.sampled_from(["rejected", "returned", "settled", "recall_requested"]))
        reason = draw(st.sampled_from([None, "FRAD", "AC04"]))
        more = {**named, "status": fate, "reason": reason}
        statuses.append((when + draw(st.integers(0, 5)), status(number, when, **more)))
    return payments, statuses


def meant(known: list[Payment], one: PaymentStatus) -> list[Payment]:
    """The rule, as its page tells it."""

    def of_another(other: Payment) -> bool:
        return any(
            getattr(one, name)
            and getattr(other, name)
            and getattr(one, name) != getattr(other, name)
            for name in ("uetr", "end_to_end_id")
        )

    by_id = [p for p in known if p.event_id == one.payment_event_id and not of_another(p)]
    by_uetr = [p for p in known if one.uetr and p.uetr == one.uetr]
    by_end = [
        p for p in known if one.end_to_end_id and p.end_to_end_id == one.end_to_end_id
        if not of_another(p)
    ]  # fmt: skip
    return by_id or by_uetr or by_end


@given(worlds())
@settings(max_examples=300, deadline=None)
def test_statuses_are_tied_as_if_they_came_one_after_another(world: tuple[Any, Any]) -> None:
    payments, statuses = world
    tied = tie(*tables(payments, statuses))
    for row, (arrived, one) in enumerate(statuses):
        known = meant([p for came, p in payments if came <= arrived], one)
        came_at = arrived
        if not known:
            # It waits for the first payment that it may mean.
            for came, later in sorted(payments, key=lambda pair: pair[0]):
                if came > arrived and meant([later], one):
                    known, came_at = [later], came
                    break
        fits = len(known) == 1 and known[0].time <= one.time
        place = int(tied.payment[row])
        assert (payments[place][1] if place >= 0 else None) == (known[0] if fits else None)
        if fits:
            assert tied.arrived[row] == BASE + MINUTE * came_at


@given(worlds())
@settings(max_examples=100, deadline=None)
def test_a_payment_is_undone_once_by_what_is_first_known(world: tuple[Any, Any]) -> None:
    payments, statuses = tables(*world)
    tied = tie(payments, statuses)
    wanted: dict[int, int] = {}
    for _, row in sorted((int(at), row) for row, at in enumerate(tied.arrived)):
        if tied.payment[row] >= 0 and world[1][row][1].status in UNDOING:
            wanted.setdefault(int(tied.payment[row]), int(tied.arrived[row]))
    rows, arrived = retractions(payments, statuses)
    assert dict(zip(rows.tolist(), arrived.tolist(), strict=True)) == wanted
    assert arrived.tolist() == sorted(arrived.tolist())


@given(worlds())
@settings(max_examples=100, deadline=None)
def test_recalls_for_fraud_are_labels_of_the_payments_they_are_tied_to(
    world: tuple[Any, Any],
) -> None:
    payments, statuses = tables(*world)
    tied = tie(payments, statuses)
    wanted = {}
    for row, (_, one) in enumerate(world[1]):
        if tied.payment[row] >= 0:
            label = one.fraud_label(world[0][int(tied.payment[row])][1].event_id)
            if label is not None:
                wanted[label.label_id] = (label, int(tied.arrived[row]))
    labels = recall_labels(payments, statuses)
    if labels is None:
        assert wanted == {}
        return
    found = {}
    for label, at in zip(to_events(labels), labels.received_at.tolist(), strict=True):
        assert isinstance(label, Label)
        found[label.label_id] = (label, at)
    assert found == wanted


def test_members_are_kept_apart() -> None:
    def of(table: EventTable, *members: str | None) -> EventTable:
        place = table.table.column_names.index("member")
        column = pa.array(members, pa.string())
        return EventTable(table.stream, table.table.set_column(place, "member", column))

    fraud = {"status": "recall_accepted", "reason": "FRAD", "uetr": UETRS[0]}
    payments, statuses = tables(
        [(0, payment(number, 0, uetr=UETRS[0])) for number in range(3)],
        [(1, status(number, 1, **fraud)) for number in range(4)],
    )
    payments = of(payments, "a", "b", None)
    statuses = of(statuses, "b", None, "c", "a")
    assert tie(payments, statuses).payment.tolist() == [1, 2, -1, 0]
    labels = recall_labels(payments, statuses)
    assert labels is not None
    assert labels.column("event_id").to_pylist() == ["p1", "p2", "p0"]
    assert labels.column("member").to_pylist() == ["b", None, "a"]


def test_a_status_comes_after_its_payment_in_the_order_of_arrivals() -> None:
    payments, statuses = tables(
        [(5, payment(0, 0)), (9, payment(1, 0))],
        [(6, status(0, 3, payment_event_id="p1", status="settled"))],
    )
    order = [(at - BASE) // MINUTE for at, _ in in_order(payments, None, None, statuses)]
    names = [event.event_id for _, event in in_order(payments, None, None, statuses)]
    assert (order, names) == ([5, 9, 9], ["p0", "p1", "s0"])
