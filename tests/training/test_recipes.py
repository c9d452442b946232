"""Recipes: the package's own load, and a wrong one is refused in one clear sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from training import recipe
from training.errors import BadRecipe


@pytest.mark.parametrize("name", ["default", "handbook"])
def test_own_recipes_load_from_anywhere(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    loaded = recipe.load(name)
    assert loaded.description
    named = [loaded.data.payments, loaded.data.access, loaded.data.labels, loaded.data.mapping]
    assert all(path.is_file() for path in named if path is not None)


def test_paths_start_at_the_recipe(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        '[data]\npayments = "events/all.csv"\nlabels = "/elsewhere/labels.csv"\n'
        'reference_data = "dated"\n'
    )
    loaded = recipe.load(str(path))
    assert loaded.data.payments == tmp_path.resolve() / "events" / "all.csv"
    assert loaded.data.reference_data == tmp_path.resolve() / "dated"
    assert loaded.data.labels == Path("/elsewhere/labels.csv")


def test_an_unknown_recipe_names_those_there_are() -> None:
    with pytest.raises(BadRecipe, match=r"recipe='weekly'.*default, handbook"):
        recipe.load("weekly")


def test_every_wrong_field_is_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text('seed = -1\n[split]\ntest_weeks = 3\n[data]\ntime_zone = "Mars/Olympus"\n')
    with pytest.raises(BadRecipe) as caught:
        recipe.load(str(path))
    message = str(caught.value)
    assert "seed=-1" in message
    assert "split.test_weeks: unknown field" in message
    assert "data.time_zone='Mars/Olympus'" in message
    assert "\n" not in message


def test_broken_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("seed =\n")
    with pytest.raises(BadRecipe, match=r"broken\.toml.*must be TOML"):
        recipe.load(str(path))


def test_the_gap_is_the_label_delay_of_either_protocol(tmp_path: Path) -> None:
    path = tmp_path / "weeks.toml"
    path.write_text('[split]\nprotocol = "weeks"\ntrain_from = 2018-07-25\ndelay_days = 9\n')
    assert recipe.load(str(path)).gap_days == 9
    assert recipe.Recipe(labels=recipe.Labels(maturity_days=5)).gap_days == 5
