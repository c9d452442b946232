"""How one program falls into parts: what an event reads and records, and under which key.

A role is a part of what one stream's events do. Most belong to one column of the row: the histories
that are read and recorded under its value. Whatever reads or records one key's history meets there,
so keys may be taken one after another (`features.keyed`), by several threads, or in the buckets of
a cluster (`features.spark.buckets`). Walks over the graph go from key to key, so they are taken in
time (`features.timed`) or in slices of it (`features.spark.slices`), where a payment has one role
for everything that walks need. Each part runs the same kernel with histories of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features import layout
from features.definitions import RING_STREAMS
from features.program import Program, Tables

Integers = npt.NDArray[np.int64]
Array = np.ndarray[Any, Any]
TIME = 0
"""Place of the time in every row."""
BY_KEY, IN_SLICE, WARMING, SPECIAL = range(4)
"""Kinds of roles: in the bucket of a key; and in a slice of time: an event of the slice itself, one
that only warms it up, and an earlier one of a key whose whole history is needed."""


@dataclass(frozen=True)
class Role:
    """A part of what a stream's events do (`stream` by its number in RING_STREAMS).

    `key` is the place of its key, -1 without one; `columns` are the places of the row that the
    kernel needs, `registers` those that reading fills. In the plan's tables, reading is step
    2 * number and recording the one after: all that an event reads is read before anything of it
    is recorded.
    """

    number: int
    kind: int
    stream: int
    key: int
    columns: Integers
    registers: Integers
    reads: bool
    records: bool


@dataclass(frozen=True)
class Plan:
    """The roles of a program, and its tables with a step in place of each stream.

    `outputs` says how many features each stream has that is asked for; `walked` are the histories
    that walks go along.
    """

    roles: tuple[Role, ...]
    steps: Tables
    whole: Tables
    registers: int
    width: int
    outputs: dict[int, int]
    walked: Integers

    def of(self, stream: int) -> list[Role]:
        """Return the roles of a stream's events."""
        return [role for role in self.roles if role.stream == stream]


class _Steps:
    """Gathers roles, and the listings of the steps that they stand for."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.roles: list[Role] = []
        self.listings: tuple[list[Array], ...] = ([], [], [])
        self.starts: list[list[int]] = []

    def add(
        self, kind: int, stream: int, key: int, probes: Array, walks: Array, writes: Array
    ) -> None:
        if not len(probes) + len(walks) + len(writes):
            return
        for probing, walking, writing in (
            (probes, walks, writes[:0]),
            (probes[:0], walks[:0], writes),
        ):
            self.begin()
            for listing, rows in zip(self.listings, (probing, walking, writing), strict=True):
                listing.extend(rows)
        self.roles.append(
            Role(
                number=len(self.roles),
                kind=kind,
                stream=stream,
                key=key,
                columns=_columns(self.tables, key, probes, walks, writes),
                registers=_registers(self.tables, probes, walks),
                reads=len(probes) + len(walks) > 0,
                records=len(writes) > 0,
            )
        )

    def begin(self) -> None:
        self.starts.append([len(listing) for listing in self.listings])

    def joined(self) -> Tables:
        """Return the tables with these steps in place of the streams."""
        self.begin()
        starts = np.zeros((self.tables.starts.shape[0], len(self.starts)), np.int64)
        for row, listing in zip(_LISTINGS, np.array(self.starts, np.int64).T, strict=True):
            starts[row] = listing
        probes, walks, writes = (
            np.array(listing, np.int64).reshape(-1, table.shape[1])
            for listing, table in zip(
                self.listings,
                (self.tables.probes, self.tables.walks, self.tables.writes),
                strict=True,
            )
        )
        return self.tables._replace(probes=probes, walks=walks, writes=writes, starts=starts)


_LISTINGS = (layout.START_PROBE, layout.START_WALK, layout.START_WRITE)


def plan_of(program: Program, streams: Mapping[int, str]) -> Plan:
    """Return the plan of a program for the streams whose features are wanted, name by number."""
    tables = program.tables
    steps = _Steps(tables)
    links = tables.walks[:, layout.WALK_LINKS :: 2] if 0 in streams else tables.walks[:0]
    walked = np.unique(links[links >= 0])
    probed = np.unique(tables.probes[:, layout.PROBE_HISTORY])
    for stream in range(len(RING_STREAMS)):
        probes = _own(tables.probes, tables.starts[layout.START_PROBE], stream)
        walks = _own(tables.walks, tables.starts[layout.START_WALK], stream)
        writes = _own(tables.writes, tables.starts[layout.START_WRITE], stream)
        if stream not in streams:
            probes, walks = probes[:0], walks[:0]
        numbers = writes[:, layout.WRITE_HISTORY]
        by = tables.histories[numbers, layout.HISTORY_BY]
        read, along = np.isin(numbers, probed) & (by >= 0), np.isin(numbers, walked) & (by >= 0)
        for key in sorted({*probes[:, layout.PROBE_KEY].tolist(), *by[read].tolist()}):
            own = probes[probes[:, layout.PROBE_KEY] == key]
            steps.add(BY_KEY, stream, key, own, walks[:0], writes[read & (by == key)])
        if len(walks) or along.any():
            steps.add(IN_SLICE, stream, -1, probes[:0], walks, writes[along])
            steps.add(WARMING, stream, -1, probes[:0], walks[:0], writes[along])
            for key in np.unique(by[along]).tolist():
                steps.add(SPECIAL, stream, key, probes[:0], walks[:0], writes[along & (by == key)])
    return Plan(
        roles=tuple(steps.roles),
        steps=steps.joined(),
        whole=tables,
        registers=program.registers,
        width=max(len(names) for names in program.names.values()),
        outputs={n: len(program.catalogues[name].features) for n, name in streams.items()},
        walked=walked.astype(np.int64),
    )


def _own(listing: Array, starts: Array, stream: int) -> Array:
    return listing[starts[stream] : starts[stream + 1]]


def _columns(tables: Tables, key: int, probes: Array, walks: Array, writes: Array) -> Integers:
    """Return the places of a row that these probes, walks and records look at."""
    found = {TIME, key}
    for probe in probes:
        measures = tables.measures[probe[layout.PROBE_BEGIN] : probe[layout.PROBE_END]]
        found |= set(measures[:, layout.MEASURE_OWN].tolist())
    for walk in walks:
        found |= set(walk[layout.WALK_KEYS : layout.WALK_LINKS].tolist())
    for number in writes[:, layout.WRITE_HISTORY]:
        history = tables.histories[number]
        first = history[layout.HISTORY_STORED]
        stored = tables.stored[first : first + history[layout.HISTORY_COLUMNS]]
        of_row = stored[stored[:, layout.STORED_KIND] <= layout.KIND_OTHER]
        found |= {
            int(history[layout.HISTORY_BY]),
            int(history[layout.HISTORY_WHERE]),
            *of_row[:, layout.STORED_SOURCE].tolist(),
        }
    return np.array(sorted(found - {-1}), np.int64)


def _registers(tables: Tables, probes: Array, walks: Array) -> Integers:
    spans = [walk[layout.WALK_BEGIN : layout.WALK_END + 1] for walk in walks]
    for probe in probes:
        measures = tables.measures[probe[layout.PROBE_BEGIN] : probe[layout.PROBE_END]]
        spans += list(measures[:, layout.MEASURE_BEGIN : layout.MEASURE_END + 1])
    found: set[int] = set()
    for begin, end in spans:
        found |= set(tables.used[begin:end, layout.USED_REGISTER].tolist())
    return np.array(sorted(found), np.int64)
