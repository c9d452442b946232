"""The search: seeded, inside the training span, never worse than what it began with."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from features.catalog import CATALOGUES
from features.reference import Reference
from training import data, prepare, recipe, recipe_file, splits, tune
from training.cli import app
from training.errors import BadRecipe
from training.progress import Teller
from training.recipe import Recipe

from .conftest import Bank

FEW = {"trials": 6, "folds": 2, "max_depth": (2, 4), "learning_rate": (0.1, 0.3)}


def small(bank: Bank, **search: object) -> Recipe:
    given = recipe.load(bank.recipe)
    split = given.split.model_copy(update={"calibration_days": 5})
    found = recipe.Search(**{**FEW, **search})
    return given.model_copy(update={"search": found, "split": split})


@pytest.fixture(scope="module")
def line(bank: Bank) -> prepare.Timeline:
    given = recipe.load(bank.recipe)
    inputs = data.read(given.data, lambda text: None)
    return prepare.timeline(given, "payment", inputs, Reference(), lambda done, total: None)


def search(given: Recipe, line: prepare.Timeline) -> tune.Tuned:
    return tune.tune(given, "payment", CATALOGUES["payment"], line, Teller(quiet=True))


def test_one_seed_gives_one_search_and_the_best_is_taken(
    bank: Bank, line: prepare.Timeline
) -> None:
    first, again = (search(small(bank), line) for _ in range(2))
    assert [(t.settings, t.folds) for t in first.trials] == [
        (t.settings, t.folds) for t in again.trials
    ]
    assert len(first.trials) == 6 and first.stopped == "trials"
    assert first.own.settings["learning_rate"] == 0.2
    assert first.best.value == max(t.value for t in first.trials if t.complete)
    assert first.best.value >= first.own.value
    for trial in first.trials[1:]:
        assert 2 <= trial.settings["max_depth"] <= 4
        assert 0.1 <= trial.settings["learning_rate"] <= 0.3
    boosting = first.found.boosting
    assert {name: getattr(boosting, name) for name in first.best.settings} == first.best.settings


def test_nothing_from_the_calibration_slices_end_on_is_looked_at(
    bank: Bank, line: prepare.Timeline
) -> None:
    given = small(bank)
    split = splits.of(given, line.events.integers("time"), line.known_by)
    later = line.day >= split.train.end
    spoilt = line.features.copy()
    spoilt[later] = np.random.default_rng(1).normal(size=spoilt[later].shape)
    changed = prepare.Timeline(
        line.events, line.labels, spoilt, line.absent, line.day, line.subject
    )
    assert [t.folds for t in search(given, line).trials] == [
        t.folds for t in search(given, changed).trials
    ]


def test_folds_follow_each_other_and_end_where_training_does(
    bank: Bank, line: prepare.Timeline
) -> None:
    given = small(bank)
    whole = splits.of(given, line.events.integers("time"), line.known_by)
    found = splits.inner(given, whole, 2)
    assert found[-1] == whole
    assert found[0].calibration.end == found[1].calibration.first
    for one in found:
        assert one.calibration.first - one.rehearsal.end == given.gap_days
        assert one.rehearsal.first == whole.rehearsal.first
    # Too short a history leaves folds out instead of learning from less than it judges.
    assert len(splits.inner(given, whole, 50)) < 5


def test_weeks_move_as_a_whole() -> None:
    given = recipe.load("handbook")
    whole = splits.of(given, np.array([0]), 0)
    first, last = splits.inner(given, whole, 2)
    assert last == whole
    assert (last.rehearsal.first - first.rehearsal.first, last.calibration.first) == (
        7,
        splits.day_number(date(2018, 7, 25)),
    )


def test_time_ends_the_search(bank: Bank, line: prepare.Timeline) -> None:
    found = search(small(bank, seconds=0.001), line)
    assert (len(found.trials), found.stopped) == (1, "seconds")


def test_a_trial_that_is_behind_is_given_up(bank: Bank, line: prepare.Timeline) -> None:
    found = search(small(bank, trials=14, learning_rate=(0.0001, 0.3)), line)
    given_up = [trial for trial in found.trials if not trial.complete]
    assert given_up and all(len(trial.folds) == 1 for trial in given_up)
    assert found.best.complete


def test_a_range_that_cannot_be_is_refused_by_name(tmp_path: Path) -> None:
    for line_, said in (
        ("max_depth = [3, 40]", r"max_depth: (end )?40"),
        ("subsample = [0.9, 0.5]", r"search.subsample=.*lower end first"),
    ):
        path = tmp_path / "bad.toml"
        path.write_text(f"[search]\n{line_}\n")
        with pytest.raises(BadRecipe, match=said):
            recipe.load(str(path))


def test_a_written_recipe_reads_as_it_was(bank: Bank, tmp_path: Path) -> None:
    for given in (
        small(bank),
        recipe.load("handbook"),
        Recipe(
            description='a "quoted" line',
            boosting=recipe.Boosting(monotone={"amount": "rising"}, fraud_weight="root"),
            calibration=recipe.Calibration(method="isotonic"),
        ),
    ):
        path = tmp_path / "folder" / "written.toml"
        recipe_file.write(given, path, "two\nlines")
        assert recipe.load(str(path)) == given
        assert str(bank.folder) not in path.read_text()


def test_the_command_writes_a_recipe_that_trains(bank: Bank, tmp_path: Path) -> None:
    out, home = tmp_path / "tuned.toml", tmp_path / "home"
    given = ["tune", "--recipe", bank.recipe, "--trials", "2", "--out", str(out)]
    told = CliRunner().invoke(app, [*given, "--home", str(home), "--json"])
    assert told.exit_code == 0, told.output
    body = json.loads(told.stdout)
    assert len(body["trials"]) == 2 and body["mlflow_run_id"]
    assert body["gain"] == pytest.approx(body["best"] - body["own"])
    written = tomllib.loads(out.read_text())["boosting"]
    assert {name: written[name] for name in body["settings"]} == body["settings"]
    trained = CliRunner().invoke(
        app,
        ["train", "--recipe", str(out), "--home", str(home), "--no-mlflow", "--no-baselines"],
    )
    assert trained.exit_code == 0, trained.output
    shown = CliRunner().invoke(app, [*given, "--no-mlflow"])
    assert "The search" in shown.stdout and "own" in shown.stdout
