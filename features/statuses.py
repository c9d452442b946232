"""Payment statuses tied to the payments that they are about, over whole tables.

The service ties them one at a time as they arrive (`serving.statuses`); both follow one rule. A
payment is looked for by `payment_event_id`, then by `uetr`, then by `end_to_end_id`, among the
member's own payments. Only a UETR is unique by itself: found by another name, a payment that bears
another's UETR or end-to-end identification is not meant. Where several are meant nothing is
guessed: the status is tied to none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.events import STATUS_KEYS, UNDOING, PaymentStatus
from features.table import EventTable, from_events, to_events

Integers = npt.NDArray[np.int64]
_OWN = ("uetr", "end_to_end_id")
_NOBODY = "local"


@dataclass(frozen=True)
class Tied:
    """For each status the row of its payment, -1 without one, and when it arrived (microseconds).

    A status counts from the arrival of its payment on when it came before it.
    """

    payment: Integers
    arrived: Integers


def tie(payments: EventTable, statuses: EventTable) -> Tied:
    """Return which payment each status is about; one that lies before its payment is of none."""
    found = np.full(len(statuses), -1, np.int64)
    arrived = statuses.received_at.copy()
    named = [_candidates(payments, statuses, *names) for names in STATUS_KEYS]
    came, times = payments.received_at, payments.integers("time")
    for row, status in enumerate(_rows(statuses)):
        known: list[int] = []
        later: list[int] = []
        for candidates, (name, _) in zip(named, STATUS_KEYS, strict=True):
            if status[name] is None:
                continue
            meant = [
                place
                for place, own in candidates.get((status["member"], status[name]), ())
                if name == "uetr" or not _of_another(own, status)
            ]
            known = [place for place in meant if came[place] <= arrived[row]]
            later += [place for place in meant if came[place] > arrived[row]]
            if known:
                break
        if not known and later:
            known = [min(later, key=lambda place: (came[place], place))]
            arrived[row] = came[known[0]]
        if len(known) == 1 and times[known[0]] <= status["time"]:
            found[row] = known[0]
    return Tied(found, arrived)


def retractions(payments: EventTable, statuses: EventTable) -> tuple[Integers, Integers]:
    """Return the rows of payments that were undone, and when that became known, in that order.

    A payment is undone once, by the first status that rejects, returns or recalls it.
    """
    tied = tie(payments, statuses)
    undoing = np.asarray(
        pc.is_in(statuses.column("status"), value_set=pa.array(sorted(UNDOING))), dtype=np.bool_
    )
    rows = np.flatnonzero(undoing & (tied.payment >= 0))
    rows = rows[np.argsort(tied.arrived[rows], kind="stable")]
    _, first = np.unique(tied.payment[rows], return_index=True)
    rows = rows[np.sort(first)]
    return tied.payment[rows], tied.arrived[rows]


def recall_labels(payments: EventTable, statuses: EventTable) -> EventTable | None:
    """Return the provisional labels of recalls for fraud, None when there is none."""
    recalls = np.flatnonzero(
        np.asarray(pc.equal(statuses.column("reason"), "FRAD").fill_null(False))
    )
    chosen = statuses.take(recalls)
    tied = tie(payments, chosen)
    names = payments.column("event_id")
    labels, arrived, members = [], [], []
    for row, status in enumerate(to_events(chosen)):
        if tied.payment[row] >= 0 and isinstance(status, PaymentStatus):
            label = status.fraud_label(names[int(tied.payment[row])].as_py())
            if label is not None:
                labels.append(label)
                arrived.append(int(tied.arrived[row]))
                members.append(chosen.column("member")[row].as_py())
    if not labels:
        return None
    table = from_events("label", labels, arrived).table
    place = table.column_names.index("member")
    return EventTable("label", table.set_column(place, "member", pa.array(members, pa.string())))


def _rows(statuses: EventTable) -> Iterator[dict[str, Any]]:
    names = ("payment_event_id", *_OWN, "time", "member")
    columns = [statuses.column(name).to_pylist() for name in names]
    for values in zip(*columns, strict=True):
        row = dict(zip(names, values, strict=True))
        yield {**row, "member": row["member"] or _NOBODY}


def _candidates(
    payments: EventTable, statuses: EventTable, name: str, own: str
) -> dict[tuple[str, str], list[tuple[int, dict[str, Any]]]]:
    """Return the payments that statuses may mean by one of the names, by member and name."""
    found: dict[tuple[str, str], list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    if not statuses.has(name) or not payments.has(own):
        return found
    wanted = pc.unique(statuses.column(name)).drop_null()
    rows = np.flatnonzero(np.asarray(pc.is_in(payments.column(own), value_set=wanted)))
    chosen = payments.take(rows)
    columns = [chosen.column(one).to_pylist() for one in ("member", own, *_OWN)]
    for row, member, key, *others in zip(rows.tolist(), *columns, strict=True):
        found[member or _NOBODY, key].append((row, dict(zip(_OWN, others, strict=True))))
    return found


def _of_another(payment: dict[str, Any], status: dict[str, Any]) -> bool:
    return any(
        payment[name] is not None and status[name] is not None and payment[name] != status[name]
        for name in _OWN
    )
