"""Columns of a stranger's file are learnt from beside the catalogue, and scored alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from features.table import EventTable
from models.bundle import Bundle
from training import attributes, evaluation, pipeline, promote, recipe, score
from training.progress import Teller

from .conftest import Bank, write_bank

MAPPING = """
[columns]
event_id = "event_id"
time = "time"
amount = "amount"
currency = "currency"
debtor_account = "debtor_account"
creditor_account = "creditor_account"
[attributes]
numeric = ["risk"]
categorical = ["shop kind"]
"""


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """The small bank, with two columns of its own that tell fraud nearly alone."""
    bank = write_bank(tmp_path_factory.mktemp("strange"))
    table = pq.read_table(bank.payments)
    known = set(pq.read_table(bank.labels)["event_id"].to_pylist())
    fraud = np.array([one in known for one in table["event_id"].to_pylist()])
    chance = np.random.default_rng(1)
    risk = np.where(fraud, 2.0, 0.0) + chance.normal(size=len(fraud))
    kinds = np.array(["food", "fuel", "games", "gold"])[
        np.where(fraud, chance.integers(2, 4, len(fraud)), chance.integers(0, 4, len(fraud)))
    ]
    table = table.append_column("risk", pa.array(risk)).append_column("shop kind", pa.array(kinds))
    pq.write_table(table, bank.payments)
    (bank.folder / "mapping.toml").write_text(MAPPING)
    text = (bank.folder / "bank.toml").read_text()
    (bank.folder / "bank.toml").write_text(
        "baselines = false\n" + text.replace("[labels]", 'mapping = "mapping.toml"\n[labels]', 1)
    )
    return bank


def test_raw_columns_are_learnt_kept_and_scored(strange: Bank, tmp_path: Path) -> None:
    chosen = recipe.load(strange.recipe)
    made = pipeline.train(chosen, "payment", tmp_path, log=False, promote_by="tester")
    again = pipeline.train(chosen, "payment", tmp_path, log=False)
    assert again.version == made.version
    bundle = Bundle.load(made.bundle)
    assert [one.name for one in bundle.raw.features] == ["raw.risk", "raw.shop kind"]
    assert set(bundle.raw.features[1].categories[2:]) == {"games", "gold"}
    assert {"raw.risk", "raw.shop kind", "amount"} <= set(made.features)

    judged = evaluation.evaluate(chosen, "payment", tmp_path, None, teller=Teller(quiet=True))
    assert judged.metrics["average_precision"] == pytest.approx(made.metrics["average_precision"])

    out = tmp_path / "scored.csv"
    options = score.FileOptions("payment", strange.folder / "mapping.toml")
    score.score_file(strange.payments, out, tmp_path, options)
    scored = pa.csv.read_csv(out)
    assert any("risk is" in text for text in scored["reasons"].to_pylist())
    assert promote.champion_dir(tmp_path, "payment").name == made.version


def test_rows_of_many_categories_do_not_see_their_own_label() -> None:
    chance = np.random.default_rng(2)
    count = 4000
    names = [f"m{number}" for number in chance.integers(0, 500, count)]
    target = chance.random(count) < 0.05
    table = EventTable("payment", pa.table({"extra_shop": names}))
    rows = np.arange(count)
    raw, values = attributes.learn(table, rows, target, seed=1)
    mean = [np.nanmean(values[target, 0]), np.nanmean(values[~target, 0])]
    # A merchant says nothing here; a place that knew the row's own label would lift frauds far.
    assert abs(mean[0] - mean[1]) < 30
    plain = raw.of_table(table)
    assert np.nanmean(plain[target]) - np.nanmean(plain[~target]) > 100


def test_an_attribute_without_a_value_or_with_one_is_left_out() -> None:
    table = EventTable(
        "payment",
        pa.table(
            {
                "extra_empty": pa.array([None] * 60, pa.float64()),
                "extra_same": ["x"] * 60,
                "extra_real": np.arange(60.0),
            }
        ),
    )
    raw, values = attributes.learn(table, np.arange(60), np.arange(60) % 2 == 0, seed=1)
    assert raw.names == ["raw.real"]
    assert values.shape == (60, 1)
