"""How a case ends: the outcome that was chosen, who must agree, and the labels it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from features.errors import InvalidEvent, Problem
from features.events import BLAMELESS, Label, parse
from serving.auth import Principal
from serving.cases.acting import apply
from serving.cases.views import CONFIRMED, DISPOSITIONS, REPORTED, ApprovalKind, Disposition
from serving.errors import Conflict, Invalid
from serving.labels import record
from serving.metrics import Metrics
from serving.sampling import SOURCE
from serving.sequencer import Turn
from serving.store import approvals, desks, log
from serving.store import cases as table
from serving.store.cases import CaseRow
from serving.store.desks import FindingRow
from serving.store.log import Record
from serving.store.records import moment

LONGEST_TEXT = 4_000
Said = Mapping[tuple[str, str], tuple[bool, str | None]]
"""Of an event (stream, event id): whether it is positive, and the subject's role in it."""


@dataclass(frozen=True)
class Decision:
    """A decision that is whole: enough to carry it out later, by a second person's word."""

    disposition: str
    reason: str
    typology: str | None
    subject_role: str
    findings: tuple[FindingRow, ...]

    @property
    def chosen(self) -> Disposition:
        """The outcome."""
        return DISPOSITIONS[self.disposition]

    @property
    def victim(self) -> bool:
        """True when the subject is thought a victim in any of the events."""
        roles = {one.subject_role for one in self.findings if one.positive}
        return bool(self.chosen.is_fraud) and bool(BLAMELESS & {*roles, self.subject_role})

    def document(self) -> dict[str, Any]:
        """Return the decision as JSON-able values."""
        return asdict(self)

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Decision:
        """Return what `document` described."""
        values = {name: content[name] for name in cls.__dataclass_fields__}
        findings = tuple(FindingRow(**one) for one in content["findings"])
        return cls(**{**values, "findings": findings})


def approval_needed(row: CaseRow, chosen: Disposition) -> ApprovalKind | None:
    """Return what a second person must approve of this outcome, None when nobody must."""
    if chosen.word in CONFIRMED:
        return "confirm"
    if chosen.word in REPORTED:
        return "report"
    if chosen.is_fraud is False and row.advice == "urgent" and row.source != SOURCE:
        return "release"
    return None


def weighed(
    turn: Turn, row: CaseRow, chosen: Disposition, reason: str, refined: dict[str, Any], said: Said
) -> Decision:
    """Return the decision with a finding for each flagged event.

    An event of which nothing was said follows the outcome. Raises `Invalid` for events of another
    case, a crime without a positive event, and an accusation of somebody who was deceived.
    """
    role = refined["subject_role"] or chosen.subject_role
    flagged = table.flagged_events(turn.unit.connection, row.member, row.number)
    there = {(event.stream, event.event_id) for event in flagged}
    problems = [
        Problem("events", f"{stream} {event_id}"[:80], "not of this case", "leave it out")
        for stream, event_id in said
        if (stream, event_id) not in there
    ]
    findings = []
    for event in flagged:
        positive, own_role = said.get((event.stream, event.event_id), (bool(chosen.is_fraud), None))
        findings.append(
            FindingRow(event.sequence, positive, (own_role or role) if positive else "unknown")
        )
    decision = Decision(chosen.word, reason.strip(), refined["typology"], role, tuple(findings))
    if chosen.is_fraud and not any(one.positive for one in findings):
        fix = f"call one positive, or choose another outcome than {chosen.word}"
        problems.append(Problem("events", "", "no event is positive", fix))
    if chosen.accuses and decision.victim:
        fix = "choose safeguarding_referral: who was deceived is protected, not reported"
        problems.append(Problem("subject_role", "victim", f"does not go with {chosen.word}", fix))
    if problems:
        raise Invalid(problems)
    return decision


def propose(
    turn: Turn, principal: Principal, row: CaseRow, kind: ApprovalKind, decision: Decision, at: int
) -> CaseRow:
    """Put a decision before a second person; the case stays with who proposed."""
    approval = approvals.add(
        turn.unit.connection,
        row.member,
        row.number,
        kind,
        decision.document(),
        principal.name,
        at,
    )
    text = f"{decision.chosen.title}: {decision.reason}"
    # Whoever proposed keeps the case until the second person has decided.
    held: dict[str, Any] = {"claim_expires_at": None}
    return apply(
        turn, principal, row, held, "proposed", text, at, approval=f"A-{approval}", kind=kind
    )


def break_glass(
    turn: Turn,
    principal: Principal,
    row: CaseRow,
    decision: Decision,
    harm: str,
    metrics: Metrics,
    at: int,
) -> CaseRow:
    """Carry a decision out at once because harm is imminent; a second person looks afterwards."""
    content = {**decision.document(), "harm": harm.strip()}
    approval = approvals.add(
        turn.unit.connection, row.member, row.number, "break_glass", content, principal.name, at
    )
    row = apply(turn, principal, row, {}, "broke_glass", harm.strip(), at, approval=f"A-{approval}")
    return carry_out(turn, principal, row, decision, metrics, principal.name, turn.stamps.next())


def carry_out(
    turn: Turn,
    principal: Principal,
    row: CaseRow,
    decision: Decision,
    metrics: Metrics,
    decided_by: str,
    at: int,
) -> CaseRow:
    """Close the case as decided, label its events, and keep what was said of each."""
    chosen = decision.chosen
    labelled = label_events(turn, row, decision, at)
    connection = turn.unit.connection
    desks.keep_findings(connection, row.member, row.number, list(decision.findings))
    if decision.victim:
        desks.change(connection, row.member, row.number, protective=True)
    values = {
        "state": "decided",
        "decided_by": decided_by,
        "decided_at": at,
        "disposition": chosen.word,
        "decision_reason": decision.reason,
        "typology": (decision.typology or chosen.typology) if chosen.is_fraud else None,
    }
    text = f"{chosen.title}: {decision.reason}"
    disposition = chosen.word
    row = apply(turn, principal, row, values, "decided", text, at, disposition=disposition)
    for stream in labelled:
        metrics.labels.labels(stream).inc()
    return row


def label_events(turn: Turn, row: CaseRow, decision: Decision, at: int) -> list[str]:
    """Label the case's flagged events as they were found; return the stream of each label.

    Of a crime that is established, an event that is not part of it is labelled honest; of one that
    is only suspected, it stays without a label.
    """
    chosen = decision.chosen
    if chosen.is_fraud is None:
        return []
    flagged = table.flagged_events(turn.unit.connection, row.member, row.number)
    said = {one.sequence: one for one in decision.findings}
    _check_same(row, flagged, said)
    assessed = log.assessments_of(turn.unit.connection, [event.sequence for event in flagged])
    labelled = []
    for place, event in enumerate(flagged, start=1):
        finding = said[event.sequence]
        if chosen.is_fraud and not finding.positive and chosen.status == "suspected":
            continue
        given = {
            "label_id": f"review:C-{row.number}:{at}:{place}",
            "stream": event.stream,
            "event_id": event.event_id,
            "is_fraud": finding.positive,
            "typology": (decision.typology or chosen.typology) if finding.positive else None,
            "subject_role": finding.subject_role,
            "status": chosen.status,
            "known_at": moment(max(at, event.event_time)),
            "source": SOURCE if row.source == SOURCE else "reviewer",
            "review_propensity": assessed[event.sequence].review_propensity,
        }
        record(turn, row.member, parse(Label, given))
        labelled.append(event.stream)
    return labelled


def _check_same(row: CaseRow, flagged: Sequence[Record], said: Mapping[int, FindingRow]) -> None:
    if {event.sequence for event in flagged} != set(said):
        raise Conflict(
            f"C-{row.number} has other events than when its decision was proposed; reject it, "
            f"look again and propose anew"
        )


def chosen_outcome(disposition: str, reason: str, refined: dict[str, str | None]) -> Disposition:
    """Return the outcome of this word; raises `Invalid` naming every field that is wrong."""
    problems = text_problems("reason", reason)
    chosen = DISPOSITIONS.get(disposition)
    if chosen is None:
        words = ", ".join(DISPOSITIONS)
        problems.append(Problem("disposition", disposition, "unknown", f"use one of {words}"))
    elif not chosen.is_fraud:
        problems += [
            Problem(field, value, f"says nothing beside {disposition}", "leave it out")
            for field, value in refined.items()
            if value is not None
        ]
    trial = {"stream": "payment", "event_id": "x", "is_fraud": True, "source": "reviewer"}
    given = {field: value for field, value in refined.items() if value is not None}
    try:
        parse(Label, {**trial, "known_at": moment(0), **given})
    except InvalidEvent as error:
        problems += error.problems
    if problems or chosen is None:
        raise Invalid(problems)
    return chosen


def text_problems(field: str, text: str) -> list[Problem]:
    """Return what is wrong with a text that a person wrote."""
    if not text.strip():
        return [Problem(field, text[:80], "empty", "say it in a few words")]
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        return [Problem(field, "", "holds characters that are none", "send plain text")]
    if len(text) > LONGEST_TEXT:
        return [Problem(field, text[:80], "too long", f"use at most {LONGEST_TEXT} characters")]
    return []
