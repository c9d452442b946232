"""The commands: one JSON document on standard output, one sentence for an error, quick help."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv
from typer.testing import CliRunner

from features.errors import CrossflagError
from training.cli import app

from .conftest import Bank

ROOT = Path(__file__).parents[2]
RUNNER = CliRunner()
NAMES = ("advice", "counterfactual")


def run(*arguments: str | Path) -> tuple[str, str]:
    result = RUNNER.invoke(app, [str(item) for item in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def refused(*arguments: str | Path) -> str:
    with pytest.raises(CrossflagError) as caught:
        RUNNER.invoke(app, [str(item) for item in arguments], catch_exceptions=False)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.fixture(scope="module")
def home(bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    run("train", "--recipe", bank.recipe, "--home", folder, "--no-mlflow", "--promote")
    return folder


def test_train_prints_one_document(bank: Bank, tmp_path: Path) -> None:
    out, told = run(
        "train",
        *("--recipe", bank.recipe, "--home", tmp_path, "--no-mlflow", "--json"),
        *("--seed", "5", "--reviews-per-day", "2"),
    )
    document = json.loads(out)
    assert document["seed"] == 5
    assert document["thresholds"]["reviews_per_day"] == 2
    assert 0 < document["average_precision"] <= 1
    assert document["recall_by_typology"]["stolen_card"]["events"] > 0
    assert "card_precision_at_100" in document
    assert "fitting" in told


def test_train_shows_the_figures_in_a_table(bank: Bank, tmp_path: Path) -> None:
    out, _ = run("train", "--recipe", bank.recipe, "--home", tmp_path, "--no-mlflow")
    assert "average precision" in out
    assert "random" in out and "boosting" in out
    assert "stolen card" in out


def test_data_on_the_command_line_replaces_the_recipes(bank: Bank, tmp_path: Path) -> None:
    # Only the sample's own access events and labels would be left of the default recipe.
    message = refused("train", "--data", bank.payments, "--home", tmp_path, "--no-mlflow")
    assert "labels are missing" in message


def test_score_prints_who_stands_out(bank: Bank, home: Path, tmp_path: Path) -> None:
    out, _ = run("score", bank.payments, "--out", tmp_path / "scored.csv", "--home", home, "--json")
    document = json.loads(out)
    assert document["events"] == pq.read_metadata(bank.payments).num_rows
    assert document["top"]["debtor_account"][0]["reasons"]
    lines = csv.read_csv(tmp_path / "scored.csv")
    said = [
        (advice, line)
        for advice, line in zip(*(lines[name].to_pylist() for name in NAMES), strict=True)
        if line
    ]
    assert said and all(advice != "clear" for advice, _ in said)
    assert all(line.startswith("would not have been flagged had ") for _, line in said)
    shown, _ = run("score", bank.payments, "--out", tmp_path / "scored.csv", "--home", home)
    assert "First by debtor account" in shown


def test_evaluate_judges_the_champion(bank: Bank, home: Path) -> None:
    out, _ = run("evaluate", "--recipe", bank.recipe, "--home", home, "--json")
    assert json.loads(out)["frauds"] > 0


def test_promote_takes_the_newest(home: Path) -> None:
    out, _ = run("promote", "--home", home, "--by", "tester", "--json")
    assert json.loads(out)["stream"] == "payment"


def test_features_prints_both_catalogues() -> None:
    document = json.loads(run("features", "--json")[0])
    assert len(document["payment"]["features"]) >= 40
    assert len(document["access"]["features"]) >= 25
    for catalogue in document.values():
        for feature in catalogue["features"]:
            assert feature["reason"]
            assert feature["why"]
            assert feature["inputs"]
    assert "payments-" in run("features", "--model", "payment")[0]


def test_a_wrong_stream_is_refused_in_a_sentence(tmp_path: Path) -> None:
    assert "use one of payment, access" in refused("train", "--model", "cards")
    assert "use one of payment, access" in refused("features", "--model", "cards")
    assert "no payment model was trained" in refused("promote", "--home", tmp_path)


def test_help_does_not_wait_for_what_it_does_not_need() -> None:
    code = (
        "import sys, training.cli; "
        "heavy = {'mlflow', 'xgboost', 'sklearn', 'pandas', 'matplotlib', 'numba'}; "
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_simulate_is_handed_its_own_arguments(tmp_path: Path) -> None:
    shown, _ = run("simulate", "--help")
    assert "--customers" in shown


def test_a_strangers_columns_train_with_a_mapping(bank: Bank, tmp_path: Path) -> None:
    """Labels stand in the file itself; the mapping of payments is not meant for access events."""
    table = pq.read_table(bank.payments)
    fraud = set(pq.read_table(bank.labels)["event_id"].to_pylist())
    theirs = table.rename_columns([f"Their {name}" for name in table.column_names])
    theirs = theirs.append_column(
        "Fraud", pa.array([event in fraud for event in table["event_id"].to_pylist()])
    )
    pq.write_table(theirs, tmp_path / "theirs.parquet")
    columns = [f'{name} = "Their {name}"' for name in table.column_names]
    (tmp_path / "mapping.toml").write_text(
        "\n".join(['stream = "payment"', "[columns]", *columns])
        + '\n[labels]\nis_fraud = "Fraud"\ndelay = "30h"\n'
    )
    (tmp_path / "logins.csv").write_text(
        "event_id,time,user_id,action,outcome\na1,2026-01-05T00:00:00Z,U1,login,success\n"
    )
    out, _ = run(
        "train",
        *("--recipe", bank.recipe, "--payments", tmp_path / "theirs.parquet"),
        *("--access", tmp_path / "logins.csv", "--mapping", tmp_path / "mapping.toml"),
        *("--home", tmp_path / "home", "--no-mlflow", "--json"),
    )
    own, _ = run(
        "train", "--recipe", bank.recipe, "--home", tmp_path / "home", "--no-mlflow", "--json"
    )
    theirs, ours = json.loads(out)["counts"], json.loads(own)["counts"]
    # Each of their rows says what it was: the last days need not wait for silence to mean honest.
    assert theirs["train"]["events"] > ours["train"]["events"]
    assert theirs["test"]["frauds"] == ours["test"]["frauds"]
