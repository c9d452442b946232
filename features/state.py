"""Where rings live: one arena of entries, a hash table of keys, and how they grow."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from features import layout
from features.kernel import rehash
from features.program import Program

Array = np.ndarray[Any, Any]
_FIRST_KEYS = 1 << 12
_FIRST_ENTRIES = 1 << 16
_BLOCK_SIZES = 40
_MARKS = 1 << 13


class State(NamedTuple):
    """One pool's rings as int64 arrays, and the kernel's scratch space (columns in `layout`).

    `table[place]` leads from (ring, key) to an entity, `entities[entity]` to its entries, which lie
    in `entries[start : start + capacity]` as a circle from `head`, oldest first. `free[s]` heads
    the list of freed blocks of 4 * 2**s entries. `marks`, `values` and `registers` hold nothing
    between events.
    """

    counters: Array
    free: Array
    table: Array
    entities: Array
    entries: Array
    marks: Array
    values: Array
    registers: Array


def empty_state(program: Program) -> State:
    """Return rings without any event, for this program."""
    return State(
        counters=np.zeros(3, np.int64),
        free=np.full(_BLOCK_SIZES, -1, np.int64),
        table=_table(_FIRST_KEYS),
        entities=_entities(_FIRST_KEYS // 2),
        entries=np.zeros((_FIRST_ENTRIES + _slack(program), layout.ENTRY_FIELDS), np.int64),
        marks=np.zeros((_MARKS, 4), np.int64),
        values=np.zeros(int(program.tables.rings[:, layout.RING_CAP].max()), np.float64),
        registers=np.zeros(program.registers, np.float64),
    )


def grown(program: Program, state: State) -> State:
    """Return the same rings with room for more: whichever part is short is doubled."""
    needed = int(state.counters[layout.ENTITIES]) + len(program.rings)
    if needed > len(state.entities):
        larger = _entities(len(state.entities) * 2)
        larger[: len(state.entities)] = state.entities
        state = state._replace(entities=larger)
    if needed * 2 > len(state.table):
        larger = _table(len(state.table) * 2)
        rehash(state.table, larger)
        state = state._replace(table=larger)
    if state.counters[layout.ENTRIES] + _slack(program) > len(state.entries):
        larger = np.zeros((len(state.entries) * 2, layout.ENTRY_FIELDS), np.int64)
        larger[: len(state.entries)] = state.entries
        state = state._replace(entries=larger)
    return state


def _slack(program: Program) -> int:
    return len(program.rings) * int(program.tables.rings[:, layout.RING_CAP].max())


def _table(size: int) -> Array:
    return np.full((size, 3), -1, np.int64)


def _entities(size: int) -> Array:
    entities = np.zeros((size, layout.ENTITY_FIELDS), np.int64)
    entities[:, layout.DROPPED] = layout.MISSING
    return entities
