"""Walks over the graph against brute force: circles, gatherings, shared devices, budgets."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from features.catalog import rings
from features.compiling import compile_program
from features.definitions import Catalogue, F, Walk
from features.engine import Engine
from features.events import Label, Payment, parse
from features.reference import Reference

REFERENCE = Reference()
START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = 86_400
FLOW = Walk.flow(rings.outgoing, rings.incoming, "7d")
SHARED = Walk.shared(
    (rings.debtor_devices, rings.device_payments),
    (rings.debtor_addresses, rings.ip_payments),
    (rings.debtor_labels, rings.creditor_labels),
    "30d",
)
RESULTS = {
    "circle": FLOW.circle(),
    "gathered": FLOW.gathered(),
    "flow_spent": FLOW.spent(),
    "hops": SHARED.hops(),
    "accounts": SHARED.accounts(),
    "shared_spent": SHARED.spent(),
}
PROGRAM = compile_program(
    {
        "payment": Catalogue(
            "test",
            "payment",
            tuple(F(name, walk, "count", "t", "{value}", "t") for name, walk in RESULTS.items()),
        )
    }
)


def payment(
    number: int, second: int, debtor: str, creditor: str, device: str | None = None
) -> Payment:
    return parse(
        Payment,
        {
            "event_id": f"p{number}",
            "time": START + timedelta(seconds=second),
            "currency": "EUR",
            "amount": "10",
            "debtor_account": debtor,
            "creditor_account": creditor,
            "device_id": device,
        },
    )


def step(engine: Engine, event: Payment) -> dict[str, float]:
    return dict(zip(RESULTS, engine.step(event).features.tolist(), strict=True))


def fraud(engine: Engine, event: Payment, second: int) -> None:
    known = {"known_at": START + timedelta(seconds=second), "source": "test", "is_fraud": True}
    label = parse(Label, {"stream": "payment", "event_id": event.event_id, **known})
    engine.label(event, label, None)


Edge = tuple[int, str, str]


def shortest_circle(past: list[Edge], now: Edge) -> int:
    """Return the length of the shortest circle that `now` closes, by trying every one."""
    time, debtor, creditor = now
    recent = [edge for edge in past if time - 7 * DAY < edge[0] <= time]
    for length in (1, 2, 3):
        for edges in permutations(recent, length):
            ends = (edges[0][1], edges[-1][2]) == (creditor, debtor)
            joined = all(a[2] == b[1] and a[0] < b[0] for a, b in pairwise(edges))
            if ends and joined:
                return length + 1
    return 0


def gathered(past: list[Edge], now: Edge) -> int:
    time, debtor, creditor = now
    recent = [edge for edge in past if time - 7 * DAY < edge[0] <= time]
    sources = {source for _, source, to in recent if to == debtor}
    return len(
        {
            payer
            for went, payer, to in recent
            if to == creditor and payer != debtor
            for came, source, reached in recent
            if source in sources and reached == payer and came < went
        }
    )


accounts = st.sampled_from(["a", "b", "c", "d", "e"])
edges = st.lists(
    st.tuples(st.sampled_from([1, 1, 3600, DAY, 7 * DAY]), accounts, accounts), max_size=9
)


@settings(max_examples=200, deadline=None)
@given(edges=edges)
def test_circles_and_gatherings_equal_brute_force(edges: list[Edge]) -> None:
    engine = Engine(REFERENCE, PROGRAM)
    past: list[Edge] = []
    now = 0
    for number, (wait, debtor, creditor) in enumerate(edges):
        now += wait
        found = step(engine, payment(number, now, debtor, creditor))
        edge = (now, debtor, creditor)
        if debtor != creditor:
            assert found["circle"] == shortest_circle(past, edge)
        # A payer who paid on before and after he was reached counts by his newest payment.
        assert found["gathered"] == gathered(past, edge)
        assert found["flow_spent"] == 0
        past.append(edge)


def test_a_circle_of_five_is_not_looked_for() -> None:
    engine = Engine(REFERENCE, PROGRAM)
    for number, pair in enumerate(["ab", "bc", "cd", "de"]):
        step(engine, payment(number, number + 1, *pair))
    assert step(engine, payment(9, 10, "e", "a"))["circle"] == 0
    assert step(engine, payment(10, 11, "d", "a"))["circle"] == 4


def test_shared_devices_lead_to_a_known_fraud() -> None:
    engine = Engine(REFERENCE, PROGRAM)
    known = payment(1, 0, "thief", "shop", "phone")
    step(engine, known)
    step(engine, payment(2, 10, "mule", "shop2", "phone"))
    step(engine, payment(3, 20, "mule", "shop3", "tablet"))
    before = step(engine, payment(4, 30, "third", "shop4", "tablet"))
    assert math.isnan(before["hops"])
    assert before["accounts"] == 2
    fraud(engine, known, 40)
    after = step(engine, payment(5, 50, "third", "shop5", "tablet"))
    assert after["hops"] == 2
    assert step(engine, payment(6, 60, "mule", "shop6"))["hops"] == 1
    assert step(engine, payment(7, 70, "thief", "shop7"))["hops"] == 0
    late = step(engine, payment(8, 41 + 30 * DAY, "thief", "shop8"))
    assert math.isnan(late["hops"])


def test_a_crowd_on_one_device_spends_the_budget_and_says_so() -> None:
    engine = Engine(REFERENCE, PROGRAM)
    for number in range(100):
        found = step(engine, payment(number, number, f"a{number}", "shop", "kiosk"))
    assert found["shared_spent"] == 1
    assert found["accounts"] == 16
