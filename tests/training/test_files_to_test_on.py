"""A second file to judge on: its events and no others are the test, and it must come later."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from features.catalog import CATALOGUES
from features.reference import Reference
from training import adapt, data, prepare
from training.errors import BadRecipe, MissingInput
from training.recipe import Data, Latest, Recipe

TIMED = """
stream = "payment"
number_rows = true
time_zone = "UTC"
[columns]
time = "when"
amount = "amount"
debtor_account = "who"
creditor_account = "shop"
[constants]
currency = "EUR"
[labels]
is_fraud = "fraud"
delay = "1d"
"""
UNTIMED = """
stream = "access"
untimed = "shuffled"
parties = "none"
number_rows = true
[constants]
action = "other"
outcome = "unknown"
[labels]
is_fraud = "fraud"
delay = "0s"
[attributes]
numeric = ["amount"]
"""


def write(path: Path, first_day: int, days: int, count: int = 1200) -> Path:
    chance = np.random.default_rng(first_day)
    lines = ["when,amount,who,shop,fraud"]
    for minute in np.sort(chance.integers(first_day * 1440, (first_day + days) * 1440, count)):
        day, clock = divmod(int(minute), 1440)
        fraud = int(chance.random() < 0.05)
        amount = chance.lognormal(3 + 2 * fraud, 0.5)
        moment = np.datetime64("2026-01-01T00:00") + np.timedelta64(day * 1440 + clock, "m")
        lines.append(f"{moment}:00,{amount:.2f},C{chance.integers(40)},S{minute % 9},{fraud}")
    path.write_text("\n".join(lines) + "\n")
    return path


def prepared(tmp_path: Path, mapping: str, test: Path, **plan: float) -> prepare.Prepared:
    stream = "payment" if "payment" in mapping else "access"
    described = tmp_path / "mapping.toml"
    described.write_text(mapping)
    first = write(tmp_path / "first.csv", 0, 60)
    files = {"payments" if stream == "payment" else "access": first}
    recipe = Recipe(data=Data(**files, test=test, mapping=described), split=Latest(**plan))
    inputs = data.read(recipe.data, lambda _: None)
    recipe, _ = adapt.settle(recipe, stream, inputs)
    line = prepare.timeline(recipe, stream, inputs, Reference(), lambda *_: None)
    return prepare.prepare(recipe, CATALOGUES[stream], line)


@pytest.mark.parametrize("mapping", [TIMED, UNTIMED], ids=["timed", "untimed"])
def test_the_test_slice_is_the_second_file(tmp_path: Path, mapping: str) -> None:
    second = write(tmp_path / "second.csv", 60, 9, 300)
    found = prepared(tmp_path, mapping, second)
    assert found.counts["test"].events == 300
    assert found.counts["test"].frauds == second.read_text().count(",1\n")
    assert found.counts["train"].events < 1200


def test_a_file_that_does_not_come_later_is_refused(tmp_path: Path) -> None:
    second = write(tmp_path / "second.csv", 55, 9, 300)
    with pytest.raises(MissingInput, match=r"--test-data .* of its 300 events lie before the last"):
        prepared(tmp_path, TIMED, second)


def test_a_recipe_that_says_otherwise_is_refused(tmp_path: Path) -> None:
    second = write(tmp_path / "second.csv", 60, 9, 300)
    with pytest.raises(BadRecipe, match="says what to test on, and so does the recipe's"):
        prepared(tmp_path, TIMED, second, test_days=5)


def test_two_ways_to_say_what_to_test_on_are_one_too_many(tmp_path: Path) -> None:
    second = write(tmp_path / "second.csv", 60, 9, 300)
    split = '[split]\ncolumn = "shop"\ntest = ["S1"]\n'
    with pytest.raises(MissingInput, match=r"the mapping's \[split\] says already"):
        prepared(tmp_path, UNTIMED + split, second)
