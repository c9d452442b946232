"""Events from before the service: they become history, without an assessment of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice

from features.errors import CrossflagError
from features.events import AccessEvent, Label, Payment
from serving import audit
from serving.store import log
from serving.store.database import Database
from serving.store.unit import Entry, EventKey, Unit
from serving.subjects import counterparty_of, subject_of

Arrival = tuple[int, Payment | AccessEvent | Label]
"""When it arrived (microseconds), and what."""
_PER_COMMIT = 5_000


@dataclass(frozen=True)
class Loaded:
    """What became of a load: entries added by stream, known before, labels without an event."""

    payments: int = 0
    access_events: int = 0
    labels: int = 0
    known: int = 0
    labels_without_event: int = 0


def load(
    database: Database,
    member: str,
    arrivals: Iterable[Arrival],
    progress: Callable[[int], None] | None = None,
) -> Loaded:
    """Add arrivals, in their order, to the log as the member's history.

    What the log already holds is left as it is, so that a load can be repeated after a failure.
    Raises CrossflagError when an arrival lies before the log's end.
    """
    end = database.read(log.last_received)
    loaded, done = Loaded(), 0
    rest = iter(arrivals)
    while part := list(islice(rest, _PER_COMMIT)):
        with database.unit() as unit:
            unit.prefetch(_key(member, event) for _, event in part)
            for arrived, event in part:
                loaded = _add(unit, member, arrived, event, end, loaded)
        done += len(part)
        if progress:
            progress(done)
    with database.unit() as unit:
        audit.note(unit, None, "history.load", member, member=member, **vars(loaded))
    return loaded


def _add(
    unit: Unit,
    member: str,
    arrived: int,
    event: Payment | AccessEvent | Label,
    end: int,
    loaded: Loaded,
) -> Loaded:
    key = _key(member, event)
    if unit.find(key) is not None:
        return replace(loaded, known=loaded.known + 1)
    if isinstance(event, Label) and unit.find((member, event.stream, event.event_id)) is None:
        return replace(loaded, labels_without_event=loaded.labels_without_event + 1)
    if arrived < end:
        raise CrossflagError(
            f"{key[1]} {key[2]} arrived before the end of the service's log; history is loaded "
            f"before the first event is scored: use an empty home, or score the event"
        )
    body = event.canonical()
    sequence = unit.append(
        Entry(
            member=member,
            stream=key[1],
            event_id=key[2],
            received_at=arrived,
            event_time=event.known_at_us if isinstance(event, Label) else event.time_us,
            body=body,
            body_hash=hashlib.sha256(body).digest(),
            subject=None if isinstance(event, Label) else subject_of(event),
            counterparty=None if isinstance(event, Label) else counterparty_of(event),
        )
    )
    if isinstance(event, Label):
        unit.flush()
        log.add_label(
            unit.connection,
            sequence=sequence,
            member=member,
            label_id=key[2],
            stream=event.stream,
            event_id=event.event_id,
            is_fraud=event.is_fraud,
        )
        return replace(loaded, labels=loaded.labels + 1)
    if isinstance(event, Payment):
        return replace(loaded, payments=loaded.payments + 1)
    return replace(loaded, access_events=loaded.access_events + 1)


def _key(member: str, event: Payment | AccessEvent | Label) -> EventKey:
    if isinstance(event, Label):
        return member, "label", str(event.label_id)
    return member, event.stream, event.event_id
