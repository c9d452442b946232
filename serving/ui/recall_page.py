"""The recall page: where the money went, what is asked of whom, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import get_args

from fastapi import APIRouter, Response

from features.errors import Problem
from serving.auth import Session
from serving.cases.recalling import OUTCOMES, Draft
from serving.errors import Conflict, Invalid, NotFound
from serving.service import Service
from serving.ui.http import ROOT, ConsoleRoute, go, page
from serving.ui.session import Checked, SignedIn, Use

router = APIRouter(
    prefix=f"{ROOT}/cases/{{case_id}}/recall", route_class=ConsoleRoute, include_in_schema=False
)
STATES = {
    "requested": "Asked back",
    "frozen": "Frozen",
    "returned": "Returned",
    "gone": "Gone",
}
_TYPES = {"camt.056.xml": "application/xml", "stop-payment.txt": "text/plain; charset=utf-8"}


async def _recall_page(
    session: Session,
    service: Service,
    case_id: str,
    status: int = 200,
    wrong: str = "",
    done: str = "",
) -> Response:
    recall = await service.recalls.detail(session.principal, case_id)
    case = await service.cases.detail(session.principal, case_id)
    limits = [one for one in case.desk.clocks if one.clock == "recall_answer"]
    return page(
        "recall.html",
        status,
        session=session,
        here="case",
        recall=recall,
        summary=recall.summary,
        protective=case.desk.protective,
        limit=limits[0] if limits else None,
        may_review="review" in session.principal.scopes,
        states=STATES,
        outcomes=OUTCOMES,
        drafts=get_args(Draft),
        recovered=sum(one.recovered or 0 for one in recall.payments),
        stolen=sum(hop.carried for hop in recall.trail.hops if hop.depth == 1),
        first=min((one.time for one in recall.payments), default=None),
        now=datetime.now(UTC),
        wrong=wrong,
        done="Noted on the case." if done else "",
    )


@router.get("")
async def show_recall(case_id: str, session: SignedIn, service: Use, done: str = "") -> Response:
    """Show the recall of a confirmed fraud."""
    return await _recall_page(session, service, case_id, done=done)


@router.get("/{sequence}/{kind}")
async def draft(
    case_id: str, sequence: str, kind: str, session: SignedIn, service: Use
) -> Response:
    """Hand out a draft as a file."""
    if kind not in get_args(Draft):
        raise NotFound(f"there is no draft {kind[:40]!r}")
    content = await service.recalls.draft(
        session.principal,
        case_id,
        _number(sequence),
        kind,  # type: ignore[arg-type]
    )
    name = f"{case_id}-{sequence}-{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=_TYPES[kind], headers=headers)


@router.post("/{sequence}")
async def note(
    case_id: str, sequence: str, session: SignedIn, service: Use, form: Checked
) -> Response:
    """Note that a payment was asked back, or what came of it."""
    try:
        amount = form.text("recovered").replace(",", ".")
        cents = _cents(amount) if amount else None
        state = form.text("state")
        await service.recalls.note(session.principal, case_id, _number(sequence), state, cents)
    except (Invalid, Conflict) as error:
        return await _recall_page(session, service, case_id, error.status, str(error))
    return go(f"/cases/{case_id}/recall?done=noted")


def _cents(text: str) -> int:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not 0 <= amount < 10**12:
        fix = "give an amount in EUR, such as 1200.50"
        raise Invalid([Problem("recovered", text[:40], "no amount", fix)])
    return int(amount * 100)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise NotFound(f"there is no payment {text[:40]!r}")
    return int(text)
