"""What every reader gives back: the events it accepted, and a reason for each row it did not."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from features.errors import Problem, UnreadableFile
from features.table import EventTable

KEPT_PROBLEMS = 100
HEADER = ("line", "field", "value", "problem", "fix")


@dataclass(frozen=True)
class Reject:
    """One wrong field of one refused row.

    `line` counts from 1: the line of a text file where the row begins, the row of a Parquet file.
    """

    line: int
    field: str
    value: str
    problem: str
    fix: str


@dataclass(frozen=True)
class Read:
    """What came out of one file.

    `rows` counts everything that claimed to be an event, `rejected` those refused, `skipped` the
    lines that are well-formed but no event (by kind in `skipped_kinds`). `problems` holds the
    first hundred reasons; the rejects file holds all. `ignored` names columns that were not read.
    """

    table: EventTable
    rows: int
    rejected: int
    problems: tuple[Reject, ...] = ()
    labels: EventTable | None = None
    skipped: int = 0
    skipped_kinds: Mapping[str, int] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    def summary(self) -> str:
        """Return the counts as one line for a person."""
        parts = [f"{self.rows:,} rows read", f"{self.rejected:,} rejected"]
        if self.skipped:
            parts.append(f"{self.skipped:,} lines without an event skipped")
        if self.labels is not None:
            parts.append(f"{len(self.labels):,} labels")
        return ", ".join(parts)


class RejectLog:
    """Counts refused rows and writes every reason to a CSV file, when one is named.

    Use it as a context manager. The file holds `line,field,value,problem,fix`; it is made anew
    each time, with the header alone when nothing was refused. Raises UnreadableFile when it
    cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self.rejected = 0
        self.first: list[Reject] = []
        try:
            # Held open for the whole read; closed by __exit__.
            self._file = path.open("w", newline="", encoding="utf-8") if path else None
        except OSError as error:
            raise UnreadableFile(f"cannot write the rejects file {path}: {error}") from error
        self._writer = csv.writer(self._file) if self._file else None
        if self._writer:
            self._writer.writerow(HEADER)

    def __enter__(self) -> RejectLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file:
            self._file.close()

    def add(self, line: int, problems: Sequence[Problem]) -> None:
        """Count one refused row and note each of its problems."""
        self.rejected += 1
        for problem in problems:
            reject = Reject(line, problem.field, problem.value, problem.problem, problem.fix)
            if len(self.first) < KEPT_PROBLEMS:
                self.first.append(reject)
            if self._writer:
                value = reject.value.encode(errors="backslashreplace").decode()
                self._writer.writerow((line, reject.field, value, reject.problem, reject.fix))
