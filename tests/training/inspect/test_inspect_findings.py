"""Leaks and unusable files: each is found, named by column, and said with what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.errors import UnreadableFile
from training.errors import MissingInput
from training.inspect import Inspection, inspect_file

COUNT = 4000


def table(**more: Any) -> pd.DataFrame:
    chance = np.random.default_rng(1)
    fraud = chance.random(COUNT) < 0.1
    moment = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(COUNT) * 1800, unit="s")
    made: dict[str, Any] = {
        "BookedAt": moment.strftime("%d/%m/%Y %H:%M"),
        "Betrag": chance.gamma(2, 30, COUNT).round(2),
        "Konto": [f"K{number}" for number in chance.integers(0, 200, COUNT)],
        "Empfänger": [f"E{number}" for number in chance.integers(0, 300, COUNT)],
        "score": chance.normal(size=COUNT) + fraud,
        "Betrug": np.where(fraud, "ja", "no"),
    }
    made["Betrug"] = np.where(fraud, "yes", "no")
    return pd.DataFrame(
        made | {key: (one(fraud) if callable(one) else one) for key, one in more.items()}
    )


def look(folder: Path, frame: pd.DataFrame) -> Inspection:
    path = folder / "file.csv"
    frame.to_csv(path, index=False)
    return inspect_file(path)


def test_german_names_and_day_first_dates_are_understood(tmp_path: Path) -> None:
    found = look(tmp_path, table())
    assert found.mapping["columns"] == {
        "time": "BookedAt",
        "amount": "Betrag",
        "debtor_account": "Konto",
        "creditor_account": "Empfänger",
    }
    assert found.mapping["time_format"] == "%d/%m/%Y %H:%M"
    assert found.mapping["labels"]["is_fraud"] == "Betrug"
    assert not found.problems
    assert not found.leaks


def test_a_column_that_tells_the_label_alone_is_left_out(tmp_path: Path) -> None:
    found = look(
        tmp_path,
        table(verdict=lambda fraud: fraud * 5.0, team=lambda fraud: np.where(fraud, "red", "blue")),
    )
    assert {leak.column for leak in found.leaks} == {"verdict", "team"}
    assert {leak.kind for leak in found.leaks} == {"tells_alone"}
    assert "verdict" in found.left_out
    assert "AUC 1.000" in found.left_out["verdict"]


def test_absence_that_tells_the_label_is_found(tmp_path: Path) -> None:
    chance = np.random.default_rng(2)
    found = look(
        tmp_path, table(refund=lambda fraud: np.where(fraud, chance.random(COUNT), np.nan))
    )
    assert [leak.column for leak in found.leaks] == ["refund"]


def test_identifiers_and_rows_in_the_labels_order_are_said(tmp_path: Path) -> None:
    frame = table().sort_values("Betrug", kind="stable", ignore_index=True)
    frame["id"] = np.arange(COUNT)
    kinds = {leak.kind: leak.column for leak in look(tmp_path, frame).leaks}
    assert kinds["identifier_order"] == "id"
    assert kinds["row_order"] == ""


def test_a_time_that_comes_later_is_no_feature(tmp_path: Path) -> None:
    later = pd.Timestamp("2026-02-01") + pd.to_timedelta(np.arange(COUNT) * 1800, unit="s")
    found = look(tmp_path, table(settled=later.strftime("%d/%m/%Y %H:%M")))
    assert "known only later" in found.left_out["settled"]


def test_when_labels_became_known_is_used_or_refused(tmp_path: Path) -> None:
    start = pd.Timestamp("2026-01-01")
    steps = pd.to_timedelta(np.arange(COUNT) * 1800, unit="s")
    late = (start + pd.Timedelta("9D") + steps).strftime("%d/%m/%Y %H:%M")
    early = (start - pd.Timedelta("9D") + steps).strftime("%d/%m/%Y %H:%M")
    assert look(tmp_path, table(reported_at=late)).mapping["labels"]["known_at"] == "reported_at"
    found = look(tmp_path, table(reported_at=early))
    assert found.mapping["labels"]["delay"] == "7d"
    assert any("cannot be known before its event" in note for note in found.notes)


def test_copies_across_the_split_are_said(tmp_path: Path) -> None:
    frame = table()
    seen = ["Betrag", "score", "Empfänger"]
    frame.loc[3600:, seen] = frame.loc[0:399, seen].to_numpy()
    assert "copies" in {leak.kind for leak in look(tmp_path, frame).leaks}


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("Betrug", "no", "marks every row looked at as honest"),
        ("Betrug", None, "no column says which rows were fraud"),
    ],
)
def test_a_file_that_cannot_be_learnt_from_is_said(
    tmp_path: Path, column: str, value: str | None, problem: str
) -> None:
    frame = table()
    frame[column] = value
    (said,) = look(tmp_path, frame).problems
    assert problem in said


def test_too_few_frauds_and_empty_columns_are_said(tmp_path: Path) -> None:
    few = table()
    few.loc[20:, "Betrug"] = "no"
    few.loc[:5, "Betrug"] = "yes"
    assert "each of the slices" in look(tmp_path, few).problems[0]
    empty = table().drop(columns=["Empfänger"])
    empty["score"] = np.nan
    empty.loc[0, "score"] = 1.0
    assert any("is empty" in problem for problem in look(tmp_path, empty).problems)


def test_a_file_without_names_or_rows_is_refused(tmp_path: Path) -> None:
    bare = tmp_path / "bare.csv"
    bare.write_text("0,1.5,2\n1,2.5,3\n2,3.5,4\n")
    with pytest.raises(UnreadableFile, match="put a line with the names before it"):
        inspect_file(bare)
    bare.write_text("a,b\n1,2\n")
    with pytest.raises(UnreadableFile, match="nothing to look at"):
        inspect_file(bare)
    with pytest.raises(MissingInput, match="no such file"):
        inspect_file(tmp_path / "none.csv")


def test_two_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    frame = table().rename(columns={"Empfänger": "Account.1", "Konto": "Account"})
    text = frame.to_csv(index=False).replace("Account.1", "Account", 1)
    path = tmp_path / "twice.csv"
    path.write_text(text)
    columns = inspect_file(path).mapping["columns"]
    assert columns["debtor_account"] == "Account"
    assert columns["creditor_account"] == "Account.1"
