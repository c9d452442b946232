"""Targets: what was known at a time, and never what came to light later."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from features.table import EventTable
from training import data
from training.errors import MissingInput

DAY = data.MICROSECONDS_PER_DAY


def payments(days: list[int], customers: list[str | None] | None = None) -> EventTable:
    count = len(days)
    columns = {
        "event_id": [f"p{place}" for place in range(count)],
        "time": [day * DAY for day in days],
        "debtor_account": [f"A{place % 2}" for place in range(count)],
        "debtor_account_scheme": ["OTHER"] * count,
    }
    if customers:
        columns["customer_id"] = customers
    return EventTable("payment", pa.table(columns))


def labels(rows: list[tuple[str, str, bool, int]]) -> EventTable:
    stream, event, fraud, known = zip(*rows, strict=True)
    return EventTable(
        "label",
        pa.table(
            {
                "stream": list(stream),
                "event_id": list(event),
                "is_fraud": list(fraud),
                "known_at": [day * DAY for day in known],
            }
        ),
    )


def test_the_latest_revision_known_by_then_counts() -> None:
    events = payments([1])
    known = labels([("payment", "p0", True, 5), ("payment", "p0", False, 9)])
    assert [int(data.targets(events, known, day * DAY, 30 * DAY)[0]) for day in (5, 6, 9, 10)] == [
        data.UNKNOWN,
        1,
        1,
        0,
    ]


def test_the_typology_is_that_of_the_latest_label() -> None:
    events = payments([1, 1, 1])
    known = labels(
        [("payment", "p0", True, 5), ("payment", "p0", True, 9), ("access", "p1", True, 5)]
    )
    named = known.table.append_column("typology", pa.array(["mule_chain", "structuring", "other"]))
    known = EventTable("label", named)
    assert data.typologies(events, known, 6 * DAY) == ["mule_chain", "", ""]
    assert data.typologies(events, known, 10 * DAY) == ["structuring", "", ""]
    assert data.typologies(events, None, 10 * DAY) == ["", "", ""]


def test_the_order_of_the_file_does_not_matter() -> None:
    events = payments([1])
    rows = [("payment", "p0", False, 9), ("payment", "p0", True, 5)]
    assert data.targets(events, labels(rows), 20 * DAY, DAY)[0] == 0


def test_silence_means_honest_only_after_a_while() -> None:
    target = data.targets(payments([1, 4, 5]), None, 11 * DAY, 7 * DAY)
    assert target.tolist() == [0, 0, data.UNKNOWN]


def test_a_label_of_another_stream_is_another_events() -> None:
    known = labels([("access", "p0", True, 2)])
    assert data.targets(payments([1]), known, 90 * DAY, DAY)[0] == 0


def test_a_young_fraud_is_known_as_soon_as_it_is_known() -> None:
    known = labels([("payment", "p1", True, 11)])
    target = data.targets(payments([10, 10]), known, 12 * DAY, 7 * DAY)
    assert target.tolist() == [data.UNKNOWN, 1]


def test_subjects_are_customers_else_accounts() -> None:
    by_account = data.subjects(payments([1, 1, 1]))
    assert by_account[0] == by_account[2] != by_account[1]
    mixed = data.subjects(payments([1, 1, 1, 1], ["C", "C", None, None]))
    assert mixed[0] == mixed[1]
    assert len({int(mixed[1]), int(mixed[2]), int(mixed[3])}) == 3


def test_events_are_cut_by_time() -> None:
    kept = data.cut(payments([1, 2, 3, 4]), 2 * DAY, 4 * DAY)
    assert kept is not None
    assert kept.column("event_id").to_pylist() == ["p1", "p2"]


def test_a_stream_without_events_names_the_option() -> None:
    with pytest.raises(MissingInput, match="--access is missing"):
        data.Inputs(payments([1]), None, None, ()).events("access")


def test_the_data_hash_follows_every_byte() -> None:
    def hashed(content: str) -> str:
        source = data.Source("payments", data.Path("a"), 1, 0, content)
        return data.Inputs(None, None, None, (source,)).data_hash

    assert hashed("one") == hashed("one") != hashed("two")


def test_days_of_a_zone_are_whole(  # a day of 23 hours, in March
) -> None:
    noon = np.array([data.midnight(17_615, "Europe/Brussels") + DAY // 2], dtype=np.int64)
    assert data.day_numbers(noon, "Europe/Brussels")[0] == 17_615
