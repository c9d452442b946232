"""Slice lengths that a recipe leaves open fit the data: two days, two years, and bursts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from features.table import EventTable
from training import adapt, data, prepare, splits
from training.recipe import Labels, Latest, Recipe

DAY = 86_400_000_000
START = 19_723 * DAY


def inputs(time: np.ndarray, fraud: np.ndarray, delay: float = 0.0, **more: object) -> data.Inputs:
    names = [f"e{number}" for number in range(len(time))]
    moment = (START + time * DAY).astype(np.int64)
    events = EventTable("payment", pa.table({"event_id": names, "time": moment}))
    labels = EventTable(
        "label",
        pa.table(
            {
                "stream": ["payment"] * len(time),
                "event_id": names,
                "is_fraud": fraud,
                "known_at": moment + round(delay * DAY),
            }
        ),
    )
    return data.Inputs(events, None, labels, (), **more)  # type: ignore[arg-type]


def shares(recipe: Recipe, given: data.Inputs) -> dict[str, tuple[float, int]]:
    """Return each slice's share of the events, and its frauds."""
    events = given.events("payment")
    time = events.integers("time")
    split = splits.of(recipe, time, prepare.known_by(events, given.labels))
    tick = splits.ticks(time, recipe)
    assert given.labels is not None
    fraud = np.asarray(given.labels.column("is_fraud").to_numpy())
    return {
        name: (inside.mean(), int(fraud[inside].sum()))
        for name in ("rehearsal", "calibration", "train", "gap", "test")
        for inside in [getattr(split, name).covers(tick)]
    }


@pytest.mark.parametrize("days", [0.5, 2, 19, 45, 120, 730])
def test_even_data_of_any_length_is_split_with_something_in_each(days: float) -> None:
    chance = np.random.default_rng(1)
    given = inputs(np.sort(chance.random(20_000)) * days, chance.random(20_000) < 0.02)
    settled, said = adapt.settle(Recipe(), "payment", given)
    found = shares(settled, given)
    assert found["test"][0] > 0.1
    assert found["calibration"][0] > 0.07
    assert found["train"][0] > 0.5
    assert all(frauds > 5 for name, (_, frauds) in found.items() if name != "gap")
    assert said[0].startswith("events span")


def test_the_samples_lengths_are_what_they_were() -> None:
    chance = np.random.default_rng(1)
    given = inputs(np.sort(chance.random(9000)) * 120, chance.random(9000) < 0.05)
    assert given.payments is not None
    assert given.labels is not None
    few = data.Inputs(given.payments, None, given.labels.take(np.arange(0, 9000, 2)), ())
    settled, _ = adapt.settle(Recipe(), "payment", few)
    assert settled.split == Latest(warm_up_days=21, calibration_days=14, test_days=21)
    assert settled.labels.maturity_days == 14


def test_a_measured_delay_is_the_gap() -> None:
    time, fraud = np.linspace(0, 200, 4000), np.arange(4000) % 50 == 0
    settled, _ = adapt.settle(Recipe(), "payment", inputs(time, fraud, delay=6.5))
    assert settled.labels.maturity_days == 7


def test_bursts_are_cut_by_counts() -> None:
    chance = np.random.default_rng(1)
    time = np.concatenate([np.sort(chance.random(5000)) * 0.6, 26 + np.sort(chance.random(5000))])
    fraud = chance.random(10_000) < 0.1
    given = inputs(time, fraud)
    settled, said = adapt.settle(Recipe(), "payment", given)
    found = shares(settled, given)
    assert "cut by counts" in said[0]
    assert min(found["test"][0], found["calibration"][0]) > 0.08
    assert found["train"][0] > 0.5
    assert found["gap"][0] > 0


def test_frauds_that_stop_early_still_reach_the_test() -> None:
    time = np.linspace(0, 300, 6000)
    fraud = (np.arange(6000) % 40 == 0) & (time < 170)
    given = inputs(time, fraud)
    settled, _ = adapt.settle(Recipe(), "payment", given)
    found = shares(settled, given)
    assert min(found["test"][1], found["calibration"][1], found["rehearsal"][1]) >= 5


def test_what_a_recipe_fixes_stays() -> None:
    recipe = Recipe(split=Latest(test_days=30), labels=Labels(maturity_days=9))
    given = inputs(np.linspace(0, 300, 3000), np.arange(3000) % 20 == 0)
    settled, _ = adapt.settle(recipe, "payment", given)
    assert isinstance(settled.split, Latest)
    assert settled.split.test_days == 30
    assert settled.labels.maturity_days == 9
    assert settled.split.calibration_days == 35
    assert adapt.settle(settled, "payment", given) == (settled, [])
