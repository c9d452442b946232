"""A sample of a table: whole when it is small, blocks from all over it when it is large.

The blocks stay in the file's order, so that what depends on order (time, a label that is sorted)
can still be seen.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from features.errors import UnreadableFile
from features.formats.chunks import csv_layout, is_parquet
from training.errors import MissingInput

_WHOLE_BYTES = 48 << 20
_BLOCKS, _BLOCK_BYTES = 64, 512 << 10
_ROWS = 250_000


@dataclass(frozen=True)
class Sample:
    """Rows of a file in its order, about how many it has in all, and whether these are all."""

    path: Path
    table: pd.DataFrame
    rows: int
    whole: bool


def sample(path: Path) -> Sample:
    """Read a sample of a CSV or Parquet file; raises MissingInput or UnreadableFile."""
    if not path.is_file():
        raise MissingInput(f"FILE {str(path)!r}: no such file; correct the path")
    try:
        found = _of_parquet(path) if is_parquet(path) else _of_csv(path)
    except (OSError, pa.ArrowException, UnicodeError, csv.Error) as error:
        raise UnreadableFile(f"cannot read {path}: {error}") from error
    if len(found.table) < 2:
        raise UnreadableFile(f"{path} holds {len(found.table)} rows; there is nothing to look at")
    return found


def _of_parquet(path: Path) -> Sample:
    with pq.ParquetFile(path) as file:
        rows = file.metadata.num_rows
        if rows <= _ROWS:
            return Sample(path, file.read().to_pandas(), rows, True)
        wanted = np.linspace(0, rows, _BLOCKS, endpoint=False).astype(int)
        parts, begin = [], 0
        for number in range(file.num_row_groups):
            size = file.metadata.row_group(number).num_rows
            inside = wanted[(wanted >= begin) & (wanted < begin + size)] - begin
            if len(inside):
                group = file.read_row_group(number)
                parts += [group.slice(int(start), _ROWS // _BLOCKS) for start in inside]
            begin += size
    return Sample(path, pa.concat_tables(parts).to_pandas(), rows, False)


def _of_csv(path: Path) -> Sample:
    names, delimiter = csv_layout(path)
    size = path.stat().st_size
    if all(_is_number(name) for name in names if name):
        raise UnreadableFile(
            f"the first line of {path} holds numbers, not the columns' names "
            f"({', '.join(names[:4])} …): put a line with the names before it"
        )
    if size <= _WHOLE_BYTES:
        table = _parsed(path.read_bytes(), names, delimiter, header=True)
        return Sample(path, table, len(table), True)
    parts = []
    with path.open("rb") as file:
        for number, start in enumerate(np.linspace(0, size, _BLOCKS, endpoint=False).astype(int)):
            file.seek(int(start))
            block = file.read(_BLOCK_BYTES)
            cut = block[block.find(b"\n") + 1 : block.rfind(b"\n") + 1]
            parts.append(cut)
            del number
    whole = b"".join(parts)
    table = _parsed(whole, names, delimiter, header=False)
    rows = round(size / max(len(whole) / max(len(table), 1), 1))
    return Sample(path, table, rows, False)


def _parsed(text: bytes, names: list[str], delimiter: str, header: bool) -> pd.DataFrame:
    read = pacsv.read_csv(
        io.BytesIO(text),
        read_options=pacsv.ReadOptions(column_names=names, skip_rows=int(header)),
        parse_options=pacsv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, invalid_row_handler=lambda _: "skip"
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=True,
            null_values=[""],
            quoted_strings_can_be_null=True,
        ),
    )
    table: pd.DataFrame = read.to_pandas()
    return table


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
