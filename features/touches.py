"""What touches each key's histories, laid out key after key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features import layout
from features.arrivals import Arrivals
from features.compiled import compiled
from features.layout import MISSING
from features.roles import BY_KEY, Plan, Role

Integers = npt.NDArray[np.int64]
ROLE_BITS = 8
ROLES = (1 << ROLE_BITS) - 1
"""A touch is a row of its stream's matrix and, in its lowest bits, the role's number."""
_FIRST_KEYS = 1 << 15
_KEYLESS = 0
_KEY, _CODE = range(2)
_MIXED = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Touches:
    """What touches the histories of some roles: row and role (packed), key after key.

    Key k's are `events[begins[k] : begins[k + 1]]` in order of arrival; those of key 0 have none.
    """

    events: Integers
    begins: Integers

    def parts(self, most: int) -> list[tuple[int, int]]:
        """Return stretches of whole keys with about so many touches each, the longest first."""
        total, parts, begin = len(self.events), [], 0
        keyless = int(self.begins[_KEYLESS + 1])
        while begin < total:
            wished = begin + most
            # Without a key nothing is remembered, so that these may be cut anywhere.
            end = wished if wished <= keyless else self._next_key(wished)
            parts.append((begin, end))
            begin = end
        return sorted(parts, key=lambda part: part[0] - part[1])

    def _next_key(self, place: int) -> int:
        at = int(np.searchsorted(self.begins, place))
        return int(self.begins[min(at, len(self.begins) - 1)])

    def key_at(self, place: int) -> int:
        """Return the number of the key whose touches hold this place."""
        return int(np.searchsorted(self.begins, place, side="right")) - 1


def groups_of(plan: Plan) -> list[list[Role]]:
    """Return the roles that share a history, and so must be taken together."""
    keyed = [role for role in plan.roles if role.kind == BY_KEY]
    touched = {role.number: _histories(plan, role) for role in keyed}
    groups: list[tuple[set[int], list[Role]]] = []
    for role in keyed:
        histories, members = touched[role.number], [role]
        apart = []
        for known, others in groups:
            if known & touched[role.number]:
                histories, members = histories | known, others + members
            else:
                apart.append((known, others))
        groups = [*apart, (histories, members)]
    return [members for _, members in groups]


def _histories(plan: Plan, role: Role) -> set[int]:
    found: set[int] = set()
    for listing, start, column, step in (
        (plan.steps.probes, layout.START_PROBE, layout.PROBE_HISTORY, 2 * role.number),
        (plan.steps.writes, layout.START_WRITE, layout.WRITE_HISTORY, 2 * role.number + 1),
    ):
        begin, end = plan.steps.starts[start, step : step + 2]
        found |= set(listing[begin:end, column].tolist())
    return found


def touches_of(roles: Sequence[Role], arrivals: Arrivals) -> Touches:
    """Return what touches the histories of these roles, sorted by key, then arrival."""
    streams = len(arrivals.matrices)
    deepest = max(sum(role.stream == stream for role in roles) for stream in range(streams))
    chosen = np.full((streams, deepest, 3), -1, np.int64)
    for stream in range(streams):
        own = [role for role in roles if role.stream == stream]
        for place, role in enumerate(own):
            chosen[stream, place] = (role.number, role.key, role.reads)
    lengths = np.array([len(matrix) for matrix in arrivals.matrices])
    total = int((lengths * (chosen[:, :, 0] >= 0).sum(1)).sum())
    codes = np.empty(total, np.int32)
    table = np.full((_FIRST_KEYS, 2), -1, np.int64)
    done = np.zeros(3, np.int64)
    arrived = (arrivals.streams, arrivals.rows, arrivals.cells, arrivals.places)
    while done[0] < len(arrivals.streams):
        _code(*arrived, chosen, table, codes, done)
        if done[0] < len(arrivals.streams):
            larger = np.full((len(table) * 4, 2), -1, np.int64)
            _recode(table, larger)
            table = larger
    codes = codes[: done[1]]
    begins = np.zeros(done[2] + 2, np.int64)
    np.cumsum(np.bincount(codes, minlength=done[2] + 1), out=begins[1:])
    events = np.empty(len(codes), np.int64)
    _sort(*arrived, chosen, codes, begins[:-1].copy(), events)
    return Touches(events, begins)


@compiled
def _place(table: Any, key: int) -> Any:
    mixed = np.uint64(key) * _MIXED
    mask = table.shape[0] - 1
    place = np.int64(mixed >> np.uint64(32)) & mask
    while table[place, _CODE] >= 0 and table[place, _KEY] != key:
        place = (place + 1) & mask
    return np.int64(place)


@compiled
def _recode(table: Any, larger: Any) -> None:
    for place in range(table.shape[0]):
        if table[place, _CODE] >= 0:
            free = _place(larger, table[place, _KEY])
            larger[free, _KEY] = table[place, _KEY]
            larger[free, _CODE] = table[place, _CODE]


@compiled
def _code(
    streams: Any,
    rows: Any,
    cells: Any,
    places: Any,
    chosen: Any,
    table: Any,
    codes: Any,
    done: Any,
) -> None:
    """Number the keys of all touches in order of arrival, from 1; 0 is for those without.

    `done` holds how many arrivals, touches and keys there are so far; it stops for want of room.
    """
    arrival, touch, known = done[0], done[1], done[2]
    while arrival < streams.size and 2 * (known + chosen.shape[1]) < table.shape[0]:
        stream, row = streams[arrival], np.int64(rows[arrival])
        first = places[stream, 0] + row * places[stream, 1]
        for role in range(chosen.shape[1]):
            if chosen[stream, role, 0] < 0:
                break
            key = cells[first + chosen[stream, role, 1]]
            if key == MISSING:
                # Without a key nothing is recorded.
                codes[touch] = _KEYLESS
                touch += chosen[stream, role, 2]
                continue
            place = _place(table, key)
            if table[place, _CODE] < 0:
                known += 1
                table[place, _KEY] = key
                table[place, _CODE] = known
            codes[touch] = table[place, _CODE]
            touch += 1
        arrival += 1
    done[0] = arrival
    done[1] = touch
    done[2] = known


@compiled
def _sort(
    streams: Any,
    rows: Any,
    cells: Any,
    places: Any,
    chosen: Any,
    codes: Any,
    ends: Any,
    events: Any,
) -> None:
    """Lay all touches out by key; `ends` says where each key's next one goes."""
    touch = 0
    for arrival in range(streams.size):
        stream, row = streams[arrival], np.int64(rows[arrival])
        first = places[stream, 0] + row * places[stream, 1]
        for role in range(chosen.shape[1]):
            if chosen[stream, role, 0] < 0:
                break
            if not chosen[stream, role, 2]:
                key = cells[first + chosen[stream, role, 1]]
                if key == MISSING:
                    continue
            code = codes[touch]
            events[ends[code]] = row << ROLE_BITS | chosen[stream, role, 0]
            ends[code] += 1
            touch += 1
