"""Alerts: which customers met which records; a person says whether it is true, and what follows.

An alert is about one customer of one member and one record, and is raised once, by an event or by
a rescreening. A person judges it: a true match with a sanction goes to the freeze-and-report queue,
another true one is confirmed; one that is not true holds the record back for this customer until a
day (a suppression), for this member alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from features.errors import Problem
from features.events import AccessEvent, Payment
from serving import audit
from serving.auth import Principal
from serving.clock import now
from serving.errors import Conflict, Invalid, NotFound
from serving.sequencer import Sequencer
from serving.store import cases
from serving.store import watchlist_alerts as table
from serving.store.database import Database
from serving.store.records import moment
from serving.store.unit import Unit
from serving.store.watchlist_alerts import AlertRow
from serving.subjects import subject_of
from serving.watchlists.screener import Hit

AlertState: TypeAlias = Literal["open", "freeze", "reported", "confirmed", "dismissed"]
Verdict: TypeAlias = Literal["true", "false"]
DAYS = 365
"""For how long a record that is not this customer is held back, unless told."""
_LONGEST_DAYS = 3 * 365
_DAY = 86_400_000_000
_LONGEST = 4_000


@dataclass(frozen=True)
class Alert:
    """A customer who met a record of a list."""

    alert_id: str
    subject: str
    list_name: str
    version: int
    entity_id: str
    caption: str
    topics: tuple[str, ...]
    field: str
    """What of the event met it, such as creditor_name."""
    score: float
    source: str
    """event, or rescreening after the list had changed."""
    raised_at: datetime
    state: AlertState
    judged_by: str | None
    judged_at: datetime | None
    reason: str | None
    until: datetime | None
    """Until when a dismissed record is held back for this customer."""


def raise_for(
    unit: Unit,
    event: Payment | AccessEvent,
    member: str,
    sequence: int,
    hits: Sequence[Hit],
    source: str,
) -> list[AlertRow]:
    """Raise an alert for each record that an event met and that none is open or judged for.

    One that was dismissed is raised again when its day has come.
    """
    raised = []
    at = now()
    subject = subject_of(event)
    for hit in hits:
        if hit.protected or "benign" in hit.topics:
            continue
        key = (member, subject, hit.list_name, hit.entity_id)
        known = table.find(unit.connection, key)
        if known is None:
            number = table.next_number(unit.connection, member)
            row = AlertRow(
                member, number, subject, hit.list_name, hit.entity_id, hit.version, hit.caption,
                " ".join(hit.topics), hit.field, hit.score, source, sequence, at,
            )  # fmt: skip
            table.add(unit.connection, row)
            raised.append(row)
        elif known.state == "dismissed" and (known.until or 0) <= at:
            table.change(unit.connection, member, known.number, state="open", until=None)
            raised.append(known)
    return raised


def tell_case(unit: Unit, row: AlertRow) -> None:
    """Note an alert of a rescreening in its customer's undecided case, if there is one."""
    case = cases.undecided(unit.connection, row.member, row.subject, "flag")
    if case is not None:
        text = (
            f"{row.list_name} version {row.version} now holds {row.entity_id}, which this "
            f"customer's {row.field.replace('_', ' ')} is like (alert W-{row.number})"
        )
        entry = cases.HistoryRow(row.raised_at, "crossflag", "watchlist_alert", text)
        cases.add_history(unit.connection, row.member, case.number, entry)


class Alerts:
    """Lists and judges alerts."""

    def __init__(self, sequencer: Sequencer, database: Database) -> None:
        self._sequencer = sequencer
        self._database = database

    async def list(
        self, principal: Principal, states: Sequence[AlertState] = ("open",), limit: int = 100
    ) -> list[Alert]:
        """Return the member's alerts in some states, the surest first; needs `review`."""
        principal.require("review")
        rows = await self._database.reads(table.of_member, principal.member, states, limit)
        return [_shown(row) for row in rows]

    async def judge(
        self,
        principal: Principal,
        alert_id: str,
        verdict: Verdict,
        reason: str,
        days: int = DAYS,
    ) -> Alert:
        """Say whether the customer is whom the record means.

        True with a sanction opens freeze-and-report. False holds the record back for `days`. Raises
        `Forbidden` without `review`, `NotFound`, `Conflict` when it was judged, and `Invalid`.
        """
        principal.require("review")
        _check(verdict, reason, days)

        def task(unit: Unit) -> Alert:
            row = _one(unit, principal, alert_id)
            if row.state != "open":
                raise Conflict(f"{alert_id} was judged {row.state} before; open it again first")
            state: AlertState = "dismissed"
            if verdict == "true":
                state = "freeze" if "sanction" in row.topics.split() else "confirmed"
            at = now()
            until = at + days * _DAY if state == "dismissed" else None
            return _changed(unit, principal, row, f"watchlist.{state}", state=state, reason=reason,
                            until=until, judged_by=principal.name, judged_at=at)  # fmt: skip

        return await self._sequencer.submit(lambda turn: task(turn.unit))

    async def reopen(self, principal: Principal, alert_id: str) -> Alert:
        """Undo a judgement; the alert is open again. What was reported stays reported."""
        principal.require("review")

        def task(unit: Unit) -> Alert:
            row = _one(unit, principal, alert_id)
            if row.state in ("open", "reported"):
                raise Conflict(f"{alert_id} is {row.state}; there is no judgement to undo")
            return _changed(unit, principal, row, "watchlist.reopen", state="open", reason=None,
                            until=None, judged_by=None, judged_at=None)  # fmt: skip

        return await self._sequencer.submit(lambda turn: task(turn.unit))

    async def reported(self, principal: Principal, alert_id: str) -> Alert:
        """Say that what was to be frozen is, and the authority was told; it leaves the queue."""
        principal.require("review")

        def task(unit: Unit) -> Alert:
            row = _one(unit, principal, alert_id)
            if row.state != "freeze":
                raise Conflict(f"{alert_id} is {row.state}, not in the freeze-and-report queue")
            return _changed(unit, principal, row, "watchlist.reported", state="reported")

        return await self._sequencer.submit(lambda turn: task(turn.unit))


def _check(verdict: str, reason: str, days: int) -> None:
    problems = []
    if verdict not in ("true", "false"):
        problems.append(Problem("verdict", verdict[:40], "not a verdict", "give true or false"))
    if not 0 < len(reason.strip()) <= _LONGEST:
        fix = f"give 1 to {_LONGEST:,} characters"
        problems.append(Problem("reason", reason[:40], "missing or too long", fix))
    if not 1 <= days <= _LONGEST_DAYS:
        fix = f"give 1 to {_LONGEST_DAYS:,}"
        problems.append(Problem("days", str(days), "out of range", fix))
    if problems:
        raise Invalid(problems)


def _one(unit: Unit, principal: Principal, alert_id: str) -> AlertRow:
    number = alert_id.removeprefix("W-")
    known = number.isascii() and number.isdecimal() and len(number) < 18
    row = table.one(unit.connection, principal.member, int(number)) if known else None
    if row is None:
        raise NotFound(f"there is no alert {alert_id[:40]!r}")
    return row


def _changed(
    unit: Unit, principal: Principal, row: AlertRow, action: str, **values: object
) -> Alert:
    table.change(unit.connection, row.member, row.number, **values)
    audit.note(
        unit, principal, action, f"W-{row.number}", list=row.list_name, record=row.entity_id,
        until=values.get("until"),
    )  # fmt: skip
    return _shown(AlertRow(**{**vars(row), **values}))


def _shown(row: AlertRow) -> Alert:
    return Alert(
        f"W-{row.number}", row.subject, row.list_name, row.version, row.entity_id, row.caption,
        tuple(row.topics.split()), row.field, row.score, row.source, moment(row.raised_at),
        row.state,  # type: ignore[arg-type]
        row.judged_by, moment(row.judged_at) if row.judged_at else None, row.reason,
        moment(row.until) if row.until else None,
    )  # fmt: skip
