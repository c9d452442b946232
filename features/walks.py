"""Walks over the graph of accounts that the histories hold: circles, gatherings, shared devices.

A payment is an edge from its debtor to its creditor; a device or address joins the accounts that
were used from it. Only what had arrived by the event's time is walked, the newest first, and each
walk has a budget of work: where it is spent the walk stops and says so. Temporal cycles and
gather-scatter as in Altman et al., Realistic Synthetic Financial Transactions (2023).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from features import layout
from features.compiled import compiled
from features.layout import CAPACITY, ENTITY, HEAD, LENGTH, MISSING, START
from features.measures import after, find, last_equal

_BUDGET = 512
_NEWEST = 16
_FARTHEST = 2
# Behind an address of more accounts stands a carrier, an office or a school: no link at all.
_SHARING = 4


@compiled
def _span(
    program: Any, state: Any, history: int, stored: int, key: int, since: int, until: int
) -> Any:
    """Return (begin, end, offset) of a key's entries with since < time <= until, oldest first.

    Their times are `cells[begin:end]`, their column `cells[begin + offset : end + offset]`.
    """
    cells = state.cells
    nothing = np.int64(0)
    if key == MISSING or stored < 0 or program.histories[history, layout.HISTORY_BY] < 0:
        return nothing, nothing, nothing
    number = state.table[find(state.table, history, key), ENTITY]
    if number < 0:
        return nothing, nothing, nothing
    entity = state.entities[number]
    begin = entity[START] + entity[HEAD]
    end = begin + entity[LENGTH]
    if end > begin and cells[end - 1] > until:
        end = after(cells, begin, end, until)
    begin = after(cells, begin, end, since)
    return np.int64(begin), np.int64(end), np.int64(stored * entity[CAPACITY])


@compiled
def _newest(begin: int, end: int, offset: int, state: Any) -> Any:
    """Return where the newest entries begin that a walk looks at; note when others were there."""
    if end - begin <= _NEWEST:
        return np.int64(begin)
    for place in range(begin + offset, end - _NEWEST + offset):
        if state.cells[place] != MISSING:
            state.budget[1] = 1
            break
    return np.int64(end - _NEWEST)


@compiled
def _spend(state: Any, work: int) -> bool:
    """Take work from the budget; return False, and note it, when there is not enough left."""
    state.budget[0] -= work
    if state.budget[0] < 0:
        state.budget[1] = 1
        return False
    return True


@compiled
def _meet(left: Any, came: Any, right: Any, went: Any) -> bool:
    """Tell whether money went on: someone of `right` was reached before he paid."""
    for first in range(right.size):
        for second in range(left.size):
            if left[second] == right[first] and came[second] < went[first]:
                return True
    return False


@compiled
def _circle(program: Any, state: Any, walk: Any, row: Any) -> Any:
    """Return how many payments, this one too, make the shortest circle it closes; 0 for none."""
    debtor, creditor = row[walk[layout.WALK_KEYS]], row[walk[layout.WALK_KEYS + 1]]
    time = row[0]
    since = time - walk[layout.WALK_WINDOW]
    out_history, out_stored = walk[layout.WALK_LINKS], walk[layout.WALK_LINKS + 1]
    in_history, in_stored = walk[layout.WALK_LINKS + 2], walk[layout.WALK_LINKS + 3]
    cells = state.cells
    begin, end, offset = _span(program, state, in_history, in_stored, debtor, since, time)
    if begin == end:
        return np.int64(0)
    first, last, shift = _span(program, state, out_history, out_stored, creditor, since, time)
    if last_equal(cells[first + shift : last + shift], debtor) >= 0:
        return np.int64(2)
    begin, first = _newest(begin, end, offset, state), _newest(first, last, shift, state)
    came, senders = cells[begin:end], cells[begin + offset : end + offset]
    went, receivers = cells[first:last], cells[first + shift : last + shift]
    if not _spend(state, came.size * went.size):
        return np.int64(0)
    if _meet(receivers, went, senders, came):
        return np.int64(3)
    for step in range(went.size - 1, -1, -1):
        # Whom the creditor paid several times is walked from once, from the earliest.
        if last_equal(receivers[:step], receivers[step]) >= 0:
            continue
        begin, end, offset = _span(
            program, state, out_history, out_stored, receivers[step], went[step], time
        )
        begin = _newest(begin, end, offset, state)
        onward, next_ones = cells[begin:end], cells[begin + offset : end + offset]
        if not _spend(state, 8 + onward.size * came.size):
            return np.int64(0)
        if _meet(next_ones, onward, senders, came):
            return np.int64(4)
    return np.int64(0)


@compiled
def _gathered(program: Any, state: Any, walk: Any, row: Any) -> Any:
    """Return how many others, paid by one who also paid the debtor, paid this creditor on."""
    debtor, creditor = row[walk[layout.WALK_KEYS]], row[walk[layout.WALK_KEYS + 1]]
    time = row[0]
    since = time - walk[layout.WALK_WINDOW]
    out_history, out_stored = walk[layout.WALK_LINKS], walk[layout.WALK_LINKS + 1]
    in_history, in_stored = walk[layout.WALK_LINKS + 2], walk[layout.WALK_LINKS + 3]
    cells = state.cells
    begin, end, offset = _span(program, state, in_history, in_stored, debtor, since, time)
    if begin == end:
        return np.int64(0)
    first, last, shift = _span(program, state, in_history, in_stored, creditor, since, time)
    begin, first = _newest(begin, end, offset, state), _newest(first, last, shift, state)
    sources = cells[begin + offset : end + offset]
    arrived, payers = cells[first:last], cells[first + shift : last + shift]
    seen = state.queue[0, : payers.size]
    seen[:] = 0
    for step in range(sources.size - 1, -1, -1):
        if last_equal(sources[:step], sources[step]) >= 0:
            continue
        begin, end, offset = _span(
            program, state, out_history, out_stored, sources[step], since, time
        )
        begin = _newest(begin, end, offset, state)
        sent, reached = cells[begin:end], cells[begin + offset : end + offset]
        if not _spend(state, 8 + sent.size * payers.size):
            break
        for payer in range(payers.size):
            # One payer counts once, by his newest payment.
            if payers[payer] == debtor or last_equal(payers[payer + 1 :], payers[payer]) >= 0:
                continue
            for place in range(reached.size):
                if reached[place] == payers[payer] and sent[place] < arrived[payer]:
                    seen[payer] = 1
    return np.int64(seen.sum())


@compiled
def _confirmed(program: Any, state: Any, walk: Any, account: int, since: int, time: int) -> bool:
    """Tell whether a fraud from or to this account became known in the window."""
    for place in range(2):
        at = layout.WALK_LINKS + 8 + 2 * place
        begin, end, offset = _span(program, state, walk[at], walk[at + 1], account, since, time)
        known = np.int64(0)
        for entry in range(begin + offset, end + offset):
            known += state.cells[entry]
        if known > 0:
            return True
    return False


@compiled
def _join(state: Any, accounts: int, account: int, hops: int) -> Any:
    """Add an account to the queue unless it is there; return how many there are."""
    if account == MISSING or last_equal(state.queue[0, :accounts], account) >= 0:
        return np.int64(accounts)
    if accounts == state.queue.shape[1]:
        state.budget[1] = 1
        return np.int64(accounts)
    state.queue[0, accounts] = account
    state.queue[1, accounts] = hops
    return np.int64(accounts + 1)


@compiled
def _used_from(
    program: Any,
    state: Any,
    walk: Any,
    place: int,
    means: int,
    accounts: int,
    hops: int,
    since: int,
    time: int,
) -> Any:
    """Add the accounts that were used from a device or address; return how many there are."""
    at = layout.WALK_LINKS + 4 * place + 2
    begin, end, offset = _span(program, state, walk[at], walk[at + 1], means, since, time)
    others = state.cells[_newest(begin, end, offset, state) + offset : end + offset]
    if not _spend(state, 8 + others.size):
        return np.int64(accounts)
    if place == 1:
        distinct = np.int64(0)
        for step in range(others.size):
            distinct += last_equal(others[:step], others[step]) < 0
        if distinct > _SHARING:
            state.budget[1] = 1
            return np.int64(accounts)
    for step in range(others.size - 1, -1, -1):
        accounts = _join(state, accounts, others[step], hops)
    return np.int64(accounts)


@compiled
def _links(program: Any, state: Any, walk: Any, row: Any, out: Any) -> None:
    """Fill how many accounts share devices or addresses, and how far a confirmed one is."""
    time = row[0]
    since = time - walk[layout.WALK_WINDOW]
    keys = layout.WALK_KEYS
    accounts = _join(state, 0, row[walk[keys]], 0)
    accounts = _join(state, accounts, row[walk[keys + 1]], 0)
    started = accounts
    for place in range(2):
        if walk[keys + 2 + place] >= 0:
            means = row[walk[keys + 2 + place]]
            if means != MISSING:
                accounts = _used_from(program, state, walk, place, means, accounts, 1, since, time)
    step = 0
    while step < accounts:
        account, hops = state.queue[0, step], state.queue[1, step]
        step += 1
        if np.isnan(out[layout.WALK_HOPS]) and _confirmed(
            program, state, walk, account, since, time
        ):
            out[layout.WALK_HOPS] = float(hops)
        if hops == _FARTHEST:
            continue
        for place in range(2):
            at = layout.WALK_LINKS + 4 * place
            begin, end, offset = _span(program, state, walk[at], walk[at + 1], account, since, time)
            means = state.cells[_newest(begin, end, offset, state) + offset : end + offset]
            for one in range(means.size - 1, -1, -1):
                # Most people use the same device twice running, which is seen at a glance.
                if one + 1 < means.size and means[one + 1] == means[one]:
                    continue
                repeated = last_equal(means[one + 1 :], means[one]) >= 0
                if means[one] != MISSING and not repeated:
                    accounts = _used_from(
                        program, state, walk, place, means[one], accounts, hops + 1, since, time
                    )
    out[layout.WALK_ACCOUNTS] = float(accounts - started)


@compiled
def stroll(program: Any, state: Any, walk: Any, row: Any, registers: Any) -> None:
    """Fill the registers of one walk, as of the event in `row`."""
    out = state.block
    out[: layout.WALK_SIZE] = 0.0
    out[layout.WALK_HOPS] = np.nan
    state.budget[0] = _BUDGET
    state.budget[1] = 0
    if walk[layout.WALK_KIND] == layout.WALKS_FLOW:
        out[layout.WALK_CIRCLE] = float(_circle(program, state, walk, row))
        out[layout.WALK_GATHERED] = float(_gathered(program, state, walk, row))
    else:
        _links(program, state, walk, row, out)
    out[layout.WALK_SPENT] = float(state.budget[1])
    for use in range(walk[layout.WALK_BEGIN], walk[layout.WALK_END]):
        used = program.used[use]
        registers[used[layout.USED_REGISTER]] = out[used[layout.USED_PLACE]]
