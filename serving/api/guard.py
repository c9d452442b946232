"""Around every request: a limit on its body, security headers, the time it took, no stack trace."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from time import perf_counter
from typing import Any

from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.api.problems import problem
from serving.errors import Internal, TooLarge
from serving.metrics import Metrics

_log = logging.getLogger("crossflag")
_HEADERS = [
    (b"cache-control", b"no-store"),
    (
        b"content-security-policy",
        b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]


class Guard:
    """Pure ASGI: a route sets a header of its own and it stays."""

    def __init__(self, app: ASGIApp, metrics: Metrics, body_limit: int) -> None:
        self._app = app
        self._metrics = metrics
        self._body_limit = body_limit
        self._taken: dict[int, Histogram] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        status = 500
        read = 0

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
                own = message["headers"] = list(message["headers"])
                set_already = {name for name, _ in own}
                own += [header for header in _HEADERS if header[0] not in set_already]
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

    def _too_large(self) -> TooLarge:
        return TooLarge(f"the body is larger than {self._body_limit} bytes; send smaller batches")


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _place(error: BaseException) -> str:
    frames: list[Any] = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
