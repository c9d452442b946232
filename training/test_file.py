"""A given test: a second file of the same form, whose events the model is judged on.

Events with times must all come after those of the first file, so that the test stays one on the
future; without times the second file's rows come last.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from training.errors import MissingInput

if TYPE_CHECKING:
    from features.formats.mapping import Mapping
    from features.formats.rejects import Read
    from features.table import EventTable

_MINUTE = 60_000_000
_PER_DAY = 1440
_APART = "test:"


def joined(given: Read, test: Read, path: Path, mapping: Mapping | None) -> tuple[Read, float]:
    """Return both files as one and the days at its end that hold the second's events.

    The days count for nothing where the mapping is untimed; there a column says which rows are to
    test on, as a mapping's own [split] does. Identifiers that both files use, as row numbers are,
    are told apart. Raises MissingInput for times that lie before the end of the first file.
    """
    from features.table import concatenate

    if mapping is not None and mapping.split is not None:
        raise MissingInput(
            f"--test-data {str(path)!r}: the mapping's [split] says already which rows are to test "
            f"on; give one of the two"
        )
    test = _told_apart(given, test)
    days = 0.0
    if mapping is not None and mapping.untimed:
        given = replace(given, table=_marked(given.table, False))
        test = replace(test, table=_marked(test.table, True))
    else:
        days = _days(given.table, test.table, path)
    labels = [one.labels for one in (given, test) if one.labels is not None]
    whole = replace(
        given,
        table=concatenate([given.table, test.table]),
        labels=concatenate(labels) if labels else None,
        rows=given.rows + test.rows,
        rejected=given.rejected + test.rejected,
    )
    return whole, days


def _days(first: EventTable, second: EventTable, path: Path) -> float:
    end, start = int(first.integers("time").max()), int(second.integers("time").min())
    if start <= end:
        early = int((second.integers("time") <= end).sum())
        raise MissingInput(
            f"--test-data {str(path)!r}: {early:,} of its {len(second):,} events lie before the "
            f"last one of the file to learn from, so that a test on them is none on the future; "
            f"give files that follow one another, or one file, of which the last days are tested on"
        )
    last = int(second.integers("time").max())
    return (last // _MINUTE - start // _MINUTE + 1) / _PER_DAY


def _marked(table: EventTable, test: bool) -> EventTable:
    import pyarrow as pa

    from features.formats.carried import SPLIT
    from features.table import EventTable

    mark = pa.array(np.full(len(table), test))
    return EventTable(table.stream, table.table.append_column(SPLIT, mark))


def _told_apart(given: Read, test: Read) -> Read:
    """Return the second file with other identifiers, where it shares some with the first."""
    import pyarrow.compute as pc

    shared = pc.is_in(test.table.column("event_id"), value_set=given.table.column("event_id"))
    if not pc.any(shared).as_py():
        return test
    labels = None if test.labels is None else _renamed(test.labels)
    return replace(test, table=_renamed(test.table), labels=labels)


def _renamed(table: EventTable) -> EventTable:
    import pyarrow.compute as pc

    from features.table import EventTable

    place = table.table.column_names.index("event_id")
    names = pc.binary_join_element_wise(_APART, table.column("event_id"), "")
    return EventTable(table.stream, table.table.set_column(place, "event_id", names))
