"""What the decision panel of a case shows: outcomes, events to weigh, duties, who must agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from serving.auth import Principal
from serving.cases import CONFIRMED, DISPOSITIONS, REPORTED, CaseDetail, TimelineEntry
from serving.cases.desk import LONGEST_SLEEP_DAYS
from serving.ui import words

FIELDS = (
    "disposition",
    "reason",
    "typology",
    "subject_role",
    "harm",
    "until",
    "snooze_reason",
    "unit",
    "refer_reason",
    "into",
    "split_reason",
)
DONE = {
    "decided": "Decided. The labels of its events go into the next training.",
    "proposed": "Proposed. A second person has to approve it; until then nothing is labelled.",
    "broke_glass": "Done at once. A second person looks at it afterwards.",
    "snoozed": "The case sleeps. It is back at the time you chose, or with a new flag.",
    "woken": "The case is awake again.",
    "referred": "The case is with the other unit now.",
    "merged": "The events are in this case now; the other one is closed as its duplicate.",
    "split": "The events you chose are in this new case, which you hold.",
    "duty": "Noted, with your name and the time.",
    "withdrawn": "Your proposal is withdrawn; the case is yours to decide anew.",
}
_MOST_EVENTS = 100
_SNOOZES = (("tomorrow", 1), ("in 3 days", 3), ("in a week", 7), ("in 2 weeks", 14))


@dataclass(frozen=True)
class Weighed:
    """One flagged event of the case, to be called positive or not."""

    key: str
    what: str
    amount: str
    at: datetime


@dataclass(frozen=True)
class Deciding:
    """The panel: `two` says of which outcomes a second person must approve, `late` the duties."""

    events: tuple[Weighed, ...]
    events_left_out: int
    two: frozenset[str]
    snooze_ends: tuple[tuple[str, str], ...]
    """Text and end of each choice that passes no statutory time limit."""
    opened: str
    """When the page was made, seconds since 1970; the form sends it back as time spent."""
    recall: bool
    asleep: bool
    may_approve: bool


def view(case: CaseDetail, principal: Principal, four_eyes: bool) -> Deciding:
    """Return the panel of a case for a reader."""
    flagged = [entry for entry in case.timeline if entry.in_case]
    now = datetime.now(UTC)
    two = {*CONFIRMED, *REPORTED}
    if case.summary.advice == "urgent" and case.summary.source != "random_review":
        two |= {word for word, one in DISPOSITIONS.items() if one.is_fraud is False}
    desk = case.desk
    limits = [one.due_at for one in desk.clocks if one.state in ("running", "late")]
    last = min([now + timedelta(days=LONGEST_SLEEP_DAYS), *limits])
    ends = [(text, now + timedelta(days=days)) for text, days in _SNOOZES]
    waiting = desk.pending
    return Deciding(
        events=tuple(_weighed(entry) for entry in flagged[:_MOST_EVENTS]),
        events_left_out=max(len(flagged) - _MOST_EVENTS, 0),
        two=frozenset(two) if four_eyes else frozenset(),
        snooze_ends=tuple(
            (text, end.isoformat(timespec="minutes")) for text, end in ends if end <= last
        ),
        opened=str(int(now.timestamp())),
        recall=case.summary.disposition in CONFIRMED and _paid(flagged),
        asleep=desk.snoozed_until is not None and desk.snoozed_until > now,
        may_approve=waiting is not None
        and "review" in principal.scopes
        and waiting.proposed_by != principal.name,
    )


def _weighed(entry: TimelineEntry) -> Weighed:
    event = entry.event
    if entry.stream == "payment":
        what = str(event.get("creditor_name") or event["creditor_account"])
        amount = words.amount(str(event["amount"]), event["currency"])
    else:
        what, amount = words.ACTIONS.get(event["action"], event["action"]), ""
    return Weighed(f"{entry.stream} {entry.event_id}", what, amount, entry.time)


def _paid(flagged: Sequence[TimelineEntry]) -> bool:
    return any(entry.stream == "payment" for entry in flagged)
