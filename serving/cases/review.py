"""What reviewers do: look at the queue, open a case, claim it, note, decide."""

from __future__ import annotations

from typing import Any

from features.reference import Reference
from serving import audit
from serving.auth import Principal
from serving.cases import cursors
from serving.cases.deciding import chosen_outcome, label_events, text_problems
from serving.cases.detail import detail_of, summary_of
from serving.cases.views import (
    CaseDetail,
    CaseSummary,
    HistoryEntry,
    Order,
    QueuePage,
    State,
)
from serving.errors import Conflict, Invalid, NotFound
from serving.metrics import Metrics
from serving.sequencer import Sequencer, Turn
from serving.store import cases as table
from serving.store.cases import CaseRow, HistoryRow
from serving.store.database import Database
from serving.store.records import moment

LARGEST_PAGE = 200


class Cases:
    """The use cases of review. Every call is bound to the principal's own member.

    All raise `errors.Forbidden` without the scope (`read` to look, `review` to act) and
    `errors.NotFound` for a case of another member or none.
    """

    def __init__(
        self, sequencer: Sequencer, database: Database, metrics: Metrics, reference: Reference
    ) -> None:
        self._sequencer = sequencer
        self._database = database
        self._metrics = metrics
        self._reference = reference

    async def queue(
        self,
        principal: Principal,
        *,
        states: tuple[State, ...] = ("open", "claimed"),
        order: Order = "loss",
        mine: bool = False,
        cursor: str | None = None,
        limit: int = 50,
    ) -> QueuePage:
        """Return cases by expected loss (highest first, then oldest) or by age (oldest first).

        `mine` keeps only those the principal has claimed. Raises `errors.Invalid` for a cursor
        that does not come from the same selection.
        """
        principal.require("read")
        limit = max(1, min(limit, LARGEST_PAGE))
        selection = cursors.selection(principal, states, order, mine)
        rows, total = await self._database.reads(
            table.queue,
            principal.member,
            states=states,
            by_age=order == "age",
            claimed_by=principal.name if mine else None,
            after=cursors.read(cursor, selection) if cursor is not None else None,
            limit=limit + 1,
        )
        following = cursors.write(rows[limit - 1], selection) if len(rows) > limit else None
        return QueuePage(tuple(map(summary_of, rows[:limit])), following, total)

    async def detail(
        self, principal: Principal, case_id: str, *, timeline_limit: int = 200
    ) -> CaseDetail:
        """Return the case with its timeline, parties, corridors, notes and history."""
        principal.require("read")
        number = _number(case_id)
        found = await self._database.reads(
            detail_of, principal.member, number, timeline_limit, self._reference
        )
        if found is None:
            raise _no_case(case_id)
        return found

    async def claim(self, principal: Principal, case_id: str) -> CaseSummary:
        """Take an open case; claiming one's own again changes nothing.

        Raises `errors.Conflict` when another holds it or it is decided.
        """

        def change(turn: Turn, row: CaseRow) -> CaseRow:
            _not_decided(row)
            if row.state == "claimed":
                if row.claimed_by != principal.name:
                    raise Conflict(f"{case_id} is held by {row.claimed_by}")
                return row
            at = turn.stamps.next()
            values = {"state": "claimed", "claimed_by": principal.name, "claimed_at": at}
            return _apply(turn, principal, row, values, "claimed", "", at)

        return await self._act(principal, case_id, change)

    async def release(self, principal: Principal, case_id: str) -> CaseSummary:
        """Give a claimed case back; a supervisor may release another's.

        Raises `errors.Conflict` when it is not claimed, or by somebody else.
        """

        def change(turn: Turn, row: CaseRow) -> CaseRow:
            _not_decided(row)
            if row.state != "claimed":
                raise Conflict(f"{case_id} is not claimed")
            if row.claimed_by != principal.name and not principal.supervises:
                raise Conflict(
                    f"{case_id} is held by {row.claimed_by}; a supervisor may release it"
                )
            at = turn.stamps.next()
            values = {"state": "open", "claimed_by": None, "claimed_at": None}
            text = "" if row.claimed_by == principal.name else f"was held by {row.claimed_by}"
            return _apply(turn, principal, row, values, "released", text, at)

        return await self._act(principal, case_id, change)

    async def note(self, principal: Principal, case_id: str, text: str) -> HistoryEntry:
        """Add a note (1 to 4,000 characters); `errors.Invalid` when it is empty or too long."""
        principal.require("review")
        if problems := text_problems("text", text):
            raise Invalid(problems)
        written: list[int] = []

        def change(turn: Turn, row: CaseRow) -> CaseRow:
            written.append(turn.stamps.next())
            return _apply(turn, principal, row, {}, "noted", text.strip(), written[0])

        await self._act(principal, case_id, change)
        return HistoryEntry(moment(written[0]), principal.name, "noted", text.strip())

    async def decide(
        self,
        principal: Principal,
        case_id: str,
        *,
        disposition: str,
        reason: str,
        typology: str | None = None,
        subject_role: str | None = None,
    ) -> CaseSummary:
        """Close a case that the principal has claimed, and label its flagged events.

        `disposition` is a word of DISPOSITIONS; `reason` (1 to 4,000 characters) is mandatory;
        `typology` (such as account_takeover) and `subject_role` refine a positive label. Raises
        `errors.Invalid` naming every wrong field, `errors.Conflict` when the principal does not
        hold the case.
        """
        principal.require("review")
        refined = {"typology": typology, "subject_role": subject_role}
        chosen = chosen_outcome(disposition, reason, refined)

        def change(turn: Turn, row: CaseRow) -> CaseRow:
            _not_decided(row)
            if row.claimed_by != principal.name:
                raise Conflict(f"{case_id} is not claimed by you; claim it first")
            at = turn.stamps.next()
            labelled = label_events(turn, row, chosen, refined, at)
            values = {
                "state": "decided",
                "decided_by": principal.name,
                "decided_at": at,
                "disposition": chosen.word,
                "decision_reason": reason.strip(),
            }
            text = f"{chosen.title}: {reason.strip()}"
            changed = _apply(turn, principal, row, values, "decided", text, at)
            for stream in labelled:
                self._metrics.labels.labels(stream).inc()
            return changed

        return await self._act(principal, case_id, change)

    async def _act(self, principal: Principal, case_id: str, change: Any) -> CaseSummary:
        principal.require("review")
        number = _number(case_id)

        def task(turn: Turn) -> CaseRow:
            turn.unit.flush()
            row = table.case(turn.unit.connection, principal.member, number)
            if row is None:
                raise _no_case(case_id)
            changed: CaseRow = change(turn, row)
            return changed

        return summary_of(await self._sequencer.submit(task, member=principal.member))


def _apply(
    turn: Turn,
    principal: Principal,
    row: CaseRow,
    values: dict[str, Any],
    action: str,
    text: str,
    at: int,
) -> CaseRow:
    connection = turn.unit.connection
    values = {**values, "updated_at": at}
    table.change(connection, row.member, row.number, **values)
    entry = HistoryRow(at, principal.name, action, text)
    table.add_history(connection, row.member, row.number, entry)
    detail = {"disposition": values["disposition"]} if action == "decided" else {}
    audit.note(turn.unit, principal, f"case.{action}", f"C-{row.number}", at=at, **detail)
    return CaseRow(**{**vars(row), **values})


def _number(case_id: str) -> int:
    digits = case_id.removeprefix("C-")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 15 or digits == case_id:
        raise _no_case(case_id)
    return int(digits)


def _no_case(case_id: str) -> NotFound:
    return NotFound(f"there is no case {case_id[:40]!r}")


def _not_decided(row: CaseRow) -> None:
    if row.state == "decided":
        raise Conflict(f"C-{row.number} was decided by {row.decided_by}")
