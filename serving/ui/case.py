"""One case: everything to decide it on a single page, and the acts of review."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from features.errors import Problem
from serving.auth import Session
from serving.cases import DISPOSITIONS
from serving.errors import Conflict, Invalid, NotFound
from serving.service import Service
from serving.ui import deciding_view, hits_view, links_view, tables, timeline_view
from serving.ui.http import ROOT, ConsoleRoute, go, page
from serving.ui.reasons_view import explain
from serving.ui.sentence import sentence
from serving.ui.session import Checked, SignedIn, Use

router = APIRouter(prefix=f"{ROOT}/cases", route_class=ConsoleRoute, include_in_schema=False)
DONE = {
    "claimed": "You hold this case now. Decide it, or release it for somebody else.",
    "released": "The case is back in the queue.",
    "noted": "Your note is on the case.",
    **deciding_view.DONE,
}
_NOTHING_SENT = dict.fromkeys((*deciding_view.FIELDS, "text"), "")


async def case_page(
    session: Session,
    service: Service,
    case_id: str,
    *,
    window: str = "",
    follow: tuple[str, ...] = (),
    done: str = "",
    status: int = 200,
    wrong: str = "",
    problems: tuple[Problem, ...] = (),
    sent: dict[str, str] | None = None,
) -> Response:
    """Render the case, with what went wrong and what was sent when a form was refused."""
    case = await service.cases.detail(session.principal, case_id)
    rows = timeline_view.rows(case)
    links = await service.cases.links(session.principal, case_id, follow)
    paid = [one.time for one in case.timeline if one.in_case and one.stream == "payment"]
    listed = service.cases.listed(max(paid).date()) if paid else {}
    return page(
        "case.html",
        status,
        session=session,
        here="case",
        case=case,
        summary=case.summary,
        sentence=sentence(case),
        timeline=timeline_view.view(rows, window),
        windows=timeline_view.WINDOWS,
        explained=explain(rows),
        linked=links_view.view(links, case.summary.case_id, follow),
        map=links_view.map_of(case, listed),
        map_day=max(paid).date() if paid else None,
        hits=hits_view.hits_of(case),
        holds=case.summary.claimed_by == session.principal.name,
        may_review="review" in session.principal.scopes,
        may_release_others=session.principal.supervises,
        dispositions=DISPOSITIONS,
        deciding=deciding_view.view(case, session.principal, service.settings.four_eyes),
        done=DONE.get(done, ""),
        wrong=wrong,
        problems={problem.field: problem for problem in problems},
        sent={**_NOTHING_SENT, **(sent or {})},
        now=datetime.now(UTC),
    )


@router.get("/{case_id}")
async def show_case(
    case_id: str,
    session: SignedIn,
    service: Use,
    window: str = "",
    done: str = "",
    follow: Annotated[tuple[str, ...], Query()] = (),
) -> Response:
    """Show the case; `window` chooses how much of the timeline, `follow` cases of the graph."""
    return await case_page(session, service, case_id, window=window, done=done, follow=follow)


@router.get("/{case_id}/{name}.csv")
async def show_table(case_id: str, name: str, session: SignedIn, service: Use) -> Response:
    """Hand out one of the page's tables as a file."""
    if name not in tables.NAMES:
        raise NotFound(f"there is no table {name[:40]!r}; use one of {', '.join(tables.NAMES)}")
    table = getattr(tables, name)
    if name in ("related", "named"):
        rows = table(await service.cases.links(session.principal, case_id))
    else:
        rows = table(await service.cases.detail(session.principal, case_id, timeline_limit=1000))
    headers = {
        "Content-Disposition": f'attachment; filename="{case_id}-{name}.csv"',
        "Cache-Control": "no-store",
    }
    return Response(tables.text_of(rows), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/{case_id}/claim")
async def claim(case_id: str, session: SignedIn, service: Use, form: Checked) -> Response:
    """Take the case."""
    try:
        await service.cases.claim(session.principal, case_id)
    except Conflict as error:
        return await case_page(session, service, case_id, status=409, wrong=str(error))
    return go(f"/cases/{case_id}?done=claimed")


@router.post("/{case_id}/release")
async def release(case_id: str, session: SignedIn, service: Use, form: Checked) -> Response:
    """Give the case back."""
    try:
        await service.cases.release(session.principal, case_id)
    except Conflict as error:
        return await case_page(session, service, case_id, status=409, wrong=str(error))
    return go(f"/cases/{case_id}?done=released")


@router.post("/{case_id}/note")
async def note(case_id: str, session: SignedIn, service: Use, form: Checked) -> Response:
    """Add a note."""
    try:
        await service.cases.note(session.principal, case_id, form.text("text"))
    except Invalid as error:
        return await case_page(
            session,
            service,
            case_id,
            status=422,
            wrong="The note was not saved.",
            problems=error.problems,
            sent={"text": form.text("text")},
        )
    return go(f"/cases/{case_id}?done=noted")
