"""The acts of deciding, from the case page's forms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from time import time

from fastapi import APIRouter, Response

from features.errors import Problem
from serving.auth import Session
from serving.cases import CaseSummary
from serving.errors import Conflict, Invalid
from serving.service import Service
from serving.ui.case import case_page
from serving.ui.deciding_view import FIELDS
from serving.ui.http import ROOT, ConsoleRoute, go
from serving.ui.session import Checked, Form, SignedIn, Use

router = APIRouter(prefix=f"{ROOT}/cases", route_class=ConsoleRoute, include_in_schema=False)


@router.post("/{case_id}/decide")
async def decide(case_id: str, session: SignedIn, service: Use, form: Checked) -> Response:
    """Decide, or propose to a second person; with a named harm at once."""
    harm = form.text("harm") or None

    async def act() -> CaseSummary:
        return await service.cases.decide(
            session.principal,
            case_id,
            disposition=form.text("disposition"),
            reason=form.text("reason"),
            typology=form.text("typology") or None,
            subject_role=form.text("subject_role") or None,
            said=_said(form),
            harm=harm,
            seconds=_seconds(form),
        )

    def done(summary: CaseSummary) -> str:
        if summary.state != "decided":
            return "proposed"
        return "broke_glass" if harm else "decided"

    return await _answer(session, service, case_id, form, act, done)


@router.post("/{case_id}/snooze")
async def snooze(case_id: str, session: SignedIn, service: Use, form: Checked) -> Response:
    """Let the case sleep."""

    async def act() -> CaseSummary:
        try:
            until = datetime.fromisoformat(form.text("until"))
            until = until if until.tzinfo else until.replace(tzinfo=UTC)
        except ValueError:
            fix = "choose one of the times"
            raise Invalid([Problem("until", form.text("until")[:40], "no time", fix)]) from None
        reason = form.text("snooze_reason")
        return await service.desk.snooze(session.principal, case_id, until, reason)

    return await _answer(session, service, case_id, form, act, lambda _: "snoozed")


@router.post("/{case_id}/wake")
async def wake(case_id: str, session: SignedIn, service: Use, form: Checked) -> Response:
    """End the case's sleep."""

    async def act() -> CaseSummary:
        return await service.desk.wake(session.principal, case_id)

    return await _answer(session, service, case_id, form, act, lambda _: "woken")


@router.post("/{case_id}/refer")
async def refer(case_id: str, session: SignedIn, service: Use, form: Checked) -> Response:
    """Hand the case to another unit."""

    async def act() -> CaseSummary:
        unit, reason = form.text("unit"), form.text("refer_reason")
        return await service.desk.refer(session.principal, case_id, unit, reason)

    return await _answer(session, service, case_id, form, act, lambda _: "referred")


@router.post("/{case_id}/merge")
async def merge(case_id: str, session: SignedIn, service: Use, form: Checked) -> Response:
    """Move the case's events into another, and go there."""

    async def act() -> CaseSummary:
        return await service.desk.merge(session.principal, case_id, form.text("into"))

    return await _answer(session, service, case_id, form, act, lambda _: "merged")


@router.post("/{case_id}/split")
async def split(case_id: str, session: SignedIn, service: Use, form: Checked) -> Response:
    """Put the chosen events into a new case, and go there."""
    events = {_key(one) for one in form.every("split")}

    async def act() -> CaseSummary:
        reason = form.text("split_reason")
        return await service.desk.split(session.principal, case_id, events, reason)

    return await _answer(session, service, case_id, form, act, lambda _: "split")


@router.post("/{case_id}/duty")
async def duty(case_id: str, session: SignedIn, service: Use, form: Checked) -> Response:
    """Note that a duty was done."""

    async def act() -> CaseSummary:
        return await service.desk.duty_done(session.principal, case_id, form.text("clock"))

    return await _answer(session, service, case_id, form, act, lambda _: "duty")


async def _answer(
    session: Session,
    service: Service,
    case_id: str,
    form: Form,
    act: Callable[[], Awaitable[CaseSummary]],
    done: Callable[[CaseSummary], str],
) -> Response:
    """Do it and go to the case that it left, or show the form again with what was wrong."""
    try:
        summary = await act()
    except (Invalid, Conflict) as error:
        return await case_page(
            session,
            service,
            case_id,
            status=error.status,
            wrong=f"Not done: {error}",
            problems=error.problems,
            sent={name: form.text(name) for name in FIELDS},
        )
    return go(f"/cases/{summary.case_id}?done={done(summary)}")


def _said(form: Form) -> dict[tuple[str, str], tuple[bool, str | None]]:
    """Return what the form says of single events: those that it showed, where they differ."""
    if not form.text("weigh"):
        return {}
    shown = form.every("shown")
    positive = set(form.every("positive"))
    roles = form.every("event_role")
    roles = roles if len(roles) == len(shown) else [""] * len(shown)
    return {
        _key(one): (one in positive, role or None)
        for one, role in zip(shown, roles, strict=True)
        if one not in positive or role
    }


def _key(text: str) -> tuple[str, str]:
    stream, _, event_id = text.partition(" ")
    return stream, event_id


def _seconds(form: Form) -> int:
    opened = form.text("opened")
    return max(int(time()) - int(opened), 0) if opened.isdecimal() and len(opened) < 12 else 0
