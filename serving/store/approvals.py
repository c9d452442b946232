"""Approvals: what waits for a second person, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from serving.store.schema import approvals


@dataclass(frozen=True)
class ApprovalRow:
    """One proposal; times in microseconds, `content` what is done when it is approved."""

    member: str
    approval: int
    number: int
    kind: str
    content: dict[str, Any]
    proposed_by: str
    proposed_at: int
    state: str
    closed_by: str | None = None
    closed_at: int | None = None
    why: str | None = None


_COLUMNS = tuple(approvals.c[name] for name in ApprovalRow.__dataclass_fields__)


def _row(row: Any) -> ApprovalRow:
    values = dict(row._mapping)
    return ApprovalRow(**values | {"content": orjson.loads(values["content"])})


def add(
    connection: Connection,
    member: str,
    number: int,
    kind: str,
    content: dict[str, Any],
    proposed_by: str,
    at: int,
) -> int:
    """Store a proposal that waits, and return its number."""
    newest = sa.select(sa.func.max(approvals.c.approval)).where(approvals.c.member == member)
    approval = (connection.scalar(newest) or 0) + 1
    connection.execute(
        sa.insert(approvals).values(
            member=member,
            approval=approval,
            number=number,
            kind=kind,
            content=orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode(),
            proposed_by=proposed_by,
            proposed_at=at,
            state="pending",
        )
    )
    return approval


def one(connection: Connection, member: str, approval: int) -> ApprovalRow | None:
    """Return one of the member's proposals."""
    query = sa.select(*_COLUMNS).where(
        approvals.c.member == member, approvals.c.approval == approval
    )
    row = connection.execute(query).first()
    return _row(row) if row else None


def pending_of(connection: Connection, member: str, number: int) -> ApprovalRow | None:
    """Return what waits for a second person at a case."""
    query = sa.select(*_COLUMNS).where(
        approvals.c.member == member,
        approvals.c.number == number,
        approvals.c.state == "pending",
    )
    row = connection.execute(query).first()
    return _row(row) if row else None


def listed(connection: Connection, member: str, pending: bool, limit: int) -> list[ApprovalRow]:
    """Return what waits, oldest first, or what was closed, newest first."""
    waits = approvals.c.state == "pending"
    query = sa.select(*_COLUMNS).where(approvals.c.member == member, waits if pending else ~waits)
    order = approvals.c.proposed_at if pending else approvals.c.closed_at.desc()
    return [_row(row) for row in connection.execute(query.order_by(order).limit(limit))]


def waiting(connection: Connection, member: str, not_by: str) -> int:
    """Return how many proposals of others wait."""
    return (
        connection.scalar(
            sa.select(sa.func.count())
            .select_from(approvals)
            .where(
                approvals.c.member == member,
                approvals.c.state == "pending",
                approvals.c.proposed_by != not_by,
            )
        )
        or 0
    )


def close(
    connection: Connection,
    member: str,
    approval: int,
    *,
    state: str,
    by: str,
    at: int,
    why: str | None,
) -> None:
    """Close a proposal that waits."""
    connection.execute(
        sa.update(approvals)
        .where(approvals.c.member == member, approvals.c.approval == approval)
        .values(state=state, closed_by=by, closed_at=at, why=why)
    )
