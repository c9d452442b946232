"""Routes that score: one event, a batch, a pacs.008 message; and an assessment read again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response

from features.events import AccessEvent, Payment
from features.formats.iso20022 import read_pacs008
from serving.answering import Degraded
from serving.api import examples, hurry
from serving.api.bodies import (
    answer,
    assessment_document,
    degraded_document,
    fill,
    item,
    read_many,
    read_one,
)
from serving.api.callers import Caller, Use, entered
from serving.api.schemas import (
    AssessmentAnswer,
    BatchAnswer,
    DegradedAnswer,
    MessageAnswer,
    problems,
)
from serving.auth import Principal
from serving.errors import Invalid, ServiceError, TooLarge
from serving.service import Service

Event = TypeVar("Event", Payment, AccessEvent)
router = APIRouter(prefix="/v1", tags=["scoring"])
_ERRORS = problems(400, 409, 413, 421, 422, 503)
_BATCH_ERRORS = problems(400, 413, 421, 422, 503)


@router.post(
    "/payments/score",
    operation_id="score_payment",
    response_model=AssessmentAnswer | DegradedAnswer,
    responses=_ERRORS,
    openapi_extra=examples.timed(examples.body("Payment", examples.PAYMENT)),
)
async def score_payment(request: Request) -> Response:
    """Score one payment against the history of everyone it touches, and remember it.

    The answer is durable. The same payment again gets the first answer again, with `duplicate`.
    """
    service, caller = await entered(request, "score")
    return await _one(service, caller, request, Payment)


@router.post(
    "/access-events/score",
    operation_id="score_access_event",
    response_model=AssessmentAnswer | DegradedAnswer,
    responses=_ERRORS,
    openapi_extra=examples.timed(examples.body("AccessEvent", examples.ACCESS_EVENT)),
)
async def score_access_event(request: Request) -> Response:
    """Score one access event, such as a login, and remember it."""
    service, caller = await entered(request, "score")
    return await _one(service, caller, request, AccessEvent)


@router.post(
    "/payments/score-batch",
    operation_id="score_payments",
    response_model=BatchAnswer,
    responses=_BATCH_ERRORS,
    openapi_extra=examples.timed(examples.body("PaymentBatch", {"events": [examples.PAYMENT]})),
)
async def score_payments(request: Request) -> Response:
    """Score up to 1,000 payments in their order; each gets an answer of its own."""
    service, caller = await entered(request, "score")
    limit = service.settings.batch_limit
    body, deadline = await hurry.taken(request)
    given = read_many(Payment, body, "events", limit)
    return answer({"items": await _many(service, caller, "payment", given, request, deadline)})


@router.post(
    "/access-events/score-batch",
    operation_id="score_access_events",
    response_model=BatchAnswer,
    responses=_BATCH_ERRORS,
    openapi_extra=examples.timed(
        examples.body("AccessEventBatch", {"events": [examples.ACCESS_EVENT]})
    ),
)
async def score_access_events(request: Request) -> Response:
    """Score up to 1,000 access events in their order; each gets an answer of its own."""
    service, caller = await entered(request, "score")
    limit = service.settings.batch_limit
    body, deadline = await hurry.taken(request)
    given = read_many(AccessEvent, body, "events", limit)
    return answer({"items": await _many(service, caller, "access", given, request, deadline)})


@router.post(
    "/payments/pacs008",
    operation_id="score_pacs008",
    response_model=MessageAnswer,
    responses=_BATCH_ERRORS,
    openapi_extra=examples.timed(examples.xml_body()),
)
async def score_pacs008(request: Request) -> Response:
    """Score every credit transfer of an ISO 20022 pacs.008 message (.02 or later)."""
    service, caller = await entered(request, "score")
    now = datetime.now(UTC)
    body, deadline = await hurry.taken(request)
    message = await asyncio.to_thread(read_pacs008, body, now=now)
    if len(message.transactions) > service.settings.batch_limit:
        raise TooLarge(
            f"{len(message.transactions)} transactions in one message; "
            f"send at most {service.settings.batch_limit}"
        )
    given = [one.payment or Invalid(one.problems) for one in message.transactions]
    items = await _many(service, caller, "payment", given, request, deadline)
    return answer({"message_id": message.message_id, "items": items})


@router.get(
    "/assessments/{assessment_id}",
    operation_id="get_assessment",
    response_model=AssessmentAnswer,
    responses=problems(404),
)
async def get_assessment(assessment_id: str, service: Use, caller: Caller) -> Response:
    """Return an assessment as it was given; it never changes."""
    return answer(assessment_document(await service.assessor.find(caller, assessment_id)))


BUSY = {
    "/v1/payments/score": score_payment,
    "/v1/payments/score-batch": score_payments,
    "/v1/access-events/score": score_access_event,
    "/v1/access-events/score-batch": score_access_events,
}
"""Routes that are called past FastAPI's routing; see `serving.api.busy`."""


async def _one(
    service: Service, caller: Principal, request: Request, model: type[Event]
) -> Response:
    body, deadline = await hurry.taken(request)
    event = read_one(model, body)
    once = hurry.key_of(request, [event])
    [outcome] = await service.answering.assess(caller, event.stream, [event], deadline, once)
    if isinstance(outcome, ServiceError):
        raise outcome
    if isinstance(outcome, Degraded):
        return answer(degraded_document(outcome))
    return answer(assessment_document(outcome.assessment, outcome.duplicate))


async def _many(
    service: Service,
    caller: Principal,
    stream: str,
    given: Any,
    request: Request,
    deadline: float | None,
) -> list[dict[str, Any]]:
    valid = [one for one in given if not isinstance(one, ServiceError)]
    once = hurry.key_of(request, valid)
    assess = service.answering.assess
    worked = await assess(caller, stream, valid, deadline, once) if valid else []
    return [item(index, one) for index, one in enumerate(fill(given, worked))]
