"""People: passwords, sessions that end, and a brake on guessing."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from serving import users
from serving.auth import Session
from serving.errors import Conflict, Invalid, NotFound, TooMany, Unauthorized
from tests.serving.harness import Running

PASSWORD = "correct horse battery"


class People:
    """The service's users, called from outside its event loop."""

    def __init__(self, service: Running) -> None:
        self._service = service
        self._loop = service.service.sequencer._running.get_loop()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._service.service.users, name)

        def call(*given: Any) -> Any:
            work: Coroutine[Any, Any, Any] = method(*given)
            return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

        return call


@pytest.fixture
def people(service: Running) -> People:
    return People(service)


@pytest.fixture
def ana(service: Running) -> str:
    name = f"ana-{uuid4().hex[:6]}"
    users.create(
        service.service.database,
        user_name=name,
        password=PASSWORD,
        role="reviewer",
        member=service.member,
        country="ES",
        display_name="Ana Ejemplo",
    )
    return name


def test_a_session_is_the_users_until_sign_out(people: People, ana: str, service: Running) -> None:
    session: Session = people.sign_in(ana, PASSWORD)
    assert session.principal.member == service.member
    assert session.principal.role == "reviewer"
    assert session.principal.display_name == "Ana Ejemplo"
    assert session.principal.scopes == {"read", "review"}
    assert people.session(session.token) == session
    assert len({session.token, session.csrf_token}) == 2
    ends = session.expires_at - datetime.now(UTC)
    assert timedelta(hours=11, minutes=59) < ends <= timedelta(hours=12)
    people.sign_out(session.token)
    assert people.session(session.token) is None
    people.sign_out("unknown")
    assert people.session("") is None


def test_the_store_holds_neither_token_nor_password(
    people: People, ana: str, service: Running
) -> None:
    session = people.sign_in(ana, PASSWORD)
    rows = str(service.stored("SELECT * FROM sessions") + service.stored("SELECT * FROM users"))
    assert session.token not in rows
    assert PASSWORD not in rows
    assert "$argon2id$" in rows


def test_an_ended_session_and_a_disabled_user_are_out(
    people: People, ana: str, service: Running
) -> None:
    session = people.sign_in(ana, PASSWORD)
    database = service.service.database
    database.write(
        lambda unit: unit.connection.exec_driver_sql("UPDATE sessions SET expires_at = 1")
    )
    assert people.session(session.token) is None
    session = people.sign_in(ana, PASSWORD)
    users.disable(database, ana)
    assert people.session(session.token) is None
    with pytest.raises(Unauthorized):
        people.sign_in(ana, PASSWORD)
    with pytest.raises(NotFound):
        users.disable(database, ana)


def test_unknown_user_and_wrong_password_sound_alike(people: People, ana: str) -> None:
    said = set()
    for name in (ana, "nobody", "x" * 500, "\x00"):
        with pytest.raises(Unauthorized) as refusal:
            people.sign_in(name, "wrong")
        said.add(str(refusal.value))
    assert said == {"user name or password is wrong"}


def test_guessing_is_slowed(people: People, ana: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(users.FAILURES_ALLOWED):
        with pytest.raises(Unauthorized):
            people.sign_in(ana, "wrong")
    with pytest.raises(TooMany) as refusal:
        people.sign_in(ana, PASSWORD)
    assert 0 < (refusal.value.retry_after or 0) <= users.BRAKE_SECONDS
    real = users.now
    monkeypatch.setattr(users, "now", lambda: real() + 61_000_000)
    assert people.sign_in(ana, PASSWORD)


def test_wrong_users_are_not_made(service: Running, ana: str) -> None:
    database = service.service.database
    given = {"member": "m", "country": "ES", "display_name": None}
    with pytest.raises(Invalid) as refusal:
        users.create(database, user_name="Ana!", password="short", role="king", **given)
    assert {one.field for one in refusal.value.problems} == {"user_name", "password", "role"}
    with pytest.raises(Conflict):
        users.create(database, user_name=ana, password=PASSWORD, role="reviewer", **given)
