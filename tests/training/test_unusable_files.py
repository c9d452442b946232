"""Files that nothing can be learnt from are refused in one sentence that names column and fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from training import data
from training.errors import MissingInput, NotEnoughData
from training.recipe import Data

MAPPING = """
stream = "payment"
parties = "none"
number_rows = true
time_zone = "UTC"
[columns]
time = "when"
amount = "amount"
[constants]
currency = "EUR"
[labels]
is_fraud = "bad"
delay = "0s"
[attributes]
numeric = ["V1", "V2"]
"""


def read(folder: Path, rows: list[str]) -> list[str]:
    path, mapping = folder / "cards.csv", folder / "mapping.toml"
    path.write_text("\n".join(["when,amount,V1,V2,bad", *rows]))
    mapping.write_text(MAPPING)
    told: list[str] = []
    data.read(Data(payments=path, mapping=mapping), told.append)
    return told


@pytest.mark.parametrize(("mark", "kind"), [(0, "honest"), (1, "fraud")])
def test_one_class_only(tmp_path: Path, mark: int, kind: str) -> None:
    with pytest.raises(NotEnoughData, match=f"column 'bad' marks all 2 rows as {kind}"):
        read(tmp_path, [f"2026-01-0{day} 10:00:00,5,1,2,{mark}" for day in (1, 2)])


def test_every_row_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="all 1 rows were refused, the first at line 2: time="):
        read(tmp_path, ["soon,5,1,2,0"])


def test_columns_that_hold_nothing(tmp_path: Path) -> None:
    told = read(tmp_path, ["2026-01-01 10:00:00,5,1,nan,0", "2026-01-02 10:00:00,5,2,x,1"])
    assert any("nothing in V2 could be read" in text for text in told)
    with pytest.raises(NotEnoughData, match=r"every column under \[attributes\] is empty \(V1, V2"):
        read(tmp_path, ["2026-01-01 10:00:00,5,,nan,0", "2026-01-02 10:00:00,5,,,1"])
