"""Routes of payment statuses: what became of payments that were sent before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from features.events import PaymentStatus
from features.formats.iso_status import read_statuses
from serving.api import examples
from serving.api.bodies import answer, fill, read_many
from serving.api.callers import entered
from serving.api.schemas import StatusesAnswer, StatusMessageAnswer, problems
from serving.auth import Principal
from serving.errors import Invalid, ServiceError, TooLarge
from serving.service import Service
from serving.statuses import Noted

router = APIRouter(prefix="/v1/payment-statuses", tags=["payment statuses"])
_ERRORS = problems(400, 413, 422, 503)


@router.post(
    "",
    operation_id="add_payment_statuses",
    response_model=StatusesAnswer,
    responses=_ERRORS,
    openapi_extra=examples.body("PaymentStatusBatch", {"statuses": [examples.STATUS]}),
)
async def add_payment_statuses(request: Request) -> Response:
    """Record up to 1,000 statuses of payments sent before; each gets an answer of its own."""
    service, caller = await entered(request, "score")
    limit = service.settings.batch_limit
    given = read_many(PaymentStatus, await request.body(), "statuses", limit)
    return answer({"items": await _items(service, caller, given)})


@router.post(
    "/iso20022",
    operation_id="add_iso20022_statuses",
    response_model=StatusMessageAnswer,
    responses=_ERRORS,
    openapi_extra=examples.xml_body(examples.PACS004),
)
async def add_iso20022_statuses(request: Request) -> Response:
    """Record what an ISO 20022 pacs.002, pacs.004, camt.056, camt.029 or pacs.009 COV says."""
    service, caller = await entered(request, "score")
    body, now = await request.body(), datetime.now(UTC)
    read = await asyncio.to_thread(read_statuses, body, now=now)
    if len(read.items) > service.settings.batch_limit:
        raise TooLarge(
            f"{len(read.items)} statuses in one message; "
            f"send at most {service.settings.batch_limit}"
        )
    given = [one.status or Invalid(one.problems) for one in read.items]
    items = await _items(service, caller, given)
    return answer({"items": items, "skipped": dict(read.skipped)})


async def _items(
    service: Service, caller: Principal, given: Sequence[PaymentStatus | ServiceError]
) -> list[dict[str, Any]]:
    valid = [one for one in given if not isinstance(one, ServiceError)]
    worked = await service.statuses.record(caller, valid) if valid else []
    return [_item(*one) for one in enumerate(fill(given, worked))]


def _item(index: int, outcome: Noted | ServiceError) -> dict[str, Any]:
    if isinstance(outcome, ServiceError):
        return {"index": index, "status": outcome.status, "problem": outcome.document()}
    return {
        "index": index,
        "status": 200,
        "event_id": outcome.event_id,
        "payment_event_id": outcome.payment_event_id,
        "label_id": outcome.label_id,
        "duplicate": outcome.duplicate,
    }
