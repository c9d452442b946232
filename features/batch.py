"""Whole tables through the kernel: every event's features as of that event.

Rows are taken in the order of (`received_at`, row); at one instant payments come first, then access
events, then labels, so that a label never serves an event that arrived with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features import kernel, layout
from features.catalog import PROGRAM
from features.columns import (
    COLUMNS,
    MICROSECONDS_PER_HOUR,
    NAMES,
    Computed,
    Given,
    Mapped,
)
from features.definitions import RING_STREAMS, column_names
from features.errors import UnreadableFile
from features.program import Program
from features.reference import MICROSECONDS_PER_DAY, Reference
from features.state import empty_state, grown
from features.table import EventTable
from features.timeline import events_of_labels

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]
_CHUNK = 50_000


@dataclass(frozen=True)
class Built:
    """Features of every row, by stream, in each table's own row order.

    `features[stream]` is float64[rows, features] in catalogue order; `absent[stream]` names those
    whose inputs are wholly absent from the data; `late[stream]` counts events that came too late
    to become part of some history; `amount_reference` is in EUR cents, NaN without a rate.
    """

    features: dict[str, Floats]
    absent: dict[str, list[str]]
    late: dict[str, int]
    amount_reference: Floats | None


def build(
    payments: EventTable | None,
    access: EventTable | None,
    labels: EventTable | None,
    reference: Reference,
    progress: Progress | None = None,
    program: Program = PROGRAM,
    wanted: tuple[str, ...] = ("payment", "access"),
) -> Built:
    """Return the features of every payment and access event, each as of its own arrival.

    Every event of every table becomes history; features are computed for the streams in `wanted`.
    `progress(done, total)` is called now and then. Raises UnreadableFile for a label that was
    known before its event.
    """
    tables = {"payment": payments, "access": access}
    encoded = {
        stream: encode_table(table, reference) if table is not None else _no_rows(stream)
        for stream, table in tables.items()
    }
    matrices = [encoded["payment"], encoded["access"]]
    arrivals = [
        table.received_at if table is not None else np.zeros(0, np.int64)
        for table in tables.values()
    ]
    for stream, table in tables.items():
        rows, received = _label_rows(stream, table, encoded[stream], labels)
        matrices.append(rows)
        arrivals.append(received)
    outs = tuple(
        np.empty((len(matrix), len(program.catalogues[stream].features)), np.float64)
        if stream in wanted and stream in program.catalogues
        else np.empty((len(matrix), 0), np.float64)
        for stream, matrix in zip(RING_STREAMS, matrices, strict=True)
    )
    late = _run(program, tuple(matrices), arrivals, outs, progress)
    present = {
        (stream, name)
        for stream, matrix in zip(RING_STREAMS, matrices, strict=True)
        for name, column in zip(column_names(stream), matrix.T, strict=True)
        if np.any(column != layout.MISSING)
    }
    amounts = encoded["payment"][:, NAMES["payment"].index("amount")]
    return Built(
        features={stream: outs[number] for number, stream in enumerate(tables)},
        absent={
            stream: [
                f.name for f in catalogue.features if not f.columns(catalogue.stream) <= present
            ]
            for stream, catalogue in program.catalogues.items()
        },
        late={stream: late[number] for number, stream in enumerate(tables)},
        amount_reference=_with_nan(amounts) if payments is not None else None,
    )


def _run(
    program: Program,
    matrices: tuple[Integers, ...],
    arrivals: list[Integers],
    outs: tuple[Floats, ...],
    progress: Progress | None,
) -> list[int]:
    streams = np.repeat(np.arange(len(matrices)), [len(matrix) for matrix in matrices])
    rows = np.concatenate([np.arange(len(matrix)) for matrix in matrices])
    order = np.lexsort((rows, streams, np.concatenate(arrivals)))
    streams, rows = streams[order], rows[order]
    late = np.zeros(len(order), np.bool_)
    state = empty_state(program)
    done = 0
    while done < len(order):
        end = min(done + _CHUNK, len(order))
        taken = kernel.run(
            program.tables,
            state,
            streams[done:end],
            rows[done:end],
            matrices,
            outs,
            late[done:end],
        )
        done += taken
        if done < end:
            state = grown(program, state)
        if progress:
            progress(done, len(order))
    return [int(np.count_nonzero(late & (streams == number))) for number in range(len(matrices))]


def encode_table(table: EventTable, reference: Reference) -> Integers:
    """Return int64[rows, columns] of a table, as `features.columns.Encoder` gives row by row."""
    columns: dict[str, Integers] = {}
    coded: dict[tuple[str, ...], tuple[list[tuple[Any, ...]], Integers]] = {}
    for column in COLUMNS[table.stream]:
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
            if column.fields not in coded:
                coded[column.fields] = _combinations(table, column.fields)
            values, codes = coded[column.fields]
            found = [column.function(reference, *value) for value in values]
            columns[column.name] = np.array(
                [layout.MISSING if number is None else number for number in found], np.int64
            )[codes]
        else:
            columns[column.name] = _amounts(table, reference)
    return np.ascontiguousarray(np.stack(list(columns.values()), axis=1))


def _combinations(
    table: EventTable, fields: tuple[str, ...]
) -> tuple[list[tuple[Any, ...]], Integers]:
    """Return the distinct combinations of some fields, and each row's place among them."""
    if len(table) == 0:
        return [], np.zeros(0, np.int64)
    listed: list[list[Any]] = []
    combined = np.zeros(len(table), np.int64)
    for field in fields:
        values, codes = _distinct(table, field)
        listed.append(values)
        combined = combined * len(values) + codes
    keys, codes = np.unique(combined, return_inverse=True)
    parts = []
    for values in reversed(listed):
        parts.append([values[place] for place in (keys % len(values)).tolist()])
        keys = keys // len(values)
    return list(zip(*reversed(parts), strict=True)), codes.astype(np.int64)


def _distinct(table: EventTable, field: str) -> tuple[list[Any], Integers]:
    if field in ("time_hour", "time_day"):
        span = MICROSECONDS_PER_HOUR if field == "time_hour" else MICROSECONDS_PER_DAY
        numbers, codes = np.unique(table.integers("time") // span, return_inverse=True)
        return numbers.tolist(), codes.astype(np.int64)
    column = table.column(field)
    chunks = column.combine_chunks().dictionary_encode(null_encoding="encode")
    return chunks.dictionary.to_pylist(), np.asarray(chunks.indices.to_numpy(), np.int64)


def _amounts(table: EventTable, reference: Reference) -> Integers:
    pairs, codes = _combinations(table, ("currency", "time_day"))
    factors = [reference.rates.factor(currency, day) for currency, day in pairs]
    factor = np.array([np.nan if f is None else f for f in factors], np.float64)[codes]
    cents = np.rint(table.integers("amount_minor") * factor)
    known = ~np.isnan(cents)
    return np.where(known, np.where(known, cents, 0).astype(np.int64), layout.MISSING)


def _no_rows(stream: str) -> Integers:
    return np.zeros((0, len(NAMES[stream])), np.int64)


def _with_nan(values: Integers) -> Floats:
    return np.where(values == layout.MISSING, np.nan, values.astype(np.float64))


def _label_rows(
    stream: str, table: EventTable | None, encoded: Integers, labels: EventTable | None
) -> tuple[Integers, Integers]:
    """Return a row for each label of this stream's events, and when each arrived."""
    width = encoded.shape[1] + 2
    if table is None or labels is None or len(table) == 0:
        return np.zeros((0, width), np.int64), np.zeros(0, np.int64)
    own, event = events_of_labels(table, labels)
    own, event = own[event >= 0], event[event >= 0]
    known_at = labels.integers("known_at")[own]
    fraud = np.asarray(labels.column("is_fraud").to_numpy(), np.int64)[own]
    # Nobody can know of an event before it has arrived.
    arrived = np.maximum(labels.received_at[own], table.received_at[event])
    early = known_at < table.integers("time")[event]
    if early.any():
        name = table.column("event_id")[int(event[early.argmax()])].as_py()
        raise UnreadableFile(
            f"label of {stream} event {name}: known_at lies before the event; "
            f"give the time at which it became known"
        )
    order = np.lexsort((own, arrived, event))
    first = np.ones(len(event), np.bool_)
    first[1:] = event[order][1:] != event[order][:-1]
    previous = np.zeros(len(event), np.int64)
    previous[1:] = fraud[order][:-1]
    previous[first] = 0
    rows = np.empty((len(event), width), np.int64)
    rows[:, :-2] = encoded[event[order]]
    rows[:, 0] = known_at[order]
    rows[:, -2] = fraud[order] - previous
    rows[:, -1] = first
    return rows, arrived[order]
