"""Files of earlier events become history: served features equal offline ones, bit for bit."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from event_worlds import World, random_world

from features.batch import build
from features.errors import CrossflagError
from features.events import Label
from features.reference import Reference
from features.table import EventTable
from serving import history
from serving.cli.history import read_arrivals
from serving.store.database import Database
from tests.serving.harness import ROOT, feature_rows, running

WORLD = random_world(21, size=260)
CUT = 200


def write(tables: tuple[EventTable, ...], folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{table.stream}.parquet" for table in tables]
    for table, path in zip(tables, paths, strict=True):
        pq.write_table(_as_sent(table), path)
    return paths


def _as_sent(table: EventTable) -> object:
    import pyarrow as pa

    from features.table import to_events

    rows = []
    for event, arrived in zip(to_events(table), table.received_at.tolist(), strict=True):
        fields = event.model_dump(mode="json", exclude_none=True)
        fields["received_at"] = np.datetime64(arrived, "us").item().isoformat() + "+00:00"
        if "intermediary_agents" in fields:
            fields["intermediary_agents"] = " ".join(fields["intermediary_agents"])
        rows.append(fields)
    names = sorted({name for row in rows for name in row})
    return pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows])


def load(home: Path, world: World) -> history.Loaded:
    paths = write(world.tables, home / "files")
    database = Database(home / "crossflag.db", exclusive=True)
    try:
        return history.load(database, "bank-a", read_arrivals(*paths))
    finally:
        database.close()


def test_scores_after_a_load_equal_offline_features(new_home: Callable[..., Path]) -> None:
    home = new_home()
    loaded = load(home, WORLD.until(CUT))
    assert loaded.payments + loaded.access_events + loaded.labels == CUT
    with running(home, console=False) as service:
        for _, event in WORLD.arrivals[CUT:]:
            if not isinstance(event, Label):
                fields = event.model_dump(mode="json", exclude_none=True)
                service.score(event.stream, fields)
            else:
                answer = service.client.post(
                    "/v1/labels", json={"labels": [event.model_dump(mode="json")]}
                )
                assert answer.json()["items"][0]["status"] < 400, answer.text
        served = feature_rows(service)
    payments, access, labels = WORLD.tables
    built = build(payments, access, labels, Reference())
    for (stream, event_id), blob in served.items():
        table = payments if stream == "payment" else access
        row = table.column("event_id").to_pylist().index(event_id)
        assert blob == built.features[stream][row].tobytes(), (stream, event_id)
    assert len(served) > 30


def test_loading_again_changes_nothing(tmp_path: Path) -> None:
    load(tmp_path, WORLD.until(50))
    again = load(tmp_path, WORLD.until(50))
    assert (again.payments, again.access_events, again.labels, again.known) == (0, 0, 0, 50)


def test_what_arrived_before_the_logs_end_is_refused(tmp_path: Path) -> None:
    load(tmp_path, World(WORLD.arrivals[30:60]))
    with pytest.raises(CrossflagError, match="arrived before the end of the service's log"):
        load(tmp_path, WORLD.until(60))


def test_a_loaded_event_is_not_scored_again(new_home: Callable[..., Path]) -> None:
    home = new_home()
    load(home, WORLD.until(20))
    event = next(e for _, e in WORLD.arrivals if not isinstance(e, Label))
    with running(home, console=False) as service:
        path = "payments" if event.stream == "payment" else "access-events"
        answer = service.client.post(
            f"/v1/{path}/score", json=event.model_dump(mode="json", exclude_none=True)
        )
    assert answer.status_code == 409
    assert "loaded as history" in answer.json()["detail"]


def test_the_command_says_what_it_loaded(tmp_path: Path) -> None:
    payments, access, labels = write(WORLD.until(40).tables, tmp_path)
    command = [sys.executable, "-m", "crossflag", "history", "load", "--home", str(tmp_path)]
    files = ["--payments", str(payments), "--access", str(access), "--labels", str(labels)]
    done = subprocess.run(
        [*command, *files, "--until", "2026-03-02"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "until='2026-03-02': not a time with a zone" in done.stderr
    done = subprocess.run([*command, *files], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "as history of local" in done.stderr
