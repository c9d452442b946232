"""Many events at once: the batch form, one Arrow column for each field of the schema.

`time`, `received_at` and `known_at` are integer microseconds, `amount_minor` (integer minor units)
stands in place of `amount`, an `extra_` column (numbers or text) for each attribute; columns that
are wholly absent may be left out. Row order carries no meaning: the order of events is
(`received_at`, row), as in the service's log.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from types import UnionType
from typing import Any, Union, get_args, get_origin

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.attributes import PREFIX
from features.carried_columns import column_of
from features.errors import UnreadableFile
from features.events import MODELS, AnyRecord, Payment, row
from features.fields import EPOCH
from features.reference import currency_exponent

Integers = npt.NDArray[np.int64]
_TIMES = ("time", "known_at")


def schema(stream: str) -> pa.Schema:
    """Return the Arrow schema of a stream's batch form (a name in `features.events.MODELS`)."""
    columns: list[tuple[str, pa.DataType]] = []
    for name, field in MODELS[stream].model_fields.items():
        if name == "attributes":
            continue
        if name == "amount":
            columns.append(("amount_minor", pa.int64()))
        elif name in _TIMES:
            columns.append((name, pa.int64()))
        else:
            columns.append((name, _arrow_type(field.annotation)))
    return pa.schema([*columns, ("received_at", pa.int64()), ("member", pa.string())])


def _arrow_type(annotation: Any) -> pa.DataType:
    choices = (
        get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    )
    if bool in choices:
        return pa.bool_()
    if float in choices:
        return pa.float64()
    return pa.int64() if int in choices else pa.string()


@dataclass(frozen=True)
class EventTable:
    """A stream's events as an Arrow table in batch form, in any row order."""

    stream: str
    table: pa.Table

    def __post_init__(self) -> None:
        known = schema(self.stream)
        for name in self.table.column_names:
            if name not in known.names and not name.startswith(PREFIX):
                raise UnreadableFile(f"column {name} is not a field of stream {self.stream}")

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def has(self, name: str) -> bool:
        """Tell whether any row holds a value in this column."""
        if name not in self.table.column_names:
            return False
        return bool(self.table[name].null_count < len(self))

    def column(self, name: str) -> pa.ChunkedArray:
        """Return a column; one that is left out comes as all nulls."""
        if name in self.table.column_names:
            return self.table[name]
        return pa.chunked_array([pa.nulls(len(self), schema(self.stream).field(name).type)])

    def integers(self, name: str, missing: int = 0) -> Integers:
        """Return an integer column, with `missing` in place of nulls."""
        numbers = self.column(name).cast(pa.int64()).fill_null(missing)
        return np.asarray(numbers.to_numpy(), dtype=np.int64)

    @property
    def received_at(self) -> Integers:
        """When each event arrived (microseconds); its own time where nothing else is known."""
        own = "known_at" if self.stream == "label" else "time"
        times = self.integers(own)
        if not self.has("received_at"):
            return times
        arrived = self.column("received_at")
        return np.where(np.asarray(arrived.is_valid()), self.integers("received_at"), times).astype(
            np.int64
        )

    def take(self, rows: Integers | npt.NDArray[np.bool_]) -> EventTable:
        """Return the chosen rows, by index or by mask."""
        chosen = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return EventTable(self.stream, self.table.take(pa.array(chosen)))


def from_events(
    stream: str,
    events: Sequence[AnyRecord],
    received_at: Sequence[int] | None = None,
) -> EventTable:
    """Return parsed events as a table; `received_at` in microseconds, each event's own if None."""
    rows = [row(event) for event in events]
    if received_at is not None:
        for values, arrived in zip(rows, received_at, strict=True):
            values["received_at"] = arrived
    table = pa.Table.from_pylist(rows, schema=schema(stream))
    for name in sorted({name for values in rows for name in values if name.startswith(PREFIX)}):
        table = table.append_column(name, column_of([values.get(name) for values in rows]))
    return EventTable(stream, table)


def to_events(table: EventTable) -> Iterator[AnyRecord]:
    """Yield a table's rows as events again, in row order.

    Nothing is checked: what made the table has done so.
    """
    model = MODELS[table.stream]
    for values in table.table.to_pylist():
        given = {name: value for name, value in values.items() if value is not None}
        for name in _TIMES:
            if name in given:
                given[name] = EPOCH + timedelta(microseconds=given[name])
        if "amount_minor" in given:
            exponent = currency_exponent(given["currency"]) or 0
            given["amount"] = Decimal(given.pop("amount_minor")).scaleb(-exponent)
        if model is Payment:
            given["intermediary_agents"] = tuple(given.get("intermediary_agents", "").split())
        carried = {name: value for name, value in given.items() if name.startswith(PREFIX)}
        if carried:
            given["attributes"] = {
                name.removeprefix(PREFIX): value for name, value in carried.items()
            }
        yield model.model_construct(
            **{name: value for name, value in given.items() if name in model.model_fields}
        )


def concatenate(tables: Sequence[EventTable]) -> EventTable:
    """Return the rows of several tables of one stream after one another."""
    return EventTable(
        tables[0].stream,
        pa.concat_tables([part.table for part in tables], promote_options="default"),
    )
