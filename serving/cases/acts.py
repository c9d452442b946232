"""Acts of a reviewer on one case: claim it, release it; each is one transaction and audited."""

from __future__ import annotations

from typing import Any

from features.reference import Reference
from serving import audit
from serving.auth import Principal
from serving.cases.acting import check_nothing_waits, no_case, number_of
from serving.cases.acting import check_undecided as not_decided
from serving.cases.clocks import Clocks
from serving.cases.detail import summary_of
from serving.cases.presence import Presence
from serving.cases.ranking import limits
from serving.cases.views import CaseSummary
from serving.errors import Conflict
from serving.metrics import Metrics
from serving.sequencer import Sequencer, Turn
from serving.store import cases as table
from serving.store.cases import CaseRow, HistoryRow
from serving.store.database import Database

_MINUTE = 60_000_000


class Acts:
    """What the use cases of review stand on, and the acts by which a case is held.

    `urgent_hours` and `review_hours` are the time within which cases are to be decided,
    `claim_minutes` how long a claim holds after its holder's last act.
    """

    def __init__(
        self,
        sequencer: Sequencer,
        database: Database,
        metrics: Metrics,
        reference: Reference,
        *,
        clocks: Clocks,
        four_eyes: bool,
        urgent_hours: int = 4,
        review_hours: int = 48,
        claim_minutes: int = 60,
    ) -> None:
        self._sequencer = sequencer
        self._database = database
        self._metrics = metrics
        self._reference = reference
        self._clocks = clocks
        self._four_eyes = four_eyes
        self._claim = claim_minutes * _MINUTE
        self.limits = limits(urgent_hours, review_hours)
        self.presence = Presence()

    async def claim(self, principal: Principal, case_id: str) -> CaseSummary:
        """Take an open case; claiming one's own again changes nothing.

        A claim ends a while after its holder's last act; another may take the case then. Raises
        `errors.Conflict` when another holds it or it is decided.
        """

        def change(turn: Turn, row: CaseRow) -> CaseRow:
            not_decided(row)
            if row.state == "claimed" and row.claimed_by == principal.name:
                return row
            check_nothing_waits(turn, row)
            at = turn.stamps.next()
            if row.state == "claimed" and (row.claim_expires_at or at) >= at:
                raise Conflict(f"{case_id} is held by {row.claimed_by}")
            return self._claimed(turn, principal, row, at)

        return await self._act(principal, case_id, change)

    def _claimed(self, turn: Turn, principal: Principal, row: CaseRow, at: int) -> CaseRow:
        text = f"the claim of {row.claimed_by} had ended" if row.claimed_by else ""
        values = {
            "state": "claimed",
            "claimed_by": principal.name,
            "claimed_at": at,
            "claim_expires_at": at + self._claim,
        }
        return self._apply(turn, principal, row, values, "claimed", text, at)

    async def release(self, principal: Principal, case_id: str) -> CaseSummary:
        """Give a claimed case back; a supervisor may release another's.

        Raises `errors.Conflict` when it is not claimed, or by somebody else.
        """

        def change(turn: Turn, row: CaseRow) -> CaseRow:
            not_decided(row)
            check_nothing_waits(turn, row)
            if row.state != "claimed":
                raise Conflict(f"{case_id} is not claimed")
            if row.claimed_by != principal.name and not principal.supervises:
                raise Conflict(
                    f"{case_id} is held by {row.claimed_by}; a supervisor may release it"
                )
            at = turn.stamps.next()
            values = {
                "state": "open",
                "claimed_by": None,
                "claimed_at": None,
                "claim_expires_at": None,
            }
            text = "" if row.claimed_by == principal.name else f"was held by {row.claimed_by}"
            return self._apply(turn, principal, row, values, "released", text, at)

        return await self._act(principal, case_id, change)

    async def _act(self, principal: Principal, case_id: str, change: Any) -> CaseSummary:
        principal.require("review")
        number = number_of(case_id)

        def task(turn: Turn) -> CaseRow:
            turn.unit.flush()
            row = table.case(turn.unit.connection, principal.member, number)
            if row is None:
                raise no_case(case_id)
            changed: CaseRow = change(turn, row)
            return changed

        return summary_of(await self._sequencer.submit(task, member=principal.member), self.limits)

    def _apply(
        self,
        turn: Turn,
        principal: Principal,
        row: CaseRow,
        values: dict[str, Any],
        action: str,
        text: str,
        at: int,
    ) -> CaseRow:
        connection = turn.unit.connection
        if row.claimed_by == principal.name:
            values = {"claim_expires_at": at + self._claim, **values}
        values = {**values, "updated_at": at}
        table.change(connection, row.member, row.number, **values)
        entry = HistoryRow(at, principal.name, action, text)
        table.add_history(connection, row.member, row.number, entry)
        detail = {"disposition": values["disposition"]} if action == "decided" else {}
        audit.note(turn.unit, principal, f"case.{action}", f"C-{row.number}", at=at, **detail)
        return CaseRow(**{**vars(row), **values})
