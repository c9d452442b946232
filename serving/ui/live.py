"""News for an open page, as server-sent events: what changed since, and who looks at which case.

A stream ends after a few seconds and the browser opens the next by itself: so a service that stops
never waits for a reader, and a proxy that cuts long answers does no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse

from serving.cases.acting import no_case
from serving.clock import now
from serving.service import Service
from serving.ui.http import ROOT, ConsoleRoute
from serving.ui.session import SignedIn, Use

router = APIRouter(prefix=ROOT, route_class=ConsoleRoute, include_in_schema=False)
LOOKS, SECONDS = 5, 1.5
"""How often a stream looks before it ends, and how long it waits between two looks."""


@router.get("/live")
async def live(
    request: Request,
    session: SignedIn,
    service: Use,
    case: str = "",
    last_event_id: Annotated[str, Header()] = "",
) -> StreamingResponse:
    """Stream what changed; with `case`, say as well that the reader looks at it."""
    digits = last_event_id.isascii() and last_event_id.isdecimal() and len(last_event_id) < 18
    since = int(last_event_id) if digits else now()
    if case and not await service.cases.some(session.principal, [case]):
        raise no_case(case)
    return StreamingResponse(
        _news(request, service, session.principal.member, session.principal.name, case, since),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _news(
    request: Request, service: Service, member: str, name: str, case: str, since: int
) -> AsyncIterator[bytes]:
    presence = service.cases.presence
    yield f"retry: 1000\nid: {since}\ndata:\n\n".encode()
    told, seen = 0, None
    for _ in range(LOOKS):
        if case:
            presence.look(member, case, name)
        changed = await service.cases.changed(member, since, case)
        if changed != told:
            told = changed
            yield _event("changed", {"count": changed}, since)
        looking = presence.looking(member)
        if looking != seen:
            seen = looking
            names = looking.get(case, []) if case else []
            yield _event("looking", {"cases": looking, "names": names}, since)
        await asyncio.sleep(SECONDS)
        if await request.is_disconnected():
            break


def _event(kind: str, told: object, since: int) -> bytes:
    return f"id: {since}\nevent: {kind}\ndata: {orjson.dumps(told).decode()}\n\n".encode()
