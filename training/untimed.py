"""Files without a time: their rows are put in an order, and that order is spread over days.

Training, calibration and test then follow one another as they do elsewhere. Where a column says
which rows are to test on, these come last. `shuffled` deals frauds and honest events out evenly,
by the seed; `rows` keeps the order of the file. Nothing may be read from such times, and no
feature does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.data import UNTIMED_DAYS as DAYS
from training.errors import MissingInput

if TYPE_CHECKING:
    import numpy.typing as npt

    from features.table import EventTable
    from training.data import Integers

_MINUTES = 1440
_MINUTE = 60_000_000


def spread(
    events: EventTable, labels: EventTable, order: str, seed: int = 1
) -> tuple[EventTable, EventTable, float | None]:
    """Return events and their labels at made-up times over a hundred days.

    The third is how many days at the end hold the given test rows, None where none are given.
    `labels` has one for each event, in the same order. Raises MissingInput when it has not, or
    when all rows, or none, are to test on.
    """
    import pyarrow as pa

    from features.formats.carried import SPLIT
    from features.table import EventTable

    if not labels.column("event_id").equals(events.column("event_id")):
        raise MissingInput(
            "a file without times needs a label in each row: name its column under [labels] of the "
            "mapping, and leave out rows without one"
        )
    fraud = np.asarray(labels.column("is_fraud").to_numpy()).astype(np.bool_)
    start = int(events.integers("time").min())
    if SPLIT in events.table.column_names:
        test = np.asarray(events.table[SPLIT].fill_null(False).to_numpy(), dtype=np.bool_)
        if test.all() or not test.any():
            raise MissingInput(
                f"[split] of the mapping puts {int(test.sum())} of {len(test)} rows into the test; "
                f"some and not all must be there: correct its column or its words"
            )
        minutes = max(1, min(round(DAYS * _MINUTES * test.mean()), DAYS * _MINUTES - 1))
        time = np.empty(len(test), dtype=np.int64)
        first = DAYS * _MINUTES - minutes
        for rows, begin, length in ((~test, 0, first), (test, first, minutes)):
            places = _places(fraud[rows], order, seed)
            step = length * _MINUTE / len(places)
            time[rows] = start + begin * _MINUTE + (places * step).astype(np.int64)
        days: float | None = minutes / _MINUTES
        table = events.table.drop_columns([SPLIT])
    else:
        places = _places(fraud, order, seed)
        step = DAYS * _MINUTES * _MINUTE / len(places)
        time, days, table = start + (places * step).astype(np.int64), None, events.table
    moved = pa.array(time)
    place = table.column_names.index("time")
    known = labels.table.column_names.index("known_at")
    return (
        EventTable(events.stream, table.set_column(place, "time", moved)),
        EventTable("label", labels.table.set_column(known, "known_at", moved)),
        days,
    )


def _places(fraud: npt.NDArray[np.bool_], order: str, seed: int) -> Integers:
    """Return each row's place in the order."""
    if order == "rows":
        return np.arange(len(fraud))
    chance = np.random.default_rng(seed)
    position = np.empty(len(fraud))
    for kind in (fraud, ~fraud):
        count = int(kind.sum())
        position[kind] = (chance.permutation(count) + chance.random(count)) / max(count, 1)
    places = np.empty(len(fraud), dtype=np.int64)
    places[np.argsort(position, kind="stable")] = np.arange(len(fraud))
    return places
