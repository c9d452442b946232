"""What is known of the request that is being answered: its id, its trace, its caller's quota."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from serving.rates import Quota

_TRACE = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_UUID = re.compile(rb"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
_NONE = (b"0" * 32, b"0" * 16)


@dataclass(slots=True)
class Request:
    """One request. Its id goes into every log line that is written while it is answered."""

    request_id: str
    trace_id: str | None = None
    parent_id: str | None = None
    sampled: bool = False
    quota: Quota | None = None


current: ContextVar[Request | None] = ContextVar("crossflag_request", default=None)
"""The request that this task answers, None outside one."""


def request_of(headers: list[tuple[bytes, bytes]]) -> Request:
    """Return the request of these headers: `X-Request-Id` if it is a UUID, and `traceparent`.

    Any other id could be an account number, and would stand in the log; such a request, and one
    without an id, gets one of its own.
    """
    request_id = trace = None
    for name, value in headers:
        if name == b"x-request-id":
            request_id = value
        elif name == b"traceparent":
            trace = _TRACE.fullmatch(value)
    if request_id is not None and _UUID.fullmatch(request_id):
        request = Request(str(UUID(request_id.decode())))
    else:
        request = Request(str(UUID(bytes=secrets.token_bytes(16), version=4)))
    if trace is not None and trace[1] != _NONE[0] and trace[2] != _NONE[1]:
        request.trace_id, request.parent_id = trace[1].decode(), trace[2].decode()
        request.sampled = bool(int(trace[3], 16) & 1)
    return request
