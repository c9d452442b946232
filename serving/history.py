"""Events from before the service: they become history, without an assessment of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice

from features.errors import CrossflagError
from features.events import AccessEvent, AnyRecord, Label, Payment, PaymentStatus
from serving import audit, statuses
from serving.errors import ServiceError
from serving.ownership import owning
from serving.store import log
from serving.store.database import Database
from serving.store.log import Record
from serving.store.unit import Entry, EventKey, Unit
from serving.subjects import counterparty_of, references_of, subject_of

Arrival = tuple[int, AnyRecord]
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
    payment_statuses: int = 0
    statuses_without_payment: int = 0


def load(
    database: Database,
    member: str,
    arrivals: Iterable[Arrival],
    progress: Callable[[int], None] | None = None,
) -> Loaded:
    """Add arrivals, in their order, to the log as the member's history.

    What the log already holds is left as it is, so that a load can be repeated after a failure.
    Raises CrossflagError when an arrival lies before the log's end, or a running service owns the
    member.
    """
    loaded, done = Loaded(), 0
    rest = iter(arrivals)
    with owning(database, member) as check:
        end = database.read(log.last_received)
        while part := list(islice(rest, _PER_COMMIT)):
            with database.unit() as unit:
                check(unit)
                unit.prefetch(_key(member, event) for _, event in part)
                for arrived, event in part:
                    loaded = _add(unit, member, arrived, event, end, loaded)
            done += len(part)
            if progress:
                progress(done)
        with database.unit() as unit:
            check(unit)
            audit.note(unit, None, "history.load", member, member=member, **vars(loaded))
    return loaded


def _add(
    unit: Unit, member: str, arrived: int, event: AnyRecord, end: int, loaded: Loaded
) -> Loaded:
    key = _key(member, event)
    if unit.find(key) is not None:
        return replace(loaded, known=loaded.known + 1)
    if isinstance(event, Label) and unit.find((member, event.stream, event.event_id)) is None:
        return replace(loaded, labels_without_event=loaded.labels_without_event + 1)
    payment = _payment_of(unit, member, event) if isinstance(event, PaymentStatus) else None
    if isinstance(event, PaymentStatus) and payment is None:
        return replace(loaded, statuses_without_payment=loaded.statuses_without_payment + 1)
    if arrived < end:
        raise CrossflagError(
            f"{key[1]} {key[2]} arrived before the end of the service's log; history is loaded "
            f"before the first event is scored: use an empty home, or score the event"
        )
    if isinstance(event, PaymentStatus) and payment is not None:
        statuses.add(unit, member, event, payment, arrived, event.canonical())
        loaded = replace(loaded, payment_statuses=loaded.payment_statuses + 1)
        label = event.fraud_label(payment.event_id)
        return loaded if label is None else _add(unit, member, arrived, label, end, loaded)
    if isinstance(event, Label):
        _add_label(unit, member, arrived, event)
        return replace(loaded, labels=loaded.labels + 1)
    if isinstance(event, Payment):
        _append(unit, key, arrived, event.time_us, event, **references_of(event))
        return replace(loaded, payments=loaded.payments + 1)
    _append(unit, key, arrived, event.time_us, event)
    return replace(loaded, access_events=loaded.access_events + 1)


def _append(
    unit: Unit, key: EventKey, arrived: int, time: int, event: AnyRecord, **more: str | None
) -> int:
    body = event.canonical()
    if isinstance(event, Payment | AccessEvent):
        more |= {"subject": subject_of(event), "counterparty": counterparty_of(event)}
    member, stream, event_id = key
    return unit.append(
        Entry(
            member=member,
            stream=stream,
            event_id=event_id,
            received_at=arrived,
            event_time=time,
            body=body,
            body_hash=hashlib.sha256(body).digest(),
            **more,
        )
    )


def _add_label(unit: Unit, member: str, arrived: int, label: Label) -> None:
    key = _key(member, label)
    sequence = _append(unit, key, arrived, label.known_at_us, label)
    unit.flush()
    log.add_label(
        unit.connection,
        sequence=sequence,
        member=member,
        label_id=key[2],
        stream=label.stream,
        event_id=label.event_id,
        is_fraud=label.is_fraud,
        finding=label.finding,
    )


def _payment_of(unit: Unit, member: str, status: PaymentStatus) -> Record | None:
    unit.flush()
    try:
        return statuses.payment_of(unit, member, status)
    except ServiceError:
        return None


def _key(member: str, event: AnyRecord) -> EventKey:
    if isinstance(event, Label):
        return member, "label", str(event.label_id)
    return member, event.stream, event.event_id
