"""Cursors of the queue: where a page ended, bound to the selection that it came from."""

from __future__ import annotations

import base64
import binascii
import hashlib

import orjson

from features.errors import Problem
from serving.auth import Principal
from serving.errors import Invalid
from serving.store.queues import Filter, Position


def selection(principal: Principal, asked: Filter, order: str) -> str:
    """Return a short mark of what is selected, so that a cursor fits no other selection."""
    parts = [principal.member, order, vars(asked)]
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:12]


def write(place: Position, chosen: str) -> str:
    """Return the cursor that goes on after a case's place."""
    content = orjson.dumps([chosen, place.value, place.opened_at, place.number])
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def read(cursor: str, chosen: str) -> Position:
    """Return where a cursor points; raises `Invalid` when it is not one of this selection."""
    try:
        content = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", True))
        mark, *numbers = content
        if mark == chosen and len(numbers) == 3 and all(type(one) is int for one in numbers):
            return Position(*numbers)
    except (binascii.Error, ValueError, TypeError):
        pass
    raise Invalid(
        [Problem("cursor", cursor[:80], "does not belong to this list", "start without a cursor")]
    )
