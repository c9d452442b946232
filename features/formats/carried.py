"""The columns of a file that no field of the schema takes: carried with each event as attributes.

    [attributes]
    numeric = ["V1", "V2"]             # as numbers
    categorical = ["category"]         # as words
    since = ["signup_time"]            # a time: the seconds from it to the event

What is carried is what a model may learn from beside the catalogue. An attribute bears its
column's name; the seconds since a time are called `seconds_since_COLUMN`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.attributes import LONGEST_NAME, MOST, PREFIX
from features.carried_columns import numbers, words
from features.errors import BadMapping
from features.formats.times import Clock, to_microseconds

SPLIT = f"{PREFIX}*test"
"""The batch column that says which rows a given split tests on; no attribute is called so."""
_ODD = re.compile(r"[^ -~]+")
_MICROSECONDS = 1e6


@dataclass(frozen=True)
class Carried:
    """Which columns are carried, as what; a column stands in one list."""

    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    since: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is carried."""
        return (*self.numeric, *self.categorical, *self.since)

    @property
    def names(self) -> dict[str, str]:
        """The attribute that each column becomes."""
        plain = {column: attribute_name(column) for column in (*self.numeric, *self.categorical)}
        return plain | {
            column: attribute_name(f"seconds_since_{column.strip()}") for column in self.since
        }


def attribute_name(column: str) -> str:
    """Return the name of the attribute that a column becomes: its own, in printable ASCII.

    >>> attribute_name(" Flow Duration")
    'Flow Duration'
    """
    plain = _ODD.sub("_", column).strip()
    known = plain[:1].isalnum() or plain[:1] == "_"
    return (plain if known else f"_{plain}")[:LONGEST_NAME].strip()


def carried_from(given: Any, source: str) -> Carried:
    """Return what a mapping's [attributes] says; raises BadMapping."""
    if not isinstance(given, dict):
        raise BadMapping(f"{source}: attributes must be a table, such as [attributes]")
    kinds = [one.name for one in fields(Carried)]
    for key, columns in given.items():
        if key not in kinds:
            raise BadMapping(
                f"{source}: [attributes] has an unknown key {key!r}; its keys are"
                f" {', '.join(kinds)}"
            )
        if not isinstance(columns, list) or not all(isinstance(one, str) for one in columns):
            raise BadMapping(
                f"{source}: [attributes] {key} must be a list of columns, such as"
                f' {key} = ["V1", "V2"]'
            )
    found = Carried(**{key: tuple(columns) for key, columns in given.items()})
    names = list(found.names.values())
    if len(found.columns) > MOST:
        raise BadMapping(
            f"{source}: [attributes] lists {len(found.columns)} columns, at most {MOST} can be"
            " carried; leave out those that say least"
        )
    if twice := [name for place, name in enumerate(names) if name in names[:place]]:
        raise BadMapping(
            f"{source}: [attributes] lists {twice[0]!r} twice; a column stands in one list once"
        )
    if len(set(found.columns)) < len(found.columns):
        raise BadMapping(f"{source}: [attributes] lists a column twice; keep it in one list")
    return found


def carried_columns(
    raw: dict[str, pa.Array], carried: Carried, times: pa.Array, clock: Clock
) -> dict[str, pa.Array]:
    """Return the attributes of some rows in batch form; `times` are the events' own."""
    names = carried.names
    made = {column: _cast(numbers, raw[column], column) for column in carried.numeric}
    made |= {column: _cast(words, raw[column], column) for column in carried.categorical}
    for column in carried.since:
        text = pc.cast(raw[column], pa.string())
        known = to_microseconds(raw[column], text, clock, column)
        apart = pc.divide(pc.cast(pc.subtract(times, known), pa.float64()), _MICROSECONDS)
        made[column] = apart
    return {f"{PREFIX}{names[column]}": made[column] for column in carried.columns}


def is_test(column: pa.Array, words_of_test: Iterable[str]) -> pa.Array:
    """Tell which rows of a given split are to test on."""
    return pc.is_in(words(column), value_set=pa.array(words_of_test, pa.string()))


def _cast(function: Any, column: pa.Array, name: str) -> pa.Array:
    try:
        return function(column)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise BadMapping(
            f"column {name!r} ({column.type}) cannot be carried: {error}; take it out of"
            " [attributes]"
        ) from error


def joined(table: pa.Table, extra: dict[str, pa.Array], rows: Iterable[int]) -> pa.Table:
    """Return the table with the attributes of its rows, which are numbered as in `extra`."""
    if not extra:
        return table
    chosen = pa.array(np.asarray(rows, dtype=np.int64))
    whole = len(next(iter(extra.values()))) == len(chosen)
    for name, column in extra.items():
        kept = column if whole else column.take(chosen)
        if name in table.column_names:
            raise BadMapping(f"{name} stands under [columns] and as an attribute; keep one")
        table = table.append_column(name, kept)
    return table
