"""A training run beside the least that it could cost."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bench import training as measuring
from bench.command import app


def test_the_ratio_is_of_the_run_to_build_and_fit(capsys: pytest.CaptureFixture[str]) -> None:
    found = measuring.Measured(
        "payment", 1000, 90, 120, 0.5, 2.0, 1.0, 1.6, 4.5, 6.0, 3.0, {"fitting": 2.0}, 512.0
    )
    body = found.document()
    assert body["ratio"] == pytest.approx(1.5)
    assert body["searched_ratio"] == pytest.approx(1.25)
    assert body["processor_ratio"] == pytest.approx(2.0)
    measuring.show(found)
    told = capsys.readouterr().out
    assert "1.50 times the least" in told and "512 MB" in told


@pytest.mark.full
@pytest.mark.timeout(600)
def test_the_command_measures_the_sample() -> None:
    told = CliRunner().invoke(app, ["training", "--json"])
    assert told.exit_code == 0, told.output
    body = json.loads(told.stdout)
    assert body["ratio"] >= 1 and body["trees"] > 10 and body["peak_megabytes"] > 100
    assert body["run"] >= body["stages"]["fitting"] >= body["bare_fit"] * 0.5
    # A wall clock tells of other work on the machine; processor time does not.
    assert body["processor_ratio"] < 3
