"""Walks over the graph go from key to key, so they are taken event by event, in order of arrival.

Their histories hold whom each entry was with, and no more: what else is asked of a history is read
key by key (`features.keyed`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from features import kernel, layout
from features.arrivals import Arrivals
from features.compiled import compiled
from features.definitions import RING_STREAMS
from features.program import Tables
from features.roles import IN_SLICE, Plan
from features.shares import Shares, finish
from features.state import empty_state, grown

Array = np.ndarray[Any, Any]


def walk_all(
    plan: Plan,
    shares: Shares,
    arrivals: Arrivals,
    outs: tuple[Array, ...],
    carries: tuple[Array, ...],
    late: tuple[Array, ...],
) -> None:
    """Take every arrival for what walks read and record."""
    roles = [role for role in plan.roles if role.kind == IN_SLICE]
    if not roles:
        return
    role_of = np.full(len(RING_STREAMS), -1, np.int64)
    for role in roles:
        role_of[role.stream] = role.number
    tables = walking(plan)
    state, registers = empty_state(tables), np.full(plan.registers, np.nan)
    done = 0
    while done < len(arrivals.streams):
        done += _take(
            tables,
            state,
            shares,
            arrivals.streams[done:],
            arrivals.rows[done:],
            role_of,
            arrivals.matrices,
            registers,
            outs,
            carries,
            late,
        )
        if done < len(arrivals.streams):
            state = grown(tables, state)


def walking(plan: Plan) -> Tables:
    """Return the plan's tables with nothing kept of an entry but its time and what walks look at.

    The same entries are kept as in whole histories, and the same are refused.
    """
    tables = plan.steps
    histories, walks = tables.histories.copy(), tables.walks.copy()
    stored: list[list[int]] = []
    links = walks[:, layout.WALK_LINKS :].reshape(-1, 2)
    for number in plan.walked.tolist():
        history = histories[number]
        whole = tables.stored[history[layout.HISTORY_STORED] :]
        places = np.unique(links[(links[:, 0] == number) & (links[:, 1] >= 0), 1])
        for place, before in enumerate(places.tolist(), start=1):
            links[(links[:, 0] == number) & (links[:, 1] == before), 1] = place
        kept = [0, *places.tolist()]
        history[layout.HISTORY_STORED] = len(stored)
        history[layout.HISTORY_COLUMNS] = len(kept)
        history[[layout.HISTORY_WEIGHT, layout.HISTORY_SORTED]] = -1
        stored += [[int(whole[n, 0]), int(whole[n, 1]), -1] for n in kept]
        # What a full history folds is never walked: a bucket's time and weight are enough.
        histories[history[layout.HISTORY_FOLD], layout.HISTORY_COLUMNS] = 2
    walks[:, layout.WALK_LINKS :] = links.reshape(len(walks), -1)
    cells = histories[plan.walked][:, [layout.HISTORY_CAP, layout.HISTORY_COLUMNS]]
    folds = histories[histories[plan.walked, layout.HISTORY_FOLD]]
    slack = 2 * int(cells.prod(1).sum() + (2 * folds[:, layout.HISTORY_CAP]).sum())
    return tables._replace(
        histories=histories,
        walks=walks,
        stored=np.array(stored, np.int64).reshape(-1, 3),
        slack=np.array([slack], np.int64),
    )


@compiled
def _take(
    program: Any,
    state: Any,
    shares: Any,
    streams: Any,
    rows: Any,
    role_of: Any,
    matrices: Any,
    registers: Any,
    outs: Any,
    carries: Any,
    late: Any,
) -> Any:
    """Take arrivals in order; return how many were taken before more room was needed."""
    starts = program.starts[layout.START_WALK]
    for number in range(streams.size):
        if not kernel.has_room(program, state):
            return np.int64(number)
        stream, event = streams[number], np.int64(rows[number])
        role = role_of[stream]
        if role < 0:
            continue
        row = matrices[stream][event]
        if starts[2 * role] < starts[2 * role + 1]:
            kernel.walk(program, state, 2 * role, row, registers)
            finish(shares, role, row, registers, outs[stream][event], carries[stream][event])
        if kernel.record(program, state, 2 * role + 1, row):
            late[stream][event] = True
    return np.int64(streams.size)
