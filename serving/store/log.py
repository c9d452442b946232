"""Reading the event log, assessments and labels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from features.events import Finding
from serving.assessments import Assessment
from serving.store import schema
from serving.store.records import assessment_of

_EVENTS, _ASSESSMENTS, _LABELS = schema.events, schema.assessments, schema.labels
_STATUSES = schema.payment_statuses
_PER_FETCH = 2_000


@dataclass(frozen=True)
class Record:
    """One entry of the log as it was written."""

    sequence: int
    member: str
    stream: str
    event_id: str
    received_at: int
    event_time: int
    body: bytes


_RECORD = tuple(_EVENTS.c[name] for name in Record.__dataclass_fields__)


def last_received(connection: Connection) -> int:
    """Return when the log's last entry was received, 0 for an empty log."""
    return connection.scalar(sa.select(sa.func.max(_EVENTS.c.received_at))) or 0


def members(connection: Connection) -> list[str]:
    """Return the members that the log holds anything of."""
    return list(connection.scalars(sa.select(_EVENTS.c.member).distinct()))


def replay(
    connection: Connection, members: Collection[str] | None = None, after: int = 0
) -> Iterator[Record]:
    """Yield the log in order, of some members or of all, after a sequence."""
    query = sa.select(*_RECORD).order_by(_EVENTS.c.sequence).where(_EVENTS.c.sequence > after)
    if members is not None:
        query = query.where(_EVENTS.c.member.in_(list(members)))
    for row in connection.execute(query, execution_options={"yield_per": _PER_FETCH}):
        yield Record(*row)


@dataclass(frozen=True)
class At:
    """Whose entry stands at a place of the log, when it was received, and the hash of its body."""

    member: str
    received_at: int
    body_hash: bytes


def entry_at(connection: Connection, sequence: int) -> At | None:
    """Return what stands at a place of the log."""
    columns = (_EVENTS.c.member, _EVENTS.c.received_at, _EVENTS.c.body_hash)
    row = connection.execute(sa.select(*columns).where(_EVENTS.c.sequence == sequence)).first()
    return At(*row) if row else None


def record_of(connection: Connection, member: str, stream: str, event_id: str) -> Record | None:
    """Return one entry by its identity."""
    row = connection.execute(
        sa.select(*_RECORD).where(
            _EVENTS.c.member == member,
            _EVENTS.c.stream == stream,
            _EVENTS.c.event_id == event_id,
        )
    ).first()
    return Record(*row) if row else None


def payments_after(
    connection: Connection, member: str, sequence: int, limit: int
) -> Iterator[Record]:
    """Yield the member's payments that arrived after an entry, in the order of the log."""
    query = (
        sa.select(*_RECORD)
        .where(
            _EVENTS.c.sequence > sequence,
            _EVENTS.c.member == member,
            _EVENTS.c.stream == "payment",
        )
        .order_by(_EVENTS.c.sequence)
        .limit(limit)
    )
    for row in connection.execute(query, execution_options={"yield_per": _PER_FETCH}):
        yield Record(*row)


def assessment(connection: Connection, member: str, assessment_id: str) -> Assessment | None:
    """Return one of the member's assessments."""
    rows = connection.execute(
        sa.select(_ASSESSMENTS).where(
            _ASSESSMENTS.c.assessment_id == assessment_id, _ASSESSMENTS.c.member == member
        )
    ).mappings()
    return next(map(assessment_of, rows), None)


def assessments_of(connection: Connection, sequences: Iterable[int]) -> dict[int, Assessment]:
    """Return the assessments of some entries, by sequence."""
    rows = connection.execute(
        sa.select(_ASSESSMENTS).where(_ASSESSMENTS.c.sequence.in_(list(sequences)))
    ).mappings()
    return {row["sequence"]: assessment_of(row) for row in rows}


def timeline(
    connection: Connection, member: str, subject: str, accounts: Collection[str], limit: int
) -> list[Record]:
    """Return the subject's newest events and payments to its accounts, newest first."""
    # One query for each index: joined by OR, neither would be used.
    own = _EVENTS.c.subject == subject
    paid = _EVENTS.c.counterparty.in_(list(accounts))
    order = (_EVENTS.c.event_time.desc(), _EVENTS.c.sequence.desc())
    found: dict[int, Record] = {}
    for part in (own, paid):
        query = sa.select(*_RECORD).where(_EVENTS.c.member == member, part)
        rows = connection.execute(query.order_by(*order).limit(limit))
        found |= {record.sequence: record for record in (Record(*row) for row in rows)}
    newest = sorted(found.values(), key=lambda one: (one.event_time, one.sequence), reverse=True)
    return newest[:limit]


def accesses(
    connection: Connection, member: str, subject: str, times: tuple[int, int], limit: int
) -> list[Record]:
    """Return the subject's newest access events between two times, both included."""
    query = (
        sa.select(*_RECORD)
        .where(
            _EVENTS.c.member == member,
            _EVENTS.c.subject == subject,
            _EVENTS.c.event_time.between(*times),
            _EVENTS.c.stream == "access",
        )
        .order_by(_EVENTS.c.event_time.desc())
        .limit(limit)
    )
    return [Record(*row) for row in connection.execute(query)]


def add_label(
    connection: Connection,
    *,
    sequence: int,
    member: str,
    label_id: str,
    stream: str,
    event_id: str,
    is_fraud: bool,
    finding: Finding | None,
) -> None:
    """Note which event a label of the log is about, what it says, and what it establishes."""
    connection.execute(
        sa.insert(_LABELS).values(
            sequence=sequence,
            member=member,
            label_id=label_id,
            stream=stream,
            event_id=event_id,
            is_fraud=is_fraud,
            established=finding is not None,
            blames=finding is not None and finding.blames,
        )
    )


def label_exists(connection: Connection, member: str, label_id: str) -> bool:
    """Tell whether the member has given a label of this identifier."""
    query = sa.select(_LABELS.c.sequence).where(
        _LABELS.c.member == member, _LABELS.c.label_id == label_id
    )
    return connection.scalar(query) is not None


def latest_findings(
    connection: Connection, member: str, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Finding]:
    """Return what is established of each (stream, event id), by its last label that does so.

    Events of which nothing is are left out.
    """
    query = (
        sa.select(_LABELS.c.stream, _LABELS.c.event_id, _LABELS.c.is_fraud, _LABELS.c.blames)
        .where(
            _LABELS.c.member == member,
            _LABELS.c.established,
            _LABELS.c.event_id.in_([event_id for _, event_id in keys]),
        )
        .order_by(_LABELS.c.sequence)
    )
    wanted = set(keys)
    return {
        (stream, event_id): Finding(is_fraud, blames)
        for stream, event_id, is_fraud, blames in connection.execute(query)
        if (stream, event_id) in wanted
    }


def payments_named(
    connection: Connection, member: str, name: str, references: Mapping[str, str | None]
) -> list[Record]:
    """Return at most two payments that bear one of the references; see `features.statuses`.

    `references` holds `event_id`, `uetr` and `end_to_end_id`, and `name` says which of them is
    looked up. Unless that is the UETR, a payment that bears another's UETR or end-to-end
    identification is left out.
    """
    query = sa.select(*_RECORD).where(
        _EVENTS.c.member == member,
        _EVENTS.c.stream == "payment",
        _EVENTS.c[name] == references[name],
    )
    for other in ("uetr", "end_to_end_id"):
        if name != "uetr" and references[other] is not None:
            column = _EVENTS.c[other]
            query = query.where(sa.or_(column.is_(None), column == references[other]))
    rows = connection.execute(query.order_by(_EVENTS.c.sequence).limit(2))
    return [Record(*row) for row in rows]


def add_status(
    connection: Connection, *, sequence: int, member: str, payment: int, status: str
) -> None:
    """Note which payment (by sequence) a status of the log is about, and what it says."""
    connection.execute(
        sa.insert(_STATUSES).values(
            sequence=sequence, member=member, payment=payment, status=status
        )
    )


def payment_of_status(connection: Connection, sequence: int) -> Record | None:
    """Return the payment that a status of the log (by sequence) is about."""
    row = connection.execute(
        sa.select(*_RECORD)
        .join_from(_STATUSES, _EVENTS, _STATUSES.c.payment == _EVENTS.c.sequence)
        .where(_STATUSES.c.sequence == sequence)
    ).first()
    return Record(*row) if row else None


def statuses_of(connection: Connection, payments: Collection[int]) -> dict[int, list[str]]:
    """Return what was said of each payment (by sequence), in the order of the log."""
    found: dict[int, list[str]] = {}
    query = (
        sa.select(_STATUSES.c.payment, _STATUSES.c.status)
        .where(_STATUSES.c.payment.in_(list(payments)))
        .order_by(_STATUSES.c.sequence)
    )
    for payment, status in connection.execute(query):
        found.setdefault(payment, []).append(status)
    return found


def finding_before(
    connection: Connection, member: str, stream: str, event_id: str, sequence: int
) -> Finding | None:
    """Return what was established of an event before a place of the log, None when nothing was."""
    query = (
        sa.select(_LABELS.c.is_fraud, _LABELS.c.blames)
        .where(
            _LABELS.c.established,
            _LABELS.c.member == member,
            _LABELS.c.stream == stream,
            _LABELS.c.event_id == event_id,
            _LABELS.c.sequence < sequence,
        )
        .order_by(_LABELS.c.sequence.desc())
    )
    row = connection.execute(query.limit(1)).first()
    return Finding(*row) if row else None


def fates_before(connection: Connection, payment: int, sequence: int) -> list[str]:
    """Return the statuses of a payment (by sequence) before a place of the log."""
    return list(
        connection.scalars(
            sa.select(_STATUSES.c.status).where(
                _STATUSES.c.payment == payment, _STATUSES.c.sequence < sequence
            )
        )
    )


def label_bodies(
    connection: Connection, member: str | None, after: int = 0, limit: int = 1_000
) -> list[tuple[int, bytes]]:
    """Return (sequence, canonical body) of labels after a sequence, in the order of the log."""
    query = (
        sa.select(_LABELS.c.sequence, _EVENTS.c.body)
        .join_from(_LABELS, _EVENTS)
        .where(_LABELS.c.sequence > after)
        .order_by(_LABELS.c.sequence)
        .limit(limit)
    )
    if member is not None:
        query = query.where(_LABELS.c.member == member)
    return [(sequence, body) for sequence, body in connection.execute(query)]
