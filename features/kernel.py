"""The one step: read the rings an event touches, compute its features, then record it.

Batch is a loop over the same step as one event online, so both give the same bits. All arithmetic
is integer or plain IEEE double in a fixed order (no fast-math). The tables' columns are named in
`features.layout`; `features.program` makes the program, `features.state` holds the rings.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from features import layout
from features.layout import (
    ALL_MAX,
    ALL_MEAN,
    ALL_MEDIAN,
    ALL_RANK,
    ALL_STD,
    CAPACITY,
    COUNT,
    DISTINCT,
    DROPPED,
    ENTITIES,
    ENTITY,
    ENTRIES,
    FIRST_FLAG_GAP,
    FLAG,
    FLAG_GAP,
    FLAGGED,
    GAP,
    HEAD,
    HISTORY,
    KEY,
    KNOWN,
    LARGEST,
    LAST_FLAG,
    LAST_OTHER,
    LAST_SAME,
    LENGTH,
    MARK_KEY,
    MARK_LIST,
    MARK_STAMP,
    MARK_WINDOW,
    MISSING,
    NEW,
    NEWEST,
    OTHER,
    OUTLIER_RATIO,
    OUTLIERS,
    RING,
    SAME,
    SAME_GAP,
    SATURATED,
    SMALLEST_BLOCK,
    STAMP,
    START,
    TIME,
    TOTAL,
    VALUE,
    WEIGHT,
    WINDOWS,
    WRITES,
)

_EARTH_RADIUS_KM = 6371.0088
_MIXED_1 = np.uint64(0x9E3779B97F4A7C15)
_MIXED_2 = np.uint64(0xD6E8FEB86659FD93)


@njit(cache=True)
def _find(table: Any, ring: int, key: int) -> Any:
    """Return the key's place in the hash table, or the free place where it belongs."""
    mixed = np.uint64(key) ^ (np.uint64(ring + 1) * _MIXED_1)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * _MIXED_2
    mixed = mixed ^ (mixed >> np.uint64(32))
    mask = table.shape[0] - 1
    place = np.int64(mixed) & mask
    while table[place, RING] >= 0:
        if table[place, RING] == ring and table[place, KEY] == key:
            return np.int64(place)
        place = (place + 1) & mask
    return np.int64(place)


@njit(cache=True)
def rehash(old: Any, new: Any) -> None:
    """Enter every key of one hash table into a larger, empty one."""
    for place in range(old.shape[0]):
        if old[place, RING] >= 0:
            new[_find(new, old[place, RING], old[place, KEY])] = old[place]


@njit(cache=True)
def _mark(marks: Any, key: int, window: int, stamp: int) -> Any:
    """Note that `key` occurs in `window`; return its place, negative when it was seen before."""
    mask = marks.shape[0] - 1
    place = np.int64((np.uint64(key) * _MIXED_1) >> np.uint64(40)) & mask
    while marks[place, MARK_STAMP] == stamp:
        if marks[place, MARK_KEY] == key:
            marks[place, MARK_WINDOW] = max(marks[place, MARK_WINDOW], window)
            return np.int64(-1 - place)
        place = (place + 1) & mask
    marks[place, MARK_STAMP] = stamp
    marks[place, MARK_KEY] = key
    marks[place, MARK_WINDOW] = window
    return np.int64(place)


@njit(cache=True)
def _observe(view: Any, state: Any, row: Any, block: Any) -> None:
    """Fill a view's block from its ring, as of the event in `row`."""
    key = row[view[layout.VIEW_KEY]]
    if key == MISSING:
        block[:] = np.nan
        return
    time = row[TIME]
    other = row[view[layout.VIEW_OTHER]] if view[layout.VIEW_OTHER] >= 0 else MISSING
    value = row[view[layout.VIEW_VALUE]] if view[layout.VIEW_VALUE] >= 0 else MISSING
    distinct = view[layout.VIEW_DISTINCT] == 1
    first_window = layout.VIEW_WINDOW
    longest = view[first_window + WINDOWS - 1]
    block[:HISTORY] = 0.0
    block[HISTORY:] = np.nan
    state.counters[STAMP] += 1
    stamp = state.counters[STAMP]
    marks, marked = state.marks, 0
    if view[layout.VIEW_INCLUDES] == 1:
        block[COUNT] = 1.0
        if value != MISSING:
            block[TOTAL] = float(value)
            block[LARGEST] = float(value)
        if other != MISSING:
            block[SAME] = 1.0
            if distinct:
                marks[marked, MARK_LIST] = _mark(marks, other, 0, stamp)
                marked += 1
                block[DISTINCT] = 1.0

    valued, below = 0, 0
    shift, first_sum, second_sum = 0.0, 0.0, 0.0
    largest = -np.inf
    oldest = MISSING
    known, flagged_before = False, False
    entries = state.entries
    start, mask, head = 0, 0, 0
    entity = state.table[_find(state.table, view[layout.VIEW_RING], key), ENTITY]
    if entity >= 0:
        start = state.entities[entity, START]
        mask = state.entities[entity, CAPACITY] - 1
        head = state.entities[entity, HEAD]
        dropped = state.entities[entity, DROPPED]
        if dropped != MISSING and dropped > time - longest:
            block[SATURATED] = 1.0
        for step in range(state.entities[entity, LENGTH] - 1, -1, -1):
            entry = entries[start + ((head + step) & mask)]
            age = time - entry[TIME]
            if age < 0:
                continue
            if age >= longest and view[layout.VIEW_HISTORY] == 0:
                break
            window = 0
            while window < WINDOWS and age >= view[first_window + window]:
                window += 1
            weight = float(entry[WEIGHT])
            flag = float(entry[FLAG])
            same = other != MISSING and entry[OTHER] == other
            if oldest == MISSING:
                block[GAP] = age / 1e6
                block[LAST_FLAG] = flag
                if entry[OTHER] != MISSING:
                    block[LAST_OTHER] = float(entry[OTHER])
                    if other != MISSING:
                        block[LAST_SAME] = 1.0 if same else 0.0
            oldest = entry[TIME]
            if flag > 0.0:
                if not flagged_before:
                    flagged_before = True
                    block[FLAG_GAP] = age / 1e6
                if window < WINDOWS:
                    block[FIRST_FLAG_GAP] = age / 1e6
            if same and not known:
                known = True
                block[SAME_GAP] = age / 1e6
            if entry[VALUE] != MISSING:
                number = float(entry[VALUE])
                if valued == 0:
                    shift = number
                if valued < state.values.size:
                    state.values[valued] = number
                valued += 1
                first_sum += number - shift
                second_sum += (number - shift) * (number - shift)
                largest = max(largest, number)
                if value != MISSING and entry[VALUE] < value:
                    below += 1
                if window < WINDOWS:
                    block[TOTAL + window] += number
                    block[LARGEST + window] = max(block[LARGEST + window], number)
            if window < WINDOWS:
                block[COUNT + window] += weight
                block[FLAGGED + window] += flag
                if same:
                    block[SAME + window] += weight
            if distinct and entry[OTHER] != MISSING:
                spot = _mark(marks, entry[OTHER], window, stamp)
                if spot >= 0:
                    marks[marked, MARK_LIST] = spot
                    marked += 1
                    if window < WINDOWS:
                        block[DISTINCT + window] += 1.0

    if view[layout.VIEW_MEDIAN] == 1 and valued > 0:
        median = np.median(state.values[: min(valued, state.values.size)])
        block[ALL_MEDIAN] = median
        for step in range(state.entities[entity, LENGTH]):
            entry = entries[start + ((head + step) & mask)]
            age = time - entry[TIME]
            if entry[VALUE] == MISSING or entry[VALUE] <= OUTLIER_RATIO * median or age < 0:
                continue
            window = 0
            while window < WINDOWS and age >= view[first_window + window]:
                window += 1
            if window < WINDOWS:
                block[OUTLIERS + window] += 1.0
    for index in range(marked):
        window = marks[marks[index, MARK_LIST], MARK_WINDOW]
        if window < WINDOWS:
            block[NEW + window] += 1.0
    for window in range(1, WINDOWS):
        for statistic in (COUNT, TOTAL, FLAGGED, SAME, DISTINCT, NEW, OUTLIERS):
            block[statistic + window] += block[statistic + window - 1]
        block[LARGEST + window] = max(block[LARGEST + window], block[LARGEST + window - 1])
    if oldest != MISSING:
        block[HISTORY] = (time - oldest) / 1e6
    if other != MISSING:
        block[KNOWN] = 1.0 if known else 0.0
    if valued > 0:
        block[ALL_MEAN] = shift + first_sum / valued
        spread = (second_sum - first_sum * first_sum / valued) / valued
        block[ALL_STD] = math.sqrt(max(spread, 0.0))
        block[ALL_MAX] = largest
        if value != MISSING:
            block[ALL_RANK] = below / valued


@njit(cache=True)
def _kilometres(first: int, second: int) -> Any:
    """Return the great-circle distance of two packed places (haversine formula)."""
    grid = 10_000.0
    mask = (1 << 22) - 1
    latitude_1 = math.radians((first >> 22) / grid - 90.0)
    latitude_2 = math.radians((second >> 22) / grid - 90.0)
    longitude_1 = math.radians((first & mask) / grid - 180.0)
    longitude_2 = math.radians((second & mask) / grid - 180.0)
    half = (
        math.sin((latitude_2 - latitude_1) / 2) ** 2
        + math.cos(latitude_1)
        * math.cos(latitude_2)
        * math.sin((longitude_2 - longitude_1) / 2) ** 2
    )
    return 2 * _EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half)))


@njit(cache=True)
def _operate(op: Any, numbers: Any, row: Any, registers: Any) -> Any:
    """Return one operation's result; its operands are registers (of columns: also of the row)."""
    code = op[layout.OP_CODE]
    first, second, third = op[layout.OP_A], op[layout.OP_B], op[layout.OP_C]
    a = registers[first]
    b = registers[second] if second >= 0 else np.nan
    if code == layout.OP_RATIO:
        return a / b if b != 0.0 else np.nan
    if code == layout.OP_PRODUCT:
        return a * b
    if code == layout.OP_COMPLEMENT:
        return 1.0 - a
    if code == layout.OP_SAME:
        if row[first] == MISSING or row[second] == MISSING:
            return np.nan
        return 1.0 if row[first] == row[second] else 0.0
    if code == layout.OP_SMOOTHED:
        weight = numbers[layout.OP_WEIGHT]
        return (a + numbers[layout.OP_PRIOR] * weight) / (b + weight)
    c = registers[third]
    if code == layout.OP_ZSCORE:
        return (a - b) / c if c > 0.0 else np.nan
    # What is left is OP_SPEED; a minute at least, so that two clicks of one second are no flight.
    if row[first] == MISSING or math.isnan(b) or math.isnan(c):
        return np.nan
    return _kilometres(row[first], np.int64(b)) / (max(c, 60.0) / 3600.0)


@njit(cache=True)
def _reserve(state: Any, capacity: int) -> Any:
    """Return the start of a block of `capacity` entries, a freed one where there is one."""
    size = 0
    while (SMALLEST_BLOCK << size) < capacity:
        size += 1
    start = state.free[size]
    if start >= 0:
        state.free[size] = state.entries[start, TIME]
        return np.int64(start)
    start = state.counters[ENTRIES]
    state.counters[ENTRIES] += capacity
    return np.int64(start)


@njit(cache=True)
def _make_room(state: Any, entity: Any, cap: int, horizon: int) -> None:
    """Leave one slot free: drop what has expired, else grow, else drop the oldest and note it."""
    entries = state.entries
    start, capacity = entity[START], entity[CAPACITY]
    while entity[LENGTH] > 0 and entries[start + entity[HEAD], TIME] <= horizon:
        entity[HEAD] = (entity[HEAD] + 1) & (capacity - 1)
        entity[LENGTH] -= 1
    if entity[LENGTH] < capacity:
        return
    if capacity >= cap:
        entity[DROPPED] = entries[start + entity[HEAD], TIME]
        entity[HEAD] = (entity[HEAD] + 1) & (capacity - 1)
        entity[LENGTH] -= 1
        return
    moved = _reserve(state, capacity * 2)
    for step in range(capacity):
        entries[moved + step] = entries[start + ((entity[HEAD] + step) & (capacity - 1))]
    size = 0
    while (SMALLEST_BLOCK << size) < capacity:
        size += 1
    entries[start, TIME] = state.free[size]
    state.free[size] = start
    entity[START] = moved
    entity[CAPACITY] = capacity * 2
    entity[HEAD] = 0


@njit(cache=True)
def _record_in(ring: Any, number: int, state: Any, row: Any) -> bool:
    """Record the event in one ring; return True when it came too late to be added."""
    key = row[ring[layout.RING_BY]]
    where = ring[layout.RING_WHERE]
    if key == MISSING or (where >= 0 and row[where] != 1):
        return False
    hop = ring[layout.RING_HOP]
    time = row[TIME] if hop == 0 else row[TIME] // hop * hop
    value = row[ring[layout.RING_VALUE]] if ring[layout.RING_VALUE] >= 0 else MISSING
    other = row[ring[layout.RING_OTHER]] if ring[layout.RING_OTHER] >= 0 else MISSING
    flag = row[ring[layout.RING_FLAG]] if ring[layout.RING_FLAG] >= 0 else 0
    weight = row[ring[layout.RING_WEIGHT]] if ring[layout.RING_WEIGHT] >= 0 else 1

    place = _find(state.table, number, key)
    if state.table[place, RING] < 0:
        fresh = state.counters[ENTITIES]
        state.counters[ENTITIES] += 1
        state.table[place, RING] = number
        state.table[place, KEY] = key
        state.table[place, ENTITY] = fresh
        state.entities[fresh, START] = _reserve(state, SMALLEST_BLOCK)
        state.entities[fresh, CAPACITY] = SMALLEST_BLOCK
        state.entities[fresh, NEWEST] = time
    entity = state.entities[state.table[place, ENTITY]]
    if time < entity[NEWEST] - ring[layout.RING_GRACE]:
        return True
    entity[WRITES] += 1
    entity[NEWEST] = max(entity[NEWEST], time)
    entries = state.entries
    if hop > 0:
        mask = entity[CAPACITY] - 1
        step = entity[LENGTH] - 1
        while step >= 0 and entries[entity[START] + ((entity[HEAD] + step) & mask), TIME] > time:
            step -= 1
        slot = entity[START] + ((entity[HEAD] + step) & mask)
        if step >= 0 and entries[slot, TIME] == time:
            entries[slot, WEIGHT] += weight
            entries[slot, FLAG] += flag
            if value != MISSING:
                before = entries[slot, VALUE]
                entries[slot, VALUE] = value + (before if before != MISSING else 0)
            return False
    _make_room(state, entity, ring[layout.RING_CAP], entity[NEWEST] - ring[layout.RING_KEEP])
    start, mask, head = entity[START], entity[CAPACITY] - 1, entity[HEAD]
    step = entity[LENGTH]
    while step > 0 and entries[start + ((head + step - 1) & mask), TIME] > time:
        entries[start + ((head + step) & mask)] = entries[start + ((head + step - 1) & mask)]
        step -= 1
    slot = start + ((head + step) & mask)
    entries[slot, TIME] = time
    entries[slot, VALUE] = value
    entries[slot, OTHER] = other
    entries[slot, FLAG] = flag
    entries[slot, WEIGHT] = weight
    entity[LENGTH] += 1
    return False


@njit(cache=True)
def has_room(program: Any, state: Any) -> bool:
    """Tell whether one more event is sure to fit, whatever it touches."""
    rings = program.rings.shape[0]
    entities = state.counters[ENTITIES] + rings
    entries = state.counters[ENTRIES] + rings * program.rings[:, layout.RING_CAP].max()
    return bool(
        entities <= state.entities.shape[0]
        and entities * 2 <= state.table.shape[0]
        and entries <= state.entries.shape[0]
    )


@njit(cache=True)
def read(program: Any, state: Any, stream: int, row: Any, out: Any) -> None:
    """Write the event's features to `out`, from history as of now; records nothing."""
    registers = state.registers
    starts = program.starts
    for column in range(row.size):
        registers[column] = np.nan if row[column] == MISSING else float(row[column])
    for number in range(starts[layout.START_VIEW, stream], starts[layout.START_VIEW, stream + 1]):
        view = program.views[number]
        base = view[layout.VIEW_REGISTER]
        _observe(view, state, row, registers[base : base + layout.BLOCK])
    for number in range(starts[layout.START_OP, stream], starts[layout.START_OP, stream + 1]):
        op = program.operations[number]
        registers[op[layout.OP_REGISTER]] = _operate(op, program.numbers[number], row, registers)
    begin = starts[layout.START_OUT, stream]
    for number in range(out.size):
        out[number] = registers[program.outputs[begin + number]]


@njit(cache=True)
def record(program: Any, state: Any, stream: int, row: Any) -> bool:
    """Record the event in its rings; return True when it came too late for any of them."""
    late = False
    starts = program.starts
    for place in range(starts[layout.START_WRITE, stream], starts[layout.START_WRITE, stream + 1]):
        number = program.writes[place]
        late |= _record_in(program.rings[number], number, state, row)
    return late


@njit(cache=True)
def run(
    program: Any, state: Any, streams: Any, rows: Any, matrices: Any, outs: Any, late: Any
) -> Any:
    """Take events in order; return how many were taken before more room was needed.

    `streams[i]` and `rows[i]` say which row of which stream's matrix event i is; `outs` has a
    matrix of features per stream, with no columns where none are wanted.
    """
    for number in range(streams.size):
        if not has_room(program, state):
            return number
        stream = streams[number]
        row = matrices[stream][rows[number]]
        if outs[stream].shape[1] > 0:
            read(program, state, stream, row, outs[stream][rows[number]])
        late[number] = record(program, state, stream, row)
    return np.int64(streams.size)
