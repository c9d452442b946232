"""Whole tables through the kernel: every event's features as of that event.

Rows are taken in the order of (`received_at`, row); at one instant payments come first, then access
events, then labels, so that a label never serves an event that arrived with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import numpy.typing as npt

from features import kernel
from features.arrivals import Arrivals, arrivals_of
from features.catalog import PROGRAM
from features.compiling import compile_program
from features.definitions import RING_STREAMS
from features.program import Program
from features.reference import Reference
from features.state import empty_state, grown
from features.table import EventTable

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]
_REGISTERS = 1 << 18
_TOLD = 50_000


@dataclass(frozen=True)
class Built:
    """Features of every row, by stream, in each table's own row order.

    `features[stream]` is float64[rows, features] in catalogue order; `absent[stream]` names those
    whose inputs are wholly absent from the data; `late[stream]` counts events that came too late
    to become part of some history; `amount_reference` is in EUR cents, NaN without a rate.
    """

    features: dict[str, Floats]
    absent: dict[str, list[str]]
    late: dict[str, int]
    amount_reference: Floats | None


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
    arrivals = arrivals_of(payments, access, labels, reference, program, statuses, lean=True)
    lean = compile_program(program.catalogues, arrivals.names)
    outs = tuple(
        np.empty((len(matrix), len(program.catalogues[stream].features)), np.float64)
        if stream in wanted and stream in program.catalogues
        else np.empty((len(matrix), 0), np.float64)
        for stream, matrix in zip(RING_STREAMS, arrivals.matrices, strict=True)
    )
    late = _run(lean, arrivals, outs, progress, threads or os.cpu_count() or 1)
    streams = ("payment", "access")
    return Built(
        features={stream: outs[number] for number, stream in enumerate(streams)},
        absent={
            stream: arrivals.absent(catalogue) for stream, catalogue in program.catalogues.items()
        },
        late={
            stream: int(np.count_nonzero(late & (arrivals.streams == number)))
            for number, stream in enumerate(streams)
        },
        amount_reference=arrivals.amounts,
    )


def _run(
    program: Program,
    arrivals: Arrivals,
    outs: tuple[Floats, ...],
    progress: Progress | None,
    threads: int,
) -> npt.NDArray[np.bool_]:
    parts = program.split(threads)
    states = [empty_state(part) for part in parts]
    wanted = np.array([out.shape[1] > 0 for out in outs])
    total = len(arrivals.streams)
    late = np.zeros(total, np.bool_)
    # So few events at a time that their statistics stay in the cache.
    chunk = max(512, min(_REGISTERS // program.registers, 16_384))
    registers = np.full((chunk, program.registers), np.nan)

    def take(number: int, begin: int, end: int) -> None:
        done = begin
        while done < end:
            done += kernel.run(
                parts[number],
                states[number],
                arrivals.streams[done:end],
                arrivals.rows[done:end],
                arrivals.matrices,
                wanted,
                registers[done - begin :],
                late[done:end],
            )
            if done < end:
                states[number] = grown(parts[number], states[number])

    def hand_out(begin: int, end: int, offset: int) -> None:
        kernel.finish_many(
            program.tables,
            arrivals.streams[begin:end],
            arrivals.rows[begin:end],
            arrivals.matrices,
            wanted,
            registers[begin - offset :],
            outs,
        )

    numbers = range(len(parts))
    with ThreadPoolExecutor(len(parts)) as pool:
        for begin in range(0, total, chunk):
            end = min(begin + chunk, total)
            list(pool.map(take, numbers, repeat(begin), repeat(end)))
            cuts = np.linspace(begin, end, len(parts) + 1).astype(int).tolist()
            list(pool.map(hand_out, cuts[:-1], cuts[1:], repeat(begin)))
            if progress and (end == total or begin // _TOLD != end // _TOLD):
                progress(end, total)
    return late
