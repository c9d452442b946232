"""What a history says of an event: every statistic, from the entries that had arrived by its time.

An entity's entries lie in blocks of columns, oldest first, so each statistic is a scan of a
stretch of integers; a stretch of a window is found by bisection. Nothing here changes a history.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from features import layout
from features.compiled import compiled, inlined
from features.layout import (
    CAPACITY,
    DROPPED,
    ENTITY,
    HEAD,
    LENGTH,
    MISSING,
    START,
    VALUED,
    WINDOWS,
)

_MIXED_1 = np.uint64(0x9E3779B97F4A7C15)
_MIXED_2 = np.uint64(0xD6E8FEB86659FD93)
_STRIDE = 32
LARGEST_INTEGER = 2**63 - 1


@compiled
def find(table: Any, ring: int, key: int) -> Any:
    """Return the key's place in the hash table, or the free place where it belongs."""
    mixed = np.uint64(key) ^ (np.uint64(ring + 1) * _MIXED_1)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * _MIXED_2
    mixed = mixed ^ (mixed >> np.uint64(32))
    mask = table.shape[0] - 1
    place = np.int64(mixed) & mask
    while table[place, layout.RING] >= 0:
        if table[place, layout.KEY] == key and table[place, layout.RING] == ring:
            return np.int64(place)
        place = (place + 1) & mask
    return np.int64(place)


@compiled
def rehash(old: Any, new: Any) -> None:
    """Enter every key of one hash table into a larger, empty one."""
    for place in range(old.shape[0]):
        if old[place, layout.RING] >= 0:
            free = find(new, old[place, layout.RING], old[place, layout.KEY])
            for column in range(old.shape[1]):
                new[free, column] = old[place, column]


@compiled
def after(cells: Any, begin: int, end: int, limit: int) -> Any:
    """Return the first place in a rising stretch of cells that holds more than `limit`."""
    size = end - begin
    if size <= 0:
        return np.int64(begin)
    # No branch depends on what is found: the processor would guess half of them wrong.
    while size > 1:
        half = size >> 1
        begin += half * (cells[begin + half - 1] <= limit)
        size -= half
    return np.int64(begin + (cells[begin] <= limit))


@compiled
def last_equal(stretch: Any, sought: int) -> Any:
    """Return the last place in a stretch of cells that holds `sought`, -1 without one."""
    end = stretch.size
    while end >= _STRIDE:
        block = stretch[end - _STRIDE : end]
        hits = 0
        for place in range(_STRIDE):
            hits += block[place] == sought
        if hits:
            break
        end -= _STRIDE
    for place in range(end - 1, -1, -1):
        if stretch[place] == sought:
            return np.int64(place)
    return np.int64(-1)


@compiled
def _total(stretch: Any) -> Any:
    total = np.int64(0)
    for place in range(stretch.size):
        total += stretch[place] if stretch[place] != MISSING else 0
    return total


@compiled
def _largest(stretch: Any) -> Any:
    largest = np.int64(0)
    for place in range(stretch.size):
        largest = max(largest, stretch[place])
    return largest


@compiled
def _between(stretch: Any, low: int, high: int) -> Any:
    found = np.int64(0)
    for place in range(stretch.size):
        found += (stretch[place] >= low) & (stretch[place] <= high)
    return found


@compiled
def _firsts(others: Any, previous: Any, limit: int) -> Any:
    """Count entries whose other's entry before them lies before `limit`, or is not kept."""
    found = np.int64(0)
    for place in range(others.size):
        found += (others[place] != MISSING) & (previous[place] < limit)
    return found


@compiled
def _squares(stretch: Any, mean: float) -> Any:
    """Return the summed squares of deviations, in four sums so that they overlap."""
    first, second, third, fourth = 0.0, 0.0, 0.0, 0.0
    for step in range(stretch.size // 4):
        place = 4 * step
        a = float(stretch[place]) - mean if stretch[place] != MISSING else 0.0
        b = float(stretch[place + 1]) - mean if stretch[place + 1] != MISSING else 0.0
        c = float(stretch[place + 2]) - mean if stretch[place + 2] != MISSING else 0.0
        d = float(stretch[place + 3]) - mean if stretch[place + 3] != MISSING else 0.0
        first += a * a
        second += b * b
        third += c * c
        fourth += d * d
    for place in range(stretch.size // 4 * 4, stretch.size):
        a = float(stretch[place]) - mean if stretch[place] != MISSING else 0.0
        first += a * a
    return (first + second) + (third + fourth)


@compiled
def _sort(stretch: Any, scratch: Any) -> Any:
    """Lay the values of a stretch in order of size into `scratch`; return how many there are."""
    valued = np.int64(0)
    for place in range(stretch.size):
        if stretch[place] != MISSING:
            step = valued
            while step > 0 and scratch[step - 1] > stretch[place]:
                scratch[step] = scratch[step - 1]
                step -= 1
            scratch[step] = stretch[place]
            valued += 1
    return valued


@inlined
def _times(
    times: Any, weights: Any, weighed: bool, includes: bool, time: int, bounds: Any, out: Any
) -> None:
    """Fill how many, since when, and how long ago."""
    out[layout.HISTORY] = np.nan
    out[layout.GAP] = np.nan
    count, end = np.int64(includes), times.size
    for window in range(WINDOWS):
        bound = bounds[window]
        count += _total(weights[bound:end]) if weighed else end - bound
        end = bound
        out[layout.COUNT + window] = float(count)
    if times.size > 0:
        out[layout.HISTORY] = (time - times[0]) / 1e6
        out[layout.GAP] = (time - times[times.size - 1]) / 1e6


@inlined
def _values(
    values: Any,
    ordered: Any,
    own: int,
    includes: bool,
    needs: int,
    reach: int,
    bounds: Any,
    scratch: Any,
    out: Any,
) -> None:
    """Fill one value's totals, largest, outliers, alike, mean, deviation and order."""
    out[: layout.ALL_MEAN] = 0.0
    out[layout.ALL_MEAN :] = np.nan
    if needs & layout.NEEDS_WINDOWS:
        total, end = np.int64(own if includes and own != MISSING else 0), values.size
        for window in range(reach):
            total += _total(values[bounds[window] : end])
            end = bounds[window]
            out[layout.TOTAL + window] = float(total)
    if needs & layout.NEEDS_LARGEST:
        largest, end = np.int64(max(own, 0) if includes else 0), values.size
        for window in range(reach):
            largest = max(largest, np.int64(_largest(values[bounds[window] : end])))
            end = bounds[window]
            out[layout.LARGEST + window] = float(largest)
    if needs & layout.NEEDS_ALIKE and own != MISSING:
        width, found, end = own // layout.ALIKE_SHARE, np.int64(0), values.size
        for window in range(reach):
            found += _between(values[bounds[window] : end], own - width, own + width)
            end = bounds[window]
            out[layout.ALIKE + window] = float(found)
    if values.size == 0 or not needs & (
        layout.NEEDS_ORDER | layout.NEEDS_OUTLIERS | layout.NEEDS_MOMENTS
    ):
        return
    valued = values.size - _between(values, MISSING, MISSING)
    if valued == 0:
        return
    if needs & layout.NEEDS_MOMENTS:
        mean = float(_total(values)) / float(valued)
        out[layout.ALL_MEAN] = mean
        out[layout.ALL_STD] = math.sqrt(_squares(values, mean) / float(valued))
    if needs & (layout.NEEDS_ORDER | layout.NEEDS_OUTLIERS):
        if valued != ordered.size:
            # The event is older than some entries, which it must not see.
            ordered = scratch[: _sort(values, scratch)]
        median = float(ordered[valued // 2])
        if valued % 2 == 0:
            median = (float(ordered[valued // 2 - 1]) + median) / 2.0
        out[layout.ALL_MEDIAN] = median
        out[layout.ALL_MAX] = float(ordered[valued - 1])
        if own != MISSING:
            out[layout.ALL_RANK] = float(after(ordered, 0, valued, own - 1)) / float(valued)
        if needs & layout.NEEDS_OUTLIERS:
            # No amount is a fraction of a cent, so "above" is "from the next whole cent on".
            least = np.int64(math.floor(layout.OUTLIER_RATIO * median)) + 1
            found, end = np.int64(0), values.size
            for window in range(reach):
                found += _between(values[bounds[window] : end], least, LARGEST_INTEGER)
                end = bounds[window]
                out[layout.OUTLIERS + window] = float(found)


@inlined
def _flags(
    flags: Any, times: Any, time: int, needs: int, reach: int, bounds: Any, out: Any
) -> None:
    """Fill one flag's numbers, since when, and the newest entry's."""
    out[:WINDOWS] = 0.0
    out[WINDOWS:] = np.nan
    if flags.size == 0:
        if times.size > 0:
            out[layout.LAST_FLAG] = 0.0
        return
    found, end = np.int64(0), flags.size
    for window in range(reach):
        found += _total(flags[bounds[window] : end])
        end = bounds[window]
        # A withdrawal may outlast what it withdraws, and counts for nothing then.
        out[layout.FLAGGED + window] = float(max(found, np.int64(0)))
    out[layout.LAST_FLAG] = 1.0 if flags[flags.size - 1] > 0 else 0.0
    if not needs & layout.NEEDS_FLAG_GAP or _between(flags, 1, LARGEST_INTEGER) == 0:
        return
    for place in range(flags.size - 1, -1, -1):
        if flags[place] > 0:
            out[layout.FLAG_GAP] = (time - times[place]) / 1e6
            break
    for place in range(bounds[WINDOWS - 1], flags.size):
        if flags[place] > 0:
            out[layout.FIRST_FLAG_GAP] = (time - times[place]) / 1e6
            break


@inlined
def _others(
    others: Any,
    previous: Any,
    times: Any,
    time: int,
    own: int,
    includes: bool,
    needs: int,
    reach: int,
    bounds: Any,
    out: Any,
) -> None:
    """Fill one other's numbers: how often this one, how many different, how many new."""
    out[: layout.SAME_GAP] = 0.0
    out[layout.SAME_GAP :] = np.nan
    last = np.int64(-1)
    if own != MISSING and needs != layout.NEEDS_SAME:
        last = last_equal(others, own)
        out[layout.KNOWN] = 1.0 if last >= 0 else 0.0
        if last >= 0:
            out[layout.SAME_GAP] = (time - times[last]) / 1e6
    if others.size > 0 and others[others.size - 1] != MISSING:
        out[layout.LAST_OTHER] = float(others[others.size - 1])
        if own != MISSING:
            out[layout.LAST_SAME] = 1.0 if last == others.size - 1 else 0.0
    itself = includes and own != MISSING
    if needs & layout.NEEDS_SAME and own != MISSING:
        found, end = np.int64(itself), others.size
        for window in range(reach):
            bound = min(bounds[window], others.size)
            found += _between(others[bound:end], own, own)
            end = bound
            out[layout.SAME + window] = float(found)
    if needs & layout.NEEDS_DISTINCT:
        for window in range(reach):
            bound = bounds[window]
            found = np.int64(itself and last < bound)
            if bound < others.size:
                found += _firsts(others[bound:], previous[bound:], times[bound])
            out[layout.DISTINCT + window] = float(found)
    if needs & layout.NEEDS_NEW:
        found, end = np.int64(itself and last < 0), others.size
        for window in range(reach):
            bound = bounds[window]
            if bound < end:
                found += _firsts(others[bound:end], previous[bound:end], times[0])
            end = bound
            out[layout.NEW + window] = float(found)


@compiled
def _add_folded(program: Any, state: Any, probe: Any, column: int, time: int, key: int) -> None:
    """Add what a full history folded: a column of its buckets, of whole buckets in each window."""
    fold = program.histories[probe[layout.PROBE_HISTORY], layout.HISTORY_FOLD]
    number = state.table[find(state.table, fold, key), ENTITY]
    if column < 0 or number < 0:
        return
    entity = state.entities[number]
    begin = entity[START] + entity[HEAD]
    times = state.cells[begin : begin + entity[LENGTH]]
    begin += column * entity[CAPACITY]
    sums = state.cells[begin : begin + entity[LENGTH]]
    for window in range(WINDOWS):
        bound = after(times, 0, times.size, time - probe[layout.PROBE_WINDOW + window])
        state.block[window] += float(_total(sums[bound:]))


@inlined
def _bounds(times: Any, time: int, probe: Any, bounds: Any) -> None:
    """Find where each window begins among the visible entries."""
    bound = times.size
    length = np.int64(0)
    for window in range(WINDOWS):
        # A ring of fewer windows repeats its longest.
        if probe[layout.PROBE_WINDOW + window] != length:
            length = probe[layout.PROBE_WINDOW + window]
            bound = after(times, 0, bound, time - length)
        bounds[window] = bound


@inlined
def observe(program: Any, state: Any, probe: Any, row: Any, registers: Any) -> None:
    """Fill the registers of one probe: a history as the event in `row` sees it."""
    key = row[probe[layout.PROBE_KEY]]
    first, stop = probe[layout.PROBE_BEGIN], probe[layout.PROBE_END]
    if key == MISSING:
        begin = program.measures[first, layout.MEASURE_BEGIN]
        for place in range(begin, program.measures[stop - 1, layout.MEASURE_END]):
            registers[program.used[place, layout.USED_REGISTER]] = np.nan
        return
    time = row[0]
    history = program.histories[probe[layout.PROBE_HISTORY]]
    # Entity 0 is nobody's and stays empty.
    number = np.int64(0)
    if history[layout.HISTORY_BY] >= 0:
        place = find(state.table, probe[layout.PROBE_HISTORY], key)
        number = max(state.table[place, ENTITY], number)
    entity = state.entities[number]
    capacity = entity[CAPACITY]
    begin = entity[START] + entity[HEAD]
    end = begin + entity[LENGTH]
    cells, bounds, out = state.cells, state.bounds, state.block
    if end > begin and cells[end - 1] > time:
        end = after(cells, begin, end, time)
    times = cells[begin:end]
    _bounds(times, time, probe, bounds)
    dropped = entity[DROPPED]
    saturated = dropped != MISSING and dropped > time - probe[layout.PROBE_WINDOW + WINDOWS - 1]

    for place in range(first, stop):
        measure = program.measures[place]
        family = measure[layout.MEASURE_FAMILY]
        needs, reach = measure[layout.MEASURE_NEEDS], measure[layout.MEASURE_REACH]
        includes = measure[layout.MEASURE_INCLUDES] == 1
        own = row[measure[layout.MEASURE_OWN]] if measure[layout.MEASURE_OWN] >= 0 else MISSING
        stored = measure[layout.MEASURE_STORED]
        offset = max(stored, 0) * capacity
        # Nothing stored means that no event has it.
        column = cells[begin + offset : end + offset] if stored >= 0 else cells[:0]
        if family == layout.TIMES:
            weighed = history[layout.HISTORY_WEIGHT] >= 0
            _times(times, column, weighed, includes, time, bounds, out)
            out[layout.SATURATED] = 1.0 if saturated else 0.0
        elif family == layout.VALUES:
            at = entity[START] + history[layout.HISTORY_SORTED] * capacity
            ordered = cells[at : at + entity[VALUED]]
            _values(column, ordered, own, includes, needs, reach, bounds, state.scratch, out)
        elif family == layout.FLAGS:
            _flags(column, times, time, needs, reach, bounds, out)
        else:
            # The time of each entry's predecessor with the same other stands one column behind.
            previous = cells[begin + offset + capacity : end + offset + capacity]
            _others(column, previous, times, time, own, includes, needs, reach, bounds, out)
        summed = family == layout.TIMES or (family != layout.OTHERS and stored >= 0)
        if saturated and summed and history[layout.HISTORY_FOLD] >= 0:
            folded = program.stored[history[layout.HISTORY_STORED] + stored, layout.STORED_FOLDED]
            _add_folded(program, state, probe, 1 if family == layout.TIMES else folded, time, key)
        for use in range(measure[layout.MEASURE_BEGIN], measure[layout.MEASURE_END]):
            used = program.used[use]
            registers[used[layout.USED_REGISTER]] = out[used[layout.USED_PLACE]]
