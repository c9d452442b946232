"""`crossflag data inspect`, then `train` and `score` with what it wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.strangers import SETS
from training.cli import app

RUN = CliRunner()


def run(*arguments: str) -> str:
    done = RUN.invoke(app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("name", ["anonymised_cards", "registrations"])
def test_from_a_strangers_file_to_scores(tmp_path: Path, name: str) -> None:
    path, mapping = tmp_path / "their file.csv", tmp_path / "mapping.toml"
    table = SETS[name](12_000)
    if name == "anonymised_cards":
        table.loc[::60, "Class"] = 1
        table.loc[::60, "V4"] += 6
    table.to_csv(path, index=False)
    shown = run("data", "inspect", str(path), "--out", str(mapping))
    assert "Next: crossflag train --data" in shown
    assert "[constants]" in shown
    document = json.loads(run("data", "inspect", str(path), "--json"))
    assert document["mapping"]["labels"]["is_fraud"] in table.columns
    home = str(tmp_path / "home")
    trained = json.loads(
        run(
            *("train", "--data", str(path), "--mapping", str(mapping), "--home", home),
            *("--no-mlflow", "--no-baselines", "--promote", "--json"),
        )
    )
    assert trained["roc_auc"] > 0.7
    assert any(name.startswith("raw.") for name in trained["features"])
    out = tmp_path / "scored.csv"
    scored = json.loads(
        run(
            *("score", str(path), "--mapping", str(mapping), "--out", str(out)),
            *("--home", home, "--json"),
        )
    )
    assert scored["events"] == 12_000
    assert out.read_text().count("\n") == 12_001
