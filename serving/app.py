"""The service in one place: what it is made of and in which order it starts and ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from serving import __version__
from serving.api import (
    cases,
    desk,
    events,
    guard,
    health,
    labels,
    matching,
    openapi,
    problems,
    statuses,
    watch,
    watchlist_alerts,
)
from serving.api.busy import Application
from serving.service import Service
from serving.settings import Settings
from serving.ui import routes as console

_ABOUT = "Scores payments and access events for human review. It advises; it never blocks."


def create_app(settings: Settings) -> FastAPI:
    """Return the service as an ASGI application.

    Starting it opens and migrates the store, loads the champions, and replays the event log into
    each member's history; until that is done `/readyz` says so and events are answered with 503.
    Stopping it finishes what was accepted. Raises StoreError or BadReference when it cannot start.
    """
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.stop()

    app = Application(
        title="Crossflag",
        version=__version__,
        description=_ABOUT,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service

    parts = (events, statuses, cases, desk, labels, matching, watchlist_alerts, watch, health)
    for part in parts:
        app.include_router(part.router)
    if settings.console:
        console.mount(app)

    problems.register(app)
    openapi.install(app, settings.batch_limit)
    guarding = partial(
        guard.Guard,
        metrics=service.metrics,
        body_limit=settings.body_limit,
        tls=settings.secure_cookies,
    )
    app.add_middleware(guarding)
    app.answer_first(events.BUSY, guarding)
    return app
