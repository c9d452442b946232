"""The audit log's rows: only ever added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from serving.store.schema import audit


@dataclass(frozen=True)
class AuditRow:
    """Who did what to what, and when (microseconds)."""

    entry: int
    at: int
    actor: str
    member: str | None
    action: str
    target: str
    detail: dict[str, Any]


def add(
    connection: Connection,
    *,
    at: int,
    actor: str,
    member: str | None,
    action: str,
    target: str,
    detail: dict[str, Any],
) -> None:
    """Add a row."""
    connection.execute(
        sa.insert(audit).values(
            at=at,
            actor=actor,
            member=member,
            action=action,
            target=target,
            detail=orjson.dumps(detail, option=orjson.OPT_SORT_KEYS).decode(),
        )
    )


def newest(connection: Connection, limit: int, member: str | None = None) -> list[AuditRow]:
    """Return the newest rows, newest first, of one member or of all."""
    query = sa.select(audit).order_by(audit.c.entry.desc()).limit(limit)
    if member is not None:
        query = query.where(audit.c.member == member)
    return [
        AuditRow(**{**row, "detail": orjson.loads(row["detail"])})
        for row in connection.execute(query).mappings()
    ]
