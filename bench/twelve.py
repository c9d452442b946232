"""The handbook's twelve features in four engines: ours, pandas, polars and DuckDB.

For a customer the number of payments and their mean amount over 1, 7 and 30 days, the payment
itself among them; for a terminal the number of payments and the share of frauds over the same
windows, but of those whose label is known, seven days later. A window is (time - length, time],
a terminal's ends before the label that becomes known at this very instant.

Each engine starts from its own frame in memory, with the same texts and integers in it, and ends
with twelve columns in memory. Amounts are cents, so that a sum is exact in any order.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bench.data import DAY, DELAY
from features.batch import build
from features.compiling import compile_program
from features.definitions import Catalogue, Expression, F, Ring, Unit, ratio
from features.errors import CrossflagError
from features.program import Program
from features.reference import Reference
from features.table import EventTable

LENGTHS = (1, 7, 30)
NAMES = tuple(
    f"{what}_{length}d"
    for what in ("customer_count", "customer_mean", "terminal_count", "terminal_rate")
    for length in LENGTHS
)
_DELAY_DAYS = DELAY // DAY
Columns = list[npt.NDArray[np.float64]]


class MissingLibrary(CrossflagError):
    """A library to compare with that is not installed; names it and the fix."""


@dataclass(frozen=True)
class Way:
    """One engine: `prepare` makes its frame, `compute` the features, `columns` reads them.

    Only `compute` is timed. `columns` gives the twelve in the order of NAMES, rows as given. With
    `joins_ties` a window holds payments of the same instant that arrive after this one.
    """

    name: str
    prepare: Callable[[EventTable, EventTable], Any]
    compute: Callable[[Any], Any]
    columns: Callable[[Any], Columns]
    joins_ties: bool = False


def ways() -> list[Way]:
    """Return our engine and the three others; raises MissingLibrary when one is not installed."""
    for name in ("pandas", "polars", "duckdb"):
        _library(name)
    return [
        Way("crossflag", lambda *tables: tables, _ours, lambda found: list(found.T)),
        Way("pandas", _pandas_frame, _pandas, lambda found: found),
        Way("polars", _polars_frame, _polars, lambda found: [c.to_numpy() for c in found], True),
        Way("duckdb", _duckdb_table, _duckdb, _duckdb_columns, True),
    ]


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise MissingLibrary(
            f"bench features compares with {name}, which is not installed: "
            f"pip install 'crossflag[bench]'"
        ) from error


def program() -> Program:
    """Return the twelve features declared in our words."""
    windows = tuple(f"{length}d" for length in LENGTHS)
    paid = Ring("paid", "payment", "debtor", value="amount_minor", windows=windows, keep="31d")
    told = Ring(
        "told",
        "payment_label",
        "creditor",
        flag="label_fraud",
        weight="label_weight",
        windows=windows,
        keep="31d",
    )
    customer = paid.read("payment", "debtor", value="amount_minor", includes_event=True)
    terminal = told.read("payment", "creditor")
    units: tuple[Unit, ...] = ("payments", "EUR", "payments", "share")
    expressions: list[Expression] = [
        *(customer.count(window) for window in windows),
        *(ratio(customer.total(window), customer.count(window)) for window in windows),
        *(terminal.count(window) for window in windows),
        *(ratio(terminal.flagged(window), terminal.count(window)) for window in windows),
    ]
    features = tuple(
        F(name, expression, units[place // len(LENGTHS)], "handbook", "{value}", "the handbook's")
        for place, (name, expression) in enumerate(zip(NAMES, expressions, strict=True))
    )
    return compile_program({"payment": Catalogue("handbook", "payment", features)})


_PROGRAM = program()
_REFERENCE = Reference()


def _ours(tables: tuple[EventTable, EventTable]) -> Any:
    payments, labels = tables
    built = build(payments, None, labels, _REFERENCE, program=_PROGRAM, wanted=("payment",))
    return built.features["payment"]


def _frame(payments: EventTable, labels: EventTable) -> pa.Table:
    """Return what the others get: one table in order of time, the label beside its payment."""
    return pa.table(
        {
            "time": pa.array(payments.integers("time")).cast(pa.timestamp("us")),
            "customer": payments.column("debtor_account"),
            "terminal": payments.column("creditor_account"),
            "amount": payments.integers("amount_minor"),
            "fraud": labels.integers("is_fraud"),
        }
    )


def _pandas_frame(payments: EventTable, labels: EventTable) -> Any:
    return _frame(payments, labels).to_pandas().assign(one=1)


def _pandas(frame: Any) -> Columns:
    places = {
        key: np.concatenate(list(frame.groupby(key, sort=False).indices.values()))
        for key in ("customer", "terminal")
    }

    def sums(key: str, value: str, days: int, closed: str) -> Any:
        rolling = frame.groupby(key, sort=False)[["time", "one", value]].rolling(
            f"{days}D", on="time", closed=closed
        )
        found = rolling[["one", value]].sum()
        placed = np.empty((len(frame), 2))
        placed[places[key]] = found.to_numpy()
        return np.nan_to_num(placed).T

    customer = [sums("customer", "amount", length, "right") for length in LENGTHS]
    unknown = sums("terminal", "fraud", _DELAY_DAYS, "left")
    terminal = [
        sums("terminal", "fraud", length + _DELAY_DAYS, "neither") - unknown for length in LENGTHS
    ]
    with np.errstate(invalid="ignore"):
        return [
            *(count for count, _ in customer),
            *(total / count for count, total in customer),
            *(count for count, _ in terminal),
            *(frauds / count for count, frauds in terminal),
        ]


def _polars_frame(payments: EventTable, labels: EventTable) -> Any:
    return _library("polars").from_arrow(_frame(payments, labels)).rechunk()


def _polars(frame: Any) -> Any:
    """Rolling sums over each key: four times as fast here as `DataFrame.rolling(group_by=…)`."""
    pl = _library("polars")

    def rolled(key: str, value: str, days: int, closed: str) -> Any:
        column = pl.col(value).rolling_sum_by("time", f"{days}d", closed=closed)
        return column.over(key).fill_null(0).alias(f"{key}_{value}_{days}")

    sums = [
        *(rolled("customer", v, days, "right") for v in ("one", "amount") for days in LENGTHS),
        *(
            rolled("terminal", value, days + _DELAY_DAYS, "none")
            for value in ("one", "fraud")
            for days in LENGTHS
        ),
        *(rolled("terminal", value, _DELAY_DAYS, "left") for value in ("one", "fraud")),
    ]

    def known(value: str, days: int) -> Any:
        return pl.col(f"terminal_{value}_{days + _DELAY_DAYS}") - pl.col(
            f"terminal_{value}_{_DELAY_DAYS}"
        )

    chosen = [
        *(pl.col(f"customer_one_{days}") for days in LENGTHS),
        *(pl.col(f"customer_amount_{days}") / pl.col(f"customer_one_{days}") for days in LENGTHS),
        *(known("one", days) for days in LENGTHS),
        *(known("fraud", days) / known("one", days) for days in LENGTHS),
    ]
    lazy = frame.lazy().with_columns(one=pl.lit(1, dtype=pl.Int64)).with_columns(sums)
    named = [column.alias(name) for column, name in zip(chosen, NAMES, strict=True)]
    return lazy.select(named).collect()


def _duckdb_table(payments: EventTable, labels: EventTable) -> Any:
    connection = _library("duckdb").connect()
    connection.execute("set enable_progress_bar = false")
    connection.register("given", _frame(payments, labels))
    connection.execute("create table payment as select *, row_number() over () as row from given")
    return connection


def _duckdb(connection: Any) -> Any:
    def windows(kind: str, key: str, delay: int) -> list[str]:
        near = "current row"
        if delay:
            near = f"interval '{delay * DAY + 1} microseconds' preceding"
        return [
            f"window_{kind}_{days} as (partition by {key} order by time range between interval "
            f"'{(days + delay) * DAY - 1} microseconds' preceding and {near})"
            for days in LENGTHS
        ]

    chosen = [
        *(f"count(*) over window_c_{days}" for days in LENGTHS),
        *(f"sum(amount) over window_c_{d} / count(*) over window_c_{d}" for d in LENGTHS),
        *(f"count(*) over window_t_{days}" for days in LENGTHS),
        *(f"sum(fraud) over window_t_{d} / count(*) over window_t_{d}" for d in LENGTHS),
    ]
    named = [f"{column} as {name}" for column, name in zip(chosen, NAMES, strict=True)]
    windowed = windows("c", "customer", 0) + windows("t", "terminal", _DELAY_DAYS)
    return connection.sql(
        f"select row, {', '.join(named)} from payment window {', '.join(windowed)}"
    ).to_arrow_table()


def _duckdb_columns(found: pa.Table) -> Columns:
    order = np.argsort(found["row"].to_numpy())
    return [
        np.asarray(found[name].cast(pa.float64()).fill_null(np.nan).to_numpy())[order]
        for name in NAMES
    ]
