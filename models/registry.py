"""MLflow: every run, metric, plot and bundle, and the registered models with their versions.

The store is `<home>/mlflow.db` (SQLite), artifacts lie in `<home>/mlartifacts`; look at them with
`mlflow ui --backend-store-uri sqlite:///<home>/mlflow.db`. MLflow is for people and records: what
serves is decided in `models.champion`, and the alias "champion" mirrors it. This is the one module
of the layer that imports MLflow, and only when it is called (the import takes seconds).
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.bundle import Bundle
from models.errors import RegistryFailed

CHAMPION = "champion"
_DATABASE = "mlflow.db"
_PARAMETERS_A_BATCH = 100
_DIGEST_LENGTH = 36


@dataclass(frozen=True)
class Logged:
    """Where a run is found: its id and, when it made a bundle, the registered model and version."""

    run_id: str
    model_name: str | None
    model_version: str | None


def store_uri(home: Path) -> str:
    """Return the address of the MLflow store in `home`, as `mlflow ui` takes it."""
    return f"sqlite:///{home.resolve() / _DATABASE}"


def log_run(
    home: Path,
    experiment: str,
    run_name: str,
    params: Mapping[str, Any],
    metrics: Mapping[str, float],
    tags: Mapping[str, Any],
    artifacts: Sequence[Path],
    bundle_dir: Path | None,
) -> Logged:
    """Log one training run and, given a bundle, register it as a version of its stream's model.

    The model is called `crossflag-<stream>`. The bundle's `data_hash` is logged as parameter, its
    slices with their spans as the run's data sets, its features as the model's signature. A run
    that fails half-way is marked as failed. Raises `RegistryFailed`.
    """
    bundle = None if bundle_dir is None else Bundle.load(bundle_dir)
    with _client(home) as client:
        run = client.create_run(
            _experiment(client, home, experiment),
            run_name=run_name,
            tags={key: str(value) for key, value in tags.items()},
        )
        run_id: str = run.info.run_id
        try:
            _log_values(client, run_id, params, metrics, bundle)
            for path in artifacts:
                client.log_artifact(run_id, str(path))
            version = None if bundle is None else _register(client, run, bundle)
        except BaseException:
            client.set_terminated(run_id, "FAILED")
            raise
        client.set_terminated(run_id, "FINISHED")
    return Logged(run_id, None if bundle is None else model_name(bundle.stream), version)


def set_champion(home: Path, model_name: str, model_version: str) -> None:
    """Let the alias "champion" of a registered model name this version.

    Raises `RegistryFailed` when there is no such model or version.
    """
    with _client(home) as client:
        client.set_registered_model_alias(model_name, CHAMPION, model_version)


def model_name(stream: str) -> str:
    """Return the name under which a stream's models are registered."""
    return f"crossflag-{stream}"


def _log_values(
    client: Any,
    run_id: str,
    params: Mapping[str, Any],
    metrics: Mapping[str, float],
    bundle: Bundle | None,
) -> None:
    from mlflow.entities import Metric, Param

    now = time.time_ns() // 1_000_000
    values = dict(params)
    data_hash = None if bundle is None else bundle.training.get("data_hash")
    if data_hash is not None:
        values["data_hash"] = data_hash
        client.log_inputs(run_id, _data_sets(bundle, str(data_hash)))
    parameters = [Param(key, str(value)) for key, value in values.items()]
    for start in range(0, len(parameters), _PARAMETERS_A_BATCH):
        client.log_batch(run_id, params=parameters[start : start + _PARAMETERS_A_BATCH])
    client.log_batch(
        run_id, metrics=[Metric(key, float(value), now, 0) for key, value in metrics.items()]
    )


def _data_sets(bundle: Bundle | None, data_hash: str) -> list[Any]:
    """Return the slices of the data, each with its span and counts, under the hash of all files."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    training: Mapping[str, Any] = {} if bundle is None else bundle.training
    slices = training.get("slices") or {"train": {"span": training.get("span")}}
    source = json.dumps({"sha256": training.get("files", {})}, sort_keys=True)
    digest = data_hash[:_DIGEST_LENGTH]
    return [
        DatasetInput(
            Dataset(name, digest, "local", source, profile=json.dumps(told, sort_keys=True)),
            [InputTag("mlflow.data.context", "evaluation" if name == "test" else "training")],
        )
        for name, told in slices.items()
    ]


def _described(run: Any, bundle: Bundle) -> str:
    """Return the MLmodel file: what goes in and comes out, for MLflow's pages and clients."""
    from mlflow.models import Model, ModelSignature
    from mlflow.types import ColSpec, Schema

    inputs = Schema([ColSpec("double", name, required=False) for name, _ in bundle.features])
    outputs = Schema([ColSpec("double", "margin"), ColSpec("double", "probability")])
    described = Model(
        artifact_path="bundle",
        run_id=run.info.run_id,
        signature=ModelSignature(inputs, outputs),
        flavors={"crossflag": {"version": bundle.version, "stream": bundle.stream}},
    )
    return str(described.to_yaml())


def _register(client: Any, run: Any, bundle: Bundle) -> str:
    from mlflow.exceptions import MlflowException

    name = model_name(bundle.stream)
    client.log_artifacts(run.info.run_id, str(bundle.directory), "bundle")
    client.log_text(run.info.run_id, _described(run, bundle), "bundle/MLmodel")
    try:
        client.get_registered_model(name)
    except MlflowException:
        client.create_registered_model(name, description=f"Scores the {bundle.stream} stream.")
    version = client.create_model_version(
        name,
        source=f"{run.info.artifact_uri}/bundle",
        run_id=run.info.run_id,
        tags={"bundle_version": bundle.version, "bundle_name": bundle.name},
    )
    return str(version.version)


def _experiment(client: Any, home: Path, name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    return str(client.create_experiment(name, artifact_location=_artifacts(home)))


def _artifacts(home: Path) -> str:
    return (home.resolve() / "mlartifacts").as_uri()


@contextmanager
def _client(home: Path) -> Iterator[Any]:
    """Give a client on the store in `home`; MLflow's errors leave as `RegistryFailed`."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    for logger in ("mlflow", "alembic"):
        logging.getLogger(logger).setLevel(logging.WARNING)
    with warnings.catch_warnings():
        # MLflow's own use of its dependencies is not ours to mend.
        warnings.simplefilter("ignore")
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        _create_store(home)
        uri = store_uri(home)
        try:
            yield MlflowClient(uri, registry_uri=uri)
        except (MlflowException, OSError) as error:
            raise RegistryFailed(
                f"MLflow store {home / _DATABASE}: {str(error).splitlines()[0]}"
            ) from error


def _create_store(home: Path) -> None:
    """Create the database once, beside its place, and rename it when complete.

    MLflow runs its 60 and more migrations, each waiting for the disk several times: 7 s of the 9 s
    that this took. A file that is not yet in its place may do without.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".mlflow.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (home / _DATABASE).exists():
            return
        import sqlalchemy
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        def do_not_wait(connection: Any, _: Any) -> None:
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("PRAGMA journal_mode=MEMORY")

        incoming = home.resolve() / f".incoming-{_DATABASE}"
        incoming.unlink(missing_ok=True)
        sqlalchemy.event.listen(sqlalchemy.Engine, "connect", do_not_wait)
        try:
            SqlAlchemyStore(f"sqlite:///{incoming}", _artifacts(home)).engine.dispose()
        finally:
            sqlalchemy.event.remove(sqlalchemy.Engine, "connect", do_not_wait)
        with incoming.open("rb") as file:
            os.fsync(file.fileno())
        incoming.replace(home / _DATABASE)
