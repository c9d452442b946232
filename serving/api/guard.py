"""Around every request: limits, security headers, its id, the time it took, no stack trace."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from time import perf_counter
from typing import Any

from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import requests
from serving.api.problems import problem
from serving.errors import Internal, TooLarge
from serving.metrics import Metrics

_log = logging.getLogger("crossflag")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_TLS = {"Strict-Transport-Security": "max-age=31536000"}


class Guard:
    """Pure ASGI: a route sets a header of its own and it stays.

    With `tls`, browsers are told to come by HTTPS only.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, body_limit: int, tls: bool = False) -> None:
        self._app = app
        self._metrics = metrics
        self._body_limit = body_limit
        self._taken: dict[int, Histogram] = {}
        given = _HEADERS | (_TLS if tls else {})
        self._headers = [(name.lower().encode(), value.encode()) for name, value in given.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        status = 500
        read = 0
        request = requests.request_of(scope["headers"])
        requests.current.set(request)

        async def limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._body_limit:
                raise self._too_large()
            return message

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *self._beside(request, message)]
            await send(message)

        try:
            if _declared(scope) > self._body_limit:
                await problem(self._too_large())(scope, receive, guarded)
            else:
                await self._app(scope, limited, guarded)
        except Exception as error:
            # A message may hold values of an event; kind and place do not.
            _log.error("a request failed: %s at %s", type(error).__name__, _place(error))
            if status != 500:
                raise
            await problem(Internal("the service met a fault of its own"))(scope, receive, guarded)
        finally:
            taken = self._taken.get(status)
            if taken is None:
                # Looked up once for each status: it costs more than the rest of the guard.
                taken = self._taken[status] = self._metrics.request_seconds.labels(str(status))
            taken.observe(perf_counter() - started)

    def _beside(self, request: requests.Request, message: Message) -> list[tuple[bytes, bytes]]:
        """Return the headers that the answer lacks."""
        there = {name for name, _ in message["headers"]}
        headers = [one for one in self._headers if one[0] not in there]
        headers.append((b"x-request-id", request.request_id.encode()))
        if request.trace_id is not None:
            flags = "01" if request.sampled else "00"
            trace = f"00-{request.trace_id}-{request.parent_id}-{flags}"
            headers.append((b"traceparent", trace.encode()))
        if request.quota is not None:
            headers += request.quota.headers()
        return headers

    def _too_large(self) -> TooLarge:
        return TooLarge(f"the body is larger than {self._body_limit} bytes; send smaller batches")


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            # Longer than any number of bytes that there is; such a text is slow to convert.
            return int(value[:20]) if value.isdigit() else 0
    return 0


def _place(error: BaseException) -> str:
    frames: list[Any] = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
