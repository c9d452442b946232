"""The rows of a program's tables, a stream after the other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from features import layout
from features.definitions import Operation, Walk, duration
from features.histories import Histories, History
from features.program import Array, Tables

KINDS = {
    layout.VALUES: layout.KIND_VALUE,
    layout.FLAGS: layout.KIND_FLAG,
    layout.OTHERS: layout.KIND_OTHER,
}


@dataclass(eq=False)
class Measure:
    """One family of statistics of a recorded column (`source`), against the event's `own`."""

    family: int
    source: int
    own: int
    includes: bool
    needs: int = 0
    registers: dict[int, int] = field(default_factory=dict)


@dataclass(eq=False)
class Probe:
    """A history read under one of the event's columns, and what is measured there."""

    history: History
    key: int
    measures: list[Measure] = field(default_factory=list)

    def measure(self, family: int, source: int, own: int, includes: bool) -> Measure:
        """Return the measure of one family of a recorded column, made when there is none."""
        wanted = (family, source, own, includes)
        for measure in self.measures:
            if (measure.family, measure.source, measure.own, measure.includes) == wanted:
                return measure
        self.measures.append(Measure(*wanted))
        return self.measures[-1]


def place_of(names: tuple[str, ...], column: str | None) -> int:
    """Return a column's place, -1 when there is none: then no event has it."""
    return names.index(column) if column in names else -1


class Listings:
    """Gathers the rows of every table; `begin` starts the next stream's part of each."""

    def __init__(self) -> None:
        self.writes: list[tuple[int, int]] = []
        self.probes: list[list[int]] = []
        self.measures: list[tuple[int, ...]] = []
        self.used: list[tuple[int, int]] = []
        self.walks: list[list[int]] = []
        self.own: list[int] = []
        self.operations: list[tuple[int, ...]] = []
        self.numbers: list[tuple[float, float]] = []
        self.outputs: list[int] = []
        # In the order of `layout.START_…`.
        self._parts: tuple[Sequence[object], ...] = (
            self.writes,
            self.probes,
            self.walks,
            self.own,
            self.operations,
            self.outputs,
        )
        self._starts: list[list[int]] = [[] for _ in self._parts]

    def begin(self) -> None:
        """Start the next stream's part, or end the last's."""
        for part, start in zip(self._parts, self._starts, strict=True):
            start.append(len(part))

    def add_probe(self, probe: Probe) -> None:
        """Add a probe with its measures and the places of them that are used."""
        first = len(self.measures)
        for measure in probe.measures:
            begun = len(self.used)
            self.used += measure.registers.items()
            self.measures.append(
                (
                    measure.family,
                    _stored(probe.history, measure),
                    measure.own,
                    measure.needs,
                    _reach(measure.family, measure.registers),
                    int(measure.includes),
                    begun,
                    len(self.used),
                )
            )
        self.probes.append(_probe_row(probe, first, len(self.measures)))

    def add_walk(
        self, walk: Walk, keys: list[int], links: list[int], registers: dict[int, int]
    ) -> None:
        """Add a walk from some columns of the event along links (history, stored column)."""
        begun = len(self.used)
        self.used += registers.items()
        row = [walk.kind, duration(walk.window), begun, len(self.used)]
        row += [*keys, *[-1] * (layout.WALK_LINKS - layout.WALK_KEYS - len(keys)), *links]
        self.walks.append(row + [-1] * (layout.WALK_COLUMNS - len(row)))

    def add_operation(self, operation: Operation, operands: tuple[int, ...], register: int) -> None:
        """Add an operation over registers, of which it has up to three."""
        a, b, c = (*operands, -1, -1)[:3]
        self.operations.append((operation.code, a, b, c, register))
        self.numbers.append((operation.prior, operation.weight))

    def tables(self, histories: Histories) -> Tables:
        """Return everything as arrays."""
        kept, stored = histories.rows()
        listed = _table(kept, layout.HISTORY_FOLD + 1)
        slack = 2 * int((listed[:, layout.HISTORY_CAP] * listed[:, layout.HISTORY_COLUMNS]).sum())
        return Tables(
            histories=listed,
            stored=_table(stored, 3),
            probes=_table(self.probes, layout.PROBE_WINDOW + layout.WINDOWS),
            measures=_table(self.measures, layout.MEASURE_END + 1),
            used=_table(self.used, 2),
            walks=_table(self.walks, layout.WALK_COLUMNS),
            own=np.array(self.own, np.int64),
            operations=_table(self.operations, 5),
            numbers=np.array(self.numbers, np.float64).reshape(-1, 2),
            outputs=np.array(self.outputs, np.int64),
            writes=_table(self.writes, 2),
            starts=np.array(self._starts, np.int64),
            slack=np.array([slack], np.int64),
        )


def _table(rows: Sequence[Sequence[int]], columns: int) -> Array:
    return np.array(rows, np.int64).reshape(-1, columns)


def _stored(history: History, measure: Measure) -> int:
    """Return which stored column a measure reads, -1 when no event has it."""
    if measure.family == layout.TIMES:
        return max(history.weight, 0)
    return history.place(KINDS[measure.family], measure.source) if measure.source >= 0 else -1


def _reach(family: int, places: Collection[int]) -> int:
    """Return how many windows, from the shortest, are asked of a measure."""
    windowed = {layout.VALUES: layout.ALL_MEAN, layout.OTHERS: layout.SAME_GAP}
    ends = windowed.get(family, layout.WINDOWS)
    return max((place % layout.WINDOWS + 1 for place in places if place < ends), default=0)


def _probe_row(probe: Probe, begin: int, end: int) -> list[int]:
    windows = [duration(window) for window in probe.history.ring.windows]
    return [
        probe.history.number,
        probe.key,
        begin,
        end,
        *windows,
        *windows[-1:] * (layout.WINDOWS - len(windows)),
    ]
