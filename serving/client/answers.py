"""The forms of answers, as the OpenAPI document has them; a test compares the two."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

Advice = Literal["clear", "review", "urgent"]


class WrongField(TypedDict):
    """One wrong field."""

    field: str
    value: str
    problem: str
    fix: str


class Problem(TypedDict):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[list[WrongField] | None]


class Reason(TypedDict):
    """One ground for a flag, in words."""

    text: str
    feature: str
    value: float | None
    usual: float | None
    contribution: float
    group: str


class Model(TypedDict):
    """The model that scored."""

    name: str
    version: str


class Assessment(TypedDict):
    """What the service says of one event; it never changes."""

    assessment_id: str
    stream: str
    event_id: str
    advice: Advice
    because: list[str]
    probability: float
    reasons: list[Reason]
    counterfactual: dict[str, Any] | None
    novelty: float | None
    unusual: list[dict[str, Any]]
    watchlist_hits: list[dict[str, Any]]
    model: Model
    feature_set: str
    reference: str
    case_id: str | None
    pool: str
    late: bool
    duplicate: bool
    amount_reference: int | None
    received_at: str


class BatchItem(TypedDict):
    """The answer to one event of a batch: an assessment, or what is wrong with it."""

    index: int
    status: int
    assessment: NotRequired[Assessment | None]
    problem: NotRequired[Problem | None]


class LabelItem(TypedDict):
    """The answer to one label."""

    index: int
    status: int
    label_id: NotRequired[str | None]
    duplicate: NotRequired[bool | None]
    problem: NotRequired[Problem | None]


class StatusItem(TypedDict):
    """The answer to one payment status."""

    index: int
    status: int
    event_id: NotRequired[str | None]
    payment_event_id: NotRequired[str | None]
    label_id: NotRequired[str | None]
    duplicate: NotRequired[bool | None]
    problem: NotRequired[Problem | None]


class CaseSummary(TypedDict):
    """A case as the queue shows it."""

    case_id: str
    member: str
    state: Literal["open", "claimed", "decided"]
    subject: str
    subject_kind: str
    advice: Advice
    probability: float
    expected_loss: int
    events: int
    opened_at: str
    updated_at: str
    claimed_by: str | None
    disposition: str | None
    first_reason: str | None


class QueuePage(TypedDict):
    """A page of the queue; `next_cursor` leads to the next one."""

    cases: list[CaseSummary]
    next_cursor: str | None
    total: int


class Readiness(TypedDict):
    """Whether the service takes events, and why not."""

    ready: bool
    reasons: list[str]
    champions: dict[str, str]
    missing: dict[str, str]
