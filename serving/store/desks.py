"""What stands on a case's desk: sleep, unit, merging, findings by event, clocks that were met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from serving.store.schema import (
    assessments,
    case_desks,
    case_entities,
    case_events,
    case_findings,
    cases,
    clock_stops,
)


@dataclass(frozen=True)
class DeskRow:
    """A case's desk; times in microseconds."""

    snoozed_until: int | None = None
    snooze_reason: str | None = None
    unit: str | None = None
    merged_into: int | None = None
    protective: bool = False
    seconds_spent: int = 0


@dataclass(frozen=True)
class FindingRow:
    """What a decision said of one event of its case."""

    sequence: int
    positive: bool
    subject_role: str


_COLUMNS = tuple(case_desks.c[name] for name in DeskRow.__dataclass_fields__)


def desk(connection: Connection, member: str, number: int) -> DeskRow:
    """Return a case's desk, an empty one where nothing was put on it yet."""
    query = sa.select(*_COLUMNS).where(case_desks.c.member == member, case_desks.c.number == number)
    row = connection.execute(query).first()
    return DeskRow(*row) if row else DeskRow()


def change(connection: Connection, member: str, number: int, **values: Any) -> None:
    """Change some columns of a case's desk, which is made when there is none."""
    place = (case_desks.c.member == member, case_desks.c.number == number)
    changed = connection.execute(sa.update(case_desks).where(*place).values(values))
    if not changed.rowcount:
        connection.execute(sa.insert(case_desks).values(member=member, number=number, **values))


def is_awake(at: int) -> sa.ColumnElement[bool]:
    """Return the condition that a case of the table `cases` does not sleep at a time."""
    return ~(
        sa.exists()
        .where(
            case_desks.c.member == cases.c.member,
            case_desks.c.number == cases.c.number,
            case_desks.c.snoozed_until > at,
        )
        .correlate(cases)
    )


def keep_findings(
    connection: Connection, member: str, number: int, findings: list[FindingRow]
) -> None:
    """Keep what a decision said of each event."""
    if findings:
        connection.execute(
            sa.insert(case_findings),
            [{"member": member, "number": number, **vars(one)} for one in findings],
        )


def findings(connection: Connection, member: str, number: int) -> list[FindingRow]:
    """Return what a decision said of each event, in the order of the log."""
    query = (
        sa.select(case_findings.c.sequence, case_findings.c.positive, case_findings.c.subject_role)
        .where(case_findings.c.member == member, case_findings.c.number == number)
        .order_by(case_findings.c.sequence)
    )
    return [FindingRow(*row) for row in connection.execute(query)]


def move_events(
    connection: Connection, member: str, number: int, target: int, sequences: list[int]
) -> None:
    """Move flagged events from one case to another, which is found by what the first named too."""
    named = sa.select(
        case_entities.c.member,
        sa.literal(target),
        case_entities.c.kind,
        case_entities.c.value,
        case_entities.c.shown,
    ).where(case_entities.c.member == member, case_entities.c.number == number)
    known = sa.select(case_entities.c.value).where(
        case_entities.c.member == member, case_entities.c.number == target
    )
    columns = ["member", "number", "kind", "value", "shown"]
    fresh = named.where(case_entities.c.value.not_in(known))
    connection.execute(sa.insert(case_entities).from_select(columns, fresh))
    connection.execute(
        sa.update(case_events)
        .where(
            case_events.c.member == member,
            case_events.c.number == number,
            case_events.c.sequence.in_(sequences),
        )
        .values(number=target)
    )


def margins(connection: Connection, sequences: list[int]) -> dict[int, float]:
    """Return the margins of some assessments, by sequence."""
    table = assessments.c
    query = sa.select(table.sequence, table.margin).where(table.sequence.in_(sequences))
    return {row.sequence: row.margin for row in connection.execute(query)}


def wake(connection: Connection, member: str, number: int) -> None:
    """End a case's sleep: something new came."""
    connection.execute(
        sa.update(case_desks)
        .where(case_desks.c.member == member, case_desks.c.number == number)
        .values(snoozed_until=None)
    )


def stop_clock(
    connection: Connection, member: str, number: int, clock: str, at: int, actor: str
) -> None:
    """Note that a duty with a time limit was done."""
    connection.execute(
        sa.insert(clock_stops).values(member=member, number=number, clock=clock, at=at, actor=actor)
    )


def stopped_clocks(connection: Connection, member: str, number: int) -> dict[str, tuple[int, str]]:
    """Return the duties that were done: when and by whom, by clock."""
    table = clock_stops.c
    query = sa.select(table.clock, table.at, table.actor).where(
        table.member == member, table.number == number
    )
    return {clock: (at, actor) for clock, at, actor in connection.execute(query)}
