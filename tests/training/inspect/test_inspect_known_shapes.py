"""Tables in the shapes of well-known sets: each is placed as a person would place it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.strangers import SETS
from features.formats.mapping import mapping_from
from features.formats.readers import read_events
from training.inspect import Inspection, inspect_file
from training.inspect.toml import as_toml

ROWS = 6000


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Inspection]]:
    folder = tmp_path_factory.mktemp("strangers")
    found = {}
    for name, make in SETS.items():
        path = folder / f"{name}.csv"
        make(ROWS).to_csv(path, index=False)
        found[name] = path, inspect_file(path)
    return found


PLACES = {
    "anonymised_cards": {"time": "Time", "amount": "Amount"},
    "merchants_and_places": {
        "event_id": "trans_num",
        "time": "trans_date_trans_time",
        "amount": "amt",
        "debtor_account": "cc_num",
        "creditor_account": "merchant",
    },
    "balances": {
        "time": "step",
        "amount": "amount",
        "debtor_account": "nameOrig",
        "creditor_account": "nameDest",
    },
    "cross_border": {
        "time": "Date",
        "amount": "Amount",
        "currency": "Payment_currency",
        "debtor_account": "Sender_account",
        "creditor_account": "Receiver_account",
        "debtor_account_country": "Sender_bank_location",
        "creditor_account_country": "Receiver_bank_location",
    },
    "network_flows": {"event_id": "id"},
    "registrations": {
        "time": "purchase_time",
        "amount": "purchase_value",
        "debtor_account": "user_id",
        "customer_id": "user_id",
        "device_id": "device_id",
        "ip_address": "ip_address",
    },
    "bank_transfers": {
        "time": "Timestamp",
        "amount": "Amount Paid",
        "currency": "Payment Currency",
        "debtor_account": "Account",
        "creditor_account": "Account.1",
    },
    "accounts_opened": {},
}
LABELS = {
    "anonymised_cards": "Class",
    "merchants_and_places": "is_fraud",
    "balances": "isFraud",
    "cross_border": "Is_laundering",
    "network_flows": "label",
    "registrations": "class",
    "bank_transfers": "Is Laundering",
    "accounts_opened": "fraud_bool",
}


@pytest.mark.parametrize("name", SETS)
def test_columns_are_placed(looked: dict[str, tuple[Path, Inspection]], name: str) -> None:
    _, found = looked[name]
    placed = found.mapping.get("columns", {})
    assert {key: placed.get(key) for key in PLACES[name]} == PLACES[name]
    assert found.mapping["labels"]["is_fraud"] == LABELS[name]
    without_amount = ("network_flows", "accounts_opened")
    assert found.stream == ("access" if name in without_amount else "payment")


@pytest.mark.parametrize("name", SETS)
def test_the_mapping_it_writes_reads_every_row(
    looked: dict[str, tuple[Path, Inspection]], name: str
) -> None:
    path, found = looked[name]
    mapping = mapping_from(tomllib.loads(as_toml(found)))
    read = read_events(path, mapping=mapping)
    assert read.rejected == 0, read.problems[:3]
    assert len(read.table) == ROWS
    assert read.labels is not None
    assert len(read.labels) == ROWS
    table = pd.read_csv(path)
    frauds = int(table[LABELS[name]].sum())
    assert sum(read.labels.table["is_fraud"].to_pylist()) == frauds


def test_what_is_carried_and_what_is_left_out(
    looked: dict[str, tuple[Path, Inspection]],
) -> None:
    cards = looked["anonymised_cards"][1]
    assert cards.numeric == [f"V{number}" for number in range(1, 29)]
    assert not cards.parties
    shops = looked["merchants_and_places"][1]
    assert {"category", "state", "job"} <= set(shops.categorical)
    assert "protected" in shops.left_out["gender"]
    assert "person" in shops.left_out["last"]
    assert looked["registrations"][1].since == ["signup_time"]
    assert looked["cross_border"][1].mapping["values"]["currency"]["UK pounds"] == "GBP"
    assert looked["cross_border"][1].mapping["time_of_day"] == "Time"
    assert "isFlaggedFraud" in looked["balances"][1].left_out


def test_rows_without_a_time_are_dealt_out(looked: dict[str, tuple[Path, Inspection]]) -> None:
    flows = looked["network_flows"][1]
    assert flows.mapping["untimed"] == "shuffled"
    assert flows.mapping["labels"]["typology"] == "attack_cat"
    assert {"proto", "service", "state"} == set(flows.categorical)
    assert not flows.timed


def test_numbered_months_part_the_rows_to_learn_from_and_to_test_on(
    looked: dict[str, tuple[Path, Inspection]],
) -> None:
    opened = looked["accounts_opened"][1]
    assert opened.mapping["split"] == {"column": "month", "test": ["6", "7"]}
    assert "month" not in opened.numeric
    # A bureau's score is known at the application; a person's age is nobody's feature.
    assert "credit_risk_score" in opened.numeric
    assert "protected" in opened.left_out["customer_age"]


def test_a_column_that_only_counts_the_rows_is_left_out(tmp_path: Path) -> None:
    table = SETS["merchants_and_places"](2000)
    table.to_csv(tmp_path / "with_index.csv", index=True)
    assert inspect_file(tmp_path / "with_index.csv").left_out[""] == "numbers the rows"


def test_parquet_gives_the_same_as_csv(
    looked: dict[str, tuple[Path, Inspection]], tmp_path: Path
) -> None:
    path, found = looked["balances"]
    pq.write_table(pa.Table.from_pandas(pd.read_csv(path)), tmp_path / "same.parquet")
    again = inspect_file(tmp_path / "same.parquet")
    assert again.mapping == found.mapping


def test_a_large_file_is_looked_at_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from training.inspect import sampling

    path = tmp_path / "large.csv"
    SETS["balances"](20_000).to_csv(path, index=False)
    monkeypatch.setattr(sampling, "_WHOLE_BYTES", 100_000)
    monkeypatch.setattr(sampling, "_BLOCK_BYTES", 4_000)
    found = inspect_file(path)
    assert found.looked_at < 8000
    assert found.rows == pytest.approx(20_000, rel=0.05)
    assert found.mapping["columns"] == inspect_file(path).mapping["columns"]
    assert found.mapping["time_format"] == "hours_since_start"
