"""One typology kept from training: nothing of it remains, and each method is counted alike."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import crossflag
from training import data, prepare, splits
from training.coverage import novel
from training.coverage.measure import read_truth
from training.errors import MissingInput
from training.progress import Teller
from training.recipe import Data, Recipe, load
from training.simulate.simulation import run

CRIME = "password_spraying"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """A small world of two crimes over a hundred days, and a recipe that fits it."""
    folder = tmp_path_factory.mktemp("world")
    made = run(
        folder, customers=200, days=100, start=date(2026, 3, 3), crimes=[CRIME, "mule_chain"]
    )
    recipe = load("default")
    split = recipe.split.model_copy(
        update={"warm_up_days": 7, "calibration_days": 10, "test_days": 14}
    )
    files = {name: path for name, path in made.files.items() if name in Data.model_fields}
    given = recipe.data.model_copy(update=files)
    boosting = recipe.boosting.model_copy(update={"n_estimators": 20})
    return recipe.model_copy(update={"data": given, "split": split, "boosting": boosting})


def test_nothing_of_it_remains_but_the_events_to_be_found(world: Recipe) -> None:
    inputs, real = data.read(world.data, lambda _: None), read_truth(world)
    time = inputs.payments.integers("time")
    split = splits.of(world, time, prepare.known_by(inputs.payments, inputs.labels))
    without = novel._without(world, inputs, real, "mule_chain", split)
    own = {event for (_, event), name in real.typology.items() if name == "mule_chain"}
    days = data.day_numbers(without.payments.integers("time"), "UTC").tolist()
    events = without.payments.column("event_id").to_pylist()
    kept = [day for day, event in zip(days, events, strict=True) if event in own]
    assert min(kept, default=split.test.first) >= split.test.first
    assert not own & set(without.labels.column("event_id").to_pylist())
    assert 0 < len(without.labels) < len(inputs.labels)
    assert 0 < len(inputs.payments) - len(without.payments) <= len(own)


def test_every_method_alerts_as_many_and_together_takes_half_of_each() -> None:
    order = np.arange(100.0)
    scores = {"classifier": order, "novelty": -order, "isolation_forest": order % 7}
    alerted = novel._alerted(scores, 10)
    assert {name: int(chosen.sum()) for name, chosen in alerted.items()} == dict.fromkeys(
        novel.METHODS, 10
    )
    assert np.flatnonzero(alerted["together"]).tolist() == [*range(5), *range(95, 100)]


def test_where_both_agree_novelty_brings_the_next() -> None:
    order = np.arange(100.0)
    scores = {"classifier": order, "novelty": order, "isolation_forest": order}
    assert np.flatnonzero(novel._alerted(scores, 4)["together"]).tolist() == [96, 97, 98, 99]


def test_a_crime_that_is_not_there_is_said(world: Recipe) -> None:
    with pytest.raises(MissingInput, match="'shoplifting': not in this data; use one of"):
        novel.compare(world, None, ["shoplifting"], Teller(quiet=True))


def test_the_means_are_over_typologies() -> None:
    found = dict.fromkeys(novel.METHODS, 1)
    one = novel.HeldOut(2, 1, found, found)
    two = novel.HeldOut(4, 4, found, found)
    compared = novel.Compared(1, 1, "", 0.01, {}, {"a": one, "b": two})
    assert compared.document()["mean_recall"]["novelty"] == {"events": 0.375, "incidents": 0.625}


@pytest.mark.full
def test_the_command_counts_a_small_world(world: Recipe, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    files = "\n".join(
        f'{name} = "{getattr(world.data, name)}"'
        for name in ("payments", "access", "labels", "ip_overlay")
    )
    recipe.write_text(
        f"[data]\n{files}\n[split]\nwarm_up_days = 7\ncalibration_days = 10\ntest_days = 14\n"
        "[boosting]\nn_estimators = 20\n"
    )
    command = ["coverage", "novelty", "--recipe", str(recipe), "--typology", CRIME, "--json"]
    answer = CliRunner().invoke(crossflag.app, command)
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    one = document["typologies"][CRIME]
    assert one["events"] >= one["found_events"]["novelty"] >= 1
