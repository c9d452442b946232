"""The one step: read the histories an event touches, compute its features, then record it.

Batch is a loop over the same step as one event online, so both give the same bits. All arithmetic
is integer or plain IEEE double in a fixed order (no fast-math). `features.measures` reads a
history, `features.recording` adds to it; the tables' columns are named in `features.layout`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from features import layout
from features.compiled import compiled, inlined
from features.layout import MISSING
from features.measures import observe
from features.recording import record_in, retract_in
from features.walks import stroll

_EARTH_RADIUS_KM = 6371.0088


@compiled
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


@inlined
def operate(op: Any, numbers: Any, row: Any, registers: Any) -> Any:
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


@compiled
def has_room(program: Any, state: Any) -> bool:
    """Tell whether one more event is sure to fit, whatever it touches."""
    entities = state.counters[layout.ENTITIES] + program.histories.shape[0]
    return bool(
        entities <= state.entities.shape[0]
        and entities * 2 <= state.table.shape[0]
        and state.counters[layout.CELLS] + program.slack[0] <= state.cells.shape[0]
    )


@inlined
def look(program: Any, state: Any, stream: int, row: Any, registers: Any) -> None:
    """Write what the histories of the event's own keys say, as of now."""
    starts = program.starts
    for number in range(starts[layout.START_PROBE, stream], starts[layout.START_PROBE, stream + 1]):
        observe(program, state, program.probes[number], row, registers)


@inlined
def walk(program: Any, state: Any, stream: int, row: Any, registers: Any) -> None:
    """Write what is found along several histories, as of now."""
    starts = program.starts
    for number in range(starts[layout.START_WALK, stream], starts[layout.START_WALK, stream + 1]):
        stroll(program, state, program.walks[number], row, registers)


@inlined
def read(program: Any, state: Any, stream: int, row: Any, registers: Any) -> None:
    """Write every statistic that the event's features need, from history as of now."""
    look(program, state, stream, row, registers)
    walk(program, state, stream, row, registers)


@inlined
def finish(program: Any, stream: int, row: Any, registers: Any, out: Any) -> None:
    """Write the features to `out`, from the event's own columns and its statistics."""
    starts = program.starts
    for place in range(starts[layout.START_OWN, stream], starts[layout.START_OWN, stream + 1]):
        column = program.own[place]
        registers[column] = np.nan if row[column] == MISSING else float(row[column])
    for number in range(starts[layout.START_OP, stream], starts[layout.START_OP, stream + 1]):
        op = program.operations[number]
        registers[op[layout.OP_REGISTER]] = operate(op, program.numbers[number], row, registers)
    begin = starts[layout.START_OUT, stream]
    for number in range(out.size):
        out[number] = registers[program.outputs[begin + number]]


@inlined
def record(program: Any, state: Any, stream: int, row: Any) -> bool:
    """Record the event in its histories; return True when it came too late for any of them."""
    late = False
    starts = program.starts
    for place in range(starts[layout.START_WRITE, stream], starts[layout.START_WRITE, stream + 1]):
        write = program.writes[place]
        if write[layout.WRITE_RETRACTS] == 1:
            late |= not retract_in(program, state, write[layout.WRITE_HISTORY], row)
        else:
            late |= record_in(program, state, write[layout.WRITE_HISTORY], row)
    return late


@compiled
def enter(program: Any, state: Any, stream: int, row: Any) -> bool:
    """Record one event; `record` for callers in Python, who find it compiled and kept."""
    return bool(record(program, state, stream, row))


@compiled
def step(program: Any, state: Any, stream: int, row: Any, registers: Any, out: Any) -> bool:
    """Take one event: its features, then its place in history; True when it came too late."""
    read(program, state, stream, row, registers)
    finish(program, stream, row, registers, out)
    return bool(record(program, state, stream, row))
