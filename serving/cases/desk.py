"""What is done with a case besides deciding it: sleep, merge, split, refer, duties done."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from features.errors import Problem
from serving.auth import Principal
from serving.cases.acting import (
    act,
    apply,
    check_held,
    check_nothing_waits,
    check_undecided,
    found,
    number_of,
)
from serving.cases.clocks import Clocks
from serving.cases.deciding import text_problems
from serving.cases.detail import clocks_of, summary_of
from serving.cases.gathering import suspicion
from serving.cases.ranking import rank
from serving.cases.views import CaseSummary
from serving.clock import now
from serving.errors import Conflict, Invalid
from serving.sampling import SOURCE
from serving.sequencer import Sequencer, Turn
from serving.store import cases as table
from serving.store import desks, log
from serving.store.cases import CaseRow
from serving.store.queues import Limits
from serving.store.records import microseconds, moment

LONGEST_SLEEP_DAYS = 30
_RANK = {"clear": 0, "review": 1, "urgent": 2}


class CaseDesk:
    """The use cases around a decision; all raise `Forbidden` and `NotFound` as `Cases` does."""

    def __init__(
        self, sequencer: Sequencer, clocks: Clocks, access_exposure: int, limits: Limits
    ) -> None:
        self._sequencer = sequencer
        self._limits = limits
        self._clocks = clocks
        self._access_exposure = access_exposure

    async def snooze(
        self, principal: Principal, case_id: str, until: datetime, reason: str
    ) -> CaseSummary:
        """Let a case that the principal holds sleep until an instant, for a reason.

        A new flag wakes it. Raises `Invalid` for an end that has passed, is over 30 days away, or
        lies after the next statutory time limit; `Conflict` when another holds the case.
        """
        problems = text_problems("reason", reason)
        at = moment(now())
        if not at < until <= at + timedelta(days=LONGEST_SLEEP_DAYS):
            fix = f"choose an end within the next {LONGEST_SLEEP_DAYS} days"
            problems.append(Problem("until", until.isoformat(), "out of range", fix))
        if problems:
            raise Invalid(problems)

        def change(turn: Turn, row: CaseRow) -> CaseRow:
            check_held(row, principal)
            check_nothing_waits(turn, row)
            for clock in clocks_of(turn.unit.connection, row, principal.country, self._clocks, at):
                if clock.state in ("running", "late") and until > clock.due_at:
                    fix = f"wake it by {clock.due_at:%Y-%m-%d %H:%M} UTC: {clock.duty}"
                    raise Invalid(
                        [Problem("until", until.isoformat(), "passes a statutory time limit", fix)]
                    )
            desks.change(
                turn.unit.connection,
                row.member,
                row.number,
                snoozed_until=microseconds(until),
                snooze_reason=reason.strip(),
            )
            text = f"until {until:%Y-%m-%d %H:%M} UTC: {reason.strip()}"
            held: dict[str, Any] = {"claim_expires_at": None}
            return apply(turn, principal, row, held, "snoozed", text, turn.stamps.next())

        return summary_of(await act(self._sequencer, principal, case_id, change), self._limits)

    async def wake(self, principal: Principal, case_id: str) -> CaseSummary:
        """End a case's sleep now; waking one that is awake changes nothing."""

        def change(turn: Turn, row: CaseRow) -> CaseRow:
            check_undecided(row)
            connection = turn.unit.connection
            if desks.desk(connection, row.member, row.number).snoozed_until is None:
                return row
            desks.change(connection, row.member, row.number, snoozed_until=None)
            return apply(turn, principal, row, {}, "woken", "", turn.stamps.next())

        return summary_of(await act(self._sequencer, principal, case_id, change), self._limits)

    async def refer(
        self, principal: Principal, case_id: str, unit: str, reason: str
    ) -> CaseSummary:
        """Hand a case that the principal holds to another unit; it is open again there.

        Raises `Invalid` for an empty reason or unit, `Conflict` when another holds the case.
        """
        problems = text_problems("reason", reason)
        if not unit.strip() or len(unit) > 64 or not unit.isprintable():
            problems.append(Problem("unit", unit[:80], "not a name", "give 1 to 64 characters"))
        if problems:
            raise Invalid(problems)

        def change(turn: Turn, row: CaseRow) -> CaseRow:
            check_held(row, principal)
            check_nothing_waits(turn, row)
            desks.change(turn.unit.connection, row.member, row.number, unit=unit.strip())
            values = {
                "state": "open",
                "claimed_by": None,
                "claimed_at": None,
                "claim_expires_at": None,
            }
            text = f"to {unit.strip()}: {reason.strip()}"
            return apply(turn, principal, row, values, "referred", text, turn.stamps.next())

        return summary_of(await act(self._sequencer, principal, case_id, change), self._limits)

    async def merge(self, principal: Principal, case_id: str, into: str) -> CaseSummary:
        """Move a held case's events into another undecided case, and close it as its duplicate.

        Returns the case that stays. Raises `Conflict` when either is decided, waits for a second
        person or is held by another, or when only one is a quality sample.
        """
        target_number = number_of(into)

        def change(turn: Turn, row: CaseRow) -> CaseRow:
            target = found(turn, row.member, target_number)
            if target.number == row.number:
                raise Conflict(f"{case_id} cannot be merged with itself; name another case")
            check_held(row, principal)
            check_undecided(target)
            if target.claimed_by not in (None, principal.name):
                raise Conflict(f"{into} is held by {target.claimed_by}")
            for one in (row, target):
                check_nothing_waits(turn, one)
            if (row.source == SOURCE) != (target.source == SOURCE):
                raise Conflict("a quality sample accuses nobody and joins no flagged case")
            connection = turn.unit.connection
            flagged = table.flagged_events(connection, row.member, row.number)
            moved = [one.sequence for one in flagged]
            desks.move_events(connection, row.member, row.number, target.number, moved)
            desks.change(connection, row.member, row.number, merged_into=target.number)
            at = turn.stamps.next()
            reason = f"merged into C-{target.number}"
            values = {
                "state": "decided",
                "decided_by": principal.name,
                "decided_at": at,
                "disposition": "duplicate",
                "decision_reason": reason,
            }
            apply(turn, principal, row, values, "merged", reason, at)
            counted = self._counted(turn, target)
            text = f"took the events of C-{row.number}"
            return apply(turn, principal, target, counted, "merged", text, turn.stamps.next())

        return summary_of(await act(self._sequencer, principal, case_id, change), self._limits)

    async def split(
        self, principal: Principal, case_id: str, events: Collection[tuple[str, str]], reason: str
    ) -> CaseSummary:
        """Put some events (stream, event id) of a held case into a new one, held alike.

        Returns the new case. Raises `Invalid` unless some events of the case are named and some
        stay, `Conflict` when another holds it or a proposal waits.
        """
        if problems := text_problems("reason", reason):
            raise Invalid(problems)

        def change(turn: Turn, row: CaseRow) -> CaseRow:
            check_held(row, principal)
            check_nothing_waits(turn, row)
            if row.source == SOURCE:
                raise Conflict("a quality sample stays whole")
            connection = turn.unit.connection
            flagged = table.flagged_events(connection, row.member, row.number)
            moved = [one.sequence for one in flagged if (one.stream, one.event_id) in events]
            if len(moved) != len(set(events)) or not 0 < len(moved) < len(flagged):
                fix = "name at least one event of this case, and leave it at least one"
                raise Invalid([Problem("events", "", "cannot be split off", fix)])
            at = turn.stamps.next()
            number = table.next_number(connection, row.member)
            # A subject has one undecided case of a source; later flags join the one it left.
            changed = {"number": number, "source": f"split-{number}", "opened_at": at}
            made = CaseRow(**{**asdict(row), **changed})
            table.add(connection, made)
            desks.move_events(connection, row.member, row.number, number, moved)
            text = f"split from C-{row.number}: {reason.strip()}"
            made = apply(turn, principal, made, self._counted(turn, made), "split", text, at)
            rest = self._counted(turn, row)
            text = f"into C-{number}: {reason.strip()}"
            apply(turn, principal, row, rest, "split", text, turn.stamps.next())
            return made

        return summary_of(await act(self._sequencer, principal, case_id, change), self._limits)

    async def duty_done(self, principal: Principal, case_id: str, clock: str) -> CaseSummary:
        """Note that a duty with a statutory time limit was done, on a decided case too.

        Raises `Invalid` when the case has no such clock, `Conflict` when it was noted before.
        """
        at = moment(now())

        def change(turn: Turn, row: CaseRow) -> CaseRow:
            connection = turn.unit.connection
            running = clocks_of(connection, row, principal.country, self._clocks, at)
            known = {one.clock: one for one in running}
            if clock not in known:
                names = ", ".join(known) or "none runs on this case"
                raise Invalid([Problem("clock", clock[:80], "unknown", f"use one of: {names}")])
            if known[clock].met_by:
                raise Conflict(f"that was noted by {known[clock].met_by} before")
            stamp = turn.stamps.next()
            desks.stop_clock(connection, row.member, row.number, clock, stamp, principal.name)
            return apply(turn, principal, row, {}, "duty_done", known[clock].duty, stamp)

        return summary_of(await act(self._sequencer, principal, case_id, change), self._limits)

    def _counted(self, turn: Turn, row: CaseRow) -> dict[str, Any]:
        """Return a case's figures, counted anew from its events."""
        connection = turn.unit.connection
        flagged = table.flagged_events(connection, row.member, row.number)
        assessed = log.assessments_of(connection, [one.sequence for one in flagged])
        margins = desks.margins(connection, list(assessed))
        strongest = max(assessed, key=lambda sequence: margins[sequence])
        losses = {
            sequence: round(
                one.probability
                * (self._access_exposure if one.amount_reference is None else one.amount_reference)
            )
            for sequence, one in assessed.items()
        }
        drawn = row.source == SOURCE
        loss = 0 if drawn else sum(losses.values())
        advice = max((one.advice for one in assessed.values()), key=_RANK.__getitem__)
        counted = {
            "advice": advice,
            "probability": max(one.probability for one in assessed.values()),
            "margin": margins[strongest],
            "expected_loss": loss,
            "rank": rank(loss, advice, row.opened_at),
            "amount": sum(one.amount_reference or 0 for one in assessed.values()),
            "model_version": assessed[strongest].model_version,
            "events": len(flagged),
            "streams": " ".join(sorted({one.stream for one in flagged})),
            "novel": any(one.novel for one in assessed.values()),
        }
        if not drawn:
            counted["first_reason"] = assessed[strongest].first_reason
            counted["suspicion"] = suspicion(assessed[strongest])
        return counted
