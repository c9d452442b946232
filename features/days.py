"""Rows of features written day by day, as `features.folder` lays them out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet

from features.folder import INCOMING, day_room
from features.table import EventTable

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
MICROSECONDS_PER_DAY = 86_400_000_000
_ROW_GROUP = 65_536


def in_days(table: EventTable) -> tuple[Integers, Integers]:
    """Return the table's rows by day of event, then in order of arrival, and each one's day."""
    day = table.integers("time") // MICROSECONDS_PER_DAY
    order = np.lexsort((table.received_at, day))
    return order, day[order]


def write_days(
    folder: Path,
    schema: pa.Schema,
    table: EventTable,
    features: Floats,
    progress: Callable[[int, int], None],
) -> None:
    """Write the features of every row of a table; `progress(done, total)` is told each day."""
    order, day = in_days(table)
    writer = DayWriter(folder, table.stream, schema)
    names = table.column("event_id").combine_chunks()
    time, received_at = table.integers("time"), table.received_at
    cuts = [*np.flatnonzero(np.diff(day, prepend=day[:1] - 1)).tolist(), len(day)]
    for begin, end in pairwise(cuts):
        rows = order[begin:end]
        chosen = names.take(pa.array(rows))
        writer.write(
            int(day[begin]),
            rows_of(schema, chosen, time[rows], received_at[rows], features[rows]),
        )
        progress(end, len(day))
    writer.close()


class DayWriter:
    """Writes one stream's rows, which come day by day, in files of fixed row groups.

    A file appears under its name when its day is complete, so that a day written twice is whole.
    """

    def __init__(self, folder: Path, stream: str, schema: pa.Schema) -> None:
        self._folder = folder
        self._stream = stream
        self._schema = schema
        self._day: int | None = None
        self._incoming: Path | None = None
        self._writer: pyarrow.parquet.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []

    def write(self, day: int, rows: pa.Table) -> None:
        """Add rows of a day (counted from 1970-01-01), the same as before or a later one."""
        if day != self._day:
            self.close()
            self._open(day)
        self._waiting.append(rows)
        while sum(map(len, self._waiting)) >= _ROW_GROUP:
            gathered = pa.concat_tables(self._waiting)
            self._put(gathered.slice(0, _ROW_GROUP))
            self._waiting = [gathered.slice(_ROW_GROUP)]

    def close(self) -> None:
        """Complete the day that is being written, if there is one."""
        if self._writer is None or self._incoming is None:
            return
        if any(map(len, self._waiting)):
            self._put(pa.concat_tables(self._waiting))
        self._waiting = []
        self._writer.close()
        self._incoming.replace(self._incoming.parent / "part-0.parquet")
        self._writer = self._incoming = self._day = None

    def _open(self, day: int) -> None:
        room = day_room(self._folder, self._stream, day)
        room.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=INCOMING, dir=room, delete=False) as file:
            self._incoming = Path(file.name)
        self._incoming.chmod(0o644)
        self._day = day
        self._writer = pyarrow.parquet.ParquetWriter(
            self._incoming, self._schema, compression="zstd"
        )

    def _put(self, rows: pa.Table) -> None:
        if self._writer is not None:
            self._writer.write_table(rows.combine_chunks(), row_group_size=_ROW_GROUP)


def rows_of(
    schema: pa.Schema, event_id: pa.Array, time: Integers, received_at: Integers, features: Floats
) -> pa.Table:
    """Return rows of a stream's schema; times in microseconds, features float64[rows, names]."""
    columns = [
        event_id.cast(pa.string()),
        pa.array(time).cast(schema.field("time").type),
        pa.array(received_at).cast(schema.field("received_at").type),
        *(pa.array(np.ascontiguousarray(column)) for column in features.T),
    ]
    return pa.Table.from_arrays(columns, schema=schema)
