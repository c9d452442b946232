"""The second pair of eyes: what waits, approved, rejected or withdrawn by whom it may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from serving import audit
from serving.auth import Principal
from serving.cases.acting import apply, check_undecided, found, number_of
from serving.cases.deciding import Decision, carry_out, text_problems
from serving.cases.detail import approval_of
from serving.cases.views import Approval
from serving.errors import Conflict, Forbidden, Invalid, NotFound
from serving.metrics import Metrics
from serving.sequencer import Sequencer, Turn
from serving.store import approvals as table
from serving.store.approvals import ApprovalRow
from serving.store.database import Database

_MOST = 200
_CLAIM = 3_600_000_000
"""Microseconds that a case stays with who proposed, after a rejection."""
_Close = Callable[[Turn, ApprovalRow, int], None]


class Approvals:
    """The use cases of approval, bound to the principal's own member.

    Who proposed never approves, and an API key is no person: only somebody who is signed in
    approves or rejects.
    """

    def __init__(self, sequencer: Sequencer, database: Database, metrics: Metrics) -> None:
        self._sequencer = sequencer
        self._database = database
        self._metrics = metrics

    async def inbox(self, principal: Principal, *, pending: bool = True) -> list[Approval]:
        """Return what waits, oldest first, or what was closed, newest first (200 at most).

        Raises `Forbidden` without the scope `read`.
        """
        principal.require("read")
        rows = await self._database.reads(table.listed, principal.member, pending, _MOST)
        return [approval_of(row) for row in rows]

    async def waiting(self, principal: Principal) -> int:
        """Return how many proposals wait that the principal did not make."""
        return await self._database.reads(table.waiting, principal.member, principal.name)

    async def approve(self, principal: Principal, approval_id: str, why: str = "") -> Approval:
        """Carry out what was proposed, or find right what was done because harm was imminent.

        Raises `Forbidden` for a key and without the scope `review`, `NotFound`, and `Conflict`
        when the principal proposed it, it is closed, or the case has changed since.
        """
        _check_person(principal)

        def close(turn: Turn, row: ApprovalRow, at: int) -> None:
            _check_other(principal, row)
            case = found(turn, row.member, row.number)
            if row.kind != "break_glass":
                check_undecided(case)
            case = apply(turn, principal, case, {}, "approved", why.strip(), at)
            if row.kind != "break_glass":
                decision = Decision.read(row.content)
                later = turn.stamps.next()
                carry_out(turn, principal, case, decision, self._metrics, row.proposed_by, later)

        return await self._close(principal, approval_id, "approved", why, close)

    async def reject(self, principal: Principal, approval_id: str, why: str) -> Approval:
        """Turn down what was proposed; a reason is mandatory. Raises as `approve`, and `Invalid`.

        What was done because harm was imminent stays done; that it was not found right is kept.
        """
        _check_person(principal)
        if problems := text_problems("why", why):
            raise Invalid(problems)

        def close(turn: Turn, row: ApprovalRow, at: int) -> None:
            _check_other(principal, row)
            case = found(turn, row.member, row.number)
            apply(turn, principal, case, _held_on(row, at), "rejected", why.strip(), at)

        return await self._close(principal, approval_id, "rejected", why, close)

    async def withdraw(self, principal: Principal, approval_id: str) -> Approval:
        """Take back one's own proposal; `Conflict` for another's, or for what is done already."""
        principal.require("review")

        def close(turn: Turn, row: ApprovalRow, at: int) -> None:
            if row.proposed_by != principal.name:
                raise Conflict(f"{approval_id} was proposed by {row.proposed_by}; reject it")
            if row.kind == "break_glass":
                raise Conflict(f"{approval_id} is done already; a second person looks at it")
            case = found(turn, row.member, row.number)
            apply(turn, principal, case, _held_on(row, at), "withdrawn", "", at)

        return await self._close(principal, approval_id, "withdrawn", "", close)

    async def _close(
        self, principal: Principal, approval_id: str, state: str, why: str, close: _Close
    ) -> Approval:
        try:
            approval = number_of(approval_id, "A-")
        except NotFound:
            raise _no_approval(approval_id) from None

        def task(turn: Turn) -> ApprovalRow:
            connection = turn.unit.connection
            row = table.one(connection, principal.member, approval)
            if row is None:
                raise _no_approval(approval_id)
            if row.state != "pending":
                raise Conflict(f"{approval_id} was {row.state} by {row.closed_by}")
            at = turn.stamps.next()
            close(turn, row, at)
            by, text = principal.name, why.strip() or None
            table.close(connection, row.member, approval, state=state, by=by, at=at, why=text)
            audit.note(turn.unit, principal, f"approval.{state}", approval_id, at=at, kind=row.kind)
            return replace(row, state=state, closed_by=by, closed_at=at, why=text)

        return approval_of(await self._sequencer.submit(task, member=principal.member))


def _held_on(row: ApprovalRow, at: int) -> dict[str, Any]:
    """Let the claim of who proposed run on from now."""
    return {} if row.kind == "break_glass" else {"claim_expires_at": at + _CLAIM}


def _check_person(principal: Principal) -> None:
    principal.require("review")
    if principal.kind != "user":
        raise Forbidden("an API key is no person; sign in to the console to approve or reject")


def _check_other(principal: Principal, row: ApprovalRow) -> None:
    if row.proposed_by == principal.name:
        raise Conflict(f"you proposed A-{row.approval}; a second person decides on it")


def _no_approval(approval_id: str) -> NotFound:
    return NotFound(f"there is no approval {approval_id[:40]!r}")
