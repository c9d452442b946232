"""Where histories live: one arena of cells, a hash table of keys, and how they grow."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from features import layout
from features.measures import rehash
from features.program import Tables

Array = np.ndarray[Any, Any]
_FIRST_KEYS = 1 << 12
_FIRST_CELLS = 1 << 18


class State(NamedTuple):
    """Histories as int64 arrays, and the kernel's scratch space (columns in `layout`).

    `table[place]` leads from (history, key) to an entity, `entities[entity]` to its block of
    `cells`, a column after the other. `free[c, s]` heads the list of freed blocks of c columns of
    4 * 2**s entries. Entity 0 is nobody's. The last seven hold nothing between events.
    """

    counters: Array
    free: Array
    table: Array
    entities: Array
    cells: Array
    budget: Array
    queue: Array
    bounds: Array
    block: Array
    scratch: Array
    fresh: Array
    folding: Array


def empty_state(program: Tables, keys: int = _FIRST_KEYS // 2) -> State:
    """Return histories without any event, for this program, with room for so many keys."""
    keys = 1 << (keys - 1).bit_length()
    return State(
        counters=np.array([1, 0], np.int64),
        free=np.full((layout.MOST_COLUMNS, layout.BLOCK_SIZES), -1, np.int64),
        table=_table(2 * keys),
        entities=_entities(keys),
        cells=np.zeros(_FIRST_CELLS + int(program.slack[0]), np.int64),
        budget=np.zeros(2, np.int64),
        queue=np.zeros((2, layout.MOST_ACCOUNTS), np.int64),
        bounds=np.zeros(layout.WINDOWS, np.int64),
        block=np.zeros(max(layout.FAMILY_SIZE), np.float64),
        scratch=np.zeros(
            2 * int(program.histories[:, layout.HISTORY_CAP].max(initial=0)), np.int64
        ),
        fresh=np.zeros(layout.MOST_COLUMNS, np.int64),
        folding=np.zeros(layout.MOST_COLUMNS, np.int64),
    )


def grown(program: Tables, state: State) -> State:
    """Return the same histories with room for more: whichever part is short is doubled."""
    needed = int(state.counters[layout.ENTITIES]) + len(program.histories)
    if needed > len(state.entities):
        larger = _entities(len(state.entities) * 2)
        larger[: len(state.entities)] = state.entities
        state = state._replace(entities=larger)
    if needed * 2 > len(state.table):
        larger = _table(len(state.table) * 2)
        rehash(state.table, larger)
        state = state._replace(table=larger)
    if state.counters[layout.CELLS] + int(program.slack[0]) > len(state.cells):
        used = int(state.counters[layout.CELLS])
        larger = np.zeros(used * 2 + int(program.slack[0]), np.int64)
        larger[:used] = state.cells[:used]
        state = state._replace(cells=larger)
    return state


def _table(size: int) -> Array:
    return np.full((size, 3), -1, np.int64)


def _entities(size: int) -> Array:
    entities = np.zeros((size, layout.ENTITY_FIELDS), np.int64)
    entities[:, layout.DROPPED] = layout.MISSING
    return entities
