"""Errors become RFC 9457 problem documents; no answer ever holds a stack trace."""

from __future__ import annotations

import json
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from features.errors import CrossflagError, InvalidEvent, Problem, UnreadableFile
from serving.errors import Internal, Invalid, Malformed, Misdirected, ServiceError

MEDIA_TYPE = "application/problem+json"
_TITLES = {
    404: "There is no such address",
    405: "This address does not take this method",
}
_SHOWN = 80


def as_service_error(error: CrossflagError) -> ServiceError:
    """Return a refusal of the lower floors as the service's own."""
    if isinstance(error, ServiceError):
        return error
    if isinstance(error, InvalidEvent):
        return Invalid(error.problems)
    if isinstance(error, UnreadableFile):
        return Malformed(str(error))
    return Internal("the service met a fault of its own")


def problem(error: ServiceError) -> Response:
    """Return the answer that an error makes."""
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Misdirected):
        headers["Crossflag-Owner"] = error.owner
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(_written(error.document()), error.status, headers, MEDIA_TYPE)


def _written(document: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(document)
    except TypeError:
        # A wrong value may hold half a character (a lone surrogate), which UTF-8 cannot say.
        return json.dumps(document).encode()


def register(app: FastAPI) -> None:
    """Let the app answer every error with a problem document."""
    app.add_exception_handler(CrossflagError, _refused)
    app.add_exception_handler(RequestValidationError, _wrong_fields)
    app.add_exception_handler(HTTPException, _http)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, CrossflagError)  # noqa: S101 - registered for this class
    return problem(as_service_error(error))


async def _wrong_fields(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    if any(item["type"] == "json_invalid" for item in error.errors()):
        return problem(Malformed("the body is not well-formed JSON"))
    return problem(Invalid([_problem(item) for item in error.errors()]))


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    document = {
        "type": "about:blank",
        "title": _TITLES.get(error.status_code, "The request failed"),
        "status": error.status_code,
        "detail": str(error.detail),
    }
    headers = dict(error.headers or {})
    return Response(_written(document), error.status_code, headers, MEDIA_TYPE)


def _problem(item: dict[str, Any]) -> Problem:
    field = ".".join(str(part) for part in item["loc"][1:]) or str(item["loc"][0])
    given = item.get("input")
    value = given[:_SHOWN] if isinstance(given, str) else ""
    message = item["msg"][:1].lower() + item["msg"][1:]
    fix = "send this field" if item["type"] == "missing" else "correct the value"
    return Problem(field, value, message, fix)
