"""Dated tables: small CSV files whose rows hold from one day to another.

Every file has the columns valid_from and valid_to (both days included; an empty valid_to means
"until further notice") and source, beside its own. Ours lie in `features/reference_data`; a folder
of the operator's own replaces them file by file.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Generic, TypeVar

from features.errors import BadReference

OURS = Path(__file__).parent.parent / "reference_data"
ANYWHERE = "*"
"""The country of the row that holds where a country has none of its own."""
_EPOCH = date(1970, 1, 1).toordinal()
_FOREVER = date.max.toordinal() - _EPOCH
_DATING = ("valid_from", "valid_to", "source")
Value = TypeVar("Value")


def day_of(text: str) -> int:
    """Return a date such as 2026-01-31 as days since 1970-01-01; raises ValueError."""
    return date.fromisoformat(text).toordinal() - _EPOCH


class DatedTable(Generic[Value]):
    """What a dated file says of each key (its first column) as of a day.

    `columns` are the file's own columns, the key first; `read` makes a value of the others.
    With `single` two rows of one key may not hold on one day. Raises BadReference, with file, line
    and fix.
    """

    def __init__(
        self,
        folder: Path | None,
        name: str,
        columns: tuple[str, ...],
        read: Callable[..., Value],
        single: bool = True,
    ) -> None:
        path = OURS / name
        if folder is not None and (folder / name).is_file():
            path = folder / name
        self._rows: dict[str, list[tuple[int, int, Value, str]]] = {}
        expected = (*columns, *_DATING)
        try:
            content = path.read_bytes()
            reader = csv.DictReader(content.decode().splitlines())
            if missing := set(expected) - set(reader.fieldnames or ()):
                raise ValueError(f"column {min(missing)} is missing")
            for row in reader:
                self._add(row, columns, read, single, reader.line_num)
        except (OSError, ValueError) as error:
            raise BadReference(
                f"reference file {path}: {error}; expected a CSV with {','.join(expected)}"
            ) from error
        self.digest = hashlib.sha256(content).digest()

    def _add(
        self,
        row: dict[str, str],
        columns: tuple[str, ...],
        read: Callable[..., Value],
        single: bool,
        line: int,
    ) -> None:
        try:
            start = day_of(row["valid_from"])
            end = day_of(row["valid_to"]) if row["valid_to"] else _FOREVER
            if not row["source"]:
                raise ValueError("source is empty")
            if end < start:
                raise ValueError("valid_to lies before valid_from")
            value = read(*(row[name] for name in columns[1:]))
        except (TypeError, ValueError, KeyError) as error:
            raise ValueError(f"line {line}: {error}") from error
        periods = self._rows.setdefault(row[columns[0]], [])
        if single and any(start <= other_end and end >= other for other, other_end, *_ in periods):
            raise ValueError(
                f"line {line}: {row[columns[0]]} has another row that holds on these days"
            )
        periods.append((start, end, value, row["source"]))

    def values(self, key: str, day: int) -> list[Value]:
        """Return every value of a key that holds on a day (days since 1970-01-01)."""
        return [value for start, end, value, _ in self._rows.get(key, ()) if start <= day <= end]

    def sourced(self, key: str, day: int) -> list[tuple[Value, str]]:
        """Return every value of a key that holds on a day, each with its source."""
        return [
            (value, source)
            for start, end, value, source in self._rows.get(key, ())
            if start <= day <= end
        ]

    def at(self, key: str, day: int) -> Value | None:
        """Return the value that holds on a day, that of "*" where the key has none, else None."""
        for name in (key, ANYWHERE):
            for value in self.values(name, day):
                return value
        return None

    def source(self, key: str, day: int) -> str | None:
        """Return where the key's own value of that day is taken from."""
        for start, end, _, source in self._rows.get(key, ()):
            if start <= day <= end:
                return source
        return None

    def starts(self, key: str) -> list[tuple[int, Value]]:
        """Return (first day, value) of a key's rows, in the file's order."""
        return [(start, value) for start, _, value, _ in self._rows.get(key, ())]
