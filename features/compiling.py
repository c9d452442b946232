"""Catalogues compiled for the kernel: what each stream reads, computes, hands out and records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from features import layout
from features.definitions import (
    RING_STREAMS,
    Attribute,
    Catalogue,
    Expression,
    Operation,
    Own,
    RingStream,
    Statistic,
    Stride,
    View,
    Walk,
    column_names,
)
from features.errors import BadDefinition
from features.histories import Histories, History
from features.listings import KINDS, Listings, Probe, place_of
from features.program import Names, Program

_RETURN: RingStream = "payment_return"


# These compare integers of the row, which a float would round; without them they are missing.
_READ_THE_ROW = (layout.OP_SAME, layout.OP_SPEED)


def _needs(family: int, place: int) -> int:
    """Return what a statistic asks of its measure."""
    if family == layout.VALUES:
        if place < layout.LARGEST:
            return layout.NEEDS_WINDOWS
        if place < layout.OUTLIERS:
            return layout.NEEDS_LARGEST
        if place < layout.ALIKE:
            return layout.NEEDS_OUTLIERS
        if place < layout.ALL_MEAN:
            return layout.NEEDS_ALIKE
        moments = (layout.ALL_MEAN, layout.ALL_STD)
        return layout.NEEDS_MOMENTS if place in moments else layout.NEEDS_ORDER
    if family == layout.OTHERS and place < layout.SAME_GAP:
        asked = (layout.NEEDS_SAME, layout.NEEDS_DISTINCT, layout.NEEDS_NEW)
        return asked[place // layout.WINDOWS]
    if family == layout.OTHERS:
        return layout.NEEDS_LAST
    return layout.NEEDS_FLAG_GAP if family == layout.FLAGS and place >= layout.WINDOWS else 0


class _Compiler:
    """Gives registers to one stream's probes, measures and operations, each only once.

    A history under a key that no event has is not read: its registers stay missing. Nor is an
    other kept that no event has.
    """

    def __init__(self, stream: RingStream, names: Names, histories: Histories, first: int) -> None:
        self.all_names = names
        self.names = names[stream]
        self.histories = histories
        self.probes: dict[tuple[object, ...], Probe] = {}
        self.walks: dict[Walk, dict[int, int]] = {}
        self.own: list[int] = []
        self.operations: list[tuple[Operation, tuple[int, ...], int]] = []
        self._operation_of: dict[int, int] = {}
        self._missing = -1
        self.used = max(first, len(self.names))

    def register(self, expression: Expression) -> int:
        if isinstance(expression, Own):
            if expression.column not in self.names:
                return self._never()
            column = self.names.index(expression.column)
            if column not in self.own:
                self.own.append(column)
            return column
        if isinstance(expression, Statistic):
            return self._statistic(expression)
        if isinstance(expression, Stride):
            registers = self.walks.setdefault(expression.walk, {})
            if expression.place not in registers:
                registers[expression.place] = self._take()
            return registers[expression.place]
        if isinstance(expression, Attribute):
            raise BadDefinition(
                f"attribute {expression.name!r}: a catalogue computes from the schema's fields "
                f"only; give it as a raw feature of a bundle"
            )
        if expression.code in _READ_THE_ROW and any(
            isinstance(operand, Own) and operand.column not in self.names
            for operand in expression.operands
        ):
            return self._never()
        known = self._operation_of.get(id(expression))
        if known is None:
            operands = tuple(self.register(operand) for operand in expression.operands)
            known = self._take()
            self._operation_of[id(expression)] = known
            self.operations.append((expression, operands, known))
        return known

    def _statistic(self, statistic: Statistic) -> int:
        ring, view, family = statistic.view.ring, statistic.view, statistic.family
        if view.key not in self.names:
            return self._never()
        probe = self._probe(view)
        stored = {
            layout.VALUES: ring.value,
            layout.FLAGS: ring.flag,
            layout.OTHERS: ring.other,
        }.get(family)
        compared = {layout.VALUES: view.value, layout.OTHERS: view.other}.get(family)
        source = place_of(self.all_names[ring.stream], stored)
        own = place_of(self.names, compared)
        measure = probe.measure(family, source, own, view.includes_event)
        measure.needs |= _needs(family, statistic.place)
        if statistic.place not in measure.registers:
            measure.registers[statistic.place] = self._take()
        return measure.registers[statistic.place]

    def _probe(self, view: View) -> Probe:
        history = self.histories.of(view.ring)
        key = (history.number, view.key)
        if key not in self.probes:
            self.probes[key] = Probe(history, self.names.index(view.key))
        return self.probes[key]

    def links(self, walk: Walk) -> list[int]:
        """Return each ring of a walk as history and stored column, -1 when no event has it."""
        found: list[int] = []
        for ring in walk.links:
            history = self.histories.of(ring)
            known = ring.stream.endswith("_label")
            source = place_of(self.all_names[ring.stream], ring.flag if known else ring.other)
            kind = layout.KIND_FLAG if known else layout.KIND_OTHER
            found += [history.number, history.place(kind, source) if source >= 0 else -1]
        return found

    def _never(self) -> int:
        """Return the register of everything that is always missing."""
        if self._missing < 0:
            self._missing = self._take()
        return self._missing

    def _take(self) -> int:
        self.used += 1
        return self.used - 1


def _lay_out(compilers: Sequence[_Compiler]) -> None:
    """Give every stored column its place; an other's predecessor stands right behind it."""
    asked: dict[tuple[History, int, int], int] = {}
    for compiler in compilers:
        for probe in compiler.probes.values():
            for measure in probe.measures:
                if measure.source < 0:
                    continue
                key = (probe.history, measure.family, measure.source)
                asked[key] = asked.get(key, 0) | measure.needs
    for (history, family, source), needs in asked.items():
        place = history.place(KINDS[family], source)
        if family == layout.OTHERS and needs & (layout.NEEDS_DISTINCT | layout.NEEDS_NEW):
            history.place(layout.KIND_PREVIOUS, place)
        if family == layout.VALUES and needs & (layout.NEEDS_ORDER | layout.NEEDS_OUTLIERS):
            history.place(layout.KIND_SORTED, place)
    for compiler in compilers:
        for walk in compiler.walks:
            compiler.links(walk)


def compile_program(catalogues: Mapping[str, Catalogue], names: Names | None = None) -> Program:
    """Return the program of these catalogues; every history they read is also recorded.

    `names` are the columns of each stream's rows, when rows hold fewer than all: the program does
    no work for the others, and over data that never have them it gives the same bits.
    """
    names = names or {stream: column_names(stream) for stream in RING_STREAMS}
    histories = Histories(names)
    outputs: dict[RingStream, list[int]] = {stream: [] for stream in RING_STREAMS}
    compilers: dict[RingStream, _Compiler] = {}
    registers = 0
    for stream in RING_STREAMS:
        # Streams share no register, so that what one never fills stays missing.
        compilers[stream] = _Compiler(stream, names, histories, registers)
        catalogue = next((c for c in catalogues.values() if c.stream == stream), None)
        for feature in catalogue.features if catalogue else ():
            outputs[stream].append(compilers[stream].register(feature.expression))
        registers = compilers[stream].used
    _lay_out(list(compilers.values()))
    listings = Listings()
    for stream, compiler in compilers.items():
        listings.begin()
        listings.writes += _writes(stream, histories)
        for probe in compiler.probes.values():
            listings.add_probe(probe)
        for walk, walked in compiler.walks.items():
            keys = [place_of(compiler.names, column) for column in walk.keys]
            listings.add_walk(walk, keys, compiler.links(walk), walked)
        listings.own += compiler.own
        for operation, operands, register in compiler.operations:
            listings.add_operation(operation, operands, register)
        listings.outputs += outputs[stream]
    listings.begin()
    return Program(dict(catalogues), names, listings.tables(histories), registers)


def _writes(stream: RingStream, histories: Histories) -> list[tuple[int, int]]:
    """Return the histories that an event of a stream goes to, and whether it undoes one there."""
    if stream != _RETURN:
        return [(h.number, 0) for h in histories.all if h.ring.stream == stream]
    return [
        (h.number, 1)
        for h in histories.all
        if h.ring.stream == "payment" and any(kind == layout.KIND_VALUE for kind, _ in h.stored)
    ]
