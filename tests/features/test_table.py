"""The batch form: every field has its column, and events come back as they went in."""

from __future__ import annotations

import pyarrow as pa
import pytest
from event_worlds import random_world
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import UnreadableFile
from features.table import EventTable, concatenate, to_events


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_events_come_back_as_they_went_in(seed: int) -> None:
    for table in random_world(seed, size=120).tables:
        again = list(to_events(table))
        events = [event for _, event in random_world(seed, size=120).of(type(again[0]))]
        assert [event.canonical() for event in again] == [event.canonical() for event in events]


def test_arrival_is_the_events_own_time_where_it_is_not_given() -> None:
    payments = random_world(1).tables[0]
    bare = EventTable("payment", payments.table.drop_columns(["received_at"]))
    assert (bare.received_at == payments.integers("time")).all()
    assert (payments.received_at >= payments.integers("time")).all()


def test_absent_columns_read_as_nulls() -> None:
    table = EventTable("access", pa.table({"event_id": ["a"], "time": [0], "user_id": ["u"]}))
    assert not table.has("device_id")
    assert table.column("device_id").null_count == 1
    assert len(concatenate([table, table])) == 2


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="colour is not a field of stream payment"):
        EventTable("payment", pa.table({"colour": ["red"]}))
