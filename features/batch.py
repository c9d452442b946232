"""Whole tables through the kernel: every event's features as of that event.

Rows are taken in the order of (`received_at`, row); at one instant payments come first, then access
events, then labels, so that a label never serves an event that arrived with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import repeat
from queue import Empty, SimpleQueue

import numpy as np
import numpy.typing as npt

from features.arrivals import Arrivals, arrivals_of
from features.catalog import PROGRAM
from features.compiling import compile_program
from features.definitions import RING_STREAMS
from features.keyed import Worker
from features.program import Program
from features.reference import Reference
from features.roles import plan_of
from features.shares import finish_rest, shares_of
from features.table import EventTable
from features.timed import walk_all
from features.touches import Touches, groups_of, touches_of

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]
_FEWEST, _MOST = 20_000, 200_000
_TAKEN_EARLY = 1 << 30
_PAGE = 4096


@dataclass(frozen=True)
class Built:
    """Features of every row, by stream, in each table's own row order.

    `features[stream]` is float64[rows, features] in catalogue order; `absent[stream]` names those
    whose inputs are wholly absent from the data; `late[stream]` counts events that came too late
    to become part of some history.
    """

    features: dict[str, Floats]
    absent: dict[str, list[str]]
    late: dict[str, int]


def build(
    payments: EventTable | None,
    access: EventTable | None,
    labels: EventTable | None,
    reference: Reference,
    progress: Progress | None = None,
    program: Program = PROGRAM,
    wanted: tuple[str, ...] = ("payment", "access"),
    statuses: EventTable | None = None,
    threads: int | None = None,
) -> Built:
    """Return the features of every payment and access event, each as of its own arrival.

    Every event of every table becomes history; features are computed for the streams in `wanted`.
    `statuses` (stream payment_status) take rejected, returned and recalled payments out of value
    features. `progress(done, total)` is called now and then; `threads` are as many as there are
    cores when not given, and change no bit. Raises UnreadableFile for a label that was known
    before its event.
    """
    tables = {"payment": payments, "access": access}
    found = {
        name: np.empty((len(table), len(catalogue.features)), np.float64)
        for name, catalogue in program.catalogues.items()
        if name in wanted and (table := tables[name]) is not None
    }
    with ThreadPoolExecutor(1) as aside:
        # Beside the encoding this costs no time. Much of it is left until the columns are gone.
        for out in found.values():
            if out.nbytes <= _TAKEN_EARLY:
                aside.submit(_touch, out)
        arrivals = arrivals_of(payments, access, labels, reference, program, statuses, lean=True)
    lean = compile_program(program.catalogues, arrivals.names)
    outs = tuple(
        found.get(stream, np.empty((len(matrix), 0)))
        for stream, matrix in zip(RING_STREAMS, arrivals.matrices, strict=True)
    )
    run = _Run(lean, arrivals, outs, threads or os.cpu_count() or 1)
    run.run(progress)
    return Built(
        features={stream: outs[number] for number, stream in enumerate(tables)},
        absent={
            stream: arrivals.absent(catalogue) for stream, catalogue in program.catalogues.items()
        },
        late={
            stream: int(np.count_nonzero(run.late[number])) for number, stream in enumerate(tables)
        },
    )


def _touch(out: Floats) -> None:
    """Have the system hand the memory out, which it does as each page is first written to."""
    out.reshape(-1)[:: _PAGE // out.itemsize] = np.nan


class _Run:
    """One pass over all arrivals: histories key by key, walks in time, then what joins them."""

    def __init__(
        self, program: Program, arrivals: Arrivals, outs: tuple[Floats, ...], threads: int
    ) -> None:
        self._arrivals, self._outs, self._threads = arrivals, outs, threads
        wanted = {n: RING_STREAMS[n] for n, out in enumerate(outs) if out.size > 0}
        self._plan = plan_of(program, wanted)
        self._shares, widths = shares_of(self._plan, program)
        lengths = [len(matrix) for matrix in arrivals.matrices]
        self._carries = tuple(
            np.empty((length, widths.get(n, 0)), np.float64) for n, length in enumerate(lengths)
        )
        self.late = tuple(np.zeros(length, np.bool_) for length in lengths)
        self._targets = (outs, self._carries, self.late)
        self._workers: SimpleQueue[Worker] = SimpleQueue()

    def run(self, progress: Progress | None) -> None:
        """Fill the features of every wanted stream."""
        with ThreadPoolExecutor(self._threads) as pool:
            walking = pool.submit(
                walk_all, self._plan, self._shares, self._arrivals, *self._targets
            )
            groups = groups_of(self._plan)
            arrived = len(self._arrivals.streams)
            most = max(_FEWEST, min(_MOST, arrived * len(groups) // 32))
            laid = [pool.submit(touches_of, roles, self._arrivals) for roles in groups]
            # One group's keys are gone through while another's are still laid out.
            taken = [
                pool.submit(self._take, touches, *stretch)
                for touches in (one.result() for one in as_completed(laid))
                for stretch in touches.parts(most)
            ]
            for done, stretch in enumerate(as_completed(taken), start=1):
                stretch.result()
                if progress:
                    progress(arrived * done // len(taken), arrived)
            walking.result()
            for stream in self._plan.outputs:
                if not self._shares.has_work(len(self._plan.roles) + stream):
                    continue
                cuts = np.linspace(0, len(self._outs[stream]), self._threads + 1).astype(int)
                list(pool.map(self._finish, repeat(stream), cuts[:-1].tolist(), cuts[1:].tolist()))

    def _take(self, touches: Touches, begin: int, end: int) -> None:
        try:
            worker = self._workers.get_nowait()
        except Empty:
            worker = Worker(self._plan, self._shares, self._arrivals)
        worker.take(touches, begin, end, *self._targets)
        self._workers.put(worker)

    def _finish(self, stream: int, begin: int, end: int) -> None:
        finish_rest(
            self._shares,
            len(self._plan.roles) + stream,
            self._arrivals.matrices[stream],
            np.full(self._plan.registers, np.nan),
            self._outs[stream],
            self._carries[stream],
            begin,
            end,
        )
