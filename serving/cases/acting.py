"""What every act on a case shares: to find it, to check that it may be done, to write it down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from serving import audit
from serving.auth import Principal
from serving.errors import Conflict, NotFound
from serving.sequencer import Sequencer, Turn
from serving.store import approvals, desks
from serving.store import cases as table
from serving.store.cases import CaseRow, HistoryRow

LONGEST_SITTING = 4 * 3600
"""Seconds of one sitting that are counted at most: a page left open is no work."""


async def act(
    sequencer: Sequencer,
    principal: Principal,
    case_id: str,
    change: Callable[[Turn, CaseRow], CaseRow],
) -> CaseRow:
    """Run a change of one of the member's cases in its turn, and return the case after it.

    Raises `Forbidden` without the scope `review`, `NotFound` for a case of another member or none.
    """
    principal.require("review")
    number = number_of(case_id)

    def task(turn: Turn) -> CaseRow:
        return change(turn, found(turn, principal.member, number))

    return await sequencer.submit(task, member=principal.member)


def found(turn: Turn, member: str, number: int) -> CaseRow:
    """Return a case as it is in this turn; raises `NotFound`."""
    turn.unit.flush()
    row = table.case(turn.unit.connection, member, number)
    if row is None:
        raise no_case(f"C-{number}")
    return row


def apply(
    turn: Turn,
    principal: Principal,
    row: CaseRow,
    values: dict[str, Any],
    action: str,
    text: str,
    at: int,
    **detail: Any,
) -> CaseRow:
    """Change a case, and note that in its history and in the audit log."""
    connection = turn.unit.connection
    values = {**values, "updated_at": at}
    table.change(connection, row.member, row.number, **values)
    entry = HistoryRow(at, principal.name, action, text)
    table.add_history(connection, row.member, row.number, entry)
    audit.note(turn.unit, principal, f"case.{action}", f"C-{row.number}", at=at, **detail)
    return CaseRow(**{**vars(row), **values})


def spend(turn: Turn, row: CaseRow, seconds: int) -> None:
    """Add the time that somebody had the case before them."""
    counted = min(max(seconds, 0), LONGEST_SITTING)
    if counted:
        connection = turn.unit.connection
        so_far = desks.desk(connection, row.member, row.number).seconds_spent
        desks.change(connection, row.member, row.number, seconds_spent=so_far + counted)


def number_of(case_id: str, prefix: str = "C-") -> int:
    """Return the number in an identifier such as C-17; raises `NotFound`."""
    digits = case_id.removeprefix(prefix)
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 15 or digits == case_id:
        raise no_case(case_id)
    return int(digits)


def no_case(case_id: str) -> NotFound:
    """Return the refusal for a case that is not there."""
    return NotFound(f"there is no case {case_id[:40]!r}")


def check_undecided(row: CaseRow) -> None:
    """Raise `Conflict` when the case is decided."""
    if row.state == "decided":
        raise Conflict(f"C-{row.number} was decided by {row.decided_by}")


def check_held(row: CaseRow, principal: Principal) -> None:
    """Raise `Conflict` unless the principal holds the undecided case."""
    check_undecided(row)
    if row.claimed_by != principal.name:
        raise Conflict(f"C-{row.number} is not claimed by you; claim it first")


def check_nothing_waits(turn: Turn, row: CaseRow) -> None:
    """Raise `Conflict` while a proposal about the case waits for a second person."""
    waiting = approvals.pending_of(turn.unit.connection, row.member, row.number)
    if waiting is not None:
        raise Conflict(
            f"C-{row.number} waits for a second person since {waiting.proposed_by} proposed a "
            f"decision; approve, reject or withdraw that first"
        )
