"""The models: champion and challenger of each stream, what waits for approval, and the book."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from markdown_it import MarkdownIt
from markupsafe import Markup

from features.catalog import CATALOGUES
from models import champion
from models.bundle import Bundle
from models.errors import ModelError
from models.promotions import Promotion, documents_of
from serving.comparing import Comparison
from serving.errors import Invalid, NotFound, Unavailable
from serving.service import Service
from serving.ui.http import ROOT, ConsoleRoute, go, page
from serving.ui.session import Checked, SignedIn, Use

router = APIRouter(prefix=ROOT, route_class=ConsoleRoute, include_in_schema=False)
REPORT, CARD, PACK = "report.html", "model_card.md", "validation_pack.zip"
# A report has its own style and pictures inside, no script, and may do nothing else.
_REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'; sandbox"
)
_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")


@dataclass(frozen=True)
class Act:
    """A line of the book, when it was, and which papers there are of its version."""

    at: datetime
    promotion: Promotion
    papers: frozenset[str]


@dataclass(frozen=True)
class Stream:
    """One stream's models; `missing` says why there is no champion, or why the newest is not it."""

    stream: str
    bundle: Bundle | None
    missing: str
    challenger: Bundle | None
    challenger_missing: str
    comparison: Comparison | None
    proposal: Act | None
    acts: tuple[Act, ...]
    papers: frozenset[str]
    """Papers of the champion."""


@router.get("/models")
async def show_models(session: SignedIn, service: Use) -> Response:
    """Show each stream's models."""
    return await _show(session, service)


@router.post("/models/{stream}/{decision}")
async def decide(
    stream: str, decision: str, session: SignedIn, service: Use, form: Checked
) -> Response:
    """Approve or reject what was proposed, and show the page again."""
    acts = {"approve": service.promotions.approve, "reject": service.promotions.reject}
    if decision not in acts:
        raise NotFound(f"there is no decision {decision!r}")
    try:
        await acts[decision](session.principal, stream, form.text("version"), form.text("why"))
    except Invalid as error:
        return await _show(session, service, error)
    return go("/models")


@router.get("/models/{stream}/{version}/card")
async def show_card(stream: str, version: str, session: SignedIn, service: Use) -> Response:
    """Show a version's model card."""
    text = await asyncio.to_thread(
        service.promotions.document, session.principal, stream, version, CARD
    )
    # The renderer escapes what it is given, raw HTML included.
    card = Markup(_markdown.render(text.decode()))  # noqa: S704
    return page("model_card.html", session=session, here="models", card=card, version=version)


@router.get("/models/{stream}/{version}/report")
async def show_report(stream: str, version: str, session: SignedIn, service: Use) -> Response:
    """Show a version's report, a page of its own that may run and load nothing."""
    body = await asyncio.to_thread(
        service.promotions.document, session.principal, stream, version, REPORT
    )
    return HTMLResponse(body, headers={"Content-Security-Policy": _REPORT_POLICY})


@router.get("/models/{stream}/{version}/validation-pack")
async def fetch_pack(stream: str, version: str, session: SignedIn, service: Use) -> Response:
    """Hand out a version's validation pack."""
    body = await asyncio.to_thread(
        service.promotions.document, session.principal, stream, version, PACK
    )
    name = f"{stream}-{version}-validation-pack.zip"
    return Response(
        body,
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _show(session: SignedIn, service: Service, error: Invalid | None = None) -> Response:
    session.principal.require("read")
    streams = [await _stream(service, session, stream) for stream in CATALOGUES]
    return page(
        "models.html",
        200 if error is None else error.status,
        session=session,
        here="models",
        streams=streams,
        problem=None if error is None else str(error.problems[0].fix),
        decides="models" in session.principal.scopes,
    )


async def _stream(service: Service, session: SignedIn, stream: str) -> Stream:
    champions = service.champions
    book, proposal = await asyncio.to_thread(_book, champions.models_dir, stream)
    found = champions.challenger(stream)
    comparison = None
    if found is not None:
        comparison = await service.comparisons.of(session.principal, stream, found.bundle.version)
    try:
        bundle: Bundle | None = champions.scorer(stream).bundle
        missing = champions.missing.get(stream, "")
    except Unavailable as error:
        bundle, missing = None, str(error)
    return Stream(
        stream=stream,
        bundle=bundle,
        missing=missing,
        challenger=None if found is None else found.bundle,
        challenger_missing=champions.challengers_missing.get(stream, ""),
        comparison=comparison,
        proposal=proposal,
        acts=book,
        papers=frozenset()
        if bundle is None
        else _papers(champions.models_dir, stream, bundle.version),
    )


def _book(models_dir: Path, stream: str) -> tuple[tuple[Act, ...], Act | None]:
    """Return every act, the newest first, and what waits for a second person."""

    def act(promotion: Promotion) -> Act:
        papers = _papers(models_dir, stream, promotion.version)
        return Act(datetime.fromisoformat(promotion.at), promotion, papers)

    try:
        waiting = champion.proposal(models_dir, stream)
    except ModelError:
        waiting = None
    acts = reversed(champion.history(models_dir, stream))
    return tuple(map(act, acts)), None if waiting is None else act(waiting)


def _papers(models_dir: Path, stream: str, version: str) -> frozenset[str]:
    return frozenset(path.name for path in documents_of(models_dir / stream, version).glob("*"))
