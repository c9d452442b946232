"""A rejected or returned payment leaves value features, as if its amount had never been known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.batch import build
from features.compiling import compile_program
from features.definitions import Catalogue, F, Ring, View, buckets
from features.engine import Engine
from features.events import Payment, PaymentStatus, parse
from features.program import Program
from features.reference import Reference
from features.table import from_events

REFERENCE = Reference()
START = datetime(2026, 3, 1, tzinfo=UTC)
WINDOWS = ("1m", "10m", "1h")
NO_RATE = "KPW"


def program(cap: int) -> Program:
    ring = Ring(
        "outgoing",
        "payment",
        "debtor",
        value="amount",
        other="creditor",
        windows=WINDOWS,
        keep="3h",
        grace="1h",
        cap=cap,
    )
    view = ring.read("payment", "debtor", "creditor", "amount", includes_event=True)
    agents = buckets("agents", "payment", "debtor_agent", "1h", ("1h",)).read(
        "payment", "debtor_agent", value="amount"
    )
    statistics = [(f"{name}_{w}", _of(view, name, w)) for name in _WINDOWED for w in WINDOWS]
    statistics += [(name, getattr(view, name)()) for name in _OVERALL]
    statistics += [("agent_total", agents.total("1h")), ("agent_count", agents.count("1h"))]
    features = tuple(F(name, s, "count", "t", "{value}", "t") for name, s in statistics)
    return compile_program({"payment": Catalogue("t", "payment", features)})


_WINDOWED = ("count", "total", "largest", "same", "distinct", "distinct_new", "outliers", "alike")
_OVERALL = ("mean", "median", "deviation", "maximum", "rank", "known", "seconds_since_last")


def _of(view: View, name: str, window: str) -> object:
    return getattr(view, name)(window)


def payment(number: int, second: int, cents: int, currency: str = "EUR") -> Payment:
    return parse(
        Payment,
        {
            "event_id": f"p{number}",
            "time": START + timedelta(seconds=second),
            "currency": currency,
            "amount": f"{cents // 100}.{cents % 100:02d}",
            "debtor_account": "a",
            "debtor_agent": "DEUTDEFF",
            "creditor_account": f"c{number % 3}",
        },
    )


@settings(max_examples=100, deadline=None)
@given(
    amounts=st.lists(st.sampled_from([0, 100, 100, 250, 9_999]), min_size=2, max_size=30),
    data=st.data(),
    cap=st.sampled_from([8, 1024]),
)
def test_an_undone_payment_counts_as_one_without_amount(
    amounts: list[int], data: st.DataObject, cap: int
) -> None:
    undone = data.draw(st.sets(st.integers(0, len(amounts) - 1), max_size=6))
    steps = data.draw(
        st.lists(st.sampled_from([0, 1, 60, 700]), min_size=len(amounts), max_size=len(amounts))
    )
    times = np.cumsum(steps).tolist()
    one, other = Engine(REFERENCE, program(cap)), Engine(REFERENCE, program(cap))
    for number, (second, cents) in enumerate(zip(times, amounts, strict=True)):
        one.record(payment(number, second, cents))
        other.record(payment(number, second, cents, NO_RATE if number in undone else "EUR"))
    for number in sorted(undone):
        assert not one.retract(payment(number, times[number], amounts[number]))
    probe = payment(len(amounts), times[-1] + 1, 250)
    names = one.program.catalogues["payment"].names
    for name, left, right in zip(
        names, one.step(probe).features, other.step(probe).features, strict=True
    ):
        assert left == right or (np.isnan(left) and np.isnan(right)), name


def test_what_history_no_longer_holds_is_said() -> None:
    engine = Engine(REFERENCE, program(1024))
    assert engine.retract(payment(1, 0, 100))


@pytest.mark.parametrize("status", ["rejected", "returned", "recall_accepted", "accepted"])
def test_batch_equals_online(status: str) -> None:
    payments = [payment(number, 60 * number, 100 * number) for number in range(5)]
    known = START + timedelta(seconds=150)
    said = parse(
        PaymentStatus,
        {"event_id": "s1", "time": known, "payment_event_id": "p1", "status": status},
    )
    built = build(
        from_events("payment", payments),
        None,
        None,
        REFERENCE,
        program=program(1024),
        statuses=from_events("payment_status", [said]),
    )
    engine = Engine(REFERENCE, program(1024))
    for number, event in enumerate(payments):
        if event.time > known and number == 3 and status != "accepted":
            engine.retract(payments[1])
        features = engine.step(event).features
        assert features.tobytes() == built.features["payment"][number].tobytes(), number
    place = engine.program.catalogues["payment"].index("total_1h")
    expected = 100 + 200 + 300 + 400 - (0 if status == "accepted" else 100)
    assert built.features["payment"][4][place] == expected
