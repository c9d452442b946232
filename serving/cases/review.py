"""The use cases of review: queue, detail, claim, release, note, decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from features.reference import COUNTRIES
from serving.auth import Principal
from serving.cases.acts import no_case, not_decided, number_of
from serving.cases.deciding import chosen_outcome, label_events, text_problems
from serving.cases.detail import detail_of
from serving.cases.links import Links, links_of
from serving.cases.queueing import Queueing
from serving.cases.views import CaseDetail, CaseSummary, HistoryEntry
from serving.errors import Conflict, Invalid
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
            detail_of, principal.member, number, timeline_limit, self._reference, self.limits
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
            not_decided(row)
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
                "typology": (refined["typology"] or chosen.typology) if chosen.is_fraud else None,
            }
            text = f"{chosen.title}: {reason.strip()}"
            changed = self._apply(turn, principal, row, values, "decided", text, at)
            for stream in labelled:
                self._metrics.labels.labels(stream).inc()
            return changed

        return await self._act(principal, case_id, change)
