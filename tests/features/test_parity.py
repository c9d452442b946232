"""Batch, online and replay give the same bits; mutants that break an input do not."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import numpy as np
import pytest
from event_worlds import World, random_world
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.batch import build
from features.engine import Engine
from features.events import AccessEvent, Finding, Label, Payment
from features.reference import Reference

REFERENCE = Reference()
Vectors = dict[str, bytes]


def online(world: World, replayed: int = 0, reference: Reference = REFERENCE) -> Vectors:
    """Step through a world; the first `replayed` arrivals are only recorded, as after a crash."""
    engine = Engine(reference)
    events: dict[tuple[str, str], Payment | AccessEvent] = {}
    known: dict[tuple[str, str], Finding] = {}
    vectors: Vectors = {}
    for number, (_, event) in enumerate(world.arrivals):
        if isinstance(event, Label):
            about = (event.stream, event.event_id)
            engine.label(events[about], event, known.get(about))
            if event.finding is not None:
                known[about] = event.finding
            continue
        events[event.stream, event.event_id] = event
        if number < replayed:
            engine.record(event)
        else:
            vectors[event.event_id] = engine.step(event).features.tobytes()
    return vectors


def batch(world: World, reference: Reference = REFERENCE) -> Vectors:
    payments, access, labels = world.tables
    built = build(payments, access, labels, reference)
    return {
        name: row.tobytes()
        for table in (payments, access)
        for name, row in zip(
            table.column("event_id").to_pylist(), built.features[table.stream], strict=True
        )
    }


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_batch_equals_online(seed: int) -> None:
    world = random_world(seed)
    assert batch(world) == online(world)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), replayed=st.integers(1, 299))
def test_replay_after_a_crash_equals_going_on(seed: int, replayed: int) -> None:
    world = random_world(seed)
    after = online(world, replayed)
    whole = online(world)
    assert after == {name: whole[name] for name in after}


def test_row_order_of_a_table_means_nothing() -> None:
    payments, access, labels = random_world(3).tables
    shuffled = payments.take(np.random.default_rng(1).permutation(len(payments)))
    first = build(payments, access, labels, REFERENCE).features["payment"]
    second = build(shuffled, access, labels, REFERENCE).features["payment"]
    place = {name: n for n, name in enumerate(shuffled.column("event_id").to_pylist())}
    order = [place[name] for name in payments.column("event_id").to_pylist()]
    assert first.tobytes() == second[order].tobytes()


OPTIONAL = [
    "debtor_agent",
    "debtor_account_country",
    "creditor_account_country",
    "creditor_name",
    "customer_id",
    "channel",
    "remittance_text",
    "device_id",
    "ip_address",
    "user_agent",
    "session_id",
]


@settings(max_examples=25, deadline=None)
@example(seed=3, absent={"debtor_agent", "device_id", "ip_address"})
@given(seed=st.integers(0, 10_000), absent=st.sets(st.sampled_from(OPTIONAL)))
def test_batch_equals_online_where_fields_are_wholly_absent(seed: int, absent: set[str]) -> None:
    world = random_world(seed, size=120)
    arrivals = []
    for arrived, event in world.arrivals:
        blank = {name: None for name in absent if name in type(event).model_fields}
        blank |= {"debtor_agent_country": None} if "debtor_agent" in blank else {}
        arrivals.append((arrived, event.model_copy(update=blank)))
    emptied = dataclasses.replace(world, arrivals=arrivals)
    assert batch(emptied) == online(emptied)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_change_no_bit(threads: int) -> None:
    world = random_world(11)
    payments, access, labels = world.tables
    built = build(payments, access, labels, REFERENCE, threads=threads)
    rows = built.features["payment"]
    expected = online(world)
    for name, row in zip(payments.column("event_id").to_pylist(), rows, strict=True):
        assert row.tobytes() == expected[name]


def test_growing_rings_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = random_world(5, size=600)
    expected = online(world)
    monkeypatch.setattr("features.state._FIRST_KEYS", 128)
    monkeypatch.setattr("features.state._FIRST_CELLS", 16)
    assert online(world) == expected
    assert batch(world) == expected


class _ShiftedZones(Reference):
    def utc_offset(self, country: str, time: int) -> int:
        return super().utc_offset(country, time) + 3600


@pytest.mark.parametrize("mutant", ["time cut to the minute", "rounded amounts", "shifted zone"])
def test_planted_mutants_break_parity(mutant: str) -> None:
    world = random_world(7)
    reference = _ShiftedZones() if mutant == "shifted zone" else REFERENCE
    changed = []
    for arrived, event in world.arrivals:
        if mutant == "time cut to the minute" and not isinstance(event, Label):
            cut = event.time - timedelta(seconds=event.time.second % 60)
            event = event.model_copy(update={"time": cut})
        if mutant == "rounded amounts" and isinstance(event, Payment):
            event = event.model_copy(update={"amount": round(event.amount, -1)})
        changed.append((arrived, event))
    mutated = dataclasses.replace(world, arrivals=changed)
    assert batch(mutated, reference) != online(world)
