"""Route to what changes meanwhile: the last look at drift and at novel events that grow alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from serving.alarms import Alarm
from serving.api.bodies import answer
from serving.api.callers import Caller, Use
from serving.api.schemas import problems
from serving.drift import StreamDrift

router = APIRouter(prefix="/v1/watch", tags=["operations"])


class WatchAnswer(BaseModel):
    """What the last look found of the caller's member; nothing before the first look."""

    model_config = {"use_attribute_docstrings": True}

    at: datetime | None
    """When the look was."""
    drift: list[StreamDrift]
    """Every shift of each stream, the largest index first."""
    alarms: list[Alarm]
    """Groups of novel events that grow alike, the largest first."""


@router.get("", operation_id="get_watch", response_model=WatchAnswer, responses=problems())
async def get_watch(service: Use, caller: Caller) -> Response:
    """Return the last look: drift by feature, score, reason and corridor, and alarms."""
    seen = service.watch.last(caller)
    document: dict[str, Any] = {"at": None, "drift": [], "alarms": []}
    return answer(document if seen is None else seen)
