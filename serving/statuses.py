"""What became of payments: statuses recorded in the log, and their marks on history and labels.

A status is tied to its payment when it arrives. One whose payment is unknown is refused, and sent
again once the payment was: the service keeps nothing that it cannot place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from features.errors import Problem
from features.events import STATUS_KEYS, UNDOING, PaymentStatus
from serving import audit, labels, restoring
from serving.auth import Principal
from serving.errors import Conflict, Invalid, NotFound, ServiceError
from serving.metrics import Metrics
from serving.pools import Place
from serving.sequencer import Sequencer, Turn
from serving.store import log
from serving.store.log import Record
from serving.store.unit import Entry, Unit

STREAM = PaymentStatus.stream


@dataclass(frozen=True)
class Noted:
    """A status that is kept; `label_id` is the provisional label of a recall for fraud.

    `duplicate` says that the status already was kept.
    """

    event_id: str
    payment_event_id: str
    label_id: str | None
    duplicate: bool


def payment_of(unit: Unit, member: str, status: PaymentStatus) -> Record:
    """Return the log's payment that a status is about; `features.statuses` tells the rule.

    The unit must be flushed. Raises `NotFound` when there is none, `Invalid` when several are
    meant or the status lies before it.
    """
    references = {column: getattr(status, name) for name, column in STATUS_KEYS}
    given = {name: text for name, _ in STATUS_KEYS if (text := getattr(status, name)) is not None}
    for name, column in STATUS_KEYS:
        text = references[column]
        if text is None:
            continue
        found = log.payments_named(unit.connection, member, column, references)
        if len(found) > 1:
            problem = "several payments of yours bear it"
            fix = "send payment_event_id or uetr, which only one payment has"
            raise Invalid([Problem(name, text, problem, fix)])
        if found:
            if status.time_us < found[0].event_time:
                problem, fix = "lies before the payment itself", "send when the status arose"
                raise Invalid([Problem("time", status.time.isoformat(), problem, fix)])
            return found[0]
    # Which one, the sender knows; an end-to-end id may be a customer's number.
    told = " or ".join(given)
    raise NotFound(f"no payment of yours has this {told}; send the payment first, then this again")


def record(turn: Turn, principal: Principal, status: PaymentStatus) -> Noted:
    """Add a status to the log, and its effect to the member's history.

    The first status that undoes a payment takes it out of value features; a recall for fraud is
    recorded as a label too. Raises `Conflict` when the identifier stands for another status, and
    as `payment_of`. Nothing is changed then.
    """
    unit, member = turn.unit, principal.member
    body = status.canonical()
    digest = hashlib.sha256(body).digest()
    known = unit.find((member, STREAM, status.event_id))
    if known is not None and known.body_hash != digest:
        raise Conflict(
            f"event_id {status.event_id!r} was sent before with other fields; "
            f"send another status under an identifier of its own"
        )
    unit.flush()
    if known is not None:
        earlier = log.payment_of_status(unit.connection, known.sequence)
        if earlier is None:
            raise LookupError(f"entry {known.sequence} is a status without its payment")
        return _noted(status, earlier, duplicate=True)
    payment = payment_of(unit, member, status)
    before = log.statuses_of(unit.connection, [payment.sequence]).get(payment.sequence, [])
    received_at = turn.stamps.next()
    sequence = add(unit, member, status, payment, received_at, body)
    if undoes(status.status, before):
        place = Place(member, sequence, received_at)
        turn.pools.retract(restoring.payment(payment.body), place, payment.received_at)
    noted = _noted(status, payment, duplicate=False)
    audit.note(
        unit,
        principal,
        "payment.status",
        payment.event_id,
        event_id=status.event_id,
        status=status.status,
        reason=status.reason,
    )
    label = status.fraud_label(payment.event_id)
    if label is not None and unit.find((member, "label", str(label.label_id))) is None:
        labels.record(turn, member, label)
    return noted


def undoes(status: str, before: Sequence[str]) -> bool:
    """Tell whether a status is the first that undoes its payment; `before` are the earlier ones."""
    return status in UNDOING and not UNDOING.intersection(before)


def add(
    unit: Unit, member: str, status: PaymentStatus, payment: Record, received_at: int, body: bytes
) -> int:
    """Write a status to the log, tied to its payment, and return its sequence.

    `body` is its canonical form.
    """
    sequence = unit.append(
        Entry(
            member=member,
            stream=STREAM,
            event_id=status.event_id,
            received_at=received_at,
            event_time=status.time_us,
            body=body,
            body_hash=hashlib.sha256(body).digest(),
        )
    )
    unit.flush()
    log.add_status(
        unit.connection,
        sequence=sequence,
        member=member,
        payment=payment.sequence,
        status=status.status,
    )
    return sequence


def _noted(status: PaymentStatus, payment: Record, *, duplicate: bool) -> Noted:
    label = status.fraud_label(payment.event_id)
    label_id = None if label is None else str(label.label_id)
    return Noted(status.event_id, payment.event_id, label_id, duplicate)


class Statuses:
    """The use case of payment statuses; each call is bound to the principal's own member."""

    def __init__(self, sequencer: Sequencer, metrics: Metrics) -> None:
        self._sequencer = sequencer
        self._metrics = metrics

    async def record(
        self, principal: Principal, statuses: Sequence[PaymentStatus]
    ) -> list[Noted | ServiceError]:
        """Record statuses in their order and return for each what became of it.

        Raises `Forbidden` without the scope `score`, `Unavailable` when nothing could be stored.
        """
        principal.require("score")
        member = principal.member

        def one(turn: Turn, status: PaymentStatus) -> Noted | ServiceError:
            try:
                return record(turn, principal, status)
            except ServiceError as refusal:
                return refusal

        answers = await self._sequencer.submit(
            lambda turn: [one(turn, status) for status in statuses],
            member=member,
            keys=[(member, STREAM, status.event_id) for status in statuses],
        )
        for status, answer in zip(statuses, answers, strict=True):
            if isinstance(answer, Noted) and not answer.duplicate:
                self._metrics.payment_statuses.labels(status.status).inc()
        return answers
