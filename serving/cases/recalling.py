"""Getting money back: the trail of a confirmed fraud, drafts, what was asked, what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from features.errors import Problem
from features.events import Payment
from features.reference import Reference
from serving import audit, restoring
from serving.auth import Principal
from serving.cases.acting import act, apply, no_case, number_of
from serving.cases.detail import summary_of
from serving.cases.money_trail import Trail, follow
from serving.cases.recall_messages import camt056, stop_payment
from serving.cases.views import CONFIRMED, CaseSummary
from serving.clock import now
from serving.errors import Conflict, Invalid, NotFound
from serving.sequencer import Sequencer, Turn
from serving.store import cases as table
from serving.store import desks, log, recalls
from serving.store.cases import CaseRow
from serving.store.database import Database, View
from serving.store.queues import Limits
from serving.store.recalls import RecallRow
from serving.store.records import moment, optional_moment

RecallState: TypeAlias = Literal["requested", "frozen", "returned", "gone"]
Draft: TypeAlias = Literal["camt.056.xml", "stop-payment.txt"]
OUTCOMES = ("frozen", "returned", "gone")
LOOKED_AT = 50_000
"""Later payments of the member that a trail looks at."""


@dataclass(frozen=True)
class Asked:
    """One payment of the case that can be asked back, and how that stands."""

    sequence: int
    event_id: str
    amount: str
    currency: str
    creditor_account: str
    creditor_name: str | None
    creditor_agent: str | None
    time: datetime
    state: RecallState | None = None
    """None while it was not asked back."""
    recovered: int | None = None
    """EUR cents that were frozen or returned."""
    requested_at: datetime | None = None
    requested_by: str | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True)
class Recall:
    """The recall page of a case."""

    summary: CaseSummary
    payments: tuple[Asked, ...]
    trail: Trail


class Recalls:
    """The use cases of recall; open for cases that are confirmed as fraud.

    All raise `Forbidden` without the scope, `NotFound` for a case of another member or none, and
    `Conflict` while the case is not confirmed.
    """

    def __init__(
        self, sequencer: Sequencer, database: Database, reference: Reference, limits: Limits
    ) -> None:
        self._sequencer = sequencer
        self._limits = limits
        self._database = database
        self._reference = reference

    async def detail(self, principal: Principal, case_id: str) -> Recall:
        """Return the payments of the case that can be asked back, and the trail of the money."""
        principal.require("read")
        number = number_of(case_id)
        return await self._database.reads(self._read, principal.member, number)

    async def draft(self, principal: Principal, case_id: str, sequence: int, kind: Draft) -> bytes:
        """Return a draft about one payment: the camt.056, or a letter to stop it. It is audited."""
        principal.require("review")
        number = number_of(case_id)

        def task(turn: Turn) -> Payment:
            turn.unit.flush()
            row = _confirmed(turn.unit.connection, principal.member, number)
            stolen = dict(_stolen(turn.unit.connection, row))
            if sequence not in stolen:
                raise NotFound(f"{case_id} has no positive payment at {sequence}")
            event_id = stolen[sequence].event_id
            audit.note(turn.unit, principal, "case.recall_draft", case_id, event_id=event_id)
            return stolen[sequence]

        payment = await self._sequencer.submit(task, member=principal.member)
        at = moment(now())
        if kind == "camt.056.xml":
            return camt056(payment, case_id, at)
        return stop_payment(payment, case_id, principal.member, at).encode()

    async def note(
        self,
        principal: Principal,
        case_id: str,
        sequence: int,
        state: str,
        recovered: int | None = None,
    ) -> CaseSummary:
        """Note that a payment was asked back, or what became of it (EUR cents recovered).

        Raises `Invalid` for an unknown state or a missing amount, `Conflict` out of order.
        """
        problems = []
        if state not in get_args(RecallState):
            fix = f"use one of {', '.join(get_args(RecallState))}"
            problems.append(Problem("state", state[:40], "unknown", fix))
        if state in ("frozen", "returned") and (recovered is None or recovered <= 0):
            fix = "give what was frozen or returned, in EUR"
            problems.append(Problem("recovered", str(recovered or ""), "missing", fix))
        if problems:
            raise Invalid(problems)

        def change(turn: Turn, row: CaseRow) -> CaseRow:
            connection = turn.unit.connection
            _check_confirmed(row)
            stolen = dict(_stolen(connection, row))
            if sequence not in stolen:
                raise NotFound(f"{case_id} has no positive payment at {sequence}")
            there = recalls.of_case(connection, row.member, row.number).get(sequence)
            at = turn.stamps.next()
            if state == "requested":
                if there is not None:
                    raise Conflict(f"{there.requested_by} asked for this payment already")
                made = RecallRow(row.member, row.number, sequence, state, None, at, principal.name)
                recalls.add(connection, made)
            elif there is None:
                raise Conflict("note first that the payment was asked back")
            else:
                recalls.settle(
                    connection,
                    row.member,
                    row.number,
                    sequence,
                    state=state,
                    amount=recovered if state != "gone" else 0,
                    at=at,
                    by=principal.name,
                )
            text = f"payment {stolen[sequence].event_id}: {state}"
            return apply(turn, principal, row, {}, "recalled", text, at)

        return summary_of(await act(self._sequencer, principal, case_id, change), self._limits)

    def _read(self, connection: View, member: str, number: int) -> Recall:
        row = _confirmed(connection, member, number)
        stolen = list(_stolen(connection, row))
        known = recalls.of_case(connection, member, number)
        later: list[tuple[int, Payment]] = []
        if stolen:
            first = min(sequence for sequence, _ in stolen)
            records = log.payments_after(connection, member, first, LOOKED_AT)
            later = [(one.sequence, restoring.payment(one.body)) for one in records]
        trail = follow(stolen, later, self._reference)
        return Recall(
            summary_of(row, self._limits),
            tuple(_asked(sequence, payment, known.get(sequence)) for sequence, payment in stolen),
            replace(trail, cut=len(later) == LOOKED_AT),
        )


def _asked(sequence: int, payment: Payment, known: RecallRow | None) -> Asked:
    asked = Asked(
        sequence=sequence,
        event_id=payment.event_id,
        amount=f"{payment.amount:f}",
        currency=payment.currency,
        creditor_account=payment.creditor_account,
        creditor_name=payment.creditor_name,
        creditor_agent=payment.creditor_agent,
        time=payment.time,
    )
    if known is None:
        return asked
    return replace(
        asked,
        state=known.state,  # type: ignore[arg-type]
        recovered=known.amount,
        requested_at=moment(known.requested_at),
        requested_by=known.requested_by,
        closed_at=optional_moment(known.closed_at),
    )


def _confirmed(connection: View, member: str, number: int) -> CaseRow:
    row = table.case(connection, member, number)
    if row is None:
        raise no_case(f"C-{number}")
    _check_confirmed(row)
    return row


def _check_confirmed(row: CaseRow) -> None:
    if row.disposition not in CONFIRMED:
        raise Conflict(f"C-{row.number} is not confirmed as a crime; decide it first")


def _stolen(connection: View, row: CaseRow) -> Iterator[tuple[int, Payment]]:
    """Yield the case's payments that its decision calls positive."""
    said = {
        one.sequence: one.positive for one in desks.findings(connection, row.member, row.number)
    }
    for record in table.flagged_events(connection, row.member, row.number):
        if record.stream == "payment" and said.get(record.sequence, True):
            yield record.sequence, restoring.payment(record.body)
