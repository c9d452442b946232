"""Routes around a decision: sleep, merge, split, referral, duties, and the second person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from serving.api.bodies import answer
from serving.api.callers import Caller, Use
from serving.api.schemas import problems
from serving.cases import Approval, CaseSummary, Recall

router = APIRouter(prefix="/v1", tags=["review"])
_Route = TypeVar("_Route", bound=Callable[..., Awaitable[Response]])
_ACTS = problems(400, 403, 404, 409, 413, 422, 503)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class SnoozeBody(_Body):
    """How long a case sleeps, and why."""

    until: Annotated[datetime, Field(examples=["2026-05-04T09:00:00Z"])]
    """With a time zone; at most 30 days ahead, and never past a statutory time limit."""
    reason: str = Field(examples=["The customer is called back on Monday."])
    """1 to 4,000 characters."""


class ReferralBody(_Body):
    """The unit that takes over, and why."""

    unit: str = Field(examples=["cybercrime"])
    reason: str
    """1 to 4,000 characters."""


class MergeBody(_Body):
    """The case that takes the events."""

    into: str = Field(examples=["C-17"])


class EventName(_Body):
    """One event by its identity."""

    stream: Literal["payment", "access"]
    event_id: str


class SplitBody(_Body):
    """The events that become a case of their own, and why."""

    events: list[EventName] = Field(min_length=1, max_length=1_000)
    reason: str
    """1 to 4,000 characters."""


class RecallBody(_Body):
    """How the recall of a payment stands."""

    state: str = Field(examples=["requested"])
    """requested, then frozen, returned or gone."""
    recovered: Annotated[int | None, Field(ge=0, le=10**14)] = None
    """EUR cents that were frozen or returned."""


class WhyBody(_Body):
    """Why something was approved or rejected."""

    why: str = ""
    """Mandatory to reject; at most 4,000 characters."""


class Inbox(_Body):
    """Proposals: what waits, oldest first, or what was closed, newest first."""

    approvals: list[Approval]


def _post(path: str, name: str, model: type = CaseSummary) -> Callable[[_Route], _Route]:
    return router.post(path, operation_id=name, response_model=model, responses=_ACTS)


@_post("/cases/{case_id}/snooze", "snooze_case")
async def snooze(case_id: str, body: SnoozeBody, service: Use, caller: Caller) -> Response:
    """Let a case that the caller holds sleep; a new flag wakes it."""
    return answer(await service.desk.snooze(caller, case_id, body.until, body.reason))


@_post("/cases/{case_id}/wake", "wake_case")
async def wake(case_id: str, service: Use, caller: Caller) -> Response:
    """End a case's sleep."""
    return answer(await service.desk.wake(caller, case_id))


@_post("/cases/{case_id}/referral", "refer_case")
async def refer(case_id: str, body: ReferralBody, service: Use, caller: Caller) -> Response:
    """Hand a case that the caller holds to another unit, where it is open again."""
    return answer(await service.desk.refer(caller, case_id, body.unit, body.reason))


@_post("/cases/{case_id}/merge", "merge_case")
async def merge(case_id: str, body: MergeBody, service: Use, caller: Caller) -> Response:
    """Move a case's events into another one, close it as a duplicate, and return the other."""
    return answer(await service.desk.merge(caller, case_id, body.into))


@_post("/cases/{case_id}/split", "split_case")
async def split(case_id: str, body: SplitBody, service: Use, caller: Caller) -> Response:
    """Put some of a case's events into a new case, and return that."""
    events = {(one.stream, one.event_id) for one in body.events}
    return answer(await service.desk.split(caller, case_id, events, body.reason))


@_post("/cases/{case_id}/duties/{clock}", "note_duty")
async def duty(case_id: str, clock: str, service: Use, caller: Caller) -> Response:
    """Note that a duty with a statutory time limit was done."""
    return answer(await service.desk.duty_done(caller, case_id, clock))


@router.get(
    "/cases/{case_id}/recall",
    operation_id="get_recall",
    response_model=Recall,
    responses=problems(404, 409, 422),
)
async def recall(case_id: str, service: Use, caller: Caller) -> Response:
    """Return what can be asked back of a confirmed fraud, and the trail of its money."""
    return answer(await service.recalls.detail(caller, case_id))


@_post("/cases/{case_id}/recall/{sequence}", "note_recall")
async def note_recall(
    case_id: str,
    sequence: Annotated[int, Path(ge=1, le=2**62)],
    body: RecallBody,
    service: Use,
    caller: Caller,
) -> Response:
    """Note that a payment was asked back, or what came of it."""
    return answer(await service.recalls.note(caller, case_id, sequence, body.state, body.recovered))


@router.get(
    "/approvals", operation_id="list_approvals", response_model=Inbox, responses=problems(422)
)
async def approvals(
    service: Use, caller: Caller, pending: Annotated[bool, Query()] = True
) -> Response:
    """List what waits for a second person, or what was closed."""
    return answer({"approvals": await service.approvals.inbox(caller, pending=pending)})


@_post("/approvals/{approval_id}/approve", "approve", Approval)
async def approve(approval_id: str, body: WhyBody, service: Use, caller: Caller) -> Response:
    """Approve what another person proposed; a key is no person and is refused."""
    return answer(await service.approvals.approve(caller, approval_id, body.why))


@_post("/approvals/{approval_id}/reject", "reject", Approval)
async def reject(approval_id: str, body: WhyBody, service: Use, caller: Caller) -> Response:
    """Turn down what another person proposed; a key is no person and is refused."""
    return answer(await service.approvals.reject(caller, approval_id, body.why))


@_post("/approvals/{approval_id}/withdraw", "withdraw", Approval)
async def withdraw(approval_id: str, service: Use, caller: Caller) -> Response:
    """Take back one's own proposal."""
    return answer(await service.approvals.withdraw(caller, approval_id))
