"""Histories one key after another: all that touches an account, in order of arrival, then the next.

Histories of different keys know nothing of each other, so a table need not be taken event by event.
One key's entries stay in the processor's cache while they are needed, their room is used again for
the next key, and keys are shared out among threads. What is read and recorded is the kernel's, in
each key's order of arrival, so the bits are those of one event at a time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from features import kernel, layout
from features.arrivals import Arrivals
from features.compiled import compiled
from features.layout import CAPACITY, ENTITIES, ENTITY, MISSING, RING, START
from features.prefetching import prefetch
from features.roles import Plan
from features.shares import OUTPUT, PLACE, Shares, finish
from features.state import empty_state, grown
from features.touches import ROLE_BITS, ROLES, Touches

Array = np.ndarray[Any, Any]
_AHEAD = 8
"""So many touches ahead memory is asked for; more would push out what is needed sooner."""
_LINE = 8
"""Numbers that a cache line holds."""


class Worker:
    """Takes stretches of touches; one for each thread, with room for one key at a time."""

    def __init__(self, plan: Plan, shares: Shares, arrivals: Arrivals) -> None:
        self._plan = plan
        self._shares = shares
        self._rows = (arrivals.cells, arrivals.places)
        self._due = _due(plan, shares)
        self._state = empty_state(plan.steps, _room_for_one(plan))
        self._registers = np.full(plan.registers, np.nan)
        self._streams = np.array([role.stream for role in plan.roles], np.int64)

    def take(
        self,
        touches: Touches,
        begin: int,
        end: int,
        outs: tuple[Array, ...],
        carries: tuple[Array, ...],
        late: tuple[Array, ...],
    ) -> None:
        """Read and record what stands at these places, whole keys."""
        at = begin
        while True:
            at = _take(
                self._plan.steps,
                self._state,
                self._shares,
                touches.events,
                touches.begins,
                touches.key_at(at),
                at,
                end,
                self._streams,
                *self._rows,
                self._due,
                self._registers,
                outs,
                carries,
                late,
            )
            if at == end:
                return
            self._state = grown(self._plan.steps, self._state)


class _Due(NamedTuple):
    """Where a role's touches find their row's columns and put their features: a place a line.

    `starts[0, role]` is where the places of a role's columns begin in `lines`, `starts[1, role]`
    where those of its features do.
    """

    lines: Array
    starts: Array


def _due(plan: Plan, shares: Shares) -> _Due:
    lines: list[int] = []
    starts = np.zeros((2, len(plan.roles) + 1), np.int64)
    for listing in range(2):
        for role in plan.roles:
            starts[listing, role.number] = len(lines)
            begin, end = shares.starts[OUTPUT, role.number : role.number + 2]
            places = role.columns if listing == 0 else shares.outputs[begin:end, PLACE]
            lines += (np.unique(places // _LINE) * _LINE).tolist()
        starts[listing, -1] = len(lines)
    return _Due(np.array(lines, np.int64), starts)


def _room_for_one(plan: Plan) -> int:
    return 2 * (len(plan.steps.histories) + 1)


@compiled
def _forget(program: Any, state: Any) -> None:
    """Drop all entities of the last key; their room is used again."""
    if state.counters[ENTITIES] == 1:
        return
    for place in range(state.table.shape[0]):
        ring = state.table[place, RING]
        if ring < 0:
            continue
        entity = state.entities[state.table[place, ENTITY]]
        columns = program.histories[ring, layout.HISTORY_COLUMNS]
        size = 0
        while (layout.SMALLEST_BLOCK << size) < entity[CAPACITY]:
            size += 1
        state.cells[entity[START]] = state.free[columns, size]
        state.free[columns, size] = entity[START]
        for field in range(layout.ENTITY_FIELDS):
            entity[field] = 0
        entity[layout.DROPPED] = MISSING
        state.table[place, RING] = -1
        state.table[place, ENTITY] = -1
    state.counters[ENTITIES] = 1


@compiled
def _take(
    program: Any,
    state: Any,
    shares: Any,
    events: Any,
    begins: Any,
    key: int,
    at: int,
    end: int,
    stream_of: Any,
    cells: Any,
    places: Any,
    due: Any,
    registers: Any,
    outs: Any,
    carries: Any,
    late: Any,
) -> Any:
    """Take touches in order; return how far it came before more room was needed."""
    starts = program.starts[layout.START_PROBE]
    while at < end:
        if at >= begins[key + 1] or at == begins[key]:
            while at >= begins[key + 1]:
                key += 1
            _forget(program, state)
        stop = min(end, begins[key + 1])
        while at < stop:
            if not kernel.has_room(program, state):
                return np.int64(at)
            event = events[at] >> ROLE_BITS
            stream = stream_of[events[at] & ROLES]
            width = places[stream, 1]
            first = places[stream, 0] + event * width
            row = cells[first : first + width]
            # An event that has two roles for one key reads for both before it records for either.
            after = at
            while after < stop:
                role = events[after] & ROLES
                if events[after] >> ROLE_BITS != event or stream_of[role] != stream:
                    break
                if starts[2 * role] < starts[2 * role + 1]:
                    kernel.look(program, state, 2 * role, row, registers)
                    finish(
                        shares, role, row, registers, outs[stream][event], carries[stream][event]
                    )
                after += 1
            for place in range(at + _AHEAD, min(after + _AHEAD, end)):
                role, ahead = events[place] & ROLES, events[place] >> ROLE_BITS
                stream = stream_of[role]
                first = places[stream, 0] + ahead * places[stream, 1]
                for line in range(due.starts[0, role], due.starts[0, role + 1]):
                    prefetch(cells, first + due.lines[line])
                first = ahead * outs[stream].shape[1]
                for line in range(due.starts[1, role], due.starts[1, role + 1]):
                    prefetch(outs[stream], first + due.lines[line])
            stream = stream_of[events[at] & ROLES]
            for place in range(at, after):
                role = events[place] & ROLES
                if kernel.record(program, state, 2 * role + 1, row):
                    late[stream][event] = True
            at = after
    return np.int64(at)
