from __future__ import annotations

import json
import logging
import sqlite3

import pytest

from models.errors import RegistryFailed
from models.registry import log_run, set_champion, store_uri


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


def test_a_run_its_bundle_and_the_champion_are_found_again(home, bundle, tmp_path, capfd):
    plot = tmp_path / "precision_recall.png"
    plot.write_bytes(b"picture")
    parameters = {f"parameter_{number}": number for number in range(150)}
    logged = [
        log_run(
            home,
            "payment",
            f"run {number}",
            parameters,
            {"average_precision": 0.5 + number / 10},
            {"git_revision": "abc"},
            [plot],
            bundle.directory,
        )
        for number in range(2)
    ]
    assert logged[0].model_name == "crossflag-payment"
    assert [entry.model_version for entry in logged] == ["1", "2"]
    set_champion(home, "crossflag-payment", "2")
    assert capfd.readouterr() == ("", "")

    from mlflow.tracking import MlflowClient

    client = MlflowClient(store_uri(home), registry_uri=store_uri(home))
    run = client.get_run(logged[1].run_id)
    assert run.info.status == "FINISHED" and run.info.run_name == "run 1"
    assert run.data.metrics == {"average_precision": 0.6}
    assert run.data.params["parameter_149"] == "149"
    assert run.data.params["data_hash"] == "ab" * 32
    assert run.inputs.dataset_inputs[0].dataset.digest == ("ab" * 32)[:36]
    assert run.data.tags["git_revision"] == "abc"
    version = client.get_model_version_by_alias("crossflag-payment", "champion")
    assert version.version in (2, "2") and version.tags["bundle_version"] == bundle.version
    fetched = client.download_artifacts(logged[1].run_id, "bundle", str(tmp_path))
    body = json.loads((tmp_path / "bundle" / "bundle.json").read_text())
    assert body["version"] == bundle.version and fetched
    names = {item.path for item in client.list_artifacts(logged[1].run_id)}
    assert names == {"bundle", "precision_recall.png"}
    assert list((home / "mlartifacts").iterdir())


def test_a_run_without_a_bundle_registers_nothing(home):
    logged = log_run(home, "baselines", "forest", {}, {"roc_auc": 0.9}, {}, [], None)
    assert (logged.model_name, logged.model_version) == (None, None)


def test_a_run_that_fails_is_marked_and_said(home, tmp_path):
    with pytest.raises(RegistryFailed, match="nowhere"):
        log_run(home, "broken", "run", {}, {}, {}, [tmp_path / "nowhere.png"], None)
    from mlflow.tracking import MlflowClient

    client = MlflowClient(store_uri(home), registry_uri=store_uri(home))
    experiment = client.get_experiment_by_name("broken").experiment_id
    (run,) = client.search_runs([experiment])
    assert run.info.status == "FAILED"


def test_a_champion_that_is_not_registered_is_refused(home):
    with pytest.raises(RegistryFailed, match="crossflag-nothing"):
        set_champion(home, "crossflag-nothing", "1")


def test_the_store_is_complete_and_durable(home):
    with sqlite3.connect(home / "mlflow.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    connection.close()
    assert not list(home.glob(".incoming*"))
    assert logging.getLogger("mlflow").level == logging.WARNING
