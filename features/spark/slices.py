"""The graph in slices of time: which events each slice needs so that its walks see the same.

A slice is warmed up with what arrived since time reached its first event less what the histories
keep. That is enough for a key that never had more entries than a history holds and whose events
never came later than its grace: of such a key nothing older is seen. Of any other key (a shop, a
device with a wrong clock) the whole history is needed, because what was folded or refused depends
on all of it: these keys are special, and all their events go to every later slice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features import layout
from features.arrivals import Arrivals
from features.definitions import RING_STREAMS
from features.roles import TIME, Plan

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Slices:
    """Slice k holds the arrivals from `begins[k]` to before `ends[k]`, warmed up from `warms[k]`.

    `special` are the keys, sorted, whose whole history each slice needs.
    """

    begins: Integers
    ends: Integers
    warms: Integers
    special: Integers

    def is_special(self, keys: Integers) -> npt.NDArray[np.bool_]:
        """Tell which keys are special."""
        if not len(self.special):
            return np.zeros(len(keys), np.bool_)
        found = np.searchsorted(self.special, keys)
        return np.asarray(self.special[np.minimum(found, len(self.special) - 1)] == keys)


def slices_of(plan: Plan, arrivals: Arrivals, most: int) -> Slices:
    """Return at most so many slices, none where nothing walks; two are as long as a warm-up."""
    none = np.zeros(0, np.int64)
    total = len(arrivals.streams)
    if not len(plan.walked) or total == 0:
        return Slices(none, none, none, none)
    time, highest = _times(plan, arrivals)
    histories = plan.whole.histories[plan.walked]
    keep = int(histories[:, layout.HISTORY_KEEP].max())
    known = time != layout.MISSING
    if not known.any():
        return Slices(none, none, none, none)
    span = int(time[known].max() - time[known].min())
    count = max(1, min(most, 2 * span // keep))
    cuts = np.linspace(0, total, count + 1).astype(np.int64)
    begins, ends = cuts[:-1], cuts[1:]
    warms = []
    for begin, end in zip(begins, ends, strict=True):
        inside = time[begin:end][known[begin:end]]
        first = int(inside.min()) if len(inside) else int(highest[begin])
        # The highest time so far reaches a threshold with the first arrival beyond it.
        warms.append(min(int(np.searchsorted(highest, first - keep)), int(begin)))
    return Slices(begins, ends, np.array(warms, np.int64), _special(plan, arrivals, highest))


def _writers(plan: Plan, number: int) -> list[int]:
    """Return the streams that record in a history; a return takes out and is none of them."""
    found = []
    for stream in range(len(RING_STREAMS)):
        starts = plan.whole.starts[layout.START_WRITE]
        writes = plan.whole.writes[starts[stream] : starts[stream + 1]]
        records = writes[:, layout.WRITE_RETRACTS] == 0
        if number in writes[records, layout.WRITE_HISTORY]:
            found.append(stream)
    return found


def _times(plan: Plan, arrivals: Arrivals) -> tuple[Integers, Integers]:
    """Return the time of each arrival that walks may see, and the highest so far; else MISSING."""
    time = np.full(len(arrivals.streams), layout.MISSING, np.int64)
    for stream in sorted({s for number in plan.walked.tolist() for s in _writers(plan, number)}):
        own = arrivals.streams == stream
        time[own] = arrivals.matrices[stream][arrivals.rows[own], TIME]
    return time, np.maximum.accumulate(time)


def _special(plan: Plan, arrivals: Arrivals, highest: Integers) -> Integers:
    """Return the keys that filled a walked history or had an event beyond its grace."""
    found = [np.zeros(0, np.int64)]
    for number in plan.walked.tolist():
        history = plan.whole.histories[number]
        by = int(history[layout.HISTORY_BY])
        if by < 0:
            continue
        keys, late = [], []
        for stream in _writers(plan, number):
            own = arrivals.streams == stream
            matrix = arrivals.matrices[stream][arrivals.rows[own]]
            behind = highest[own] - matrix[:, TIME] > history[layout.HISTORY_GRACE]
            keys.append(matrix[:, by])
            late.append(matrix[behind, by])
        if keys:
            value, count = np.unique(np.concatenate(keys), return_counts=True)
            found += [value[count >= history[layout.HISTORY_CAP]], *late]
    special = np.unique(np.concatenate(found))
    return np.asarray(special[special != layout.MISSING])
