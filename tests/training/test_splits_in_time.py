"""Splits: slices in order with a gap between, and the handbook's protocol row for row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training import data, splits
from training.errors import NotEnoughData
from training.recipe import Data, Labels, Latest, Recipe, Weeks, load

DAY = data.MICROSECONDS_PER_DAY


def latest(warm_up: int, calibration: int, test: int, gap: int) -> Recipe:
    return Recipe(
        labels=Labels(maturity_days=gap),
        split=Latest(warm_up_days=warm_up, calibration_days=calibration, test_days=test),
    )


@given(
    st.integers(0, 20),
    st.integers(1, 20),
    st.integers(1, 20),
    st.integers(1, 20),
    st.integers(1, 50),
)
def test_slices_never_touch(warm_up: int, calibration: int, test: int, gap: int, more: int) -> None:
    length = warm_up + 2 * gap + calibration + test + more
    time = np.array([0, length * DAY - 1], dtype=np.int64)
    split = splits.of(latest(warm_up, calibration, test, gap), time, (length + gap) * DAY)
    assert split.rehearsal == splits.Span(warm_up, warm_up + more)
    assert split.calibration.first == split.rehearsal.end + gap
    assert split.train == splits.Span(warm_up, split.calibration.end)
    assert split.gap == splits.Span(split.train.end, split.train.end + gap)
    assert split.test == splits.Span(split.gap.end, length)


def test_events_whose_labels_are_not_settled_yet_are_not_judged_on() -> None:
    time = np.array([0, 100 * DAY - 1], dtype=np.int64)
    split = splits.of(latest(10, 10, 10, 7), time, 100 * DAY)
    assert split.test.end == 100 - 7


def test_too_few_days_are_refused_with_how_many_are_needed() -> None:
    time = np.array([0, 30 * DAY], dtype=np.int64)
    with pytest.raises(NotEnoughData, match="31 days, the split needs 45"):
        splits.of(latest(10, 10, 10, 7), time, 90 * DAY)


def test_events_that_all_have_labels_are_split_by_local_days_too() -> None:
    time = np.arange(0, 60 * DAY, DAY // 4)
    plan = latest(10, 10, 10, 7)
    there = plan.model_copy(update={"data": Data(time_zone="Europe/Brussels")})
    split = splits.of(there, time, data.NEVER)
    assert split.test == splits.Span(50, 60)


def test_the_handbooks_weeks() -> None:
    split = splits.of(load("handbook"), np.zeros(0, np.int64), 0)
    assert str(split.train) == "2018-07-25 to 2018-07-31"
    assert str(split.test) == "2018-08-08 to 2018-08-14"
    assert str(split.rehearsal) == "2018-07-11 to 2018-07-17"
    assert split.calibration == split.train


@given(
    st.lists(st.tuples(st.integers(0, 25), st.integers(0, 4), st.booleans()), min_size=1),
    st.integers(0, 8),
)
def test_known_subjects_are_left_out_as_the_handbook_does(
    rows: list[tuple[int, int, bool]], delay: int
) -> None:
    day, subject, fraud = (np.array(column) for column in zip(*rows, strict=True))
    span = splits.Span(14, 21)
    kept = splits.without_known(
        span, 3, delay, day.astype(np.int64), subject.astype(np.int64), fraud.astype(bool)
    )
    for row, (when, who, _) in enumerate(rows):
        known = any(
            other == who and wrong and 3 <= then < when - delay for then, other, wrong in rows
        )
        assert kept[row] == (14 <= when < 21 and not known)


def test_days_are_local_days() -> None:
    zone = "Europe/Brussels"
    midnight = data.midnight(splits.day_number(date(2018, 7, 25)), zone)
    assert midnight == (splits.day_number(date(2018, 7, 25)) * 24 - 2) * 3_600_000_000
    days = data.day_numbers(np.array([midnight - 1, midnight], dtype=np.int64), zone)
    assert [splits.as_date(int(day)) for day in days] == [date(2018, 7, 24), date(2018, 7, 25)]


def test_handbook_rows_are_the_published_ones(public_data: Callable[[str], Path]) -> None:
    table = pq.read_table(public_data("handbook/transactions.parquet"))
    time = table["TX_DATETIME"].cast("timestamp[us]").cast("int64").to_numpy()
    customer = table["CUSTOMER_ID"].to_numpy().astype(np.int64)
    fraud = table["TX_FRAUD"].to_numpy() == 1
    recipe = load("handbook").model_copy(update={"data": Data()})
    assert isinstance(recipe.split, Weeks)
    split = splits.of(recipe, time, 0)
    day = data.day_numbers(time, "UTC")
    train = split.train.covers(day)
    assert (train.sum(), fraud[train].sum()) == (67_240, 598)
    test = splits.without_known(
        split.test, split.train.first, recipe.split.delay_days, day, customer, fraud
    )
    assert (test.sum(), fraud[test].sum()) == (58_264, 385)
