"""A compiled program: the tables that the kernel runs by, and how they fall into parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from features import layout
from features.definitions import (
    RING_STREAMS,
    Catalogue,
    RingStream,
)

Array = np.ndarray[Any, Any]
Names: TypeAlias = Mapping[RingStream, tuple[str, ...]]


class Tables(NamedTuple):
    """The program as arrays; their columns are named in `features.layout`.

    int64 but for `numbers` (float64): histories, what each `stored`, probes with their `measures`
    and the places of those that are `used`, `walks`, `own` (columns that features use as they are),
    operations with their numbers, `outputs` (registers), `writes`, and starts[listing, stream],
    where a stream's part of a listing begins.
    `slack` holds the cells that one event may need at most.
    """

    histories: Array
    stored: Array
    probes: Array
    measures: Array
    used: Array
    walks: Array
    own: Array
    operations: Array
    numbers: Array
    outputs: Array
    writes: Array
    starts: Array
    slack: Array


@dataclass(frozen=True, eq=False)
class Program:
    """Compiled catalogues, by stream; registers are the event's columns, blocks, then results."""

    catalogues: Mapping[str, Catalogue]
    names: Mapping[RingStream, tuple[str, ...]]
    tables: Tables
    registers: int

    def columns(self, stream: RingStream) -> tuple[str, ...]:
        """Return the columns of a stream's rows that are read at all, time first."""
        names = self.names[stream]
        return tuple(names[place] for place in sorted(self._places(stream) | {0}))

    def _places(self, stream: RingStream) -> set[int]:
        tables, number = self.tables, RING_STREAMS.index(stream)

        def rows(listing: Array, start: int) -> Array:
            return listing[tables.starts[start, number] : tables.starts[start, number + 1]]

        found = {int(place) for place in rows(tables.own, layout.START_OWN)}
        for probe in rows(tables.probes, layout.START_PROBE):
            measures = tables.measures[probe[layout.PROBE_BEGIN] : probe[layout.PROBE_END]]
            found |= {int(probe[layout.PROBE_KEY]), *measures[:, layout.MEASURE_OWN].tolist()}
        for walk in rows(tables.walks, layout.START_WALK):
            found |= set(walk[layout.WALK_KEYS : layout.WALK_LINKS].tolist())
        for number_of_history, _ in rows(tables.writes, layout.START_WRITE):
            history = tables.histories[number_of_history]
            first = history[layout.HISTORY_STORED]
            stored = tables.stored[first : first + history[layout.HISTORY_COLUMNS]]
            of_row = stored[stored[:, layout.STORED_KIND] <= layout.KIND_OTHER]
            found |= {
                int(history[layout.HISTORY_BY]),
                int(history[layout.HISTORY_WHERE]),
                *of_row[:, layout.STORED_SOURCE].tolist(),
            }
        return found - {-1}

    def part(self, histories: Sequence[int]) -> Tables:
        """Return the tables of the same program that read and record these histories only.

        Histories are independent: parts that share none may run side by side, each with a state of
        its own, over the same events and into the same registers.
        """
        tables, chosen = self.tables, set(histories)
        probes, probe_starts = _chosen(
            tables.probes, layout.PROBE_HISTORY, chosen, tables.starts[layout.START_PROBE]
        )
        writes, write_starts = _chosen(
            tables.writes, layout.WRITE_HISTORY, chosen, tables.starts[layout.START_WRITE]
        )
        starts = tables.starts.copy()
        starts[layout.START_PROBE] = probe_starts
        starts[layout.START_WRITE] = write_starts
        walks, walk_starts = _chosen(
            tables.walks, layout.WALK_LINKS, chosen, tables.starts[layout.START_WALK]
        )
        starts[layout.START_WALK] = walk_starts
        return tables._replace(probes=probes, writes=writes, walks=walks, starts=starts)

    @cached_property
    def groups(self) -> list[tuple[int, ...]]:
        """Groups of histories that must be read together, the costliest first.

        A walk goes along several histories, so these are one group.
        """
        numbers = dict.fromkeys(self.tables.writes[:, layout.WRITE_HISTORY].tolist())
        group_of = {number: {number} for number in numbers}
        for walk in self.tables.walks:
            walked = {int(number) for number in walk[layout.WALK_LINKS :: 2] if number >= 0}
            joined = set().union(*(group_of[number] for number in walked))
            for number in joined:
                group_of[number] = joined
        groups = {tuple(sorted(group)) for group in group_of.values()}
        return sorted(groups, key=lambda group: (-self._load(group), group))

    def split(self, parts: int) -> list[Tables]:
        """Return at most `parts` parts of about equal work that together are this program."""
        shares: list[list[int]] = [[] for _ in range(max(1, min(parts, len(self.groups))))]
        loads = [0] * len(shares)
        for group in self.groups:
            least = loads.index(min(loads))
            shares[least] += group
            loads[least] += self._load(group)
        return [self.part(share) for share in shares]

    def _load(self, group: tuple[int, ...]) -> int:
        walked = 20 * sum(int(walk[layout.WALK_LINKS]) in group for walk in self.tables.walks)
        return walked + sum(
            3 + int(probe[layout.PROBE_END] - probe[layout.PROBE_BEGIN])
            for probe in self.tables.probes
            if int(probe[layout.PROBE_HISTORY]) in group
        )


def _chosen(
    listing: Array, column: int, chosen: set[int], starts: Array
) -> tuple[Array, list[int]]:
    mask = np.isin(listing[:, column], list(chosen))
    counts = np.concatenate([[0], np.cumsum(mask)])
    return listing[mask], counts[starts].tolist()
