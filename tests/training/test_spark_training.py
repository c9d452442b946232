"""A model that Spark fits is as good as one of a single process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from features.errors import NoCluster
from training import backfill, pipeline, recipe
from training.cli import app
from training.errors import BadRecipe
from training.progress import Teller

from .conftest import Bank


def test_an_engine_that_there_is_not_is_refused(bank: Bank, tmp_path: Path) -> None:
    given = recipe.load(bank.recipe)
    asked = backfill.built_for("dask", "", given, tmp_path, None, Teller(quiet=True))
    with pytest.raises(BadRecipe, match=r"--engine 'dask': use one of local, spark"), asked:
        pass


def test_a_master_that_is_none_is_refused_before_anything_is_read(
    bank: Bank, tmp_path: Path
) -> None:
    given = recipe.load(bank.recipe)
    asked = backfill.built_for("spark", "yarn", given, tmp_path, None, Teller(quiet=True))
    with pytest.raises(NoCluster, match="'yarn'"), asked:
        pass


@pytest.mark.full
@pytest.mark.spark
@pytest.mark.timeout(900)
def test_spark_reaches_the_single_process(tmp_path: Path) -> None:
    given = recipe.load("default").model_copy(update={"baselines": False})
    alone = pipeline.train(given, "payment", tmp_path / "alone", log=False)
    told = CliRunner().invoke(
        app,
        [
            *("train", "--engine", "spark", "--master", "local[2]", "--json"),
            *("--no-baselines", "--no-mlflow", "--home", str(tmp_path / "cluster")),
        ],
    )
    assert told.exit_code == 0, told.output
    body = json.loads(told.stdout)
    assert body["roc_auc"] == pytest.approx(alone.metrics["roc_auc"], abs=0.002)
    assert body["features"] == alone.features
    assert abs(body["trees"] - alone.trees) < 100
    # The features that it built for itself are gone.
    assert not list((tmp_path / "cluster").glob(".features-*"))
