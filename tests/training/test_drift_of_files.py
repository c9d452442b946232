from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import crossflag
from models.bundle import Bundle
from training import baseline, drift, pipeline, recipe
from training.errors import MissingInput
from training.progress import Teller

from .conftest import Bank


@pytest.fixture(scope="module")
def home(bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    small = recipe.load(bank.recipe).model_copy(update={"baselines": False})
    pipeline.train(small, "payment", home, log=False, promote_by="tester")
    return home


def quiet() -> Teller:
    return Teller(quiet=True)


def test_the_data_that_it_learnt_from_has_hardly_moved(bank: Bank, home: Path) -> None:
    done = drift.measure(recipe.load(bank.recipe), "payment", home, None, 20, teller=quiet())
    amount = next(one for one in done.shifts if one.name == "amount")
    assert (amount.of, amount.word, amount.events) == ("feature", "stable", done.events)
    families = {one.name for one in done.shifts}
    assert {"margin", "first reason"} <= families
    assert not {"rest_days_ahead", "public_holiday"} & families
    assert done.words["stable"] > done.words["far"]


def test_amounts_ten_times_as_large_are_far(bank: Bank, home: Path, tmp_path: Path) -> None:
    table = pq.read_table(bank.payments)
    days = table["time"].cast(pa.int64()).to_numpy() // 86_400_000_000
    factor = np.where(days > days.max() - 7, 10, 1)
    amounts = np.asarray(table["amount"].to_pylist(), dtype=float) * factor
    changed = [f"{amount:.2f}" for amount in amounts]
    table = table.set_column(table.column_names.index("amount"), "amount", pa.array(changed))
    path = tmp_path / "payments.parquet"
    pq.write_table(table, path)
    command = ["drift", "--recipe", bank.recipe, "--payments", str(path), "--home", str(home)]
    answer = CliRunner().invoke(crossflag.app, [*command, "--json"])
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    amount = next(one for one in document["shifts"] if one["name"] == "amount")
    assert amount["word"] == "far"
    assert document["words"]["far"] > 0
    shown = CliRunner().invoke(crossflag.app, [*command, "--top", "3"])
    assert "in a word" in shown.stdout


def test_a_bundle_without_a_baseline_is_said(
    bank: Bank, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = Bundle.load

    def without(directory: Path, *given: object) -> Bundle:
        from dataclasses import replace

        return replace(load(directory, *given), baseline=None)

    monkeypatch.setattr(Bundle, "load", without)
    with pytest.raises(MissingInput, match="holds no baseline"):
        drift.measure(recipe.load(bank.recipe), "payment", home, None, 7, teller=quiet())


def test_corridors_are_those_of_the_events() -> None:
    from features.events import Payment, parse
    from features.table import from_events
    from models.drift import corridor_name

    given = {
        "event_id": "p",
        "time": "2026-05-01T09:30:00Z",
        "amount": "1.00",
        "currency": "EUR",
        "debtor_account": "1",
        "creditor_account": "2",
    }
    payments = [
        parse(Payment, {**given, **more})
        for more in (
            {"debtor_account_country": "BE", "creditor_agent": "BTRLRO22"},
            {"debtor_account_country": "BE"},
        )
    ]
    expected = [corridor_name(*payment.corridor) for payment in payments]
    assert baseline.corridors(from_events("payment", payments)) == expected == ["BE>RO", ""]
