"""What runs on the workers first: events to the buckets of their keys, and the kernel in each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features import kernel, layout
from features.compiled import compiled
from features.roles import BY_KEY, IN_SLICE, SPECIAL, WARMING, Plan, Role
from features.spark.packing import column, pack, packed_column, unpack
from features.spark.slices import Slices
from features.state import empty_state, grown

Integers = npt.NDArray[np.int64]
TOUCHES = "bucket int, number long, role int, day int, row binary"
BLOCKS = "number long, role int, day int, row binary"
_CHUNK = 2048
_MIXED_1 = np.uint64(0x9E3779B97F4A7C15)
_MIXED_2 = np.uint64(0xD6E8FEB86659FD93)


def fan_out(
    plan: Plan, slices: Slices, buckets: int, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Yield each event once for each role, with what the kernel needs there.

    The slices of time are the buckets behind those of the keys.
    """
    schema = pa.schema(
        [
            ("bucket", pa.int32()),
            ("number", pa.int64()),
            ("role", pa.int32()),
            ("day", pa.int32()),
            ("row", pa.binary()),
        ]
    )
    for batch in batches:
        events = pa.Table.from_batches([batch])
        number, day = column(events, "number"), column(events, "day")
        stream, rows = column(events, "stream"), packed_column(events, "row")
        for one in np.unique(stream):
            chosen = np.flatnonzero(stream == one)
            matrix = unpack(rows, chosen, "i8")
            for role in plan.of(int(one)):
                for kept, bucket in _places(role, slices, buckets, number[chosen], matrix):
                    columns = [
                        pa.array(bucket),
                        pa.array(number[chosen][kept]),
                        pa.array(np.full(len(kept), role.number, np.int32)),
                        pa.array(day[chosen][kept]),
                        pack(matrix[np.ix_(kept, role.columns)]),
                    ]
                    yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _places(
    role: Role, slices: Slices, buckets: int, number: Integers, matrix: Integers
) -> Iterator[tuple[Integers, npt.NDArray[np.int32]]]:
    """Yield which events have this role, and in which bucket each."""
    if role.kind == BY_KEY:
        keys = matrix[:, role.key]
        # Without a key nothing is remembered: such an event may be read anywhere.
        known = keys != layout.MISSING
        kept = np.flatnonzero(known | role.reads)
        yield kept, _bucket(np.where(known, keys, number)[kept], buckets)
        return
    special = slices.is_special(matrix[:, role.key]) if role.kind == SPECIAL else None
    for place, (begin, end, warm) in enumerate(
        zip(slices.begins, slices.ends, slices.warms, strict=True)
    ):
        if role.kind == IN_SLICE:
            inside = (number >= begin) & (number < end)
        elif role.kind == WARMING:
            inside = (number >= warm) & (number < begin)
        else:
            inside = (number < warm) & special
        kept = np.flatnonzero(inside)
        if len(kept):
            yield kept, np.full(len(kept), buckets + place, np.int32)


def _bucket(keys: Integers, buckets: int) -> npt.NDArray[np.int32]:
    mixed = keys.astype(np.uint64) * _MIXED_1
    mixed = (mixed ^ (mixed >> np.uint64(32))) * _MIXED_2
    return ((mixed >> np.uint64(33)) % np.uint64(buckets)).astype(np.int32)


def run_bucket(plan: Plan, touches: pa.Table) -> pa.Table:
    """Return the statistics of the events of one bucket, read and recorded in order of arrival."""
    touches = touches.combine_chunks()
    number, role = column(touches, "number"), column(touches, "role")
    day = column(touches, "day")
    matrix = np.full((len(touches), plan.width), layout.MISSING, np.int64)
    for one in plan.roles:
        chosen = np.flatnonzero(role == one.number)
        if len(chosen):
            matrix[np.ix_(chosen, one.columns)] = unpack(
                packed_column(touches, "row"), chosen, "i8"
            )
    reads = np.array([one.reads for one in plan.roles])
    records = np.array([one.records for one in plan.roles])
    reading, recording = np.flatnonzero(reads[role]), np.flatnonzero(records[role])
    places = np.concatenate([reading, recording])
    steps = np.concatenate([2 * role[reading], 2 * role[recording] + 1]).astype(np.int64)
    order = np.lexsort((steps, steps & 1, number[places]))
    blocks = _run(plan, steps[order], places[order], matrix)
    parts = [
        pa.table(
            {
                "number": number[rows],
                "role": np.full(len(rows), one.number, np.int32),
                "day": day[rows],
                "row": pack(values),
            }
        )
        for one, rows, values in blocks
    ]
    return pa.concat_tables(parts) if parts else _no_blocks()


def _no_blocks() -> pa.Table:
    types = {"number": pa.int64(), "role": pa.int32(), "day": pa.int32(), "row": pa.binary()}
    return pa.schema(types).empty_table()


def _run(
    plan: Plan, steps: Integers, places: Integers, matrix: Integers
) -> Iterator[tuple[Role, Integers, npt.NDArray[np.float64]]]:
    """Yield what was read: the role, the places in the bucket, and a row of registers for each."""
    state = empty_state(plan.steps)
    registers = np.empty((_CHUNK, plan.registers), np.float64)
    for begin in range(0, len(steps), _CHUNK):
        end = min(begin + _CHUNK, len(steps))
        done = begin
        while done < end:
            done += _take(
                plan.steps,
                state,
                steps[done:end],
                places[done:end],
                matrix,
                registers[done - begin :],
            )
            if done < end:
                state = grown(plan.steps, state)
        taken = steps[begin:end]
        for step in np.unique(taken[taken & 1 == 0]):
            role = plan.roles[int(step) // 2]
            chosen = np.flatnonzero(taken == step)
            yield role, places[begin:end][chosen], registers[np.ix_(chosen, role.registers)]


@compiled
def _take(program: Any, state: Any, steps: Any, places: Any, matrix: Any, registers: Any) -> Any:
    """Take steps in order; return how many were taken before more room was needed."""
    for number in range(steps.size):
        if not kernel.has_room(program, state):
            return np.int64(number)
        row = matrix[places[number]]
        kernel.read(program, state, steps[number], row, registers[number])
        kernel.record(program, state, steps[number], row)
    return np.int64(steps.size)
