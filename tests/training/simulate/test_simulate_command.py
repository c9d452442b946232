"""The command `crossflag simulate`, and the committed sample that it made."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
import typer
from typer.testing import CliRunner

from features.events import MODELS
from training.errors import TrainingError
from training.simulate.command import chosen_crimes, simulate_command
from training.simulate.crimes import CRIMES

SAMPLE = Path(__file__).parents[3] / "data_samples"
APP = typer.Typer()
APP.command()(simulate_command)
SMALL = ["--customers", "40", "--days", "20", "--seed", "2"]


def test_json_is_one_document_that_names_the_files(tmp_path: Path) -> None:
    result = CliRunner().invoke(APP, [*SMALL, "--out", str(tmp_path / "new"), "--json"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert set(document["typologies"]) == set(CRIMES)
    for name, path in document["files"].items():
        assert Path(path).is_file(), name
    assert document["payments"] == parquet.read_metadata(document["files"]["payments"]).num_rows


def test_the_table_names_crimes_and_progress_goes_to_the_error_stream(tmp_path: Path) -> None:
    given = [*SMALL, "--out", str(tmp_path), "--crimes", "structuring"]
    result = CliRunner().invoke(APP, given)
    assert result.exit_code == 0, result.output
    assert "structuring" in result.stdout and "mule_chain" not in result.stdout
    assert "honest persons" in result.stderr and "honest persons" not in result.stdout


def test_an_unknown_crime_is_named_with_those_there_are() -> None:
    with pytest.raises(TrainingError, match=r"--crimes='arson'.*structuring"):
        chosen_crimes("structuring,arson")
    assert chosen_crimes("none") == []
    assert chosen_crimes(None) == chosen_crimes("all") == sorted(CRIMES)


def test_the_sample_is_small_and_whole() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.iterdir()) <= 4 * 1024 * 1024
    for name in ("payments", "access"):
        table = parquet.read_table(SAMPLE / f"{name}.parquet", columns=["event_id", "time"])
        assert 40_000 <= len(table) <= 60_000
        assert str(table["time"][-1].as_py().date()) == "2026-06-30"
    labels = parquet.read_table(SAMPLE / "labels.parquet").to_pylist()
    assert {row["typology"] for row in labels if row["is_fraud"]} == set(CRIMES)
    assert parquet.read_metadata(SAMPLE / "truth.parquet").num_rows > 1000


@pytest.mark.full
def test_the_sample_is_what_the_command_makes_today(tmp_path: Path) -> None:
    result = CliRunner().invoke(APP, ["--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    for made in sorted(tmp_path.iterdir()):
        assert made.read_bytes() == (SAMPLE / made.name).read_bytes(), made.name


def test_the_data_dictionary_explains_every_column_and_no_other() -> None:
    text = (SAMPLE / "README.md").read_text(encoding="utf-8")
    for name, stream in (("payments", "payment"), ("access", "access"), ("labels", "label")):
        section = text.split(f"## {name}.parquet")[1].split("\n## ")[0]
        told = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]
        assert told == parquet.read_schema(SAMPLE / f"{name}.parquet").names
        assert set(told) <= set(MODELS[stream].model_fields)
