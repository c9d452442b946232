"""Backtest, ablation and learning curve: what weeks, features and rows change."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from features.catalog import CATALOGUES
from features.reference import Reference
from training import ablation, backtest, data, folds, inner, learning_curve, prepare, recipe, splits
from training.cli import app
from training.errors import NotEnoughData
from training.metrics import Outcomes, paired_difference
from training.progress import Teller
from training.recipe import Recipe

from .conftest import Bank

CATALOGUE = CATALOGUES["payment"]


@pytest.fixture(scope="module")
def given(bank: Bank) -> Recipe:
    """Few trees are enough to tell frauds eight times as large."""
    loaded = recipe.load(bank.recipe)
    boosting = loaded.boosting.model_copy(update={"n_estimators": 20})
    return loaded.model_copy(update={"baselines": False, "boosting": boosting})


@pytest.fixture(scope="module")
def line(given: Recipe) -> prepare.Timeline:
    inputs = data.read(given.data, lambda text: None)
    return prepare.timeline(given, "payment", inputs, Reference(), lambda done, total: None)


def quiet(done: int, total: int) -> None:
    pass


def test_each_week_is_judged_by_a_model_that_ends_before_its_gap(
    given: Recipe, line: prepare.Timeline
) -> None:
    whole = splits.of(given, line.events.integers("time"), line.known_by)
    found = splits.weekly(given, whole, 9)
    assert found[-1].test.end == whole.test.end
    assert 1 < len(found) < 9
    for split in found:
        assert split.test.end - split.test.first == 7
        assert split.test.first - split.train.end == given.gap_days
        assert split.train.end == split.calibration.end
        assert split.calibration.first - split.rehearsal.end == given.gap_days
        assert split.rehearsal.first == whole.rehearsal.first
    assert {later.test.first - one.test.first for one, later in pairwise(found)} == {7}


def test_a_backtest_tells_each_week_and_their_mean(
    given: Recipe, line: prepare.Timeline, tmp_path: Path
) -> None:
    done = backtest.backtest(given, "payment", CATALOGUE, line, 2, Teller(quiet=True))
    assert len(done.weeks) == 2 and not done.left_out
    values = [week.figures[folds.OWN]["average_precision"] for week in done.weeks]
    for week, value in zip(done.weeks, values, strict=True):
        band = week.average_precision
        assert band.value == pytest.approx(value, abs=1e-6)
        assert band.low is not None and band.high is not None
        assert band.low <= value + 1e-6 and value <= band.high + 1e-6
    found = done.means[folds.OWN]["average_precision"]
    assert found.value == pytest.approx(np.mean(values))
    assert done.document()["average_precision"]["value"] == found.value
    backtest.draw(done, tmp_path / "plots" / "weeks.svg")
    assert (tmp_path / "plots" / "weeks.svg").read_text().startswith("<?xml")


def test_the_mean_of_weeks_has_students_interval_within_what_a_share_can_be() -> None:
    found = backtest.mean([0.5, 0.6, 0.7])
    assert (found.value, found.low, found.high) == pytest.approx((0.6, 0.3516, 0.8484), abs=1e-4)
    assert backtest.mean([0.0, 1.0]).low == 0.0
    assert backtest.mean([0.4]).low is None
    assert backtest.mean([float("nan")]).value is None


def test_a_week_without_fraud_is_left_out_by_name(given: Recipe, line: prepare.Timeline) -> None:
    whole = splits.of(given, line.events.integers("time"), line.known_by)
    last = splits.weekly(given, whole, 1)[0]
    assert line.labels is not None
    frauds = line.events.take(np.flatnonzero(last.test.covers(line.day))).column("event_id")
    kept = ~np.isin(line.labels.column("event_id").to_numpy(), frauds.to_numpy())
    fewer = prepare.Timeline(
        line.events, line.labels.take(kept), line.features, line.absent, line.day, line.subject
    )
    done = backtest.backtest(given, "payment", CATALOGUE, fewer, 2, Teller(quiet=True))
    assert len(done.weeks) == 1
    assert "0 of them fraud" in done.left_out[0]
    with pytest.raises(NotEnoughData, match="no week can be judged"):
        backtest.backtest(given, "payment", CATALOGUE, fewer, 1, Teller(quiet=True))


def test_draws_are_paired() -> None:
    chance = np.random.default_rng(1)
    target = chance.random(600) < 0.1
    outcomes = Outcomes(target, np.arange(600) // 3, np.zeros(600, np.int64))
    good, bad = target + chance.normal(size=600), target * 0.5 + chance.normal(size=600)
    first, second = (inner.precision_draws(outcomes, score, 7) for score in (good, bad))
    pair = paired_difference(outcomes, good, bad, seed=7)
    assert first[0] - second[0] == pytest.approx(pair.challenger - pair.champion)
    low = np.quantile(first[1:] - second[1:], 0.025)
    assert low == pytest.approx(pair.difference.low, abs=1e-5)


def test_what_frauds_show_in_is_missed_most(given: Recipe, line: prepare.Timeline) -> None:
    done = ablation.ablate(given, "payment", CATALOGUE, line, 1, quiet)
    families = {row.family: row for row in done.families}
    assert sum(row.features for row in done.families) == done.features
    losses = [row.loss.value or 0.0 for row in done.families]
    assert losses == sorted(losses, reverse=True)
    # Frauds are eight times the usual amount and go to new accounts.
    assert set(list(families)[:4]) & {"own history", "novelty", "new payee", "creditor's history"}


def test_more_rows_hold_the_fewer_and_do_better(given: Recipe, line: prepare.Timeline) -> None:
    done = learning_curve.curve(given, "payment", CATALOGUE, line, quiet)
    events = [point.events for point in done.points]
    assert events == sorted(events) and done.points[-1].share == 1
    first, last = done.points[0].average_precision.value, done.points[-1].average_precision.value
    assert first is not None and last is not None and last > first
    before = done.points[-2].average_precision.value
    assert before is not None
    assert done.last_step.value == pytest.approx(last - before, abs=2e-6)


@pytest.mark.parametrize(
    ("command", "key", "said"),
    [
        (["backtest", "--weeks", "1", "--baselines"], "means", "a model a week"),
        (["ablate", "--folds", "1"], "families", "without"),
        (["learning-curve"], "points", "last step"),
    ],
)
def test_each_command_prints_a_table_or_a_document(
    bank: Bank, tmp_path: Path, command: list[str], key: str, said: str
) -> None:
    short = tmp_path / "short.toml"
    text = Path(bank.recipe).read_text().replace("n_estimators = 60", "n_estimators = 8")
    short.write_text(
        text.replace('"payments.', f'"{bank.folder}/payments.').replace(
            '"labels.', f'"{bank.folder}/labels.'
        )
    )
    told = CliRunner().invoke(app, [*command, "--recipe", str(short), "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)[key]
    shown = CliRunner().invoke(app, [*command, "--recipe", str(short)])
    assert shown.exit_code == 0 and said in shown.stdout
