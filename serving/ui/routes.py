"""Puts the console onto the service: its pages, its style sheet, and what it says elsewhere."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from serving.ui import (
    approvals_page,
    case,
    decide_page,
    live,
    models_page,
    queue,
    recall_page,
    session,
    watch_page,
)
from serving.ui.http import ROOT, STATIC, ConsoleRoute, Static, error_page, go

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_rest = APIRouter(prefix=ROOT, route_class=ConsoleRoute, include_in_schema=False)


@_rest.get("")
@_rest.get("/")
async def home() -> Response:
    """Send the reader to the queue."""
    return go("/queue")


@_rest.api_route("/{rest:path}", methods=_METHODS)
async def nowhere(request: Request) -> Response:
    """Answer every other address below the console."""
    detail = f"There is no page {request.url.path} for {request.method}. The queue is a good start."
    return error_page(404, "This page does not exist", detail)


async def _front() -> Response:
    return RedirectResponse(ROOT)


def mount(app: FastAPI) -> None:
    """Add the console below /console; it reaches the use cases by `app.state.service`."""
    app.mount(f"{ROOT}/static", Static(directory=STATIC), name="console-static")
    app.add_api_route("/", _front, methods=["GET"], include_in_schema=False)
    for part in (
        session.router,
        queue.router,
        recall_page.router,
        decide_page.router,
        case.router,
        live.router,
        approvals_page.router,
        models_page.router,
        watch_page.router,
        _rest,
    ):
        app.include_router(part)
