"""The way of the busy routes past FastAPI's own: guard, route, answer.

FastAPI still knows them, for OpenAPI and for every other method; but matching, dependencies and a
dozen wrappers would cost more than all that an event is checked for. `docs/decisions/0051` has the
figures.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from features.errors import CrossflagError
from serving.api.problems import as_service_error, problem

Endpoint = Callable[[Request], Awaitable[Response]]


class Application(FastAPI):
    """A FastAPI app whose busy POST routes are answered first."""

    busy: ASGIApp | None = None
    busy_paths: frozenset[str] = frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or open and close the app."""
        if (
            self.busy is not None
            and scope["type"] == "http"
            and scope["path"] in self.busy_paths
            and scope["method"] == "POST"
        ):
            scope["app"] = self
            await self.busy(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def answer_first(
        self, endpoints: Mapping[str, Endpoint], around: Callable[[ASGIApp], ASGIApp]
    ) -> None:
        """Let these endpoints, by path, be called past the routing, inside a middleware."""
        self.busy_paths = frozenset(endpoints)
        self.busy = around(_Called(endpoints))


class _Called:
    """Calls the endpoint of a path; a refusal becomes a problem document, as on other routes."""

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._endpoints[scope["path"]](request)
        except CrossflagError as error:
            response = problem(as_service_error(error))
        await response(scope, receive, send)
