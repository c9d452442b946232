"""What a reviewer sees of cases, and the outcomes that may be chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from features.events import LabelStatus
from features.reference import FatfStatus
from serving.assessments import Assessment
from serving.cases.clocks import Clock

State: TypeAlias = Literal["open", "claimed", "decided"]
Order: TypeAlias = Literal["priority", "loss", "age"]
Action: TypeAlias = Literal[
    "opened",
    "event_added",
    "claimed",
    "released",
    "noted",
    "decided",
    "proposed",
    "approved",
    "rejected",
    "withdrawn",
    "broke_glass",
    "snoozed",
    "woken",
    "merged",
    "split",
    "referred",
    "recalled",
    "duty_done",
]
ApprovalKind: TypeAlias = Literal["confirm", "report", "release", "break_glass"]
ApprovalState: TypeAlias = Literal["pending", "approved", "rejected", "withdrawn"]


@dataclass(frozen=True)
class Disposition:
    """An outcome a reviewer may choose, and the label it makes of the case's flagged events."""

    word: str
    title: str
    is_fraud: bool | None
    """The label; None makes no label."""
    subject_role: str = "unknown"
    typology: str | None = None
    """What the label names when the reviewer names nothing."""
    status: LabelStatus = "confirmed"
    """Whether the label establishes it, or says no more than that it is suspected."""

    @property
    def accuses(self) -> bool:
        """True for outcomes that cannot be said of somebody who was deceived."""
        return self.word in ("laundering_confirmed", *REPORTED)


REPORTED = ("suspicious_report", "continuing_activity")
"""Outcomes by which the case is to be reported to the authorities."""
CONFIRMED = ("fraud_confirmed", "laundering_confirmed")
DISPOSITIONS: dict[str, Disposition] = {
    one.word: one
    for one in (
        Disposition("fraud_confirmed", "Fraud confirmed", True),
        Disposition(
            "laundering_confirmed", "Money laundering confirmed", True, typology="money_laundering"
        ),
        Disposition("suspicious_report", "Suspicious, to be reported", True, status="suspected"),
        Disposition(
            "continuing_activity",
            "Suspicious, continues since the last report",
            True,
            status="suspected",
        ),
        Disposition("safeguarding_referral", "Referred for safeguarding", True, "victim"),
        Disposition("benign_positive", "Unusual but honest", False),
        Disposition("false_positive", "Wrongly flagged", False),
        Disposition("nothing_found", "Looked at, nothing found", False),
        Disposition("duplicate", "Duplicate of another case", None),
        Disposition("insufficient_information", "Not enough information", None),
    )
}


@dataclass(frozen=True)
class CaseSummary:
    """One line of the queue."""

    case_id: str
    """Such as C-17; counted per member."""
    member: str
    state: State
    subject: str
    """The customer or user id, else the debtor's account number."""
    subject_kind: Literal["customer", "account"]
    subject_name: str | None
    advice: str
    """The highest advice of its events."""
    probability: float
    """The highest probability of its events."""
    expected_loss: int
    """EUR cents: probability times amount, summed over its flagged events."""
    events: int
    """How many flagged events it holds."""
    streams: tuple[str, ...]
    """Streams of its flagged events."""
    corridor: tuple[str | None, str | None] | None
    """Debtor and creditor country of its costliest flagged payment; None without a payment."""
    first_reason: str | None
    """The strongest reason of its strongest event."""
    opened_at: datetime
    updated_at: datetime
    claimed_by: str | None
    claimed_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    disposition: str | None
    decision_reason: str | None
    source: str = "flag"
    """`flag`, or `random_review` for a quality sample: drawn by lot, an accusation of nobody."""
    novel: bool = False
    """True when one of its flagged events is novel: unlike what the model learnt from."""
    amount: int = 0
    """EUR cents that its flagged payments move."""
    suspicion: str | None = None
    """What the strongest reason of its strongest event speaks for, such as `new payee`."""
    model_version: str | None = None
    """The model that assessed its strongest event."""
    typology: str | None = None
    """What it was decided to be, such as `mule_chain`; None before, or when it was no crime."""
    due_at: datetime | None = None
    """Until when it is to be decided; the advice says how soon. None once it is decided."""
    claim_expires_at: datetime | None = None
    """When somebody else may take it, unless its holder acts on it before."""


@dataclass(frozen=True)
class QueuePage:
    """Part of the queue; `next_cursor` fetches the following part, None at the end."""

    cases: tuple[CaseSummary, ...]
    next_cursor: str | None
    total: int
    """How many cases the whole selection holds; at most 10,000 are counted."""
    total_is_least: bool = False
    """True when there are more than were counted."""
    urgent: int = 0
    """How many of those counted are urgent."""
    expected_loss: int = 0
    """EUR cents, over those counted."""


@dataclass(frozen=True)
class TimelineEntry:
    """One event of the subject, flagged or not."""

    stream: Literal["payment", "access"]
    event_id: str
    time: datetime
    received_at: datetime
    direction: Literal["out", "in", "access"]
    """Paid by the subject, paid to one of the subject's accounts, or an access event."""
    event: dict[str, Any]
    """The canonical event: its field names and values as in the API."""
    assessment: Assessment | None
    in_case: bool
    """True when it is one of this case's flagged events."""
    label: bool | None
    """What is established, by the latest label that does so; None while nothing is."""
    statuses: tuple[str, ...] = ()
    """What became of a payment since, such as returned, in the order in which it was told."""


@dataclass(frozen=True)
class Party:
    """An account that takes part in the case's flagged payments."""

    account: str
    scheme: str | None
    role: Literal["debtor", "creditor"]
    name: str | None
    country: str | None
    """Country of the account, else of its bank, else of the party."""
    agent: str | None
    payments: int
    total: int
    """EUR cents over the case's flagged payments."""


@dataclass(frozen=True)
class Corridor:
    """A pair of countries between which the case's flagged payments go."""

    debtor_country: str | None
    creditor_country: str | None
    payments: int
    total: int
    """EUR cents."""


@dataclass(frozen=True)
class CountryNote:
    """How the Financial Action Task Force listed a country of the case's payments on their day.

    Context for people: no score rests on it.
    """

    country: str
    day: date
    """Day of the first flagged payment to which it applies."""
    status: FatfStatus
    """call_for_action (the list of high-risk jurisdictions) or increased_monitoring."""
    source: str
    """The statement that put the country on the list."""


@dataclass(frozen=True)
class HistoryEntry:
    """One thing that happened to the case; a note is an entry with action `noted`."""

    at: datetime
    actor: str
    action: Action
    text: str


@dataclass(frozen=True)
class Approval:
    """What one person proposed of a case, and what a second one made of it."""

    approval_id: str
    """Such as A-4; counted per member."""
    case_id: str
    kind: ApprovalKind
    """confirm (fraud), report (to the authorities), release (an urgent flag found honest), or
    break_glass: done at once because harm was imminent, looked at afterwards."""
    disposition: str
    reason: str
    subject_role: str
    positive: int
    """How many of the case's events it calls positive."""
    events: int
    proposed_by: str
    proposed_at: datetime
    state: ApprovalState
    harm: str | None = None
    """Which harm was imminent, where the glass was broken."""
    closed_by: str | None = None
    closed_at: datetime | None = None
    why: str | None = None


@dataclass(frozen=True)
class EventFinding:
    """What the decision said of one event of the case."""

    stream: str
    event_id: str
    positive: bool
    subject_role: str


@dataclass(frozen=True)
class Desk:
    """What stands on a case's desk beside the case itself."""

    snoozed_until: datetime | None = None
    snooze_reason: str | None = None
    unit: str | None = None
    """The unit to which the case was referred."""
    merged_into: str | None = None
    protective: bool = False
    """True when the subject is thought a victim: nothing may be done against them."""
    seconds_spent: int = 0
    """Seconds that people had the case before them when they acted."""
    pending: Approval | None = None
    findings: tuple[EventFinding, ...] = ()
    clocks: tuple[Clock, ...] = ()
    """Duties with a statutory time limit, soonest first."""


@dataclass(frozen=True)
class CaseDetail:
    """Everything a reviewer sees of one case."""

    summary: CaseSummary
    timeline: tuple[TimelineEntry, ...]
    """By event time, oldest first; at most `timeline_limit` newest entries."""
    timeline_cut: bool
    """True when older events of the subject were left out."""
    parties: tuple[Party, ...]
    corridors: tuple[Corridor, ...]
    notes: tuple[HistoryEntry, ...]
    """Oldest first."""
    history: tuple[HistoryEntry, ...]
    """Oldest first, notes included."""
    countries: tuple[CountryNote, ...] = ()
    """Countries of the flagged payments that stood on a list of the FATF on their day."""
    desk: Desk = field(default_factory=Desk)
