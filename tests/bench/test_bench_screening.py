"""`crossflag bench screening` on a few made-up records."""

from __future__ import annotations

import json
import random

from typer.testing import CliRunner

from bench.command import app
from bench.perturb import KINDS, perturbed


def test_figures_of_made_up_records() -> None:
    words = ["screening", "--records", "500", "--asked", "200", "--json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    done = json.loads(result.stdout)["made_up"]
    assert (done["records"], done["asked"]) == (500, 200)
    assert done["names_a_second"] > 100
    assert done["indicator_us"] < 1_000


def test_names_are_changed_in_one_way() -> None:
    chance = random.Random(1)
    for kind in KINDS:
        changed = perturbed("Khaled Morozov", kind, chance)
        assert changed is not None
        assert changed.lower() != "khaled morozov"
    assert sorted(str(perturbed("A B C", "order", chance)).split()) == ["A", "B", "C"]
    assert perturbed("Bo", "order", chance) is None
    assert perturbed("Bo Li", "typo", chance) is None
