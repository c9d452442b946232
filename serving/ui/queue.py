"""The queue: what waits for a decision, the costliest first."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from serving.ui import svg
from serving.ui.http import ROOT, ConsoleRoute, page
from serving.ui.selection import STATE_NAMES, Selection, find
from serving.ui.session import SignedIn, Use

router = APIRouter(prefix=ROOT, route_class=ConsoleRoute, include_in_schema=False)


@router.get("/queue")
async def show_queue(request: Request, session: SignedIn, service: Use) -> Response:
    """Show the part of the queue that the address asks for."""
    selection = Selection.read(request.query_params)
    found = await find(service.cases, session.principal, selection)
    largest = max((case.expected_loss for case in found.cases), default=0) or 1
    bars = {
        case.case_id: svg.share(case.expected_loss / largest, "share of the largest on this page")
        for case in found.cases
    }
    return page(
        "queue.html",
        session=session,
        here="queue",
        selection=selection,
        found=found,
        bars=bars,
        loss=sum(case.expected_loss for case in found.cases),
        urgent=sum(case.advice == "urgent" for case in found.cases),
        state_names=STATE_NAMES,
        now=datetime.now(UTC),
    )
