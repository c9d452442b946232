"""What every page of the console shares: headers, error pages, forms, templates."""

from __future__ import annotations

import hashlib
import logging
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import jinja2
from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from serving.errors import Malformed, ServiceError, TooLarge
from serving.ui import words

ROOT = "/console"
PAGES = {"queue": "Queue", "approvals": "Approvals", "watch": "Watch", "models": "Models"}
STATIC = Path(__file__).parent / "static"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; script-src 'self'; "
    "connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_LARGEST_FORM = 64 * 1024
_log = logging.getLogger("crossflag")


class SignInNeeded(Exception):
    """Nobody is signed in; the reader is sent to sign in and comes back here afterwards."""


def _fingerprint() -> str:
    files = sorted(path for path in STATIC.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:10]


templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.i18n"],
)
# Texts are marked for translation; there is no other language yet.
templates.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
templates.filters.update(words.FILTERS)
templates.globals.update(
    root=ROOT, static=f"{ROOT}/static", fingerprint=_fingerprint(), pages=PAGES, words=words
)


def page(template: str, status: int = 200, **values: Any) -> Response:
    """Render a template as a page that no cache keeps."""
    values.setdefault("session", None)
    values.setdefault("here", "")
    body = templates.get_template(template).render(values)
    return HTMLResponse(body, status_code=status, headers={"Cache-Control": "no-store"})


def go(path: str) -> Response:
    """Send the reader on to another page of the console after a form was handled."""
    return RedirectResponse(ROOT + path, status_code=303)


def error_page(status: int, title: str, detail: str) -> Response:
    """Render an error with its status, what happened and where to go on."""
    return page(
        "error.html", status, title=title, detail=words.sentence(detail), error_status=status
    )


async def read_form(request: Request) -> dict[str, list[str]]:
    """Return a URL-encoded form's values by field, raising Malformed or TooLarge otherwise."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Malformed("The console takes URL-encoded forms only; send the page's own form.")
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LARGEST_FORM:
            raise TooLarge(f"The form is larger than {_LARGEST_FORM // 1024} kB; shorten the text.")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=1000
        )
    except ValueError as error:
        raise Malformed("The form is not valid URL-encoded UTF-8 text; send it again.") from error
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        form.setdefault(name, []).append(value.replace("\r\n", "\n"))
    return form


class ConsoleRoute(APIRoute):
    """A route whose every answer, errors included, is a page with the security headers."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route's own handler."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except SignInNeeded:
                response = go("/sign-in" + _way_back(request))
            except ServiceError as error:
                response = error_page(error.status, error.title, str(error))
                if error.retry_after is not None:
                    response.headers["Retry-After"] = str(error.retry_after)
            except HTTPException as error:
                response = error_page(error.status_code, "The request failed", str(error.detail))
            except Exception as error:
                # A message may hold values of an event; kind and place do not.
                place = "".join(traceback.format_tb(error.__traceback__))
                _log.error("a page failed: %s at\n%s", type(error).__name__, place)
                response = error_page(
                    500, "Something broke on our side", "The service's log says what; try again."
                )
            own_policy = response.headers.get("Content-Security-Policy")
            response.headers.update(HEADERS)
            if own_policy is not None:
                response.headers["Content-Security-Policy"] = own_policy
            return response

        return answer


def _way_back(request: Request) -> str:
    path = request.url.path
    if request.method != "GET" or path in (ROOT, f"{ROOT}/", f"{ROOT}/queue"):
        return ""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"?next={quote(path + query, safe='')}"


class Static(StaticFiles):
    """The console's own style sheet and pictures; addresses carry a fingerprint, so they keep."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Add the security headers and a long life."""
        response = super().file_response(*args, **kwargs)
        response.headers.update(HEADERS)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
