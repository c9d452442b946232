"""CSV and Parquet files as chunks of raw columns, each row with its place in the file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.errors import Problem, UnreadableFile
from features.formats.columns import Lines

CHUNK_ROWS = 65_536
_DELIMITERS = ",;\t|"
PARQUET_MAGIC = b"PAR1"
Refuse = Callable[[int, list[Problem]], None]


@dataclass(frozen=True)
class Chunk:
    """Some rows of a file: its columns by name, and the line (or row) each began on."""

    raw: dict[str, pa.Array]
    lines: Lines


def is_parquet(path: Path) -> bool:
    """Tell by its first bytes whether a file is Parquet."""
    with path.open("rb") as file:
        return file.read(4) == PARQUET_MAGIC


def column_names(path: Path) -> list[str]:
    """Return the names of a file's columns; raises UnreadableFile."""
    try:
        if is_parquet(path):
            return list(pq.read_schema(path).names)
        with _open_csv(path) as file:
            return _header(file, path)[0]
    except (OSError, pa.ArrowException, UnicodeError, csv.Error) as error:
        raise UnreadableFile(f"cannot read {path}: {error}") from error


def csv_layout(path: Path) -> tuple[list[str], str]:
    """Return the names of a CSV file's columns and what parts them; raises UnreadableFile."""
    try:
        with _open_csv(path) as file:
            return _header(file, path)
    except (OSError, UnicodeError, csv.Error) as error:
        raise UnreadableFile(f"cannot read {path}: {error}") from error


def read_chunks(path: Path, wanted: set[str], refuse: Refuse) -> Iterator[Chunk]:
    """Yield the wanted columns of a file, some ten thousand rows at a time.

    Records of a CSV that cannot be cut into columns are handed to `refuse` with their line.
    Raises UnreadableFile when the file cannot be read at all.
    """
    try:
        if is_parquet(path):
            yield from _parquet_chunks(path, wanted)
        else:
            yield from _csv_chunks(path, wanted, refuse)
    except (OSError, pa.ArrowException) as error:
        raise UnreadableFile(f"cannot read {path}: {error}") from error


def _parquet_chunks(path: Path, wanted: set[str]) -> Iterator[Chunk]:
    first = 1
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(CHUNK_ROWS, columns=sorted(wanted)):
            raw = {name: batch.column(name) for name in batch.schema.names}
            yield Chunk(raw, np.arange(first, first + batch.num_rows, dtype=np.int64))
            first += batch.num_rows


def _open_csv(path: Path) -> TextIO:
    # Bytes that are no UTF-8 come as lone surrogates, so that one bad row does not end the read.
    return path.open(newline="", encoding="utf-8-sig", errors="surrogateescape")


def _header(file: TextIO, path: Path) -> tuple[list[str], str]:
    first = file.readline()
    if not first.strip():
        raise UnreadableFile(f"{path} is empty: expected a first line with the columns' names")
    delimiter = max(_DELIMITERS, key=lambda mark: len(next(csv.reader([first], delimiter=mark))))
    names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter))]
    if not "".join(names).isprintable():
        raise UnreadableFile(f"{path} is not UTF-8 text: save it as UTF-8, or as Parquet")
    return _numbered(names), delimiter


def _numbered(names: list[str]) -> list[str]:
    """Tell columns of one name apart as pandas does: Account, Account.1."""
    found: list[str] = []
    for name in names:
        number, own = 0, name
        while own in found:
            number += 1
            own = f"{name}.{number}"
        found.append(own)
    return found


def _csv_chunks(path: Path, wanted: set[str], refuse: Refuse) -> Iterator[Chunk]:
    with _open_csv(path) as file:
        names, delimiter = _header(file, path)
        places = [(name, index) for index, name in enumerate(names) if name in wanted]
        reader = csv.reader(file, delimiter=delimiter)
        records: list[list[str]] = []
        lines: list[int] = []
        while True:
            line = reader.line_num + 2
            try:
                record = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                refuse(line, [Problem("row", "", str(error), "close every quoted value")])
                continue
            if len(record) == len(names):
                records.append(record)
                lines.append(line)
                if len(records) == CHUNK_ROWS:
                    yield _chunk(places, records, lines, refuse)
                    records, lines = [], []
            elif record:
                problem = f"{len(record)} values where the header names {len(names)} columns"
                fix = "give each row one value for each column, quoted where it holds the delimiter"
                refuse(line, [Problem("row", delimiter.join(record)[:80], problem, fix)])
        if records:
            yield _chunk(places, records, lines, refuse)


def _chunk(
    places: list[tuple[str, int]], records: list[list[str]], lines: list[int], refuse: Refuse
) -> Chunk:
    try:
        columns = list(zip(*records, strict=True))
        raw = {name: pa.array(columns[place], pa.string()) for name, place in places}
    except UnicodeEncodeError:
        kept: list[list[str]] = []
        kept_lines: list[int] = []
        for line, record in zip(lines, records, strict=True):
            broken = next((text for text in record if not _is_text(text)), None)
            if broken is None:
                kept.append(record)
                kept_lines.append(line)
            else:
                shown = broken.encode(errors="backslashreplace").decode()[:80]
                refuse(line, [Problem("row", shown, "not UTF-8 text", "save the file as UTF-8")])
        return _chunk(places, kept, kept_lines, refuse) if kept else _empty(places)
    raw = {name: pc.if_else(pc.equal(text, ""), None, text) for name, text in raw.items()}
    return Chunk(raw, np.array(lines, dtype=np.int64))


def _empty(places: list[tuple[str, int]]) -> Chunk:
    nothing = pa.array([], pa.string())
    return Chunk({name: nothing for name, _ in places}, np.empty(0, dtype=np.int64))


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
