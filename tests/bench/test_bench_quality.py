"""The handbook's protocol: its folds, its figures, and nothing of the scenario column."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from bench import quality
from bench.command import app
from features.errors import UnreadableFile
from training import folds, recipe
from training.progress import Teller

FIRST = date(2018, 6, 20)


def write_payments(path: Path, scenario: int = 1) -> Path:
    """Write ten weeks of payments in the handbook's columns; a fraud is a large amount."""
    chance = np.random.default_rng(4)
    days = 49 + 28
    count = days * 60
    seconds = np.sort(chance.integers(0, days * 86_400, count))
    fraud = chance.random(count) < 0.02
    amounts = chance.lognormal(3, 0.4, count) * np.where(fraud, chance.uniform(2, 8, count), 1)
    frame = pd.DataFrame(
        {
            "TRANSACTION_ID": np.arange(count),
            "TX_DATETIME": pd.Timestamp("2018-05-20") + pd.to_timedelta(seconds, unit="s"),
            "CUSTOMER_ID": chance.integers(0, 400, count).astype(str),
            "TERMINAL_ID": chance.integers(0, 300, count).astype(str),
            "TX_AMOUNT": np.round(amounts, 2),
            "TX_FRAUD": fraud.astype(int),
            "TX_FRAUD_SCENARIO": fraud * scenario,
        }
    )
    frame.to_parquet(path)
    return path


@pytest.fixture(scope="module")
def payments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_payments(tmp_path_factory.mktemp("handbook") / "payments.parquet")


def measure(path: Path, first: date = FIRST) -> quality.Measured:
    return quality.measure(path, first, 2, False, Teller(quiet=True))


def test_each_fold_learns_a_week_and_is_judged_a_fortnight_later(payments: Path) -> None:
    body = quality.document(measure(payments))
    spans = [(fold["train"]["span"], fold["test"]["span"]) for fold in body["folds"]]
    week, fortnight = timedelta(days=6), timedelta(days=14)
    for number, (train, test) in enumerate(spans):
        start = FIRST + timedelta(days=7 * number)
        assert train == f"{start} to {start + week}"
        assert test == f"{start + fortnight} to {start + fortnight + week}"
    for key in quality.FIGURES:
        mean = np.mean([fold[key] for fold in body["folds"]])
        assert body[f"prequential_{key}"] == pytest.approx(mean)
    assert body["prequential_average_precision"] > 0.5
    # Other weeks than the published ones are not set beside them.
    assert not body["published_protocol"] and "published" not in body


def test_the_scenario_is_not_read(payments: Path, tmp_path: Path) -> None:
    other = write_payments(tmp_path / "other.parquet", scenario=3)
    mine, theirs = (quality.document(measure(path)) for path in (payments, other))
    assert mine["folds"] == theirs["folds"]


def test_the_handbook_recipe_changes_no_setting_of_the_model() -> None:
    assert recipe.load("handbook").boosting == recipe.Boosting() == recipe.load("default").boosting


def test_the_command_prints_figures_and_tables(payments: Path) -> None:
    given = ["quality", "--data", str(payments), "--first-week", str(FIRST), "--folds", "1"]
    told = CliRunner().invoke(app, [*given, "--json"])
    assert told.exit_code == 0, told.output
    body = json.loads(told.stdout)
    assert {f"prequential_{key}" for key in quality.FIGURES} <= set(body)
    assert set(body["baselines"]) == {"logistic_regression", "random_forest", "gradient_boosting"}
    shown = CliRunner().invoke(app, [*given, "--no-baselines"])
    assert "Fold by fold" in shown.stdout and "chapter 3" not in shown.stdout


def test_published_figures_stand_beside_ours_in_their_own_weeks(
    payments: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = measure(payments)
    theirs = quality.Measured(
        found.source, found.recipe, quality.FIRST_WEEK, found.results * 2, {}, 0.0
    )
    body = quality.document(theirs)
    assert body["published"]["prequential"][0]["average_precision"] == 0.687
    assert body["one_split"]["roc_auc"] == found.results[0].figures[folds.OWN]["roc_auc"]
    quality.show(theirs)
    told = capsys.readouterr().out
    assert "One split (chapter 3)" in told and "0.687" in told


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no such file"):
        measure(tmp_path / "none.parquet")


@pytest.mark.full
@pytest.mark.timeout(900)
def test_the_default_settings_beat_what_was_published(public_data: Callable[[str], Path]) -> None:
    path = public_data("handbook/transactions.parquet")
    body = quality.document(
        quality.measure(path, quality.FIRST_WEEK, quality.FOLDS, False, Teller(quiet=True))
    )
    assert 0.73 <= body["prequential_average_precision"] <= 0.779
    assert 0.308 <= body["prequential_card_precision_at_100"] <= 0.312
    assert body["prequential_roc_auc"] >= 0.88
