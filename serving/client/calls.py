"""What both clients share: one call as data, when it is tried again, and what a refusal becomes."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

import httpx

from serving.client.answers import Problem

_PASSING = frozenset({429, 502, 503, 504})


class RefusedError(Exception):
    """The service refused; `problem` says why, with every wrong field."""

    def __init__(self, status: int, problem: Problem) -> None:
        self.status = status
        self.problem = problem
        super().__init__(f"{status}: {problem['detail']}")


class UnreachableError(Exception):
    """No answer came, however often it was tried; the event may have been taken or not.

    Sending the same event again is safe: it is answered as the first time.
    """


@dataclass(frozen=True)
class Retries:
    """How often, and how long, a call is tried again.

    What the service asks for (`Retry-After`) goes first; without it the wait doubles from `first`
    seconds, half of it drawn by lot, so that many callers do not come back at once.
    """

    attempts: int = 5
    first: float = 0.2
    longest: float = 30.0

    def wait(self, attempt: int, answer: httpx.Response | None) -> float | None:
        """Return the seconds to wait after this attempt (from 1), None when it is the last."""
        if attempt >= self.attempts or (answer is not None and not passing(answer)):
            return None
        asked = answer.headers.get("retry-after", "") if answer is not None else ""
        if asked.isascii() and asked.isdecimal():
            return float(asked) if float(asked) <= self.longest else None
        doubled = min(self.first * 2.0 ** (attempt - 1), self.longest)
        return doubled * (0.5 + random.random() / 2)  # noqa: S311 - no secret


@dataclass(frozen=True)
class Call:
    """One request, the same at each attempt."""

    method: str
    path: str
    json: Any = None
    content: bytes | None = None
    params: Mapping[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def given(self) -> dict[str, Any]:
        """Return it as httpx takes it."""
        given = {name: value for name, value in vars(self).items() if value is not None}
        return given | {"url": given.pop("path")}


def passing(answer: httpx.Response) -> bool:
    """Tell whether the same call may succeed later: overload, or the same event still in work."""
    in_work = answer.status_code == 409 and "retry-after" in answer.headers
    return in_work or answer.status_code in _PASSING


def read(answer: httpx.Response) -> Any:
    """Return the answer's document; raises `RefusedError`."""
    if answer.is_success:
        return answer.json()
    try:
        problem = cast("Problem", answer.json())
        str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        problem = Problem(
            type="about:blank",
            title="No problem document",
            status=answer.status_code,
            detail=f"the answer came from something before the service: {answer.reason_phrase}",
        )
    raise RefusedError(answer.status_code, problem)


def sending(path: str, document: Any, key: str | None = None) -> Call:
    """Return a call that changes something, under a key that stays the same when it is repeated."""
    return Call("POST", path, json=document, headers={"Idempotency-Key": key or uuid4().hex})


def scoring(path: str, event: Mapping[str, Any]) -> Call:
    """Return a call that scores one event."""
    return sending(path, dict(event))


def batch(path: str, name: str, items: Sequence[Mapping[str, Any]]) -> Call:
    """Return a call that sends many items."""
    return sending(path, {name: [dict(one) for one in items]})


def message(path: str, body: bytes) -> Call:
    """Return a call that sends an XML message."""
    headers = {"Content-Type": "application/xml", "Idempotency-Key": uuid4().hex}
    return Call("POST", path, content=body, headers=headers)


def queue(states: Sequence[str], limit: int, cursor: str | None) -> Call:
    """Return a call for a page of the queue."""
    params: dict[str, Any] = {"state": list(states), "limit": limit}
    return Call("GET", "/v1/cases", params=params | ({"cursor": cursor} if cursor else {}))
