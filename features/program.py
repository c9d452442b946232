"""Catalogues compiled for the kernel: what each stream reads, computes, hands out and records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from features import layout
from features.definitions import (
    RING_STREAMS,
    Catalogue,
    Expression,
    Operation,
    Own,
    Ring,
    RingStream,
    Statistic,
    View,
    column_names,
    duration,
)

Array = np.ndarray[Any, Any]
_NEEDS_DISTINCT = {*range(layout.DISTINCT, layout.NEW + layout.WINDOWS)}
_NEEDS_MEDIAN = {
    *range(layout.OUTLIERS, layout.OUTLIERS + layout.WINDOWS),
    layout.ALL_MEDIAN,
}
# New others are told by what came before the window, so they need the whole history too.
_NEEDS_HISTORY = {
    *range(layout.NEW, layout.OUTLIERS + layout.WINDOWS),
    *range(layout.HISTORY, layout.BLOCK),
} - {layout.FIRST_FLAG_GAP, layout.GAP, layout.LAST_FLAG, layout.LAST_OTHER, layout.LAST_SAME}


class Tables(NamedTuple):
    """The program as arrays; their columns are named in `features.layout`.

    int64 but for `numbers` (float64): rings[ring, 10], writes (ring numbers), views[view, 14],
    operations[operation, 5] with numbers[operation, 2], outputs (registers), and
    starts[listing, stream], where each stream's part of a listing begins.
    """

    rings: Array
    writes: Array
    views: Array
    operations: Array
    numbers: Array
    outputs: Array
    starts: Array


@dataclass(frozen=True, eq=False)
class Program:
    """Compiled catalogues, by stream; registers are the event's columns, blocks, then results."""

    catalogues: Mapping[str, Catalogue]
    rings: tuple[Ring, ...]
    tables: Tables
    registers: int


class _Compiler:
    """Gives registers to one stream's views and operations, each only once."""

    def __init__(self, stream: RingStream, rings: list[Ring]) -> None:
        self.names = column_names(stream)
        self.rings = rings
        self.views: list[View] = []
        self.places: dict[int, set[int]] = defaultdict(set)
        self.operations: list[tuple[Operation, tuple[int, ...], int]] = []
        self._view_of: dict[int, int] = {}
        self._operation_of: dict[int, int] = {}
        self.used = len(self.names)

    def register(self, expression: Expression) -> int:
        if isinstance(expression, Own):
            return self.names.index(expression.column)
        if isinstance(expression, Statistic):
            base = self._block(expression.view)
            self.places[id(expression.view)].add(expression.place)
            return base + expression.place
        known = self._operation_of.get(id(expression))
        if known is None:
            operands = tuple(self.register(operand) for operand in expression.operands)
            known = self._take(1)
            self._operation_of[id(expression)] = known
            self.operations.append((expression, operands, known))
        return known

    def _block(self, view: View) -> int:
        if id(view) not in self._view_of:
            if view.ring not in self.rings:
                self.rings.append(view.ring)
            self.views.append(view)
            self._view_of[id(view)] = self._take(layout.BLOCK)
        return self._view_of[id(view)]

    def view_row(self, view: View) -> list[int]:
        windows = [duration(window) for window in view.ring.windows]
        return [
            self.rings.index(view.ring),
            *(_place(self.names, column) for column in (view.key, view.other, view.value)),
            int(view.includes_event),
            int(bool(self.places[id(view)] & _NEEDS_DISTINCT)),
            int(bool(self.places[id(view)] & _NEEDS_HISTORY)),
            int(bool(self.places[id(view)] & _NEEDS_MEDIAN)),
            self._view_of[id(view)],
            *windows,
            *windows[-1:] * (layout.WINDOWS - len(windows)),
        ]

    def _take(self, number: int) -> int:
        first = self.used
        self.used += number
        return first


def compile_program(catalogues: Mapping[str, Catalogue]) -> Program:
    """Return the program of these catalogues; every ring they read is also recorded."""
    rings: list[Ring] = []
    compilers = {stream: _Compiler(stream, rings) for stream in RING_STREAMS}
    outputs: dict[str, list[int]] = {stream: [] for stream in RING_STREAMS}
    for stream, catalogue in catalogues.items():
        compiler = compilers[catalogue.stream]
        outputs[stream] = [compiler.register(feature.expression) for feature in catalogue.features]

    starts: list[list[int]] = [[], [], [], []]
    writes: list[int] = []
    views: list[list[int]] = []
    operations: list[tuple[int, ...]] = []
    numbers: list[tuple[float, float]] = []
    out: list[int] = []

    listings: tuple[Sequence[object], ...] = (writes, views, operations, out)

    def begin() -> None:
        for listing, start in zip(listings, starts, strict=True):
            start.append(len(listing))

    for stream, compiler in compilers.items():
        begin()
        writes += [number for number, ring in enumerate(rings) if ring.stream == stream]
        views += [compiler.view_row(view) for view in compiler.views]
        for operation, operands, register in compiler.operations:
            a, b, c = (*operands, -1, -1)[:3]
            operations.append((operation.code, a, b, c, register))
            numbers.append((operation.prior, operation.weight))
        out += outputs[stream]
    begin()
    tables = Tables(
        rings=np.array([_ring_row(ring) for ring in rings], np.int64),
        writes=np.array(writes, np.int64),
        views=np.array(views, np.int64).reshape(-1, layout.VIEW_WINDOW + layout.WINDOWS),
        operations=np.array(operations, np.int64).reshape(-1, 5),
        numbers=np.array(numbers, np.float64).reshape(-1, 2),
        outputs=np.array(out, np.int64),
        starts=np.array(starts, np.int64),
    )
    registers = max(compiler.used for compiler in compilers.values())
    return Program(dict(catalogues), tuple(rings), tables, registers)


def _place(names: tuple[str, ...], column: str | None) -> int:
    return -1 if column is None else names.index(column)


def _ring_row(ring: Ring) -> list[int]:
    names = column_names(ring.stream)
    columns = (ring.by, ring.value, ring.other, ring.flag, ring.weight, ring.where)
    return [
        *(_place(names, column) for column in columns),
        duration(ring.keep),
        duration(ring.grace),
        ring.cap,
        duration(ring.hop) if ring.hop else 0,
    ]
