"""The comparison on strangers' tables runs from the command, on small ones."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from bench.command import app
from bench.strangers import SETS


def test_the_defaults_stand_beside_a_tuned_rival() -> None:
    done = CliRunner().invoke(
        app, ["strangers", "--table", "network_flows", "--rows", "6000", "--json"]
    )
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)["tables"]
    assert found["average_precision"] > found["rival_average_precision"] - 0.05
    assert found["frauds_in_test"] > 200


def test_each_table_is_the_same_for_the_same_seed() -> None:
    for make in SETS.values():
        assert make(6000, 3).equals(make(6000, 3))
