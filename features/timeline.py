"""Tables of payments, access events, labels and payment statuses as one sequence of arrivals."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.events import AnyRecord
from features.statuses import tie
from features.table import EventTable, to_events

Integers = npt.NDArray[np.int64]


def events_of_labels(table: EventTable, labels: EventTable) -> tuple[Integers, Integers]:
    """Return for each label of the table's stream its own row and its event's, -1 without one."""
    rows = np.flatnonzero(np.asarray(pa.compute.equal(labels.column("stream"), table.stream)))
    names, known = labels.column("event_id"), table.column("event_id")
    if len(rows) < len(names):
        names = names.take(pa.array(rows))
    if names.equals(known):
        return rows, rows
    found = pa.compute.index_in(names.combine_chunks(), value_set=known.combine_chunks())
    return rows, np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)


def in_order(
    payments: EventTable | None,
    access: EventTable | None,
    labels: EventTable | None,
    statuses: EventTable | None = None,
) -> Iterator[tuple[int, AnyRecord]]:
    """Yield (time of arrival in microseconds, record) in the order that batch takes them.

    At one instant payments come first, then access events, then labels, then payment statuses;
    nothing is known of an event before it arrived. Labels without an event come at the time they
    were known, statuses without a payment at the time they arrived.
    """
    arrivals: list[Integers] = []
    ranks: list[Integers] = []
    rows: list[Integers] = []
    sources: list[EventTable] = []

    def add(source: EventTable, arrived: Integers, rank: int, row: Integers) -> None:
        arrivals.append(arrived)
        ranks.append(np.full(len(row), rank))
        rows.append(row)
        sources.append(source)

    for rank, table in enumerate((payments, access)):
        if table is not None:
            add(table, table.received_at, rank, np.arange(len(table)))
    for rank, table in enumerate((payments, access)):
        if table is not None and labels is not None:
            own, event = events_of_labels(table, labels)
            arrived = labels.received_at[own]
            known = event >= 0
            arrived[known] = np.maximum(arrived[known], table.received_at[event[known]])
            order = np.lexsort((own, arrived, event))
            add(labels, arrived[order], 2 + rank, own[order])
    if statuses is not None:
        came = statuses.received_at if payments is None else tie(payments, statuses).arrived
        add(statuses, came, 4, np.arange(len(statuses)))
    if not arrivals:
        return
    times = np.concatenate(arrivals)
    place = np.concatenate([np.arange(len(part)) for part in rows])
    order = np.lexsort((place, np.concatenate(ranks), times))
    events = [
        event
        for source, chosen in zip(sources, rows, strict=True)
        for event in to_events(source.take(chosen))
    ]
    for number in order:
        yield int(times[number]), events[number]
