"""Signing in and out, and the session that every other page asks for."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from serving.auth import Session
from serving.errors import Forbidden, TooMany, Unauthorized
from serving.service import Service
from serving.ui.http import ROOT, ConsoleRoute, SignInNeeded, go, page, read_form

SESSION_COOKIE = "crossflag_session"
FORM_COOKIE = "crossflag_sign_in"
router = APIRouter(prefix=ROOT, route_class=ConsoleRoute, include_in_schema=False)


def service_of(request: Request) -> Service:
    """Return the running service's use cases."""
    service: Service = request.app.state.service
    return service


async def signed_in(request: Request) -> Session:
    """Return the reader's session; without one the reader is sent to sign in."""
    token = request.cookies.get(SESSION_COOKIE)
    session = await service_of(request).users.session(token) if token else None
    if session is None:
        raise SignInNeeded
    service_of(request).rates.take(session.principal)
    return session


SignedIn = Annotated[Session, Depends(signed_in)]
Use = Annotated[Service, Depends(service_of)]


class Form:
    """A form that carried its session's token: the values that were sent."""

    def __init__(self, values: dict[str, list[str]]) -> None:
        self._values = values

    def text(self, name: str) -> str:
        """Return one value without blanks around it, empty when it was not sent."""
        return self._values.get(name, [""])[-1].strip()

    def every(self, name: str) -> list[str]:
        """Return all values of a field that may be sent several times."""
        return self._values.get(name, [])


async def checked_form(request: Request, session: SignedIn) -> Form:
    """Return the sent form; Forbidden without the token that binds it to this session."""
    values = await read_form(request)
    _compare(values, session.csrf_token)
    return Form(values)


Checked = Annotated[Form, Depends(checked_form)]


def _compare(values: dict[str, list[str]], expected: str) -> None:
    given = values.get("csrf_token", [""])[-1]
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Forbidden("This form is out of date or not ours: reload the page and send it again.")


def _form_token(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def _way_on(wanted: str) -> str:
    """Return a path below the console, and nothing that leads elsewhere."""
    inside = wanted.startswith(f"{ROOT}/") and "\\" not in wanted and wanted.isprintable()
    return wanted.removeprefix(ROOT) if inside else "/queue"


def _sign_in_page(
    request: Request, way_on: str, status: int = 200, wrong: str | None = None, name: str = ""
) -> Response:
    cookie = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(24)
    response = page(
        "sign_in.html",
        status,
        form_token=_form_token(cookie),
        way_on=way_on,
        wrong=wrong,
        user_name=name,
    )
    _keep(request, response, FORM_COOKIE, cookie, f"{ROOT}/sign-in")
    return response


def _keep(request: Request, response: Response, name: str, value: str, path: str) -> None:
    response.set_cookie(
        name,
        value,
        path=path,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https" or service_of(request).settings.secure_cookies,
    )


@router.get("/sign-in")
async def show_sign_in(request: Request, next: str = "") -> Response:  # noqa: A002
    """Show the sign-in form."""
    return _sign_in_page(request, next)


@router.post("/sign-in")
async def sign_in(request: Request, service: Use) -> Response:
    """Sign in, set the session's cookie and go where the reader wanted to be."""
    values = await read_form(request)
    _compare(values, _form_token(request.cookies.get(FORM_COOKIE, secrets.token_hex())))
    form = Form(values)
    name, way_on = form.text("user_name"), form.text("next")
    password = values.get("password", [""])[-1]
    try:
        session = await service.users.sign_in(name, password)
    except (Unauthorized, TooMany) as error:
        return _sign_in_page(request, way_on, error.status, str(error), name)
    response = go(_way_on(way_on))
    _keep(request, response, SESSION_COOKIE, session.token, ROOT)
    response.delete_cookie(FORM_COOKIE, path=f"{ROOT}/sign-in")
    return response


@router.post("/sign-out")
async def sign_out(session: SignedIn, service: Use, form: Checked) -> Response:
    """End the session and forget its cookie."""
    await service.users.sign_out(session.token)
    response = go("/sign-in")
    response.delete_cookie(SESSION_COOKIE, path=ROOT, httponly=True, samesite="strict")
    return response
