"""A whole run on a small bank: the same twice, logged, promoted, judged again, used on a file."""

from __future__ import annotations

import csv
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlparse
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.catalog import CATALOGUES
from models import champion
from models.bundle import Bundle
from models.card import card
from models.promotions import Person
from training import evaluation, pipeline, promote, recipe, score, validation_pack
from training.errors import MissingInput, NoChampion, NotEnoughData
from training.progress import Teller
from training.recipe import Recipe

from .conftest import Bank, write_bank


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def trained(bank: Bank, home: Path) -> pipeline.TrainingResult:
    return pipeline.train(recipe.load(bank.recipe), "payment", home, promote_by=Person("tester"))


def without_baselines(bank: Bank) -> Recipe:
    return recipe.load(bank.recipe).model_copy(update={"baselines": False})


def test_the_model_is_worth_more_than_chance(trained: pipeline.TrainingResult) -> None:
    share = trained.counts["test"].frauds / trained.counts["test"].events
    assert trained.metrics["average_precision"] > 10 * share
    assert set(trained.baselines) == {"logistic_regression", "random_forest", "gradient_boosting"}
    assert {"roc_auc", "average_precision", "card_precision_at_100", "brier"} <= set(
        trained.document()
    )


def test_the_report_tells_how_far_the_test_slice_has_moved(
    trained: pipeline.TrainingResult,
) -> None:
    assert trained.report is not None
    page = trained.report.read_text(encoding="utf-8")
    assert '<section id="drift">' in page
    assert "Population stability index of the" in page


def test_the_threshold_meets_the_capacity(trained: pipeline.TrainingResult) -> None:
    assert trained.thresholds.reviews_per_day == 4
    assert 2 <= trained.metrics["flagged_per_day"] <= 7


def test_recall_is_told_for_each_typology(trained: pipeline.TrainingResult) -> None:
    found = trained.recall_by_typology
    assert set(found) == {"stolen_card", "unnamed"}
    assert sum(one.events for one in found.values()) == trained.counts["test"].frauds
    assert all(0 < one.recall <= 1 for one in found.values())
    bundle = Bundle.load(trained.bundle)
    told = bundle.training["recall_by_typology"]
    assert told == trained.document()["recall_by_typology"]
    line = f"| stolen card | {told['stolen_card']['found_subject_days']} |"
    assert line in card(bundle, CATALOGUES["payment"])


def test_the_run_has_the_figures_that_people_decide_by(trained: pipeline.TrainingResult) -> None:
    document = trained.document()
    found = document["decision"]
    precision = found["average_precision"]
    assert precision["value"] == pytest.approx(document["average_precision"], abs=1e-6)
    assert precision["low"] <= precision["value"] <= precision["high"]
    assert found["brier"]["value"] == pytest.approx(document["brier"], abs=1e-6)
    assert found["at_threshold"]["alerts_per_day"] == pytest.approx(
        document["flagged_per_day"], abs=1e-3
    )
    assert list(found["at_capacity"]) == ["10", "50", "100", "500"]
    assert found["time_to_detect"]["cases"] > 0
    # The small bank's payments name no country: only the thresholds of anywhere are left.
    assert found["without_countries"]["features_left_out"] == [
        "just_under_threshold",
        "threshold_share_7d",
    ]
    kept = Bundle.load(trained.bundle).training["decision"]
    assert kept["average_precision"] == precision
    assert len(kept["curve"]["rows"][0]) == len(kept["curve"]["columns"])


def test_features_without_inputs_are_left_out_and_named(trained: pipeline.TrainingResult) -> None:
    assert "device_payments_24h" in trained.absent
    assert "debtor_payments_24h" in trained.features
    assert not set(trained.absent) & set(trained.features)


def test_the_run_leaves_bundle_plots_and_document(trained: pipeline.TrainingResult) -> None:
    bundle = Bundle.load(trained.bundle)
    assert bundle.training["data_hash"] == trained.data_hash
    assert bundle.training["slices"]["test"]["events"] == trained.counts["test"].events
    for path in trained.plots:
        drawn = ElementTree.fromstring(path.read_bytes())
        assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
        assert float(drawn.get("height")) > 200
    document = json.loads(promote.record_path(trained.bundle).read_bytes())
    assert document["version"] == trained.version
    assert document["promoted"] is True


def test_the_run_is_in_mlflow_with_the_champion_alias(
    trained: pipeline.TrainingResult, home: Path
) -> None:
    from mlflow.models import Model
    from mlflow.tracking import MlflowClient

    from models.registry import store_uri

    client = MlflowClient(store_uri(home), registry_uri=store_uri(home))
    run = client.get_run(trained.mlflow["run_id"])
    assert run.data.metrics["average_precision"] == trained.metrics["average_precision"]
    assert "random_forest.average_precision" in run.data.metrics
    low = trained.decision.average_precision.low
    assert run.data.metrics["average_precision.low"] == low
    recall = trained.recall_by_typology["stolen_card"].recall
    assert run.data.metrics["recall.stolen_card"] == recall
    assert run.data.params["boosting.learning_rate"] == "0.2"
    assert run.data.params["data_hash"] == trained.data_hash
    assert {"git_revision", "lock_hash", "feature_set"} <= set(run.data.tags)
    names = {item.path for item in client.list_artifacts(run.info.run_id)}
    assert {"pr_curve.svg", "calibration.svg", "importance.svg", "features.json"} <= names
    assert {"validation_pack.zip", "report.html", "model_card.md", "bundle"} <= names
    alias = client.get_model_version_by_alias("crossflag-payment", "champion")
    assert alias.tags["bundle_version"] == trained.version
    sets = {one.dataset.name: one for one in run.inputs.dataset_inputs}
    assert set(sets) >= {"train", "test"}
    told = json.loads(sets["train"].dataset.profile)
    assert told["span"] == trained.counts["train"].span
    assert told["events"] == trained.counts["train"].events
    assert sets["test"].tags[0].value == "evaluation"
    assert trained.data_hash.startswith(sets["test"].dataset.digest)
    signature = Model.load(f"{urlparse(run.info.artifact_uri).path}/bundle").signature
    assert signature.inputs.input_names() == trained.features
    assert signature.outputs.input_names() == ["margin", "probability"]


def test_the_card_says_what_novelty_adds(trained: pipeline.TrainingResult) -> None:
    bundle = Bundle.load(trained.bundle)
    text = card(bundle, CATALOGUES["payment"])
    a_day = trained.metrics["novel_per_day"]
    assert "may bring 2 subjects a day to review" in text
    assert f"On held-back time it brought {a_day:.1f} a day" in text
    assert "No detector of novelty came" in card(replace(bundle, novelty=None))


def test_the_validation_pack_holds_what_a_second_reader_needs(
    trained: pipeline.TrainingResult,
) -> None:
    with zipfile.ZipFile(validation_pack.path_of(trained.bundle)) as pack:
        documents = {
            name: pack.read(name).decode() for name in pack.namelist() if "plots/" not in name
        }
        assert sum(name.startswith("plots/") for name in pack.namelist()) == len(trained.plots)
    assert "SR 26-2" in documents["00_index.md"] and "EBA/GL/2020/06" in documents["00_index.md"]
    assert trained.data_hash in documents["02_data.md"]
    assert trained.counts["test"].span in documents["02_data.md"]
    assert f"{trained.metrics['average_precision']:.4f}" in documents["04_outcomes.md"]
    assert "random_forest" in documents["03_development.md"]
    assert Bundle.load(trained.bundle).content_hash in documents["05_implementation.md"]
    assert documents["model_card.md"] == card(Bundle.load(trained.bundle), CATALOGUES["payment"])
    assert json.loads(documents["figures.json"])["metrics"] == trained.metrics
    assert "_Not said in the recipe" in documents["01_purpose_and_use.md"]
    assert "To be said by the validator" in documents["03_development.md"]
    for name, text in documents.items():
        assert text.strip(), name
    shelf = trained.bundle.parents[2] / "models" / "payment" / f"{trained.version}.documents"
    kept = {path.name for path in shelf.iterdir()}
    assert {"gates.json", "model_card.md", "report.html", "validation_pack.zip"} == kept


def test_the_same_seed_gives_the_same_model_file(
    trained: pipeline.TrainingResult, bank: Bank, tmp_path: Path
) -> None:
    again = pipeline.train(recipe.load(bank.recipe), "payment", tmp_path, log=False)
    assert again.version == trained.version
    assert (again.bundle / "model.json").read_bytes() == (
        trained.bundle / "model.json"
    ).read_bytes()


def test_new_labels_change_the_model(bank: Bank, tmp_path: Path) -> None:
    before = pipeline.train(without_baselines(bank), "payment", tmp_path, log=False)
    other = write_bank(tmp_path / "bank")
    table = pq.read_table(other.labels)
    turned = [*[False] * 30, *[True] * (table.num_rows - 30)]
    pq.write_table(
        table.set_column(table.column_names.index("is_fraud"), "is_fraud", pa.array(turned)),
        other.labels,
    )
    after = pipeline.train(without_baselines(other), "payment", tmp_path, log=False)
    assert after.version != before.version
    assert after.counts["train"].frauds < before.counts["train"].frauds


def test_labels_after_the_cut_off_do_not_change_the_model(bank: Bank, tmp_path: Path) -> None:
    """What comes to light after the test slice began may change figures, never trees."""
    before = pipeline.train(without_baselines(bank), "payment", tmp_path, log=False)
    other = write_bank(tmp_path / "bank")
    table = pq.read_table(other.labels)
    late = table.slice(0, 20)
    last = table["known_at"].to_pylist()[-1]
    columns = {
        "is_fraud": pa.array([False] * 20),
        "known_at": pa.array([last] * 20, late.schema.field("known_at").type),
    }
    for name, column in columns.items():
        late = late.set_column(late.column_names.index(name), name, column)
    pq.write_table(pa.concat_tables([table, late]), other.labels)
    after = pipeline.train(without_baselines(other), "payment", tmp_path, log=False)
    assert (after.bundle / "model.json").read_bytes() == (before.bundle / "model.json").read_bytes()
    assert after.thresholds == before.thresholds


def test_evaluating_the_champion_gives_the_figures_of_the_run(
    trained: pipeline.TrainingResult, bank: Bank, home: Path
) -> None:
    judged = evaluation.evaluate(
        recipe.load(bank.recipe), "payment", home, None, teller=Teller(quiet=True)
    )
    assert judged.version == trained.version
    assert judged.events == trained.counts["test"].events
    assert judged.recall_by_typology == trained.recall_by_typology
    again = replace(judged.decision, without_countries=trained.decision.without_countries)
    assert again == trained.decision
    for key, value in judged.metrics.items():
        assert value == pytest.approx(trained.metrics[key])
    assert judged.evidence == trained.evidence["test"]
    assert judged.evidence.positives == {"chargeback": judged.frauds}
    assert judged.evidence.unreviewed_negatives == judged.events - judged.frauds
    assert judged.stability is None


def test_reasons_are_compared_over_seeds_when_asked(
    trained: pipeline.TrainingResult, bank: Bank, home: Path
) -> None:
    judged = evaluation.evaluate(
        recipe.load(bank.recipe), "payment", home, None, teller=Teller(quiet=True), stable=True
    )
    found = judged.stability
    assert found is not None and found.seeds == 3
    assert 0 < found.events <= 300
    assert 0 < found.same_first <= 1
    assert found.shared_of_three > 0.5 and found.rank_correlation > 0.5
    assert judged.document()["stability"]["rank_correlation"] == found.rank_correlation


def test_a_version_that_was_not_logged_is_promoted_too(bank: Bank, home: Path) -> None:
    other = without_baselines(bank).model_copy(update={"seed": 9})
    result = pipeline.train(other, "payment", home, log=False)
    before = champion.champion(home / "models", "payment")
    assert promote.newest(home, "payment") == result.version
    ada = Person("ada")
    done = promote.put_forward(home, "payment", result.version, ada, "to see", override="a test")
    assert done.in_force and done.version == result.version
    assert before is not None
    promote.put_forward(home, "payment", before.name, ada, "back again", override="a test")
    with pytest.raises(NoChampion, match="version='nonesuch'"):
        promote.put_forward(home, "payment", "nonesuch", ada, "to see")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_is_scored_with_advice_and_reasons(
    trained: pipeline.TrainingResult, bank: Bank, home: Path, tmp_path: Path, ending: str
) -> None:
    out = tmp_path / f"scored.{ending}"
    done = score.score_file(bank.payments, out, home, limit=5)
    if ending == "csv":
        with out.open(newline="") as file:
            rows = list(csv.DictReader(file))
    else:
        rows = pq.read_table(out).to_pylist()
    assert len(rows) == done.events == pq.read_metadata(bank.payments).num_rows
    assert {row["model_version"] for row in rows} == {trained.version}
    limits = trained.thresholds
    for row in rows:
        probability = float(row["probability"])
        novel = row["reasons"].startswith("novel: ")
        wanted = "review" if novel or probability >= limits.review else "clear"
        wanted = "urgent" if probability >= limits.urgent else wanted
        assert row["advice"] == wanted
        assert bool(row["reasons"]) or row["advice"] == "clear"
    assert done.advice["review"] + done.advice["urgent"] > 0
    assert rows[0]["time"].endswith("Z")
    top = done.top["debtor_account"]
    expected = [item.expected for item in top]
    assert expected == sorted(expected, reverse=True)
    own = [float(row["probability"]) for row in rows if row["debtor_account"] == top[0].subject]
    assert expected[0] == pytest.approx(sum(own), abs=1e-4)
    assert top[0].probability == max(own)
    assert all(item.reasons for item in top)


def test_scores_of_a_file_are_those_of_training(
    trained: pipeline.TrainingResult, bank: Bank, home: Path, tmp_path: Path
) -> None:
    """Without labels to read, only features of label history may differ."""
    out = tmp_path / "scored.parquet"
    score.score_file(bank.payments, out, home)
    fraud = set(pq.read_table(bank.labels)["event_id"].to_pylist())
    rows = pq.read_table(out).to_pylist()
    frauds = np.array([row["margin"] for row in rows if row["event_id"] in fraud])
    honest = np.array([row["margin"] for row in rows if row["event_id"] not in fraud])
    assert np.median(frauds) > np.quantile(honest, 0.95)


def test_what_cannot_be_done_is_said(bank: Bank, home: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="the ending must be"):
        score.score_file(bank.payments, tmp_path / "scored.xlsx", home)
    with pytest.raises(MissingInput, match="no such file"):
        score.score_file(tmp_path / "none.csv", tmp_path / "scored.csv", home)
    with pytest.raises(NoChampion, match="no payment model has been promoted"):
        score.score_file(bank.payments, tmp_path / "scored.csv", tmp_path)
    lone = recipe.load(bank.recipe)
    unlabelled = lone.model_copy(update={"data": lone.data.model_copy(update={"labels": None})})
    with pytest.raises(MissingInput, match="labels are missing"):
        pipeline.train(unlabelled, "payment", tmp_path, log=False)
    with pytest.raises(MissingInput, match="--access is missing"):
        pipeline.train(lone, "access", tmp_path, log=False)
    long = lone.model_copy(update={"split": lone.split.model_copy(update={"test_days": 90})})
    with pytest.raises(NotEnoughData, match="the split needs"):
        pipeline.train(long, "payment", tmp_path, log=False)
