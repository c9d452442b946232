"""The audit log: who decided, claimed, administered or promoted what, and when; only added to."""

from __future__ import annotations

from typing import Any

from serving.auth import Principal
from serving.clock import now
from serving.store import audit as table
from serving.store.audit import AuditRow
from serving.store.database import Database
from serving.store.unit import Unit

__all__ = ["AuditRow", "newest", "note"]


def note(
    unit: Unit,
    principal: Principal | None,
    action: str,
    target: str,
    *,
    at: int | None = None,
    member: str | None = None,
    **detail: Any,
) -> None:
    """Add a row within the transaction of what it tells; no principal is the operator's shell.

    `action` reads noun.verb, such as case.decide; `target` names the thing, `detail` the rest.
    """
    table.add(
        unit.connection,
        at=now() if at is None else at,
        actor=f"{principal.kind}:{principal.name}" if principal else "operator",
        member=principal.member if principal else member,
        action=action,
        target=target,
        detail=detail,
    )


def newest(database: Database, limit: int = 100, member: str | None = None) -> list[AuditRow]:
    """Return the newest rows, newest first."""
    return database.read(lambda connection: table.newest(connection, limit, member))
