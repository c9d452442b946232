"""People at the console, without a browser: they sign in, read pages and send their forms."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import httpx

from serving import users
from serving.store.database import Database

PASSWORD = "correct horse battery"


def hire(home: Path, name: str, role: str = "reviewer", member: str = "bank-a") -> None:
    """Make a user."""
    database = Database(home / "crossflag.db")
    try:
        users.create(
            database,
            user_name=name,
            password=PASSWORD,
            role=role,
            member=member,
            country="BE",
            display_name=name.capitalize(),
        )
    finally:
        database.close()


class Person:
    """Somebody with a session; every form carries the token of its page."""

    def __init__(self, url: str, name: str, sign_in: bool = True) -> None:
        self.name = name
        self.http = httpx.Client(base_url=url, timeout=30)
        if sign_in:
            self.sign_in()

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def sign_in(self, **more: str) -> httpx.Response:
        given = {"user_name": self.name, "password": PASSWORD, **more}
        return self.post("/console/sign-in", "/console/sign-in", **given)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.http.get(path, **more)

    def token(self, path: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]*)"', self.get(path).text)
        assert found, f"{path} holds no form token"
        return html.unescape(found[1])

    def post(self, form_on: str, to: str, **form: Any) -> httpx.Response:
        """Send a form that stands on one page to an address."""
        return self.http.post(to, data={**form, "csrf_token": self.token(form_on)})

    def act(self, case_id: str, what: str, **form: Any) -> httpx.Response:
        page = f"/console/cases/{case_id}"
        return self.post(page, f"{page}/{what}", **form)

    def claim(self, case_id: str) -> None:
        assert self.act(case_id, "claim").status_code == 303
