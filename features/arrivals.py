"""Tables as the kernel takes them: rows of integers of every stream, in the order of arrival."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.catalog import PROGRAM
from features.definitions import RING_STREAMS, Catalogue, RingStream, column_names
from features.encoding import encode_columns, interleave
from features.errors import UnreadableFile
from features.events import BLAMELESS
from features.program import Program
from features.reference import Reference
from features.statuses import retractions
from features.table import EventTable
from features.timeline import events_of_labels

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Arrivals:
    """Events of every stream as rows of integers, and the order in which they arrived.

    `matrices[stream]` is int64[rows, columns] in the order of RING_STREAMS, `names` their columns;
    they lie one after another in `cells`, a stream's from `places[stream, 0]` on, with
    `places[stream, 1]` columns. `streams[i]` and `rows[i]` say which row arrived as number i.
    `present` are the columns that any event has.
    """

    names: Mapping[RingStream, tuple[str, ...]]
    matrices: tuple[Integers, ...]
    cells: Integers
    places: Integers
    streams: npt.NDArray[np.int8]
    rows: npt.NDArray[np.int32]
    present: frozenset[tuple[RingStream, str]]

    def absent(self, catalogue: Catalogue) -> list[str]:
        """Return the features whose inputs are wholly absent from the data."""
        return [
            f.name for f in catalogue.features if not f.columns(catalogue.stream) <= self.present
        ]


def arrivals_of(
    payments: EventTable | None,
    access: EventTable | None,
    labels: EventTable | None,
    reference: Reference,
    program: Program = PROGRAM,
    statuses: EventTable | None = None,
    lean: bool = False,
) -> Arrivals:
    """Return the tables as the kernel takes them.

    Only columns that the program reads are filled; when `lean`, the others and those that no event
    has are left out, and the program is to be compiled for the `names` that remain.
    """
    encoded: dict[RingStream, dict[str, Integers]] = {}
    arrived: list[Integers] = []
    for stream, table in _tables(payments, access):
        wanted = {
            name
            for recorded in RING_STREAMS
            if recorded.split("_")[0] == stream
            for name in program.columns(recorded)
        }
        encoded[stream] = encode_columns(table, reference, wanted) if table is not None else {}
        arrived.append(_received(table))
    for stream, table in _tables(payments, access):
        about: RingStream = "payment_label" if stream == "payment" else "access_label"
        kept = program.columns(about)
        encoded[about], received = _label_columns(stream, table, encoded[stream], labels, kept)
        arrived.append(received)
    undone, received = _returns(payments, statuses)
    encoded["payment_return"] = {
        name: column[undone] for name, column in encoded["payment"].items() if len(undone)
    }
    arrived.append(received)

    lengths = [len(times) for times in arrived]
    names = {
        stream: tuple(n for n in program.columns(stream) if n == "time" or n in encoded[stream])
        if lean
        else column_names(stream)
        for stream in RING_STREAMS
    }
    # A payment that is undone is looked for by the columns that it was recorded with.
    names["payment_return"] = names["payment"]
    widths = [len(names[stream]) for stream in RING_STREAMS]
    ends = np.cumsum([length * width for length, width in zip(lengths, widths, strict=True)])
    cells = np.empty(int(ends[-1]), np.int64)
    places = np.stack([np.concatenate([[0], ends[:-1]]), widths], axis=1).astype(np.int64)
    matrices = tuple(
        part.reshape(length, width)
        for part, length, width in zip(np.split(cells, ends[:-1]), lengths, widths, strict=True)
    )
    with ThreadPoolExecutor() as pool:
        order = pool.submit(_in_order, arrived)
        columns = (encoded[stream] for stream in RING_STREAMS)
        named = (names[stream] for stream in RING_STREAMS)
        list(pool.map(interleave, columns, named, matrices))
        numbers, rows = order.result()
    present = frozenset((stream, name) for stream in RING_STREAMS for name in encoded[stream])
    return Arrivals(names, matrices, cells, places, numbers, rows, present)


def _in_order(
    arrived: Sequence[Integers],
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int32]]:
    """Return the stream and row of each arrival; at one instant streams in their order."""
    lengths = [len(times) for times in arrived]
    # Narrow, for they are gone through once for each history that shares no key with others.
    numbers = np.repeat(np.arange(len(lengths), dtype=np.int8), lengths)
    rows = np.concatenate([np.arange(length, dtype=np.int32) for length in lengths])
    times = np.concatenate(arrived)
    if np.any(times[1:] < times[:-1]):
        order = np.argsort(times, kind="stable")
        numbers, rows = numbers[order], rows[order]
    return numbers, rows


def _tables(
    payments: EventTable | None, access: EventTable | None
) -> tuple[tuple[RingStream, EventTable | None], ...]:
    return ("payment", payments), ("access", access)


def _received(table: EventTable | None) -> Integers:
    return np.zeros(0, np.int64) if table is None else table.received_at


def _returns(payments: EventTable | None, statuses: EventTable | None) -> tuple[Integers, Integers]:
    """Return the payments that were undone, and when that became known."""
    if payments is None or statuses is None or len(statuses) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return retractions(payments, statuses)


def _label_columns(
    stream: str,
    table: EventTable | None,
    encoded: dict[str, Integers],
    labels: EventTable | None,
    kept: Collection[str],
) -> tuple[dict[str, Integers], Integers]:
    """Return the columns of this stream's labels, those of their events, and when each arrived."""
    if table is None or labels is None or len(table) == 0:
        return {}, np.zeros(0, np.int64)
    own, event = events_of_labels(table, labels)
    columns = {name: column for name, column in encoded.items() if name in kept}
    known_at, fraud = labels.integers("known_at"), labels.integers("is_fraud")
    blame = fraud
    if labels.has("subject_role"):
        roles = pa.array(sorted(BLAMELESS))
        blame = fraud * ~np.asarray(pc.is_in(labels.column("subject_role"), value_set=roles))
    received, times = labels.received_at, table.integers("time")
    counted = event >= 0
    if labels.has("status"):
        established = pc.not_equal(labels.column("status"), "suspected").fill_null(True)
        counted &= np.asarray(established)[own]
    whole = len(own) == len(table) == len(labels)
    side_by_side = whole and counted.all() and np.array_equal(own, event)
    if not side_by_side:
        own, event = own[counted], event[counted]
        known_at, fraud, blame, received = known_at[own], fraud[own], blame[own], received[own]
        times = times[event]
    early = known_at < times
    if early.any():
        name = table.column("event_id")[int(event[early.argmax()])].as_py()
        raise UnreadableFile(
            f"label of {stream} event {name}: known_at lies before the event; "
            f"give the time at which it became known"
        )
    # Nobody can know of an event before it has arrived.
    if side_by_side:
        return columns | {
            "time": known_at,
            "label_fraud": fraud,
            "label_weight": np.ones(len(event), np.int64),
            "label_blame": blame,
        }, np.maximum(received, table.received_at)
    arrived = np.maximum(received, table.received_at[event])
    order = np.lexsort((own, arrived, event))
    event, fraud, blame = event[order], fraud[order], blame[order]
    first = np.ones(len(event), np.bool_)
    first[1:] = event[1:] != event[:-1]
    return {name: column[event] for name, column in columns.items()} | {
        "time": known_at[order],
        "label_fraud": _changes(fraud, first),
        "label_weight": first.astype(np.int64),
        "label_blame": _changes(blame, first),
    }, arrived[order]


def _changes(values: Integers, first: npt.NDArray[np.bool_]) -> Integers:
    """Return how far each value differs from the one before of the same event, 0 before any."""
    before = np.zeros(len(values), np.int64)
    before[1:] = values[:-1]
    before[first] = 0
    return values - before
