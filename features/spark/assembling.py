"""What runs on the workers last: an event's statistics come together, its features are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features import kernel
from features.compiled import compiled
from features.days import DayWriter, rows_of
from features.roles import TIME, Plan
from features.spark.packing import column, packed_column, unpack

Integers = npt.NDArray[np.int64]
OWN = -1
"""In place of a role: the event's own row."""
WRITTEN = "stream int, rows long"


def write_features(
    plan: Plan,
    folder: str,
    schemas: dict[int, tuple[str, pa.Schema]],
    batches: Iterable[pa.RecordBatch],
) -> Iterator[pa.RecordBatch]:
    """Write the files of some days, and yield how many rows each has.

    What comes is sorted by stream, day, number of arrival and role, the event's own row first.
    `schemas` gives each stream's name and the columns of its files.
    """
    writers: dict[int, DayWriter] = {}
    for parts in _whole_events(batches):
        for stream, day, events in _by_day(plan, parts, schemas):
            if stream not in writers:
                for other in writers.values():
                    other.close()
                name, schema = schemas[stream]
                writers[stream] = DayWriter(Path(folder), name, schema)
            writers[stream].write(day, events)
            yield pa.RecordBatch.from_pydict(
                {"stream": pa.array([stream], pa.int32()), "rows": pa.array([len(events)])}
            )
    for writer in writers.values():
        writer.close()


def _whole_events(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Yield the same rows, cut where an event ends."""
    left: pa.Table | None = None
    for batch in batches:
        parts = pa.Table.from_batches([batch])
        if left is not None:
            parts = pa.concat_tables([left, parts]).combine_chunks()
        number, stream = column(parts, "number"), column(parts, "stream")
        last = np.flatnonzero((number != number[-1:]) | (stream != stream[-1:]))
        cut = int(last[-1]) + 1 if len(last) else 0
        if cut:
            yield parts.slice(0, cut)
        left = parts.slice(cut)
    if left is not None and len(left):
        yield left


def _by_day(
    plan: Plan, parts: pa.Table, schemas: dict[int, tuple[str, pa.Schema]]
) -> Iterator[tuple[int, int, pa.Table]]:
    """Yield (stream, day, rows of its file) of whole events."""
    parts = parts.combine_chunks()
    role, row = column(parts, "role"), packed_column(parts, "row")
    heads = np.flatnonzero(role == OWN)
    event = np.cumsum(role == OWN) - 1
    stream, day = column(parts, "stream")[heads], column(parts, "day")[heads]
    for one in np.unique(stream):
        own = np.flatnonzero(stream == one)
        place = np.full(len(heads), -1)
        place[own] = np.arange(len(own))
        registers = np.full((len(own), plan.registers), np.nan)
        for item in plan.of(int(one)):
            if item.reads:
                chosen = np.flatnonzero(role == item.number)
                if not np.array_equal(event[chosen], own):
                    raise RuntimeError(f"role {item.number}: an event's statistics are missing")
                registers[np.ix_(place[event[chosen]], item.registers)] = unpack(row, chosen, "f8")
        matrix = unpack(row, heads[own], "i8")
        features = np.empty((len(own), plan.outputs[int(one)]), np.float64)
        _finish(plan.whole, int(one), matrix, registers, features)
        names = parts.column("event_id").combine_chunks()
        received_at = column(parts, "received_at")
        for at in np.unique(day[own]):
            rows = np.flatnonzero(day[own] == at)
            heading = heads[own[rows]]
            yield (
                int(one),
                int(at),
                rows_of(
                    schemas[int(one)][1],
                    names.take(pa.array(heading)),
                    np.ascontiguousarray(matrix[rows, TIME]),
                    received_at[heading],
                    features[rows],
                ),
            )


@compiled
def _finish(program: Any, stream: int, matrix: Any, registers: Any, out: Any) -> None:
    for number in range(out.shape[0]):
        kernel.finish(program, stream, matrix[number], registers[number], out[number])
