"""One case assembled for the reader: line, timeline, parties, corridors, history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from features.events import AccessEvent, Finding, Payment
from features.reference import Reference
from serving import restoring
from serving.assessments import Assessment
from serving.cases.clocks import Clock, Clocks, Start
from serving.cases.ranking import due
from serving.cases.views import (
    CONFIRMED,
    DISPOSITIONS,
    REPORTED,
    Approval,
    CaseDetail,
    CaseSummary,
    Corridor,
    CountryNote,
    Desk,
    EventFinding,
    HistoryEntry,
    Party,
    TimelineEntry,
)
from serving.clock import now
from serving.sampling import SOURCE
from serving.store import approvals, desks, log, recalls
from serving.store import cases as table
from serving.store.approvals import ApprovalRow
from serving.store.cases import CaseRow
from serving.store.database import View
from serving.store.log import Record
from serving.store.queues import Limits
from serving.store.records import moment, optional_moment
from serving.subjects import shown, subject_of

Flagged = tuple[Payment, Assessment]


def summary_of(row: CaseRow, within: Limits) -> CaseSummary:
    """Return a case's line of the queue."""
    kind, subject = shown(row.subject)
    return CaseSummary(
        case_id=f"C-{row.number}",
        member=row.member,
        state=row.state,  # type: ignore[arg-type]
        subject=subject,
        subject_kind=kind,
        subject_name=row.subject_name,
        advice=row.advice,
        probability=row.probability,
        expected_loss=row.expected_loss,
        events=row.events,
        streams=tuple(row.streams.split()),
        corridor=(row.debtor_country, row.creditor_country) if row.largest_loss >= 0 else None,
        first_reason=row.first_reason,
        opened_at=moment(row.opened_at),
        updated_at=moment(row.updated_at),
        claimed_by=row.claimed_by,
        claimed_at=optional_moment(row.claimed_at),
        decided_by=row.decided_by,
        decided_at=optional_moment(row.decided_at),
        disposition=row.disposition,
        decision_reason=row.decision_reason,
        source=row.source,
        novel=row.novel,
        amount=row.amount,
        suspicion=row.suspicion,
        model_version=row.model_version,
        typology=row.typology,
        due_at=None if row.state == "decided" else moment(due(row.advice, row.opened_at, within)),
        claim_expires_at=optional_moment(row.claim_expires_at),
    )


def detail_of(
    connection: View,
    member: str,
    number: int,
    timeline_limit: int,
    reference: Reference,
    within: Limits,
    country: str,
    clocks: Clocks,
) -> CaseDetail | None:
    """Return everything of a case, None when the member has no such case."""
    row = table.case(connection, member, number)
    if row is None:
        return None
    flagged = table.flagged_events(connection, member, number)
    events = {one.sequence: restoring.event(one.stream, one.body) for one in flagged}
    own = sorted({one.debtor_identity for one in events.values() if isinstance(one, Payment)})
    newest = log.timeline(connection, member, row.subject, own, timeline_limit + 1)
    shown_records = newest[:timeline_limit]
    # What the case is about is always shown, however much came after it.
    there = {record.sequence for record in shown_records}
    shown_records += [record for record in flagged if record.sequence not in there]
    assessments = log.assessments_of(
        connection, {record.sequence for record in [*shown_records, *flagged]}
    )
    paid = [
        (event, assessments[sequence])
        for sequence, event in events.items()
        if isinstance(event, Payment)
    ]
    history = tuple(
        HistoryEntry(moment(one.at), one.actor, one.action, one.text)  # type: ignore[arg-type]
        for one in table.history(connection, member, number)
    )
    return CaseDetail(
        summary=summary_of(row, within),
        timeline=_timeline(connection, row, shown_records, assessments, set(events)),
        timeline_cut=len(newest) > timeline_limit,
        parties=_parties(paid),
        corridors=_corridors(paid),
        countries=_countries(paid, reference),
        notes=tuple(entry for entry in history if entry.action == "noted"),
        history=history,
        desk=_desk(connection, row, flagged, country, clocks),
    )


def approval_of(row: ApprovalRow) -> Approval:
    """Return a proposal as people see it."""
    content = row.content
    return Approval(
        approval_id=f"A-{row.approval}",
        case_id=f"C-{row.number}",
        kind=row.kind,  # type: ignore[arg-type]
        disposition=content["disposition"],
        reason=content["reason"],
        subject_role=content["subject_role"],
        positive=sum(one["positive"] for one in content["findings"]),
        events=len(content["findings"]),
        proposed_by=row.proposed_by,
        proposed_at=moment(row.proposed_at),
        state=row.state,  # type: ignore[arg-type]
        harm=content.get("harm"),
        closed_by=row.closed_by,
        closed_at=optional_moment(row.closed_at),
        why=row.why,
    )


def clocks_of(
    connection: View, row: CaseRow, country: str, clocks: Clocks, at: datetime
) -> tuple[Clock, ...]:
    """Return the statutory clocks of a case in a country, as they stand at an instant."""
    starts: dict[Start, datetime] = {}
    if row.source != SOURCE:
        starts["opened"] = moment(row.opened_at)
    if row.decided_at is not None:
        decided_at = moment(row.decided_at)
        if row.disposition in CONFIRMED:
            starts["confirmed"] = decided_at
            if "access" in row.streams.split():
                starts["incident"] = decided_at
        if row.disposition in REPORTED:
            starts["reported"] = decided_at
        if row.disposition == "continuing_activity":
            starts["continuing"] = decided_at
        elif row.disposition is not None and DISPOSITIONS[row.disposition].is_fraud is not True:
            # Nothing is to be reported of what was found honest.
            starts.pop("opened", None)
    asked = recalls.first_request(connection, row.member, row.number)
    if asked is not None:
        starts["recalled"] = moment(asked)
    stopped = desks.stopped_clocks(connection, row.member, row.number)
    done = {name: (moment(when), actor) for name, (when, actor) in stopped.items()}
    return clocks.of(country, starts, done, at)


def _desk(
    connection: View, row: CaseRow, flagged: Sequence[Record], country: str, clocks: Clocks
) -> Desk:
    on_it = desks.desk(connection, row.member, row.number)
    waiting = approvals.pending_of(connection, row.member, row.number)
    named = {one.sequence: one for one in flagged}
    said = desks.findings(connection, row.member, row.number)
    return Desk(
        snoozed_until=optional_moment(on_it.snoozed_until),
        snooze_reason=on_it.snooze_reason,
        unit=on_it.unit,
        merged_into=f"C-{on_it.merged_into}" if on_it.merged_into else None,
        protective=on_it.protective,
        seconds_spent=on_it.seconds_spent,
        pending=approval_of(waiting) if waiting else None,
        findings=tuple(
            EventFinding(
                named[one.sequence].stream,
                named[one.sequence].event_id,
                one.positive,
                one.subject_role,
            )
            for one in said
            if one.sequence in named
        ),
        clocks=clocks_of(connection, row, country, clocks, moment(now())),
    )


def _timeline(
    connection: View,
    row: CaseRow,
    records: Sequence[Record],
    assessments: dict[int, Assessment],
    in_case: set[int],
) -> tuple[TimelineEntry, ...]:
    keys = [(record.stream, record.event_id) for record in records]
    findings = log.latest_findings(connection, row.member, keys)
    statuses = log.statuses_of(connection, [record.sequence for record in records])
    entries = []
    for record in sorted(records, key=lambda one: (one.event_time, one.sequence)):
        fields: dict[str, Any] = orjson.loads(record.body)
        entries.append(
            TimelineEntry(
                stream=record.stream,  # type: ignore[arg-type]
                event_id=record.event_id,
                time=moment(record.event_time),
                received_at=moment(record.received_at),
                direction=_direction(record, row.subject),
                event=fields,
                assessment=assessments.get(record.sequence),
                in_case=record.sequence in in_case,
                label=_is_fraud(findings.get((record.stream, record.event_id))),
                statuses=tuple(statuses.get(record.sequence, ())),
            )
        )
    return tuple(entries)


def _is_fraud(finding: Finding | None) -> bool | None:
    return None if finding is None else finding.is_fraud


def _direction(record: Record, subject: str) -> Any:
    if record.stream == "access":
        return "access"
    event: Payment | AccessEvent = restoring.event(record.stream, record.body)
    return "out" if subject_of(event) == subject else "in"


def _parties(paid: Sequence[Flagged]) -> tuple[Party, ...]:
    sums: dict[tuple[str, str], list[int]] = {}
    last: dict[tuple[str, str], Payment] = {}
    for payment, assessment in paid:
        for key in (("debtor", payment.debtor_identity), ("creditor", payment.creditor_identity)):
            count = sums.setdefault(key, [0, 0])
            count[0] += 1
            count[1] += assessment.amount_reference or 0
            last[key] = payment
    return tuple(_party(role, last[role, key], *sums[role, key]) for role, key in sums)


def _party(role: Any, payment: Payment, payments: int, total: int) -> Party:
    def field(name: str) -> Any:
        return getattr(payment, f"{role}_{name}")

    return Party(
        account=field("account"),
        scheme=field("account_scheme"),
        role=role,
        name=field("name"),
        country=field("account_country") or field("agent_country") or field("country"),
        agent=field("agent"),
        payments=payments,
        total=total,
    )


def _corridors(paid: Sequence[Flagged]) -> tuple[Corridor, ...]:
    sums: dict[tuple[str | None, str | None], list[int]] = {}
    for payment, assessment in paid:
        count = sums.setdefault(payment.corridor, [0, 0])
        count[0] += 1
        count[1] += assessment.amount_reference or 0
    return tuple(Corridor(*pair, *count) for pair, count in sums.items())


def _countries(paid: Sequence[Flagged], reference: Reference) -> tuple[CountryNote, ...]:
    notes: dict[tuple[str, str], CountryNote] = {}
    for payment, _ in sorted(paid, key=lambda one: one[0].time):
        day = payment.time.date()
        involved = (*payment.corridor, payment.debtor_country, payment.creditor_country)
        for country in (*involved, *(agent[4:6] for agent in payment.intermediary_agents)):
            listed = reference.fatf_listing(country, day) if country else None
            if country and listed:
                status, source = listed
                notes.setdefault((country, status), CountryNote(country, day, status, source))
    return tuple(notes.values())
