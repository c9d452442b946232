"""Acts of a reviewer on one case: claim it, release it; each is one transaction and audited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from features.reference import Reference
from serving.auth import Principal
from serving.cases.acting import act, apply, check_nothing_waits, check_undecided
from serving.cases.clocks import Clocks
from serving.cases.detail import summary_of
from serving.cases.presence import Presence
from serving.cases.ranking import limits
from serving.cases.views import CaseSummary
from serving.errors import Conflict
from serving.metrics import Metrics
from serving.sequencer import Sequencer, Turn
from serving.store.cases import CaseRow
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
            check_undecided(row)
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
            check_undecided(row)
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

    async def _act(
        self, principal: Principal, case_id: str, change: Callable[[Turn, CaseRow], CaseRow]
    ) -> CaseSummary:
        return summary_of(await act(self._sequencer, principal, case_id, change), self.limits)

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
        """Change a case; what its holder does lets the claim run on from now."""
        if row.claimed_by == principal.name:
            values = {"claim_expires_at": at + self._claim, **values}
        return apply(turn, principal, row, values, action, text, at)
