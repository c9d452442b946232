"""Routes of review: queue, case, claim, release, note, decision."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from serving.api.bodies import answer
from serving.api.callers import Caller, Use
from serving.api.schemas import DecisionBody, NoteBody, problems
from serving.cases import CaseDetail, CaseSummary, Filter, HistoryEntry, Order, QueuePage, State

router = APIRouter(prefix="/v1/cases", tags=["review"])
_MISSING = problems(404, 422)
_CHANGES = problems(404, 409, 503)
_TEXTS = problems(400, 404, 409, 413, 422, 503)


@router.get("", operation_id="list_cases", response_model=QueuePage, responses=problems(422))
async def list_cases(
    service: Use,
    caller: Caller,
    state: Annotated[list[State] | None, Query()] = None,
    order: Order = "loss",
    mine: bool = False,
    asleep: bool = False,
    text: Annotated[str, Query(max_length=100)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """List cases by expected loss (highest first), by priority (loss times urgency, as in the
    console), or by age; open and claimed ones unless told. `text` searches case, account, customer,
    device, address and names. Cases that sleep are left out unless `asleep` is true."""
    states = tuple(dict.fromkeys(state)) if state else ("open", "claimed")
    asked = Filter(
        states=states, claimed_by=caller.name if mine else None, text=text.strip(), asleep=asleep
    )
    page = await service.cases.queue(caller, asked=asked, order=order, cursor=cursor, limit=limit)
    return answer(page)


@router.get("/{case_id}", operation_id="get_case", response_model=CaseDetail, responses=_MISSING)
async def get_case(
    case_id: str,
    service: Use,
    caller: Caller,
    timeline_limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """Return a case: its events in time with reasons, parties, corridors, notes and history."""
    return answer(await service.cases.detail(caller, case_id, timeline_limit=timeline_limit))


@router.post(
    "/{case_id}/claim", operation_id="claim_case", response_model=CaseSummary, responses=_CHANGES
)
async def claim_case(case_id: str, service: Use, caller: Caller) -> Response:
    """Take an open case."""
    return answer(await service.cases.claim(caller, case_id))


@router.post(
    "/{case_id}/release",
    operation_id="release_case",
    response_model=CaseSummary,
    responses=_CHANGES,
)
async def release_case(case_id: str, service: Use, caller: Caller) -> Response:
    """Give a claimed case back to the queue."""
    return answer(await service.cases.release(caller, case_id))


@router.post(
    "/{case_id}/notes", operation_id="add_note", response_model=HistoryEntry, responses=_TEXTS
)
async def add_note(case_id: str, body: NoteBody, service: Use, caller: Caller) -> Response:
    """Add a note to a case."""
    return answer(await service.cases.note(caller, case_id, body.text))


@router.post(
    "/{case_id}/decision",
    operation_id="decide_case",
    response_model=CaseSummary,
    responses=_TEXTS,
)
async def decide_case(case_id: str, body: DecisionBody, service: Use, caller: Caller) -> Response:
    """Decide on a case that the caller has claimed; its flagged events are labelled by the outcome.

    What needs a second person is proposed only: the case stays claimed, and `desk.pending` of
    `GET /v1/cases/{case_id}` says what waits.
    """
    summary = await service.cases.decide(
        caller,
        case_id,
        disposition=body.disposition,
        reason=body.reason,
        typology=body.typology,
        subject_role=body.subject_role,
        said={(one.stream, one.event_id): (one.positive, one.subject_role) for one in body.events},
        harm=body.imminent_harm,
        seconds=body.seconds_spent,
    )
    return answer(summary)
