"""The inbox of approvals: what waits for a second person, and what became of the rest."""

from __future__ import annotations

from fastapi import APIRouter, Response

from features.errors import Problem
from serving.auth import Session
from serving.cases import DISPOSITIONS
from serving.errors import Conflict, Invalid, ServiceError
from serving.service import Service
from serving.ui.http import ROOT, ConsoleRoute, go, page
from serving.ui.session import Checked, SignedIn, Use

router = APIRouter(prefix=f"{ROOT}/approvals", route_class=ConsoleRoute, include_in_schema=False)
DONE = {
    "approved": "Approved. What was proposed is done.",
    "rejected": "Rejected. The case is back with who proposed.",
    "withdrawn": "Withdrawn.",
}
KINDS = {
    "confirm": "Confirm a crime",
    "report": "Report to the authorities",
    "release": "Let an urgent flag go",
    "break_glass": "Done at once: imminent harm",
}


async def _inbox(
    session: Session,
    service: Service,
    *,
    done: str = "",
    status: int = 200,
    wrong: str = "",
    problems: tuple[Problem, ...] = (),
    about: str = "",
) -> Response:
    return page(
        "approvals.html",
        status,
        session=session,
        here="approvals",
        waiting=await service.approvals.inbox(session.principal),
        closed=(await service.approvals.inbox(session.principal, pending=False))[:30],
        may_review="review" in session.principal.scopes,
        dispositions=DISPOSITIONS,
        kinds=KINDS,
        done=DONE.get(done, ""),
        wrong=wrong,
        problems={problem.field: problem for problem in problems},
        about=about,
    )


@router.get("")
async def show_inbox(session: SignedIn, service: Use, done: str = "") -> Response:
    """Show what waits and what was closed."""
    return await _inbox(session, service, done=done)


@router.post("/{approval_id}")
async def close(approval_id: str, session: SignedIn, service: Use, form: Checked) -> Response:
    """Approve, reject or withdraw, by the button that was pressed."""
    word, why = form.text("do"), form.text("why")
    try:
        if word == "approve":
            one = await service.approvals.approve(session.principal, approval_id, why)
        elif word == "withdraw":
            one = await service.approvals.withdraw(session.principal, approval_id)
        else:
            one = await service.approvals.reject(session.principal, approval_id, why)
    except (Invalid, Conflict) as error:
        return await _refused(session, service, approval_id, error)
    if form.text("back") == "case":
        return go(f"/cases/{one.case_id}?done={one.state}")
    return go(f"/approvals?done={one.state}")


async def _refused(
    session: Session, service: Service, approval_id: str, error: ServiceError
) -> Response:
    return await _inbox(
        session,
        service,
        status=error.status,
        wrong=str(error),
        problems=error.problems,
        about=approval_id,
    )
