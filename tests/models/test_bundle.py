from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from features.definitions import Catalogue
from models.bundle import Bundle, profile_of
from models.decision import Thresholds
from models.errors import BadBundle, FeatureMismatch, ParityBroken, UnsupportedModel


def test_a_bundle_reads_back_as_written(bundle, trained, catalogue):
    again = Bundle.load(bundle.directory, catalogue)
    for field in ("name", "stream", "version", "features", "thresholds", "calibrator", "metrics"):
        assert getattr(again, field) == getattr(bundle, field)
    assert again.profile == bundle.profile and again.training == bundle.training
    assert again.forest.margin(trained.rows).tolist() == trained.margins().tolist()
    assert len(bundle.version) == 12


def test_the_version_is_the_contents_and_not_the_time(bundle, write_bundle, tmp_path):
    later = write_bundle(tmp_path / "later", created_at=datetime(2027, 1, 1, tzinfo=UTC))
    other = write_bundle(tmp_path / "other", thresholds=Thresholds(0.4, 0.8, 50))
    assert later.version == bundle.version != other.version
    assert later.created_at.startswith("2027")


@pytest.mark.parametrize("change", ["thresholds", "features", "version", "model", "cut", "gone"])
def test_a_changed_bundle_is_refused(write_bundle, tmp_path, change):
    directory = write_bundle(tmp_path / "bundle").directory
    manifest, model = directory / "bundle.json", directory / "model.json"
    body = json.loads(manifest.read_text())
    match change:
        case "thresholds":
            body["thresholds"]["review"] = 0.01
        case "features":
            body["features"].reverse()
        case "version":
            body["version"] = "0" * 12
    manifest.write_text(json.dumps(body))
    match change:
        case "model":
            model.write_bytes(model.read_bytes() + b" ")
        case "cut":
            manifest.write_bytes(manifest.read_bytes()[:100])
        case "gone":
            model.unlink()
    with pytest.raises(BadBundle, match=r"copy|train"):
        Bundle.load(directory)


def test_a_missing_bundle_is_refused(tmp_path):
    with pytest.raises(BadBundle, match="no complete bundle"):
        Bundle.load(tmp_path / "none")


def test_features_that_are_not_served_are_named(bundle, catalogue):
    assert bundle.columns(catalogue) == [6, 2, 1, 7, 3, 4]
    features = tuple(
        replace(feature, version=3) if feature.name == "since_creditor" else feature
        for feature in catalogue.features
        if feature.name != "share_24h"
    )
    with pytest.raises(FeatureMismatch) as caught:
        Bundle.load(bundle.directory, Catalogue("tests", "payment", features))
    assert "since_creditor version 2 (served: 3)" in str(caught.value)
    assert "share_24h version 1 (served: none)" in str(caught.value)
    assert "to_average" not in str(caught.value)


def test_the_other_streams_catalogue_is_refused(bundle):
    with pytest.raises(FeatureMismatch, match="stream 'payment'"):
        bundle.columns(Catalogue("tests", "access", ()))


def test_a_bundle_is_not_written_when_the_kernel_disagrees(write_bundle, trained, tmp_path):
    margins = trained.margins()
    margins[0] += 0.001
    with pytest.raises(ParityBroken):
        write_bundle(tmp_path / "bundle", parity_margins=margins)
    with pytest.raises(UnsupportedModel):
        write_bundle(tmp_path / "bundle", model=b"{}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"features": [("a", 1)]}, "its model takes 6"),
        ({"features": [("a", 1)] * 6}, "1 different"),
        ({"metrics": {"loss": float("nan")}}, "not finite"),
        ({"training": {"path": object()}}, "plain value"),
    ],
)
def test_parts_that_do_not_fit_are_refused_and_leave_nothing(
    write_bundle, tmp_path, changes, words
):
    with pytest.raises(BadBundle, match=words):
        write_bundle(tmp_path / "bundle", **changes)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_in_use_is_not_overwritten(write_bundle, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(BadBundle, match="in use"):
        write_bundle(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_the_profile_holds_quantiles_and_the_missing_share():
    rows = np.full((101, 2), np.nan)
    rows[:, 0] = np.arange(101)
    rows[:50, 0] = np.nan
    profile = profile_of(rows, ["known", "never"])
    assert profile["known"].quantiles[0] == 50 and profile["known"].quantiles[-1] == 100
    assert profile["known"].quantiles[10] == 75
    assert profile["known"].missing == pytest.approx(50 / 101)
    assert profile["never"].quantiles == () and profile["never"].missing == 1
