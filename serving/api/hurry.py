"""How a caller wants it: within which time, and under which idempotency key.

The time is `deadline_ms` in a JSON body, which goes first, or the header `Deadline-Ms`. It is no
part of the event: the same event with another deadline is the same event.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import Request

from features.errors import Problem
from serving.errors import Invalid
from serving.scoring import IdempotencyKey, Scorable

HEADER = "deadline-ms"
MOST = 60_000
KEY_HEADER = "idempotency-key"
LONGEST_KEY = 255
_FIELD = "deadline_ms"
PARAMETERS: list[dict[str, Any]] = [
    {
        "name": "Deadline-Ms",
        "in": "header",
        "required": False,
        "description": "Milliseconds within which the answer is wanted, degraded if need be.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST},
    },
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "The caller's name for this request: the same request again counts once.",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    },
]


async def taken(request: Request) -> tuple[bytes, float | None]:
    """Return the body without its deadline, and the deadline in seconds; raises `Invalid`."""
    body = await request.body()
    given: Any = request.headers.get(HEADER)
    if given is not None and given.isascii() and given.isdecimal():
        given = int(given)
    if b'"deadline_ms"' in body:
        body, given = _from_body(body, given)
    if given is None:
        return body, None
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= MOST:
        fix = f"give whole milliseconds, 1 to {MOST}"
        raise Invalid([Problem(_FIELD, str(given)[:40], "not a time to wait", fix)])
    return body, given / 1000


def _from_body(body: bytes, otherwise: Any) -> tuple[bytes, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        # Whoever reads the event says what is wrong with it.
        return body, otherwise
    if not isinstance(document, dict) or _FIELD not in document:
        return body, otherwise
    given = document.pop(_FIELD)
    return orjson.dumps(document), given


def key_of(request: Request, events: Sequence[Scorable]) -> IdempotencyKey | None:
    """Return the key of a request that holds these events, None without one; raises `Invalid`."""
    given = request.headers.get(KEY_HEADER)
    if given is None:
        return None
    # A structured field is a quoted string; a bare one is taken as it is.
    name = given[1:-1] if len(given) >= 2 and given[0] == given[-1] == '"' else given
    if not 1 <= len(name) <= LONGEST_KEY or not name.isprintable():
        fix = f"give 1 to {LONGEST_KEY} printable characters, such as a UUID"
        raise Invalid([Problem("Idempotency-Key", name[:40], "not a key", fix)])
    held = hashlib.sha256()
    for event in events:
        held.update(hashlib.sha256(event.stream.encode() + event.canonical()).digest())
    return IdempotencyKey(name, held.digest())
