"""The one order of arrivals, offline and online."""

from __future__ import annotations

from event_worlds import World, random_world
from hypothesis import given, settings
from hypothesis import strategies as st
from test_parity import batch, online

from features.events import Label, Payment
from features.timeline import in_order


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000))
def test_arrivals_from_tables_score_like_the_tables(seed: int) -> None:
    world = random_world(seed)
    again = World(list(in_order(*world.tables)))
    assert [at for at, _ in again.arrivals] == sorted(at for at, _ in again.arrivals)
    assert online(again) == batch(world)


def test_a_label_waits_for_its_event() -> None:
    world = random_world(4)
    seen = set()
    for _, event in in_order(*world.tables):
        if isinstance(event, Label):
            assert (event.stream, event.event_id) in seen
        else:
            seen.add((event.stream, event.event_id))


def test_some_tables_may_be_left_out() -> None:
    payments, _, labels = random_world(4).tables
    kinds = {type(event) for _, event in in_order(payments, None, None)}
    assert kinds == {Payment}
    assert list(in_order(None, None, labels)) == []
