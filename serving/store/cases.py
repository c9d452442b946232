"""Cases: their lines, flagged events and history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.sql.elements import ColumnElement

from serving.store.log import Record
from serving.store.schema import case_events, case_history, cases, events

_UNDECIDED = sa.select(cases).where(
    cases.c.member == sa.bindparam("member"),
    cases.c.subject == sa.bindparam("subject"),
    cases.c.source == sa.bindparam("source"),
    # Written as in the partial index, or it would not be used.
    sa.text("state != 'decided'"),
)


@dataclass(frozen=True)
class CaseRow:
    """A case as stored: times in microseconds, money in EUR cents."""

    member: str
    number: int
    subject: str
    subject_name: str | None
    state: str
    advice: str
    probability: float
    margin: float
    expected_loss: int
    events: int
    streams: str
    largest_loss: int
    debtor_country: str | None
    creditor_country: str | None
    first_reason: str | None
    opened_at: int
    updated_at: int
    claimed_by: str | None = None
    claimed_at: int | None = None
    decided_by: str | None = None
    decided_at: int | None = None
    disposition: str | None = None
    decision_reason: str | None = None
    source: str = "flag"
    novel: bool = False
    rank: int = 0
    amount: int = 0
    suspicion: str | None = None
    model_version: str | None = None
    typology: str | None = None
    claim_expires_at: int | None = None


@dataclass(frozen=True)
class HistoryRow:
    """One thing that happened to a case."""

    at: int
    actor: str
    action: str
    text: str


def _is(member: str, number: int) -> ColumnElement[bool]:
    return sa.and_(cases.c.member == member, cases.c.number == number)


def undecided(connection: Connection, member: str, subject: str, source: str) -> CaseRow | None:
    """Return the subject's case of this source that is not decided yet."""
    given = {"member": member, "subject": subject, "source": source}
    row = connection.execute(_UNDECIDED, given).first()
    return CaseRow(*row) if row else None


def case(connection: Connection, member: str, number: int) -> CaseRow | None:
    """Return one of the member's cases."""
    row = connection.execute(sa.select(cases).where(_is(member, number))).first()
    return CaseRow(*row) if row else None


def next_number(connection: Connection, member: str) -> int:
    """Return the number of the member's next case."""
    query = sa.select(sa.func.max(cases.c.number)).where(cases.c.member == member)
    return (connection.scalar(query) or 0) + 1


def add(connection: Connection, row: CaseRow) -> None:
    """Store a new case."""
    connection.execute(sa.insert(cases).values(vars(row)))


def change(connection: Connection, member: str, number: int, **values: Any) -> None:
    """Change some columns of a case."""
    connection.execute(sa.update(cases).where(_is(member, number)).values(values))


def add_event(connection: Connection, member: str, number: int, sequence: int) -> None:
    """Put a flagged event into a case."""
    connection.execute(
        sa.insert(case_events).values(member=member, number=number, sequence=sequence)
    )


def add_history(connection: Connection, member: str, number: int, entry: HistoryRow) -> None:
    """Note what happened to a case."""
    connection.execute(sa.insert(case_history).values(member=member, number=number, **vars(entry)))


def history(connection: Connection, member: str, number: int) -> list[HistoryRow]:
    """Return what happened to a case, oldest first."""
    table = case_history.c
    query = (
        sa.select(table.at, table.actor, table.action, table.text)
        .where(table.member == member, table.number == number)
        .order_by(table.entry)
    )
    return [HistoryRow(*row) for row in connection.execute(query)]


def flagged_events(connection: Connection, member: str, number: int) -> list[Record]:
    """Return a case's flagged events in the order of the log."""
    query = (
        sa.select(*(events.c[name] for name in Record.__dataclass_fields__))
        .join(case_events, case_events.c.sequence == events.c.sequence)
        .where(case_events.c.member == member, case_events.c.number == number)
        .order_by(events.c.sequence)
    )
    return [Record(*row) for row in connection.execute(query)]
