"""CSV and Parquet files of events or labels, with the file's own columns or the schema's.

A refused row is written to the rejects file with its line and every reason, and reading goes on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import Problem
from features.formats.carried import SPLIT, carried_columns, is_test, joined
from features.formats.chunks import column_names, read_chunks
from features.formats.columns import Columns, Lines, event_columns, label_columns
from features.formats.mapping import Mapping, canonical_mapping
from features.formats.rejects import Read, RejectLog
from features.formats.settle import Settled, settle
from features.formats.sure import Checker
from features.formats.times import as_datetime
from features.table import EventTable, schema

Wrong = dict[int, list[Problem]]


def read_tabular(
    path: Path,
    stream: str,
    mapping: Mapping | None = None,
    rejects: Path | None = None,
    now: datetime | None = None,
) -> Read:
    """Read a CSV or Parquet file of payments, access events or labels.

    Without a mapping the columns bear the schema's names. With `now` (aware) a time after it is
    refused. A row whose identifier stands in an earlier row is refused too: an event happens once.
    Raises UnreadableFile or BadMapping when nothing can be read.
    """
    there = column_names(path)
    mapping = mapping or canonical_mapping(stream, there, path.name)
    mapping.check(stream, there, path.name)
    wanted = mapping.wanted
    checker, label_checker = Checker(stream, now), Checker("label")
    events, labels = _Gathered(stream), _Gathered("label")
    with RejectLog(rejects) as log:
        for chunk in read_chunks(path, wanted, log.add):
            given = event_columns(chunk.raw, chunk.lines, mapping, stream)
            extra = carried_columns(
                chunk.raw, mapping.attributes, given.times.get("time"), mapping.clock
            )
            if mapping.split:
                extra[SPLIT] = is_test(chunk.raw[mapping.split.column], mapping.split.test)
            settled = settle(checker, given, now)
            settled = replace(settled, table=joined(settled.table, extra, settled.rows))
            wrong = dict(settled.problems)
            beside = label_columns(chunk.raw, given, mapping)
            if beside is not None:
                labelled, beside = _labelled(beside)
                known = settle(label_checker, beside)
                _join(wrong, known.problems, labelled)
                _join(
                    wrong,
                    _known_too_early(given.times["time"].take(pa.array(labelled)), beside),
                    labelled,
                )
                labels.add(known, labelled, wrong, chunk.lines)
            events.add(settled, np.arange(given.size, dtype=np.int64), wrong, chunk.lines)
            for index in sorted(wrong):
                log.add(int(chunk.lines[index]), wrong[index])
        repeated = events.drop_repeated("label_id" if stream == "label" else "event_id", log)
        labels.drop(repeated)
        table = events.table()
    return Read(
        table=table,
        rows=len(table) + log.rejected,
        rejected=log.rejected,
        problems=tuple(log.first),
        labels=labels.table() if mapping.labels else None,
        ignored=tuple(name for name in there if name not in wanted),
    )


class _Gathered:
    """The accepted rows of all chunks so far, with the line of each."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._tables: list[pa.Table] = []
        self._lines: list[Lines] = []

    def add(self, settled: Settled, places: Lines, wrong: Wrong, lines: Lines) -> None:
        """Keep the settled rows that nothing is wrong with; `places` are their chunk's indices."""
        table, rows = settled.table, places[settled.rows]
        if wrong:
            fine = ~np.isin(rows, np.fromiter(wrong, dtype=np.int64))
            table, rows = table.filter(pa.array(fine)), rows[fine]
        self._tables.append(table)
        self._lines.append(lines[rows])

    def drop_repeated(self, key: str, log: RejectLog) -> Lines:
        """Refuse every row whose identifier an earlier row has; return the lines refused."""
        if not self._tables:
            return np.empty(0, dtype=np.int64)
        table, lines = self._whole()
        names = table[key].combine_chunks()
        if "member" in table.column_names:
            names = pc.binary_join_element_wise(table["member"].fill_null("local"), names, "\t")
            names = names.combine_chunks()
        codes = names.dictionary_encode().indices.to_numpy()
        first = np.unique(codes, return_index=True)[1]
        if len(first) == len(codes):
            return np.empty(0, dtype=np.int64)
        again = np.setdiff1d(np.arange(len(codes)), first)
        for row in again.tolist():
            earlier = int(lines[first[codes[row]]])
            value = table[key][row].as_py()
            problem = f"the same identifier as in line {earlier}"
            fix = "keep one of the rows, or map a column that tells them apart"
            log.add(int(lines[row]), [Problem(key, value, problem, fix)])
        refused = lines[again]
        self.drop(refused)
        return refused

    def drop(self, refused: Lines) -> None:
        """Leave out the rows that began on these lines."""
        if len(refused) and self._tables:
            table, lines = self._whole()
            fine = ~np.isin(lines, refused)
            self._tables, self._lines = [table.filter(pa.array(fine))], [lines[fine]]

    def _whole(self) -> tuple[pa.Table, Lines]:
        self._tables = [pa.concat_tables(self._tables)]
        self._lines = [np.concatenate(self._lines)]
        return self._tables[0], self._lines[0]

    def table(self) -> EventTable:
        """Return all rows as one table, without the columns that hold nothing."""
        if not self._tables:
            return EventTable(self._stream, schema(self._stream).empty_table())
        table = self._whole()[0]
        kept = [
            name
            for name in table.column_names
            if table[name].null_count < len(table) or not len(table)
        ]
        return EventTable(self._stream, table.select(kept))


def _labelled(beside: Columns) -> tuple[Lines, Columns]:
    """Return the rows that carry a label, and those rows alone."""
    mask = beside.texts["is_fraud"].is_valid()
    rows = np.flatnonzero(mask.to_numpy(zero_copy_only=False))
    if len(rows) == beside.size:
        return rows, beside
    texts = {name: column.filter(mask) for name, column in beside.texts.items()}
    times = {name: column.filter(mask) for name, column in beside.times.items()}
    return rows, Columns(beside.stream, len(rows), texts, times)


def _known_too_early(times: pa.Array, labels: Columns) -> Wrong:
    early = pc.less(labels.times["known_at"], times).fill_null(False)
    return {
        index: [
            Problem(
                "known_at",
                as_datetime(labels.times["known_at"][index].as_py()).isoformat(),
                "a label known before its event",
                "map the column that says when the label became known, or give a delay",
            )
        ]
        for index in np.flatnonzero(early.to_numpy(zero_copy_only=False)).tolist()
    }


def _join(wrong: Wrong, more: Wrong, places: Lines) -> None:
    """Add problems of rows numbered within a selection to those numbered within the chunk."""
    for index, problems in more.items():
        wrong.setdefault(int(places[index]), []).extend(problems)
