"""How an event becomes history: where its entry goes, what expires, what a full history folds.

An entity's entries lie in one block of cells: column c of the entry at place p stands in
`cells[start + c * capacity + p]`, and the live places are `head … head + length`, in order of time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from features import layout
from features.compiled import compiled, inlined
from features.layout import (
    CAPACITY,
    CELLS,
    DROPPED,
    ENTITIES,
    ENTITY,
    HEAD,
    KEY,
    LENGTH,
    MISSING,
    NEWEST,
    RING,
    SMALLEST_BLOCK,
    START,
    VALUED,
    WRITES,
)
from features.measures import after, find, last_equal


@compiled
def _reserve(state: Any, capacity: int, columns: int) -> Any:
    """Return the start of a block, one that was freed where there is one."""
    size = 0
    while (SMALLEST_BLOCK << size) < capacity:
        size += 1
    start = state.free[columns, size]
    if start >= 0:
        state.free[columns, size] = state.cells[start]
        return np.int64(start)
    start = state.counters[CELLS]
    state.counters[CELLS] += capacity * columns
    return np.int64(start)


@inlined
def _entity_of(state: Any, history: int, key: int, columns: int, time: int) -> Any:
    """Return the number of the key's entity, made when there is none."""
    place = find(state.table, history, key)
    if state.table[place, RING] >= 0:
        return np.int64(state.table[place, ENTITY])
    fresh = state.counters[ENTITIES]
    state.counters[ENTITIES] += 1
    state.table[place, RING] = history
    state.table[place, KEY] = key
    state.table[place, ENTITY] = fresh
    entity = state.entities[fresh]
    entity[START] = _reserve(state, SMALLEST_BLOCK, columns)
    entity[CAPACITY] = SMALLEST_BLOCK
    entity[NEWEST] = time
    return np.int64(fresh)


@inlined
def _insert(stretch: Any, place: int, value: int) -> None:
    """Put a value at a place; what stood there and behind moves up, over the stretch's last."""
    for step in range(stretch.size - 1, place, -1):
        stretch[step] = stretch[step - 1]
    stretch[place] = value


@inlined
def _enter_sorted(cells: Any, entity: Any, column: int, value: int) -> None:
    first = entity[START] + column * entity[CAPACITY]
    entity[VALUED] += 1
    ordered = cells[first : first + entity[VALUED]]
    _insert(ordered, after(ordered, 0, ordered.size - 1, value), value)


@compiled
def _leave_sorted(cells: Any, entity: Any, column: int, value: int) -> None:
    first = entity[START] + column * entity[CAPACITY]
    ordered = cells[first : first + entity[VALUED]]
    behind = ordered[after(ordered, 0, ordered.size, value) :]
    moved = cells[first + ordered.size - behind.size - 1 : first + ordered.size - 1]
    for step in range(behind.size):
        moved[step] = behind[step]
    entity[VALUED] -= 1


@compiled
def _drop_oldest(program: Any, state: Any, history: Any, entity: Any) -> None:
    ordered = history[layout.HISTORY_SORTED]
    if ordered >= 0:
        column = program.stored[history[layout.HISTORY_STORED] + ordered, layout.STORED_SOURCE]
        value = state.cells[entity[START] + column * entity[CAPACITY] + entity[HEAD]]
        if value != MISSING:
            _leave_sorted(state.cells, entity, ordered, value)
    entity[HEAD] += 1
    entity[LENGTH] -= 1


@inlined
def _make_room(state: Any, history: Any, entity: Any) -> None:
    """Leave a free place behind the newest entry: slide to the front, or move to a larger block."""
    cells = state.cells
    start, capacity, head, length = entity[START], entity[CAPACITY], entity[HEAD], entity[LENGTH]
    if head + length < capacity:
        return
    columns = history[layout.HISTORY_COLUMNS]
    ordered = history[layout.HISTORY_SORTED]
    moved, larger = start, capacity
    if length * 4 > capacity * 3 or length == capacity:
        larger = capacity * 2
        moved = _reserve(state, larger, columns)
    for column in range(columns):
        first = 0 if column == ordered else head
        count = entity[VALUED] if column == ordered else length
        source, target = start + column * capacity + first, moved + column * larger
        old, new = cells[source : source + count], cells[target : target + count]
        for step in range(count):
            new[step] = old[step]
    if moved != start:
        size = 0
        while (SMALLEST_BLOCK << size) < capacity:
            size += 1
        cells[start] = state.free[columns, size]
        state.free[columns, size] = start
        entity[START] = moved
        entity[CAPACITY] = larger
    entity[HEAD] = 0


@compiled
def _add_to_bucket(
    program: Any, state: Any, number: int, key: int, time: int, weight: int, fresh: Any
) -> bool:
    """Add to the bucket of this time; `fresh` holds what to add to each stored column from 2 on.

    Returns True when the time is too far behind the newest bucket.
    """
    history = program.histories[number]
    hop = history[layout.HISTORY_HOP]
    time = time // hop * hop
    columns = history[layout.HISTORY_COLUMNS]
    entity = state.entities[_entity_of(state, number, key, columns, time)]
    if time < entity[NEWEST] - history[layout.HISTORY_GRACE]:
        return True
    entity[WRITES] += 1
    entity[NEWEST] = max(entity[NEWEST], time)
    cells = state.cells
    horizon = entity[NEWEST] - history[layout.HISTORY_KEEP]
    while entity[LENGTH] > 0 and cells[entity[START] + entity[HEAD]] <= horizon:
        entity[HEAD] += 1
        entity[LENGTH] -= 1
    begin = entity[START] + entity[HEAD]
    place = after(cells, begin, begin + entity[LENGTH], time) - entity[START]
    capacity = entity[CAPACITY]
    if place > entity[HEAD] and cells[entity[START] + place - 1] == time:
        at = entity[START] + place - 1
        cells[at + capacity] += weight
        for column in range(2, columns):
            if fresh[column] != MISSING:
                before = cells[at + column * capacity]
                cells[at + column * capacity] = fresh[column] + (before if before != MISSING else 0)
        return False
    if entity[LENGTH] >= history[layout.HISTORY_CAP]:
        entity[DROPPED] = cells[entity[START] + entity[HEAD]]
        entity[HEAD] += 1
        entity[LENGTH] -= 1
    place -= entity[HEAD]
    _make_room(state, history, entity)
    place = max(place, 0) + entity[HEAD]
    fresh[0], fresh[1] = time, weight
    _put(program, state, history, entity, place, fresh)
    return False


@inlined
def _put(program: Any, state: Any, history: Any, entity: Any, place: int, fresh: Any) -> None:
    """Put an entry at a place in the order of time, behind those of the same time."""
    cells = state.cells
    start, capacity = entity[START], entity[CAPACITY]
    end = entity[HEAD] + entity[LENGTH]
    ordered = history[layout.HISTORY_SORTED]
    for column in range(history[layout.HISTORY_COLUMNS]):
        if column == ordered:
            continue
        at = start + column * capacity
        _insert(cells[at + place : at + end + 1], 0, fresh[column])
    entity[LENGTH] += 1


@compiled
def _fold(program: Any, state: Any, number: int, key: int, entity: Any) -> None:
    """Fold the oldest part of a full history into hourly buckets, whole instants at a time."""
    history = program.histories[number]
    cells, start, capacity = state.cells, entity[START], entity[CAPACITY]
    cut = cells[start + entity[HEAD] + entity[LENGTH] // layout.FOLD_PARTS - 1]
    first = history[layout.HISTORY_STORED]
    weighed = history[layout.HISTORY_WEIGHT]
    fresh = state.folding
    while entity[LENGTH] > 0 and cells[start + entity[HEAD]] <= cut:
        head = entity[HEAD]
        for column in range(history[layout.HISTORY_COLUMNS]):
            target = program.stored[first + column, layout.STORED_FOLDED]
            if target >= 0:
                fresh[target] = cells[start + column * capacity + head]
        weight = cells[start + weighed * capacity + head] if weighed >= 0 else 1
        time = cells[start + head]
        _add_to_bucket(program, state, history[layout.HISTORY_FOLD], key, time, weight, fresh)
        _drop_oldest(program, state, history, entity)
    entity[DROPPED] = cut


@inlined
def record_in(program: Any, state: Any, number: int, row: Any) -> bool:
    """Record the event in one history; return True when it came too late to be added."""
    history = program.histories[number]
    if history[layout.HISTORY_BY] < 0:
        return False
    key = row[history[layout.HISTORY_BY]]
    where = history[layout.HISTORY_WHERE]
    if key == MISSING or (where >= 0 and row[where] != 1):
        return False
    time = row[0]
    columns = history[layout.HISTORY_COLUMNS]
    first = history[layout.HISTORY_STORED]
    fresh = state.fresh
    for column in range(1, columns):
        kind = program.stored[first + column, layout.STORED_KIND]
        source = program.stored[first + column, layout.STORED_SOURCE]
        if kind == layout.KIND_WEIGHT and source < 0:
            fresh[column] = 1
        elif kind <= layout.KIND_OTHER:
            fresh[column] = row[source]
        if kind == layout.KIND_FLAG and fresh[column] == MISSING:
            fresh[column] = 0
    if history[layout.HISTORY_HOP] > 0:
        return bool(_add_to_bucket(program, state, number, key, time, fresh[1], fresh))

    entity = state.entities[_entity_of(state, number, key, columns, time)]
    if time < entity[NEWEST] - history[layout.HISTORY_GRACE]:
        return True
    entity[WRITES] += 1
    entity[NEWEST] = max(entity[NEWEST], time)
    cells = state.cells
    horizon = entity[NEWEST] - history[layout.HISTORY_KEEP]
    while entity[LENGTH] > 0 and cells[entity[START] + entity[HEAD]] <= horizon:
        _drop_oldest(program, state, history, entity)
    if entity[LENGTH] >= history[layout.HISTORY_CAP]:
        _fold(program, state, number, key, entity)
    if time <= entity[DROPPED]:
        weight = np.int64(1)
        if history[layout.HISTORY_WEIGHT] >= 0:
            weight = fresh[history[layout.HISTORY_WEIGHT]]
        folding = state.folding
        for column in range(columns):
            target = program.stored[first + column, layout.STORED_FOLDED]
            if target >= 0:
                folding[target] = fresh[column]
        fold = history[layout.HISTORY_FOLD]
        return bool(_add_to_bucket(program, state, fold, key, time, weight, folding))
    _make_room(state, history, entity)
    start, head = entity[START], entity[HEAD]
    end = head + entity[LENGTH]
    place = end
    if entity[LENGTH] > 0 and cells[start + end - 1] > time:
        place = after(cells, start + head, start + end, time) - start
    fresh[0] = time
    for column in range(1, columns):
        kind = program.stored[first + column, layout.STORED_KIND]
        if kind == layout.KIND_PREVIOUS:
            fresh[column] = _link(cells, entity, column, place, fresh)
        elif kind == layout.KIND_SORTED:
            value = fresh[program.stored[first + column, layout.STORED_SOURCE]]
            if value != MISSING:
                _enter_sorted(cells, entity, column, value)
    _put(program, state, history, entity, place, fresh)
    return False


@inlined
def _link(cells: Any, entity: Any, column: int, place: int, fresh: Any) -> Any:
    """Return the time of the entry before `place` with the same other; the next one's becomes ours.

    The other stands in the column before.
    """
    other = fresh[column - 1]
    if other == MISSING:
        return np.int64(MISSING)
    start, capacity, head = entity[START], entity[CAPACITY], entity[HEAD]
    others = start + (column - 1) * capacity
    for step in range(place, head + entity[LENGTH]):
        if cells[others + step] == other:
            cells[others + capacity + step] = fresh[0]
            break
    before = last_equal(cells[others + head : others + place], other)
    return np.int64(MISSING) if before < 0 else np.int64(cells[start + head + before])


@compiled
def retract_in(program: Any, state: Any, number: int, row: Any) -> bool:
    """Take a recorded event's values out of one history; return False when it is not there."""
    history = program.histories[number]
    key = row[history[layout.HISTORY_BY]]
    where = history[layout.HISTORY_WHERE]
    if key == MISSING or (where >= 0 and row[where] != 1):
        return True
    place = find(state.table, number, key)
    if state.table[place, RING] < 0:
        return False
    entity = state.entities[state.table[place, ENTITY]]
    hop, first = history[layout.HISTORY_HOP], history[layout.HISTORY_STORED]
    time = row[0] // hop * hop if hop > 0 else row[0]
    if hop == 0 and time <= entity[DROPPED]:
        return bool(_retract_folded(program, state, history, key, row))
    cells, start, capacity = state.cells, entity[START], entity[CAPACITY]
    begin, end = start + entity[HEAD], start + entity[HEAD] + entity[LENGTH]
    at = after(cells, begin, end, time) - 1
    while at >= begin and cells[at] == time:
        alike = True
        for column in range(1, history[layout.HISTORY_COLUMNS]):
            kind = program.stored[first + column, layout.STORED_KIND]
            if hop == 0 and (kind == layout.KIND_OTHER or kind == layout.KIND_VALUE):
                source = program.stored[first + column, layout.STORED_SOURCE]
                alike &= cells[at + column * capacity] == row[source]
        if alike:
            break
        at -= 1
    if at < begin or cells[at] != time:
        return False
    for column in range(1, history[layout.HISTORY_COLUMNS]):
        kind = program.stored[first + column, layout.STORED_KIND]
        source = program.stored[first + column, layout.STORED_SOURCE]
        cell = at + column * capacity
        if kind == layout.KIND_FLAG:
            cells[cell] -= max(row[source], 0)
        elif kind == layout.KIND_VALUE and row[source] != MISSING:
            if hop > 0:
                cells[cell] -= row[source]
            else:
                cells[cell] = MISSING
        elif kind == layout.KIND_SORTED:
            value = row[program.stored[first + source, layout.STORED_SOURCE]]
            if value != MISSING:
                _leave_sorted(cells, entity, column, value)
    entity[WRITES] += 1
    return True


@compiled
def _retract_folded(program: Any, state: Any, history: Any, key: int, row: Any) -> bool:
    fold = history[layout.HISTORY_FOLD]
    fresh, first = state.folding, history[layout.HISTORY_STORED]
    for column in range(history[layout.HISTORY_COLUMNS]):
        target = program.stored[first + column, layout.STORED_FOLDED]
        if target >= 0:
            value = row[program.stored[first + column, layout.STORED_SOURCE]]
            fresh[target] = -value if value != MISSING else MISSING
    return not _add_to_bucket(program, state, fold, key, row[0], 0, fresh)
