"""promote, approve, reject, rollback, challenge, promotions: from the command line to the book."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from features.catalog import CATALOGUES
from features.errors import CrossflagError
from models.bundle import Bundle
from models.runtime import Scorer
from training import evaluation, judged, recipe
from training.cli import app
from training.errors import GatesFailed
from training.progress import Teller

from .conftest import RECIPE, Bank, write_bank

RUNNER = CliRunner()


def run(home: Path, *arguments: str | Path, env: dict[str, str] | None = None) -> dict[str, Any]:
    given = [str(item) for item in (*arguments, "--home", home, "--json")]
    result = RUNNER.invoke(app, given, catch_exceptions=False, env=env)
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def refused(home: Path, *arguments: str, env: dict[str, str] | None = None) -> str:
    with pytest.raises(CrossflagError) as caught:
        RUNNER.invoke(app, [*arguments, "--home", str(home)], catch_exceptions=False, env=env)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def shown(home: Path, *arguments: str) -> str:
    result = RUNNER.invoke(app, [*arguments, "--home", str(home)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def own_bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """A bank whose recipe asks for too much on a second model."""
    bank = write_bank(tmp_path_factory.mktemp("bank"))
    (bank.folder / "hard.toml").write_text(RECIPE + "[gates]\nmax_latency_ratio = 0.000001\n")
    return bank


@pytest.fixture(scope="module")
def versions(own_bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Three trained versions; the last cannot pass its own gates."""
    home = tmp_path_factory.mktemp("home")
    made = []
    for name, seed in (("bank", "1"), ("bank", "2"), ("hard", "3")):
        options = ("--recipe", own_bank.folder / f"{name}.toml", "--seed", seed)
        made.append(run(home, "train", *options, "--no-mlflow", "--no-baselines")["version"])
    return home, made


def test_the_whole_way(versions: tuple[Path, list[str]]) -> None:
    home, (first, second, hard) = versions
    document = run(home, "promote", "--version", first, "--why", "first", "--by", "ada")
    assert document["in_force"] and document["passed"]
    assert (document["by"], document["known_by"]) == ("ada", "said")
    assert document["account"] and document["bundle_hash"].startswith(first)
    names = [gate["name"] for gate in document["gates"]]
    assert names[:3] == ["average_precision", "brier", "calibration"]

    production = {"CROSSFLAG_PRODUCTION": "1"}
    lacking = refused(home, "promote", "--version", second, env=production)
    assert "card.owner" in lacking
    assert "override cannot be used" in refused(
        home, "promote", "--version", second, "--override", "hurry", env=production
    )
    proposed = run(home, "promote", "--version", second, "--propose", "--by", "ada")
    assert proposed["action"] == "propose" and not proposed["in_force"]
    assert proposed["gates"][0]["text"].endswith("unless it may be chance)")
    assert "another person must approve" in refused(home, "approve", "--by", "ADA")
    approved = run(home, "approve", "--version", second, "--by", "bo", "--why", "read the card")
    assert approved["approvers"] == ["ada", "bo"] and approved["version"] == second

    said = refused(home, "promote", "--version", hard)
    assert "does not pass the gates and stays out of service: latency is" in said
    over = run(home, "promote", "--version", hard, "--override", "a slow machine is fine")
    assert over["override"] == "a slow machine is fine" and over["in_force"]
    assert run(home, "rollback", "--why", "too slow after all")["version"] == second

    book = run(home, "promotions")
    assert book["champion"] == second and book["proposal"] is None
    assert [act["action"] for act in book["acts"]] == [
        *("promote", "propose", "promote", "promote", "rollback")
    ]
    table = shown(home, "promotions")
    assert "rollback" in table and "typed" in table

    run(home, "promote", "--version", first, "--propose", "--by", "ada")
    assert run(home, "promotions")["proposal"]["version"] == first
    assert run(home, "reject", "--why", "no need")["action"] == "reject"
    assert run(home, "challenge", "--version", first)["action"] == "challenge"
    assert run(home, "challenge", "--end")["action"] == "dismiss"
    again = run(home, "promote", "--version", second)
    assert again["gates"] == [] and again["version"] == second


def test_the_papers_lie_beside_the_bundle(versions: tuple[Path, list[str]]) -> None:
    home, (first, *_) = versions
    shelf = home / "models" / "payment" / f"{first}.documents"
    assert (shelf / "model_card.md").read_text().startswith("# crossflag-payment")
    assert {path.name for path in shelf.iterdir()} >= {"model_card.md"}


def test_the_gates_judge_the_rows_of_the_run(
    versions: tuple[Path, list[str]], own_bank: Bank
) -> None:
    """What was kept gives the same scores as the events do when they are read again."""
    home, (first, *_) = versions
    catalogue = CATALOGUES["payment"]
    bundle = home / "bundles" / "payment" / first
    rows = judged.read(bundle, catalogue)
    again = evaluation.evaluate(
        recipe.load(own_bank.recipe), "payment", home, first, teller=Teller(quiet=True)
    )
    scores = Scorer(Bundle.load(bundle), catalogue).score(rows.features)
    assert len(rows.outcomes.target) == again.events
    assert int(rows.outcomes.target.sum()) == again.frauds
    wrong = np.mean((scores.probability - rows.outcomes.target) ** 2)
    assert wrong == pytest.approx(again.metrics["brier"], rel=1e-12)
    assert set(rows.groups) == {"corridor", "channel"}


def test_train_promotes_only_what_passes(own_bank: Bank, tmp_path: Path) -> None:
    hard = str(own_bank.folder / "hard.toml")
    options = ("--recipe", hard, "--no-mlflow", "--no-baselines", "--promote")
    with pytest.raises(GatesFailed, match="latency is"):
        RUNNER.invoke(app, ["train", *options, "--home", str(tmp_path)], catch_exceptions=False)
    assert run(tmp_path, "promotions")["champion"] is None
    assert list((tmp_path / "bundles" / "payment").glob("*/bundle.json"))


def test_production_demands_a_second_person_of_train_too(own_bank: Bank, tmp_path: Path) -> None:
    words = '[card]\nowner = "team"\nintended_use = "transfers"\ndata_licence = "our own"\n'
    own = own_bank.folder / "said.toml"
    own.write_text(RECIPE + words)
    options = ("--recipe", own, "--no-mlflow", "--no-baselines", "--promote", "--by", "ada")
    document = run(tmp_path, "train", *options, env={"CROSSFLAG_PRODUCTION": "1"})
    assert not document["promoted"] and document["forward"]["action"] == "propose"
    assert run(tmp_path, "promotions")["champion"] is None
    assert run(tmp_path, "approve", "--by", "bo")["version"] == document["version"]
