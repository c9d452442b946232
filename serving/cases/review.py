"""The use cases of review: queue, detail, claim, release, note, decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from features.errors import Problem
from features.reference import COUNTRIES
from serving.auth import Principal
from serving.cases.acting import (
    check_held,
    check_nothing_waits,
    check_undecided,
    no_case,
    number_of,
    spend,
)
from serving.cases.deciding import (
    Said,
    approval_needed,
    break_glass,
    carry_out,
    chosen_outcome,
    propose,
    text_problems,
    weighed,
)
from serving.cases.detail import detail_of
from serving.cases.links import Links, links_of
from serving.cases.queueing import Queueing
from serving.cases.views import CaseDetail, CaseSummary, HistoryEntry
from serving.errors import Invalid
from serving.sequencer import Turn
from serving.store.cases import CaseRow
from serving.store.records import moment

MOST_FOLLOWED = 6
"""Cases that the graph of links follows at once."""


class Cases(Queueing):
    """The use cases of review. Every call is bound to the principal's own member.

    All raise `errors.Forbidden` without the scope (`read` to look, `review` to act) and
    `errors.NotFound` for a case of another member or none.
    """

    async def detail(
        self, principal: Principal, case_id: str, *, timeline_limit: int = 200
    ) -> CaseDetail:
        """Return the case with its timeline, parties, corridors, notes and history."""
        principal.require("read")
        number = number_of(case_id)
        found = await self._database.reads(
            detail_of,
            principal.member,
            number,
            timeline_limit,
            self._reference,
            self.limits,
            principal.country,
            self._clocks,
        )
        if found is None:
            raise no_case(case_id)
        return found

    async def links(
        self, principal: Principal, case_id: str, followed: Sequence[str] = ()
    ) -> Links:
        """Return what ties the case to others; what `followed` cases name is added."""
        principal.require("read")
        numbers = {number_of(one) for one in followed[:MOST_FOLLOWED]}
        found = await self._database.reads(
            links_of, principal.member, number_of(case_id), numbers, self.limits
        )
        if found is None:
            raise no_case(case_id)
        return found

    def listed(self, day: date) -> dict[str, str]:
        """Return how the Financial Action Task Force listed countries on a day, by country."""
        found = {code: self._reference.fatf_status(code, day) for code in COUNTRIES}
        return {code: status for code, status in found.items() if status is not None}

    async def note(self, principal: Principal, case_id: str, text: str) -> HistoryEntry:
        """Add a note (1 to 4,000 characters); `errors.Invalid` when it is empty or too long."""
        principal.require("review")
        if problems := text_problems("text", text):
            raise Invalid(problems)
        written: list[int] = []

        def change(turn: Turn, row: CaseRow) -> CaseRow:
            written.append(turn.stamps.next())
            return self._apply(turn, principal, row, {}, "noted", text.strip(), written[0])

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
        said: Said | None = None,
        harm: str | None = None,
        seconds: int = 0,
    ) -> CaseSummary:
        """Close a case that the principal has claimed, and label its flagged events.

        `disposition` is a word of DISPOSITIONS; `reason` (1 to 4,000 characters) is mandatory;
        `typology` (such as account_takeover) and `subject_role` refine a positive label, `said`
        tells of single events whether they are positive and in which role. What needs a second
        person (`deciding.approval_needed`) is proposed only, and the case stays claimed; `harm`
        says which imminent harm does not allow to wait: then it is done, whoever holds the case,
        and looked at afterwards. `seconds` is how long the case was before the person. Raises
        `errors.Invalid` naming every wrong field, `errors.Conflict` when the principal does not
        hold the case or a proposal waits.
        """
        principal.require("review")
        refined = {"typology": typology, "subject_role": subject_role}
        chosen = chosen_outcome(disposition, reason, refined)
        if harm is not None and (problems := text_problems("harm", harm)):
            raise Invalid(problems)
        if said and not chosen.is_fraud:
            fix = "leave it out; an honest outcome is one of all events"
            raise Invalid([Problem("events", "", f"says nothing beside {disposition}", fix)])

        def change(turn: Turn, row: CaseRow) -> CaseRow:
            check_undecided(row)
            check_nothing_waits(turn, row)
            if harm is None:
                check_held(row, principal)
            spend(turn, row, seconds)
            decision = weighed(turn, row, chosen, reason, refined, said or {})
            kind = approval_needed(row, chosen) if self._four_eyes else None
            at = turn.stamps.next()
            if kind is not None and harm is not None:
                return break_glass(turn, principal, row, decision, harm, self._metrics, at)
            if kind is not None:
                return propose(turn, principal, row, kind, decision, at)
            check_held(row, principal)
            return carry_out(turn, principal, row, decision, self._metrics, principal.name, at)

        return await self._act(principal, case_id, change)
