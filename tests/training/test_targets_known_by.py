"""Targets: what was known at a time, and never what came to light later."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.table import EventTable
from training import data, truth
from training.errors import BadRecipe, MissingInput
from training.offences import TYPOLOGIES
from training.recipe import Labels
from training.simulate.crimes import CRIMES

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


def labels(rows: list[tuple[str, str, bool, int]], **more: list[object]) -> EventTable:
    stream, event, fraud, known = zip(*rows, strict=True)
    columns = {
        "stream": list(stream),
        "event_id": list(event),
        "is_fraud": list(fraud),
        "known_at": [day * DAY for day in known],
    }
    return EventTable("label", pa.table({**columns, **more}))


def known(
    events: EventTable,
    labels: EventTable | None,
    day: int,
    maturity: int = 30,
    rule: Labels | None = None,
) -> truth.Known:
    return truth.known_by(events, labels, day * DAY, maturity * DAY, rule or Labels())


def targets(*given: Any, **more: Any) -> list[int]:
    return known(*given, **more).target.tolist()


def test_the_latest_revision_known_by_then_counts() -> None:
    events = payments([1])
    told = labels([("payment", "p0", True, 5), ("payment", "p0", False, 9)])
    assert [targets(events, told, day)[0] for day in (5, 6, 9, 10)] == [data.UNKNOWN, 1, 1, 0]


@given(
    told=st.lists(
        st.tuples(st.integers(0, 3), st.booleans(), st.integers(1, 20), st.booleans()), max_size=12
    ),
    day=st.integers(1, 22),
)
def test_the_latest_confirmed_label_known_by_then_counts_and_no_other(
    told: list[tuple[int, bool, int, bool]], day: int
) -> None:
    events = payments([0, 0, 0, 0])
    rows = [("payment", f"p{event}", fraud, at) for event, fraud, at, _ in told]
    status = ["suspected" if suspected else "confirmed" for *_, suspected in told]
    given = labels(rows, status=status) if rows else None
    for event, found in enumerate(targets(events, given, day, maturity=5)):
        own = [one for one in told if one[0] == event and one[2] < day]
        confirmed = [one for one in own if not one[3]]
        expected = 0 if day >= 5 else data.UNKNOWN
        if confirmed:
            last = max(one[2] for one in confirmed)
            expected = int([one for one in confirmed if one[2] == last][-1][1])
        elif own:
            expected = data.UNKNOWN
        assert found == expected


def test_a_suspicion_is_no_ground_truth_unless_the_recipe_says_so() -> None:
    events = payments([1, 1])
    told = labels([("payment", "p0", True, 5)], status=["suspected"])
    assert targets(events, told, 90) == [data.UNKNOWN, 0]
    assert targets(events, told, 90, rule=Labels(suspicions="positive")) == [1, 0]
    assert known(events, told, 90).suspected.tolist() == [True, False]


def test_fraud_and_laundering_are_separate_targets() -> None:
    events = payments([1] * 5)
    rows = [("payment", f"p{place}", place < 4, 5) for place in range(5)]
    words = ["account_takeover", "mule_chain", None, "password_spraying", None]
    told = labels(rows, typology=words)
    out = data.UNKNOWN
    assert targets(events, told, 90) == [1, 1, 1, 1, 0]
    assert targets(events, told, 90, rule=Labels(target="fraud")) == [1, out, 1, out, 0]
    assert targets(events, told, 90, rule=Labels(target="laundering")) == [out, 1, out, out, 0]
    assert targets(events, told, 90, rule=Labels(target="intrusion")) == [out, out, out, 1, 0]
    unnamed = Labels(target="laundering", offences={"unnamed": "laundering"})
    assert targets(events, told, 90, rule=unnamed) == [out, 1, 1, out, 0]


def test_a_typology_of_no_known_offence_is_asked_about() -> None:
    told = labels([("payment", "p0", True, 5)], typology=["smurfing"])
    assert targets(payments([1]), told, 90) == [1]
    with pytest.raises(BadRecipe, match=r"'smurfing'.*offences = \{ smurfing"):
        known(payments([1]), told, 90, rule=Labels(target="laundering"))
    rule = Labels(target="laundering", offences={"smurfing": "laundering"})
    assert targets(payments([1]), told, 90, rule=rule) == [1]


def test_every_simulated_typology_has_its_offence() -> None:
    assert CRIMES.keys() <= TYPOLOGIES.keys()


def test_the_typology_is_that_of_the_latest_label() -> None:
    events = payments([1, 1, 1])
    rows = [("payment", "p0", True, 5), ("payment", "p0", True, 9), ("access", "p1", True, 5)]
    told = labels(rows, typology=["mule_chain", "structuring", "other"])
    assert known(events, told, 6).typologies == ["mule_chain", "", ""]
    assert known(events, told, 10).typologies == ["structuring", "", ""]
    assert known(events, None, 10).typologies == ["", "", ""]


def test_the_order_of_the_file_does_not_matter() -> None:
    events = payments([1])
    rows = [("payment", "p0", False, 9), ("payment", "p0", True, 5)]
    assert targets(events, labels(rows), 20, 1) == [0]


def test_silence_means_honest_only_after_a_while() -> None:
    found = known(payments([1, 4, 5]), None, 11, 7)
    assert found.target.tolist() == [0, 0, data.UNKNOWN]
    assert not found.reviewed.any()


def test_a_label_of_another_stream_is_another_events() -> None:
    told = labels([("access", "p0", True, 2)])
    assert targets(payments([1]), told, 90, 1) == [0]


def test_a_young_fraud_is_known_as_soon_as_it_is_known() -> None:
    told = labels([("payment", "p1", True, 11)])
    assert targets(payments([10, 10]), told, 12, 7) == [data.UNKNOWN, 1]


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
