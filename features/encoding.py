"""A table of events as the rows of integers that `features.columns.Encoder` gives one by one.

Each column's function is called once for each distinct combination of values.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features import layout
from features.columns import COLUMNS, MICROSECONDS_PER_HOUR, NAMES, Computed, Given, Mapped
from features.reference import MICROSECONDS_PER_DAY, Reference
from features.table import EventTable

Integers = npt.NDArray[np.int64]
_ROWS = 4096


def encode_columns(
    table: EventTable, reference: Reference, wanted: Collection[str] | None = None
) -> dict[str, Integers]:
    """Return int64 columns of a table, as `features.columns.Encoder` gives them row by row.

    Columns that are not `wanted`, and those that no row has, are left out.
    """
    needed = _with_inputs(table.stream, wanted)
    columns: dict[str, Integers] = {}
    distinct = _Distinct(table)
    distinct.prepare(
        field
        for column in COLUMNS[table.stream]
        if isinstance(column, Mapped) and column.name in needed
        for field in column.fields
    )
    for column in COLUMNS[table.stream]:
        if column.name not in needed:
            continue
        if isinstance(column, Given):
            columns[column.name] = table.integers(
                column.field, 0 if column.field == "truncated" else layout.MISSING
            )
        elif isinstance(column, Computed):
            inputs = [columns[name] for name in column.columns]
            missing = np.logical_or.reduce([values == layout.MISSING for values in inputs])
            safe = [np.where(missing, 0, values) for values in inputs]
            columns[column.name] = np.where(missing, layout.MISSING, column.formula(*safe))
        elif isinstance(column, Mapped):
            values, codes = distinct.combinations(column.fields)
            found = [column.function(reference, *value) for value in values]
            columns[column.name] = np.array(
                [layout.MISSING if number is None else number for number in found], np.int64
            )[codes]
        else:
            columns[column.name] = _amounts(table, distinct, reference)
    return {
        name: column
        for name, column in columns.items()
        if name == "time" or column.size == 0 or np.any(column != layout.MISSING)
    }


def _with_inputs(stream: str, wanted: Collection[str] | None) -> set[str]:
    needed = set(NAMES[stream] if wanted is None else wanted)
    for column in reversed(COLUMNS[stream]):
        if isinstance(column, Computed) and column.name in needed:
            needed.update(column.columns)
    return needed


class _Distinct:
    """The distinct values of a table's fields, and each row's place among them."""

    def __init__(self, table: EventTable) -> None:
        self._table = table
        self._known: dict[tuple[str, ...], tuple[list[tuple[Any, ...]], Integers]] = {}

    def prepare(self, fields: Iterable[str]) -> None:
        """Look at several fields side by side; what works on them leaves Python to others."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(self.combinations, {(field,) for field in fields}))

    def combinations(self, fields: tuple[str, ...]) -> tuple[list[tuple[Any, ...]], Integers]:
        """Return the distinct combinations of some fields, and each row's place among them."""
        if fields not in self._known:
            self._known[fields] = self._combine(fields)
        return self._known[fields]

    def _combine(self, fields: tuple[str, ...]) -> tuple[list[tuple[Any, ...]], Integers]:
        if len(self._table) == 0:
            return [], np.zeros(0, np.int64)
        if len(fields) == 1:
            return self._single(fields[0])
        parts = [self.combinations((field,)) for field in fields]
        varied = [place for place, (values, _) in enumerate(parts) if len(values) > 1]
        if len(varied) == 1:
            values, codes = parts[varied[0]]
            same = [part[0][0][0] for part in parts]
            ends = (same[: varied[0]], same[varied[0] + 1 :])
            return [(*ends[0], value, *ends[1]) for (value,) in values], codes
        combined = np.zeros(len(self._table), np.int64)
        for place in varied:
            values, codes = parts[place]
            combined = combined * len(values) + codes
        keys, codes = _places(pa.array(combined))
        found = np.asarray(keys, np.int64)
        columns = []
        for values, _ in reversed(parts):
            columns.append([values[place][0] for place in (found % len(values)).tolist()])
            found = found // len(values)
        return list(zip(*reversed(columns), strict=True)), codes

    def _single(self, field: str) -> tuple[list[tuple[Any, ...]], Integers]:
        if field in ("time_hour", "time_day"):
            span = MICROSECONDS_PER_HOUR if field == "time_hour" else MICROSECONDS_PER_DAY
            values, codes = _places(pa.array(self._table.integers("time") // span))
        elif not self._table.has(field):
            values, codes = [None], np.zeros(len(self._table), np.int64)
        else:
            values, codes = _places(self._table.column(field).combine_chunks())
        return [(value,) for value in values], codes


def _places(values: pa.Array) -> tuple[list[Any], Integers]:
    if _is_constant(values):
        return [values[0].as_py()], np.zeros(len(values), np.int64)
    coded = values.dictionary_encode(null_encoding="encode")
    return coded.dictionary.to_pylist(), np.asarray(coded.indices.to_numpy(), np.int64)


def _is_constant(values: pa.Array) -> bool:
    """Tell whether all rows hold one value; comparing with it is quicker than numbering values."""
    first = values[0]
    if values.null_count or not first.equals(values[len(values) // 2]):
        return False
    return bool(pc.all(pc.equal(values, first)).as_py())


def _amounts(table: EventTable, distinct: _Distinct, reference: Reference) -> Integers:
    pairs, codes = distinct.combinations(("currency", "time_day"))
    factors = [reference.rates.factor(currency, day) for currency, day in pairs]
    factor = np.array([np.nan if f is None else f for f in factors], np.float64)[codes]
    cents = np.rint(table.integers("amount_minor") * factor)
    known = ~np.isnan(cents)
    return np.where(known, np.where(known, cents, 0).astype(np.int64), layout.MISSING)


def interleave(columns: Mapping[str, Integers], names: Sequence[str], matrix: Integers) -> None:
    """Fill int64[rows, names], in blocks of rows so that both stay in the cache."""
    for begin in range(0, len(matrix), _ROWS):
        block = matrix[begin : begin + _ROWS]
        for place, name in enumerate(names):
            column = columns.get(name)
            block[:, place] = (
                layout.MISSING if column is None else column[begin : begin + len(block)]
            )
