"""Routes for operators: does it live, does it take events, what does it count."""

from __future__ import annotations

from fastapi import APIRouter, Response

from serving.api.bodies import answer
from serving.api.callers import Caller, Use
from serving.api.schemas import Health, Readiness, problems

router = APIRouter(tags=["operations"])


@router.get("/healthz", operation_id="health", response_model=Health)
async def health() -> Response:
    """Answer as long as the process lives; needs no key."""
    return answer({"status": "ok"})


@router.get(
    "/readyz",
    operation_id="readiness",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Not ready, and why"}},
)
async def readiness(service: Use) -> Response:
    """Tell whether events are taken, and why not; needs no key."""
    reasons = service.not_ready()
    document = {
        "ready": not reasons,
        "reasons": reasons,
        "champions": service.champions.versions(),
        "missing": service.champions.missing,
    }
    return answer(document, 503 if reasons else 200)


@router.get(
    "/metrics",
    operation_id="metrics",
    responses={
        200: {"description": "Prometheus text", "content": {"text/plain": {}}},
        **problems(),
    },
)
async def metrics(service: Use, caller: Caller) -> Response:
    """Return counters and times in Prometheus' form; needs a key with the scope `read`."""
    caller.require("read")
    service.metrics.ready.set(not service.not_ready())
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
