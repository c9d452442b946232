"""How a case ends: the outcome that was chosen, and the labels it makes."""

from __future__ import annotations

from features.errors import InvalidEvent, Problem
from features.events import Label, parse
from serving.cases.views import DISPOSITIONS, Disposition
from serving.errors import Invalid
from serving.labels import record
from serving.sampling import SOURCE
from serving.sequencer import Turn
from serving.store import cases as table
from serving.store import log
from serving.store.cases import CaseRow
from serving.store.records import moment

LONGEST_TEXT = 4_000


def label_events(
    turn: Turn, row: CaseRow, chosen: Disposition, refined: dict[str, str | None], at: int
) -> list[str]:
    """Label the case's flagged events by the outcome; return the stream of each label."""
    if chosen.is_fraud is None:
        return []
    flagged = table.flagged_events(turn.unit.connection, row.member, row.number)
    assessed = log.assessments_of(turn.unit.connection, [event.sequence for event in flagged])
    for place, event in enumerate(flagged, start=1):
        given = {
            "label_id": f"review:C-{row.number}:{at}:{place}",
            "stream": event.stream,
            "event_id": event.event_id,
            "is_fraud": chosen.is_fraud,
            "typology": refined["typology"] or chosen.typology,
            "subject_role": refined["subject_role"] or chosen.subject_role,
            "status": chosen.status,
            "known_at": moment(max(at, event.event_time)),
            "source": SOURCE if row.source == SOURCE else "reviewer",
            "review_propensity": assessed[event.sequence].review_propensity,
        }
        record(turn, row.member, parse(Label, given))
    return [event.stream for event in flagged]


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
