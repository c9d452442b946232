"""The forms of answers and small bodies, as the OpenAPI document shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from features.events import SubjectRole

Advice = Literal["clear", "review", "urgent"]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class WrongField(_Form):
    """One wrong field."""

    field: str
    value: str
    """As given, shortened."""
    problem: str
    fix: str


class ProblemDetails(_Form):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[WrongField] | None = None
    """Every wrong field, with status 422."""
    retry_after: int | None = None
    """Seconds to wait before this item of a batch is sent again."""


class ReasonAnswer(_Form):
    """One ground for a flag."""

    text: str
    """In words."""
    feature: str
    value: float | None
    """In the feature's unit: EUR in cents, seconds, share 0 to 1, flag 0 or 1."""
    usual: float | None
    """The subject's own baseline, in the same way."""
    contribution: float
    """How far all measures of the group together raised the score, in log-odds."""
    group: str
    """What the measure speaks for, such as new payee."""


class CounterfactualAnswer(_Form):
    """What would have left the event clear: a statement about the model, not about the world."""

    text: str
    """In words."""
    probability: float
    """What the probability would have been, below the review threshold."""
    changes: dict[str, float | None]
    """The features that would have been otherwise, and their values then."""


class UnusualAnswer(_Form):
    """One feature that makes an event novel."""

    text: str
    """In words: the value, what is usual, and how rare."""
    feature: str
    value: float | None
    """In the feature's unit, as with a reason."""
    low: float | None
    """What 5 % of the training events lie below."""
    high: float | None
    """What 95 % of them lie below."""
    one_in: float
    """One training event in so many has a value so far out."""
    contribution: float
    """Its part of the novelty score."""


class WatchlistHit(_Form):
    """A record of a watchlist that the event met: for a person to look at, never a verdict."""

    list_name: str
    version: int
    """Version of the list that was in force."""
    entity_id: str
    caption: str
    """What the record is called."""
    schema_: str = Field(alias="schema")
    """Kind of record, as FollowTheMoney names it."""
    topics: list[str]
    protected: bool
    """Always false here: hits on people to be protected are shown nowhere near a score."""
    score: float = Field(ge=0, le=1)
    """How surely the name is one's; 1 for a number or address."""
    field: str
    """What met it, such as creditor_name."""
    by: str
    """The record's name or number that was met."""
    exact: bool
    """Met by a number or address rather than by a name."""


class ModelAnswer(_Form):
    """The model that scored."""

    name: str
    version: str


class AssessmentAnswer(_Form):
    """The advice on one event, and its grounds."""

    assessment_id: str
    stream: Literal["payment", "access"]
    event_id: str
    advice: Advice
    because: list[str]
    """What set the advice."""
    probability: float = Field(ge=0, le=1)
    """Calibrated probability of fraud, six decimals."""
    reasons: list[ReasonAnswer] = Field(max_length=5)
    """Strongest first, one a group of measures; empty unless flagged."""
    counterfactual: CounterfactualAnswer | None
    """Null when the event is clear, or hangs on more than one or two things."""
    novelty: float | None = Field(ge=0, le=1)
    """Share of the events that the model learnt from which are less novel; null without."""
    unusual: list[UnusualAnswer] = Field(max_length=3)
    """What makes it novel, largest first; empty unless the quota of novelty took it."""
    watchlist_hits: list[WatchlistHit]
    """Records of watchlists that it met; they raise the advice and never decide alone."""
    model: ModelAnswer
    feature_set: str
    reference: str
    """Reference data used: exchange rates, networks, places."""
    case_id: str | None
    """The case that the event opened or joined."""
    pool: str
    """Whose history it rests on: `member:NAME`, or `agreement:REFERENCE` under one in force."""
    late: bool
    """True when it came too late to become part of the history."""
    duplicate: bool
    """True when the event was sent before; this is its first answer again."""
    amount_reference: int | None
    """The amount in EUR cents."""
    received_at: datetime


class DegradedAnswer(_Form):
    """An answer within the caller's deadline, without a score; its event is scored later."""

    degraded: Literal[True]
    stream: Literal["payment", "access"]
    event_id: str
    kept: bool | Literal["unknown"]
    """True: on disk, to be scored later. False: send it again. "unknown": send it again, too; if
    it was kept, it counts once."""
    left_out: list[str]
    """What the answer does without."""
    because: str
    advice: Literal["review"] | None
    """Review when a watchlist was met; null is no advice at all, and no clear."""
    watchlist_hits: list[WatchlistHit]


class BatchItem(_Form):
    """The answer to one event of a batch: its assessment, a degraded one, or what was wrong."""

    index: int
    """Place in the request, from 0."""
    status: int
    assessment: AssessmentAnswer | None = None
    degraded: DegradedAnswer | None = None
    problem: ProblemDetails | None = None


class BatchAnswer(_Form):
    """Answers in the order of the request."""

    items: list[BatchItem]


class MessageAnswer(BatchAnswer):
    """Answers to a pacs.008 message, in the order of its transactions."""

    message_id: str | None


class LabelItem(_Form):
    """What became of one label."""

    index: int
    status: int
    label_id: str | None = None
    duplicate: bool | None = None
    problem: ProblemDetails | None = None


class LabelsAnswer(_Form):
    """Answers in the order of the request."""

    items: list[LabelItem]


class StatusItem(_Form):
    """What became of one payment status."""

    index: int
    status: int
    event_id: str | None = None
    payment_event_id: str | None = None
    """The payment that it was found to be about."""
    label_id: str | None = None
    """The provisional label that a recall for fraud gives."""
    duplicate: bool | None = None
    problem: ProblemDetails | None = None


class StatusesAnswer(_Form):
    """Answers in the order of the request."""

    items: list[StatusItem]


class StatusMessageAnswer(StatusesAnswer):
    """Answers to a message, in its order."""

    skipped: dict[str, int]
    """What decides nothing yet or is about no customer's payment, by kind."""


class NoteBody(_Form):
    """A note on a case."""

    text: str = Field(examples=["Called the customer: no answer."])
    """1 to 4,000 characters."""


class EventFindingBody(_Form):
    """What the decision says of one event of the case."""

    stream: Literal["payment", "access"]
    event_id: str
    positive: bool
    """Whether the event is part of the crime."""
    subject_role: SubjectRole | None = None
    """Part that the subject played in it; that of the whole decision when left out."""


class DecisionBody(_Form):
    """How a case ends."""

    disposition: str = Field(examples=["fraud_confirmed"])
    """fraud_confirmed, laundering_confirmed, suspicious_report, continuing_activity,
    safeguarding_referral, benign_positive, false_positive, nothing_found, duplicate or
    insufficient_information."""
    reason: str = Field(examples=["The customer did not order these payments."])
    """1 to 4,000 characters."""
    typology: str | None = Field(None, examples=["account_takeover"])
    """Kind of crime."""
    subject_role: str | None = Field(None, examples=["victim"])
    """victim, unwitting_mule, complicit, perpetrator or unknown."""
    events: list[EventFindingBody] = Field(default=[], max_length=1_000)
    """Single events that the outcome does not hold for, or in another role."""
    imminent_harm: str | None = None
    """Which harm does not allow to wait for a second person, who looks at it afterwards."""
    seconds_spent: int = Field(0, ge=0)
    """How long the case was before the person."""


class Health(_Form):
    """The process answers."""

    status: Literal["ok"]


class Readiness(_Form):
    """Whether events are taken, and why not."""

    ready: bool
    reasons: list[str]
    """Why no event is taken."""
    champions: dict[str, str]
    """Version in use by stream."""
    missing: dict[str, str]
    """Streams that cannot be scored, and why."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entries of error answers: those of every route, and the given ones."""
    content = {"application/problem+json": {"schema": {"$ref": _PROBLEM}}}
    return {
        status: {"description": _DESCRIPTIONS[status], "content": content}
        for status in sorted({401, 403, 429, *statuses})
    }


_PROBLEM = "#/components/schemas/ProblemDetails"
_DESCRIPTIONS = {
    400: "The body cannot be read",
    401: "No valid API key",
    403: "The key lacks the scope",
    404: "No such thing of yours",
    409: "Being worked on (see Retry-After), loaded as history, or a case in another state",
    413: "Body or batch over the limit",
    421: "Another service takes this member's events; `owner` and Crossflag-Owner say which",
    422: "Wrong fields, each named with its value and fix",
    429: "Too many requests; see RateLimit and Retry-After",
    503: "Not ready, no champion, or too many events waiting; see Retry-After",
}
