"""`crossflag bench features`: its figures are there, and engines that disagree are found out."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

import crossflag
from bench import measure, twelve
from bench.data import DAY, DELAY, handbook, made_up, transfers
from bench.twelve import NAMES, MissingLibrary, Way
from features.errors import UnreadableFile
from features.fields import EPOCH
from features.table import EventTable, to_events

ROWS = 1_500


@pytest.fixture(scope="module")
def tables() -> tuple[EventTable, EventTable]:
    """Payments of few customers, some of the same instant and some exactly a window apart."""
    payments, labels = made_up(ROWS)
    times = payments.integers("time").copy()
    times[100], times[201] = times[99], times[200]
    rounded = (times // DAY * DAY)[: ROWS // 10]
    times[: ROWS // 10] = rounded
    known = pa.array(times + DELAY)
    columns = payments.table.column_names
    payments = EventTable(
        "payment", payments.table.set_column(columns.index("time"), "time", pa.array(times))
    )
    place = labels.table.column_names.index("known_at")
    return payments, EventTable("label", labels.table.set_column(place, "known_at", known))


def by_hand(tables: tuple[EventTable, EventTable]) -> list[list[float]]:
    """Return the twelve features by looking at every earlier payment."""
    payments, labels = tables
    times = payments.integers("time").tolist()
    amounts = payments.integers("amount_minor").tolist()
    fraud = labels.integers("is_fraud").tolist()
    customers = payments.column("debtor_account").to_pylist()
    terminals = payments.column("creditor_account").to_pylist()
    found = []
    for row, now in enumerate(times):
        own = [r for r in range(row + 1) if customers[r] == customers[row]]
        there = [r for r in range(ROWS) if terminals[r] == terminals[row]]
        windows = [[r for r in own if times[r] > now - days * DAY] for days in (1, 7, 30)]
        known = [
            [r for r in there if now - days * DAY < times[r] + DELAY < now] for days in (1, 7, 30)
        ]
        found.append(
            [
                *(len(rows) for rows in windows),
                *(sum(amounts[r] for r in rows) / len(rows) for rows in windows),
                *(len(rows) for rows in known),
                *(
                    sum(fraud[r] for r in rows) / len(rows) if rows else float("nan")
                    for rows in known
                ),
            ]
        )
    return found


@pytest.mark.parametrize("name", ["crossflag", "pandas", "polars", "duckdb"])
def test_every_engine_agrees_with_brute_force(
    name: str, tables: tuple[EventTable, EventTable], expected: np.ndarray[Any, Any]
) -> None:
    way = next(way for way in twelve.ways() if way.name == name)
    found = np.array(way.columns(way.compute(way.prepare(*tables))), float).T
    ties = measure.tied_rows(tables[0]) & way.joins_ties
    assert ties.sum() < ROWS / 2
    np.testing.assert_array_equal(found[~ties], expected[~ties])


@pytest.fixture(scope="module")
def expected(tables: tuple[EventTable, EventTable]) -> np.ndarray[Any, Any]:
    return np.array(by_hand(tables))


def test_tied_rows_are_those_of_one_customer_at_one_instant(
    tables: tuple[EventTable, EventTable],
) -> None:
    payments, _ = tables
    keys = list(
        zip(
            payments.column("debtor_account").to_pylist(),
            payments.integers("time").tolist(),
            strict=True,
        )
    )
    assert measure.tied_rows(payments).tolist() == [keys.count(key) > 1 for key in keys]


@pytest.mark.parametrize("planted", [1.0, np.nan])
def test_a_planted_wrong_value_is_found(
    planted: float, tables: tuple[EventTable, EventTable]
) -> None:
    honest = twelve.ways()
    polars = next(way for way in honest if way.name == "polars")
    row = int(np.flatnonzero(~measure.tied_rows(tables[0]))[-1])

    def wrong(found: Any) -> twelve.Columns:
        columns = [np.array(column, float) for column in polars.columns(found)]
        columns[4][row] += planted
        return columns

    planted_way = Way("polars", polars.prepare, polars.compute, wrong, polars.joins_ties)
    ways = [planted_way if way.name == "polars" else way for way in honest]
    with pytest.raises(measure.Unequal, match=f"{NAMES[4]}: polars .* in 1 of {ROWS} .* row {row}"):
        measure.contest(ways, *tables, 1, print)


def test_the_command_gives_its_figures_as_json(tmp_path: Path) -> None:
    plot = tmp_path / "curve.svg"
    arguments = ["--rows", "2000", "--repeats", "1", "--curve-to", "2000", "--plot", str(plot)]
    result = CliRunner().invoke(crossflag.app, ["bench", "features", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    for name in (
        "ratio_to_polars",
        "ratio_to_pandas",
        "ratio_to_duckdb",
        "rows_per_second",
        "rows_per_second_all_cores",
        "online_median_us",
        "online_p99_us",
        "bytes_per_entity",
        "bytes_per_event",
    ):
        assert found[name] > 0, name
    assert found["rows"] == 2000
    assert found["online_median_us"] <= found["online_p99_us"]
    assert [point["events"] for point in found["curve"]] == [2000]
    assert set(found["equal_but_for_ties"]) == {"crossflag", "pandas", "polars", "duckdb"}
    assert "polars, 1 of 1" in result.stderr
    assert plot.read_text().startswith("<?xml")


def test_the_ratio_is_how_many_times_as_long_the_other_takes() -> None:
    seconds = {"crossflag": [1.0, 2.0, 1.0], "polars": [3.0, 4.0, 1.0]}
    assert measure.Contest(10, seconds, {}).ratio("polars") == 2.0


def test_a_missing_library_is_one_sentence_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingLibrary, match=r"polars, .* pip install 'crossflag\[bench\]'"):
        twelve.ways()


def test_a_missing_file_is_named() -> None:
    result = CliRunner().invoke(crossflag.app, ["bench", "features", "--data", "nowhere.parquet"])
    assert isinstance(result.exception, UnreadableFile)
    assert "nowhere.parquet" in str(result.exception)


def test_the_handbooks_file_is_read_in_order_of_time(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    path = tmp_path / "transactions.parquet"
    pd.DataFrame(
        {
            "TRANSACTION_ID": [0, 1, 2],
            "TX_DATETIME": pd.to_datetime(["2018-04-03", "2018-04-01", "2018-04-02"]),
            "CUSTOMER_ID": [5, 6, 7],
            "TERMINAL_ID": [8, 9, 8],
            "TX_AMOUNT": [1.5, 2.5, 3.5],
            "TX_FRAUD": [0, 1, 0],
        }
    ).to_parquet(path)
    payments, labels = handbook(path, 2)
    assert payments.column("debtor_account").to_pylist() == ["6", "7"]
    assert labels.integers("is_fraud").tolist() == [1, 0]


def test_made_up_worlds_are_as_dense_at_every_size() -> None:
    for rows in (3_500, 35_000):
        payments, labels = made_up(rows)
        customers = len(set(payments.column("debtor_account").to_pylist()))
        assert customers == pytest.approx(rows / 350, rel=0.1)
        assert 0.001 < labels.integers("is_fraud").mean() < 0.03
        assert all(a <= b for a, b in pairwise(payments.integers("time").tolist()))


def test_transfers_are_events_of_the_schema() -> None:
    events = list(to_events(transfers(50)))
    assert len(events) == 50
    for event in events:
        type(event).model_validate(event.model_dump())
        assert event.time > EPOCH
