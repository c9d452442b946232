"""A folder of features: what is in it, what is refused, and that a model from it is the same."""

from __future__ import annotations

import filecmp
import json
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from features.batch import build
from features.catalog import CATALOGUES
from features.errors import BadFeatureFolder
from features.folder import DESCRIPTION, describe
from features.formats.readers import read_events
from features.reference import Reference
from training import data, pipeline, prepare, recipe
from training.backfill import build_folder
from training.errors import MissingInput
from training.progress import Teller
from training.recipe import Data, Recipe

from .conftest import Bank, write_bank
from .test_training_cli import refused, run

QUIET = Teller(quiet=True)


@pytest.fixture(scope="module")
def kept(bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small bank's features; do not change its files."""
    out = tmp_path_factory.mktemp("kept") / "features"
    build_folder(recipe.load(bank.recipe), out, QUIET)
    return out


def quick(bank: Bank) -> Recipe:
    return recipe.load(bank.recipe).model_copy(update={"baselines": False})


def test_a_file_holds_a_days_events_in_order_of_arrival(bank: Bank, kept: Path) -> None:
    payments = read_events(bank.payments, stream="payment").table
    labels = read_events(bank.labels, stream="label").table
    built = build(payments, None, labels, Reference()).features["payment"]
    places = {name: n for n, name in enumerate(payments.column("event_id").to_pylist())}
    files = sorted((kept / "stream=payment").glob("day=*/*.parquet"))
    assert len(files) == 40
    seen = 0
    for file in files:
        found = pq.read_table(file, partitioning=None)
        assert found.column_names[:3] == ["event_id", "time", "received_at"]
        assert found.column_names[3:] == CATALOGUES["payment"].names
        day = date.fromisoformat(file.parent.name.removeprefix("day="))
        assert {time.date() for time in found["time"].to_pylist()} == {day}
        arrived = found["received_at"].to_pylist()
        assert arrived == sorted(arrived)
        rows = [places[name] for name in found["event_id"].to_pylist()]
        values = np.stack([column.to_numpy() for column in found.columns[3:]], axis=1)
        assert values.tobytes() == built[rows].tobytes()
        seen += len(rows)
    assert seen == len(payments)


def test_every_file_says_what_it_was_computed_from(kept: Path) -> None:
    file = next((kept / "stream=payment").glob("day=*/*.parquet"))
    told = json.loads(pq.read_schema(file).metadata[b"crossflag"])
    catalogue = CATALOGUES["payment"]
    assert told["features"]["payment"] == [[f.name, f.version] for f in catalogue.features]
    assert told["reference"] == Reference().version
    assert told["program"] == describe(kept).origin.program
    assert set(told["data"]) == {"payments", "labels"}


def test_a_model_from_the_folder_is_the_very_same(bank: Bank, kept: Path, tmp_path: Path) -> None:
    plain = pipeline.train(quick(bank), "payment", tmp_path / "plain", log=False)
    taken = pipeline.train(quick(bank), "payment", tmp_path / "taken", log=False, kept=kept)
    assert taken.version == plain.version
    assert taken.metrics == plain.metrics
    model = "model.json"
    assert (taken.bundle / model).read_bytes() == (plain.bundle / model).read_bytes()


def test_only_the_days_of_the_slices_are_read(bank: Bank, tmp_path: Path) -> None:
    out = tmp_path / "features"
    build_folder(quick(bank), out, QUIET)
    # The first four days only give history.
    for day in ("2026-01-05", "2026-01-08"):
        (out / "stream=payment" / f"day={day}" / "part-0.parquet").write_bytes(b"")
    pipeline.train(quick(bank), "payment", tmp_path / "home", log=False, kept=out)
    (out / "stream=payment" / "day=2026-01-20" / "part-0.parquet").write_bytes(b"")
    with pytest.raises(BadFeatureFolder, match="cannot be read"):
        pipeline.train(quick(bank), "payment", tmp_path / "home", log=False, kept=out)


def test_local_days_are_found_in_days_of_utc(bank: Bank, kept: Path) -> None:
    changed = quick(bank).data.model_copy(update={"time_zone": "Asia/Tokyo"})
    chosen = quick(bank).model_copy(update={"data": changed})
    inputs = data.read(chosen.data, QUIET.say)
    everything = np.arange(len(CATALOGUES["payment"].names))
    slices = []
    for folder in (None, kept):
        line = prepare.timeline(
            chosen, "payment", inputs, Reference(), lambda done, total: None, folder
        )
        prepared = prepare.prepare(chosen, CATALOGUES["payment"], line)
        slices.append(line.rows(prepared.train.places, everything))
    assert slices[0].tobytes() == slices[1].tobytes()


def test_a_missing_day_is_found(bank: Bank, tmp_path: Path) -> None:
    out = tmp_path / "features"
    build_folder(quick(bank), out, QUIET)
    (out / "stream=payment" / "day=2026-01-20" / "part-0.parquet").unlink()
    with pytest.raises(BadFeatureFolder, match="other events than it says"):
        pipeline.train(quick(bank), "payment", tmp_path / "home", log=False, kept=out)


def altered(kept: Path, out: Path, **changes: object) -> Path:
    """Return a folder that says it was computed otherwise."""
    document = json.loads((kept / DESCRIPTION).read_bytes())
    document["origin"] |= changes
    out.mkdir()
    (out / DESCRIPTION).write_text(json.dumps(document))
    return out


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"program": "0" * 64}, "another program"),
        ({"reference": "rates-1999"}, "reference data rates-1999"),
        ({"data": {"payments": "0"}}, "other labels and payments"),
        ({"start": 0}, "other days"),
        ({"features": {"payment": [["debtor_age", 1]]}}, r"access features differ .* and \d+ more"),
    ],
)
def test_features_computed_otherwise_are_refused(
    bank: Bank, kept: Path, tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    other = altered(kept, tmp_path / "other", **changes)
    with pytest.raises(BadFeatureFolder, match=told) as caught:
        pipeline.train(quick(bank), "payment", tmp_path, log=False, kept=other)
    assert "crossflag features build" in str(caught.value)


def test_features_of_other_labels_are_refused(bank: Bank, kept: Path, tmp_path: Path) -> None:
    other = write_bank(tmp_path / "bank", seed=4)
    given = Data(payments=bank.payments, labels=other.labels)
    chosen = quick(bank).model_copy(update={"data": given})
    with pytest.raises(BadFeatureFolder, match="computed from other labels"):
        pipeline.train(chosen, "payment", tmp_path, log=False, kept=kept)


def test_a_folder_of_another_program_is_not_overwritten(
    bank: Bank, kept: Path, tmp_path: Path
) -> None:
    out = altered(kept, tmp_path / "out", program="0" * 64)
    with pytest.raises(BadFeatureFolder, match="another program"):
        build_folder(quick(bank), out, QUIET)
    assert [item.name for item in out.iterdir()] == [DESCRIPTION]


def test_a_folder_of_something_else_is_not_overwritten(bank: Bank, tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(BadFeatureFolder, match="choose another --out"):
        build_folder(quick(bank), tmp_path, QUIET)
    assert (tmp_path / "letters.txt").read_text() == "mine"


def test_a_folder_of_the_same_program_is_replaced(bank: Bank, kept: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_folder(quick(bank), out, QUIET)
    (out / "stream=payment" / "day=2026-01-20" / "part-0.parquet").unlink()
    build_folder(quick(bank), out, QUIET)
    assert [item.name for item in tmp_path.iterdir()] == ["out"]
    compared = [file.relative_to(kept) for file in kept.rglob("*.parquet")]
    assert len(compared) == 40
    _, differing, missing = filecmp.cmpfiles(kept, out, map(str, compared), shallow=False)
    assert (differing, missing) == ([], [])


def test_a_build_that_fails_leaves_what_was_there(
    bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    build_folder(quick(bank), out, QUIET)
    before = {file: file.stat().st_mtime_ns for file in out.rglob("*")}

    def full(*given: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("features.days.DayWriter.close", full)
    with pytest.raises(OSError, match="no space"):
        build_folder(quick(bank), out, QUIET)
    assert {file: file.stat().st_mtime_ns for file in out.rglob("*")} == before
    assert [item.name for item in tmp_path.iterdir()] == ["out"]


def test_the_command_builds_what_train_takes(bank: Bank, tmp_path: Path) -> None:
    out = tmp_path / "features"
    told, _ = run("features", "build", "--recipe", bank.recipe, "--out", out, "--json")
    document = json.loads(told)
    assert document["rows"] == {"payment": 4800}
    assert document["days"] == {"payment": 40}
    assert "device_payments_24h" in document["absent"]["payment"]
    given = ("--recipe", bank.recipe, "--home", tmp_path, "--no-mlflow", "--no-baselines")
    _, stages = run("train", *given, "--features", out)
    assert "reading features" in stages
    shown, _ = run("features", "build", "--recipe", bank.recipe, "--out", out)
    assert "4,800" in shown


def test_the_command_refuses_what_it_cannot_use(bank: Bank, tmp_path: Path) -> None:
    given = ("features", "build", "--out", tmp_path / "out")
    assert "use one of local, spark" in refused(*given, "--recipe", bank.recipe, "--engine", "dask")
    assert "use one of payment, access" in refused(*given, "--model", "cards")
    with pytest.raises(MissingInput, match="no events"):
        labels_alone = quick(bank).model_copy(update={"data": Data(labels=bank.labels)})
        build_folder(labels_alone, tmp_path / "out", QUIET)
    assert "holds no" in refused(
        "train", "--recipe", bank.recipe, "--features", tmp_path, "--home", tmp_path
    )
