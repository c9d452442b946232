"""Recalls: which payments were asked back, and what became of the money."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from serving.store.schema import recalls


@dataclass(frozen=True)
class RecallRow:
    """One payment that was asked back; times in microseconds, amount in EUR cents."""

    member: str
    number: int
    sequence: int
    state: str
    amount: int | None
    requested_at: int
    requested_by: str
    closed_at: int | None = None
    closed_by: str | None = None


def add(connection: Connection, row: RecallRow) -> None:
    """Note that a payment was asked back."""
    connection.execute(sa.insert(recalls).values(vars(row)))


def of_case(connection: Connection, member: str, number: int) -> dict[int, RecallRow]:
    """Return a case's recalls by the sequence of their payment."""
    query = sa.select(recalls).where(recalls.c.member == member, recalls.c.number == number)
    return {row.sequence: RecallRow(*row) for row in connection.execute(query)}


def first_request(connection: Connection, member: str, number: int) -> int | None:
    """Return when money of the case was first asked back, None when none was."""
    query = sa.select(sa.func.min(recalls.c.requested_at)).where(
        recalls.c.member == member, recalls.c.number == number
    )
    first: int | None = connection.scalar(query)
    return first


def settle(
    connection: Connection,
    member: str,
    number: int,
    sequence: int,
    *,
    state: str,
    amount: int | None,
    at: int,
    by: str,
) -> None:
    """Note what became of the money of a recall."""
    connection.execute(
        sa.update(recalls)
        .where(
            recalls.c.member == member,
            recalls.c.number == number,
            recalls.c.sequence == sequence,
        )
        .values(state=state, amount=amount, closed_at=at, closed_by=by)
    )
