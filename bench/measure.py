"""What is measured of the features: the contest, the whole catalogue, one event, and the curve."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.data import transfers
from bench.twelve import NAMES, Columns, Way
from features import layout
from features.batch import build
from features.engine import Engine
from features.errors import CrossflagError
from features.events import Payment
from features.reference import Reference
from features.table import EventTable, to_events

_COMPILING_ROWS = 200
Tell = Callable[[str], None]


class Unequal(CrossflagError):
    """Two engines gave different values where they mean the same; names feature, row and values."""


@dataclass(frozen=True)
class Contest:
    """The twelve features in several engines: seconds of each repeat, interleaved.

    `tied[name]` counts rows left out of the comparison with that engine.
    """

    rows: int
    seconds: dict[str, list[float]]
    tied: dict[str, int]

    def ratio(self, other: str) -> float:
        """Return how many times as long as ours another engine takes: the median over repeats."""
        pairs = zip(self.seconds[other], self.seconds["crossflag"], strict=True)
        return median(theirs / ours for theirs, ours in pairs)


def contest(
    ways: list[Way], payments: EventTable, labels: EventTable, repeats: int, tell: Tell
) -> Contest:
    """Take turns over the same rows and compare all values; raises Unequal."""
    few = np.arange(min(_COMPILING_ROWS, len(payments)))
    ties = tied_rows(payments)
    seconds: dict[str, list[float]] = {way.name: [] for way in ways}
    found: dict[str, Columns] = {}
    frames = []
    for way in ways:
        way.compute(way.prepare(payments.take(few), labels.take(few)))
        frames.append(way.prepare(payments, labels))
    for repeat in range(repeats):
        for way, frame in zip(ways, frames, strict=True):
            start = time.perf_counter()
            made = way.compute(frame)
            seconds[way.name].append(time.perf_counter() - start)
            tell(f"{way.name}, {repeat + 1} of {repeats}: {seconds[way.name][-1]:.2f} s")
            if repeat == 0:
                found[way.name] = way.columns(made)
            del made
    tied = {way.name: int(ties.sum()) if way.joins_ties else 0 for way in ways}
    for way in ways:
        compare(way.name, found[way.name], found["crossflag"], ties & way.joins_ties)
    return Contest(len(payments), seconds, tied)


def tied_rows(payments: EventTable) -> npt.NDArray[np.bool_]:
    """Tell which payments have another of the same customer at the same instant.

    An event sees what arrived before it, so the first of two does not see the second; a window by
    time alone holds both.
    """
    customers = payments.column("debtor_account").combine_chunks().dictionary_encode()
    keys = np.asarray(customers.indices)
    times = payments.integers("time")
    order = np.lexsort((times, keys))
    same = (np.diff(keys[order]) == 0) & (np.diff(times[order]) == 0)
    tied = np.zeros(len(payments), np.bool_)
    tied[order[1:][same]] = True
    tied[order[:-1][same]] = True
    return tied


def compare(name: str, theirs: Columns, ours: Columns, left_out: npt.NDArray[np.bool_]) -> None:
    """Raise Unequal when a value differs in a row that is not left out; nothing is rounded."""
    for feature, their, our in zip(NAMES, theirs, ours, strict=True):
        differ = ~((their == our) | (np.isnan(their) & np.isnan(our)) | left_out)
        if differ.any():
            row = int(differ.argmax())
            raise Unequal(
                f"{feature}: {name} and crossflag differ in {int(differ.sum())} of {len(our)} "
                f"rows, first in row {row}: {their[row]!r} against {our[row]!r}"
            )


@dataclass(frozen=True)
class Point:
    """The whole catalogue over so many payments, by so many threads."""

    events: int
    threads: int
    seconds: float

    @property
    def microseconds(self) -> float:
        """What one event costs."""
        return self.seconds / self.events * 1e6


def catalogue(
    payments: EventTable,
    labels: EventTable | None,
    threads: int,
    repeats: int,
    reference: Reference,
) -> Point:
    """Return the median of several builds of every payment feature, labels included if given."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        build(payments, None, labels, reference, wanted=("payment",), threads=threads)
        taken.append(time.perf_counter() - start)
    return Point(len(payments), threads, median(taken))


@dataclass(frozen=True)
class Online:
    """One event at a time: microseconds of each step, and what the histories weigh."""

    microseconds: npt.NDArray[np.float64]
    events: int
    entities: int
    bytes_held: int


def online(warm: int, measured: int, reference: Reference) -> Online:
    """Step payments one by one after `warm` of history; all of them are history afterwards."""
    engine = Engine(reference)
    events = (e for e in to_events(transfers(warm + measured)) if isinstance(e, Payment))
    for event in islice(events, warm):
        engine.record(event)
    rest = list(events)
    for event in rest[:_COMPILING_ROWS]:
        engine.step(event)
    taken = []
    for event in rest[_COMPILING_ROWS:]:
        start = time.perf_counter_ns()
        engine.step(event)
        taken.append(time.perf_counter_ns() - start)
    entities = int(engine.state.counters[layout.ENTITIES])
    return Online(np.array(taken) / 1000, warm + measured, entities, held(engine.state))


def held(state: Any) -> int:
    """Return the bytes that a state's arrays take, with the room kept for more."""
    if isinstance(state, np.ndarray):
        return int(state.nbytes)
    return sum(held(part) for part in state) if isinstance(state, (tuple, list)) else 0
