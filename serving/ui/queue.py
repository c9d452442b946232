"""The queue: what waits for a decision, the most pressing first, and acts on several cases."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from features.errors import Problem
from serving.auth import Session
from serving.cases import Bulk
from serving.errors import Invalid
from serving.service import Service
from serving.ui import svg, words
from serving.ui.http import ROOT, ConsoleRoute, go, page
from serving.ui.selection import AGES, ORDER_NAMES, ORDERS, PAGE, STATE_NAMES, Selection
from serving.ui.session import Checked, SignedIn, Use

router = APIRouter(prefix=ROOT, route_class=ConsoleRoute, include_in_schema=False)
_OPPOSITE = {"claim": "release", "release": "claim"}
_NOTHING_FREE = "Nobody's case is left in this selection: all are held or decided."


async def _queue_page(
    session: Session,
    service: Service,
    selection: Selection,
    *,
    status: int = 200,
    wrong: str = "",
    problems: tuple[Problem, ...] = (),
    outcome: Bulk | None = None,
) -> Response:
    principal, cases = session.principal, service.cases
    found = await cases.queue(
        principal,
        asked=selection.filter(principal),
        order=ORDERS[selection.order],
        cursor=selection.cursor or None,
        limit=PAGE,
    )
    largest = max((case.expected_loss for case in found.cases), default=0) or 1
    bars = {
        case.case_id: svg.share(case.expected_loss / largest, "share of the largest on this page")
        for case in found.cases
    }
    return page(
        "queue.html",
        status,
        session=session,
        here="queue",
        selection=selection,
        found=found,
        bars=bars,
        state_names=STATE_NAMES,
        order_names=ORDER_NAMES,
        ages=AGES,
        choices=await cases.choices(principal),
        views=await cases.views(principal),
        looking=cases.presence.looking(principal.member),
        may_review="review" in principal.scopes,
        wrong=wrong,
        problems={problem.field: problem for problem in problems},
        outcome=outcome,
        opposite=_OPPOSITE,
        now=datetime.now(UTC),
    )


@router.get("/queue")
async def show_queue(request: Request, session: SignedIn, service: Use) -> Response:
    """Show the part of the queue that the address asks for."""
    return await _queue_page(session, service, Selection.read(request.query_params))


@router.post("/queue/take")
async def take_next(session: SignedIn, service: Use, form: Checked) -> Response:
    """Claim the first free case of the selection, and open it."""
    selection = Selection.parse(form.text("selection"))
    taken = await service.cases.take_next(session.principal, selection.filter(session.principal))
    if taken is None:
        return await _queue_page(session, service, selection, wrong=_NOTHING_FREE)
    return go(f"/cases/{taken.case_id}?done=claimed")


@router.post("/queue/several")
async def several(session: SignedIn, service: Use, form: Checked) -> Response:
    """Say what an act on the selected cases would do; do it once that was confirmed."""
    selection = Selection.parse(form.text("selection"))
    chosen, action = form.every("case"), form.text("action")
    if not chosen:
        wrong = "Select the cases first, by the box at the head of each line."
        return await _queue_page(session, service, selection, status=422, wrong=wrong)
    if form.text("confirmed") != "yes":
        found = await service.cases.some(session.principal, chosen)
        return page(
            "queue_several.html",
            session=session,
            here="queue",
            action=action,
            cases=found,
            selection=selection,
            title=words.BULK.get(action, action),
            now=datetime.now(UTC),
        )
    try:
        outcome = await service.cases.bulk(session.principal, action, chosen)
    except Invalid as error:
        return await _queue_page(session, service, selection, status=422, wrong=str(error))
    return await _queue_page(session, service, selection, outcome=outcome)


@router.post("/queue/views")
async def save_view(session: SignedIn, service: Use, form: Checked) -> Response:
    """Keep the selection under a name, or drop a view that was kept."""
    selection = Selection.parse(form.text("selection"))
    if form.text("forget"):
        await service.cases.forget_view(session.principal, form.text("forget"))
        return go(f"/queue?{selection.address()}")
    try:
        await service.cases.save_view(session.principal, form.text("name"), selection.address())
    except Invalid as error:
        return await _queue_page(
            session, service, selection, status=422, wrong=str(error), problems=error.problems
        )
    return go(f"/queue?{selection.address()}")
