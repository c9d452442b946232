"""Routes of labels: what became known of events, in and out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from features.events import Label
from serving.api import examples
from serving.api.bodies import answer, fill, read_many
from serving.api.callers import Caller, Use, entered
from serving.api.schemas import LabelsAnswer, problems
from serving.errors import ServiceError
from serving.labels import Recorded

router = APIRouter(prefix="/v1/labels", tags=["labels"])


@router.post(
    "",
    operation_id="add_labels",
    response_model=LabelsAnswer,
    responses=problems(400, 413, 422, 503),
    openapi_extra=examples.body("LabelBatch", {"labels": [examples.LABEL]}),
)
async def add_labels(request: Request) -> Response:
    """Record up to 1,000 labels of scored events; each gets an answer of its own."""
    service, caller = await entered(request, "labels")
    limit = service.settings.batch_limit
    given = read_many(Label, await request.body(), "labels", limit)
    valid = [one for one in given if not isinstance(one, ServiceError)]
    worked = await service.labels.record(caller, valid) if valid else []
    return answer({"items": [_item(*one) for one in enumerate(fill(given, worked))]})


@router.get(
    "",
    operation_id="export_labels",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "One label in JSON per line, in the order in which they arrived",
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
        },
        **problems(),
    },
)
async def export_labels(service: Use, caller: Caller) -> StreamingResponse:
    """Return every label of the member as JSON lines."""
    first = await service.labels.export(caller)

    async def lines() -> AsyncIterator[bytes]:
        bodies, after = first
        while True:
            yield b"".join(body + b"\n" for body in bodies)
            if after is None:
                return
            bodies, after = await service.labels.export(caller, after)

    return StreamingResponse(lines(), media_type="application/x-ndjson")


def _item(index: int, outcome: Recorded | ServiceError) -> dict[str, Any]:
    if isinstance(outcome, ServiceError):
        return {"index": index, "status": outcome.status, "problem": outcome.document()}
    return {
        "index": index,
        "status": 200,
        "label_id": outcome.label_id,
        "duplicate": outcome.duplicate,
    }
