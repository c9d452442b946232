"""Reviewers: passwords under argon2id, sessions on the server, a brake on guessing."""

from __future__ import annotations

import asyncio
import re
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from features.errors import Problem
from serving import audit
from serving.auth import ROLE_SCOPES, Principal, Session, hashed
from serving.clock import now
from serving.errors import Conflict, NotFound, TooMany, Unauthorized
from serving.keys import check_office
from serving.sequencer import Sequencer, Turn
from serving.store import accounts
from serving.store.accounts import UserRow
from serving.store.database import Database
from serving.store.records import moment

SESSION_HOURS = 12
LEAST_PASSWORD = 12
FAILURES_ALLOWED = 5
BRAKE_SECONDS = 60
_HOUR = 3_600_000_000
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_REMEMBERED = 10_000


class Users:
    """Sign-in of people. A session lives in the store and ends after twelve hours."""

    def __init__(self, sequencer: Sequencer, database: Database) -> None:
        self._sequencer = sequencer
        self._database = database
        self._hasher = PasswordHasher()
        # Checked for unknown names, so that the time taken tells nothing.
        self._nobody = self._hasher.hash(secrets.token_hex(16))
        self._failures: dict[str, list[int]] = {}

    async def sign_in(self, user_name: str, password: str) -> Session:
        """Return a new session; set its token as an HttpOnly, SameSite=Strict cookie.

        Raises `Unauthorized` with one and the same sentence for an unknown user and a wrong
        password, `TooMany` (with `retry_after` seconds) after repeated failures.
        """
        self._brake(user_name)
        user = await self._database.reads(accounts.user, user_name)
        enabled = user is not None and user.disabled_at is None
        stored = user.password_hash if user is not None and enabled else self._nobody
        right = await asyncio.to_thread(self._verify, stored, password)
        if user is None or not enabled or not right:
            self._failures.setdefault(user_name, []).append(now())
            raise Unauthorized("user name or password is wrong")
        self._failures.pop(user_name, None)
        return await self._open(user)

    async def session(self, token: str) -> Session | None:
        """Return the session of a cookie, None when it is unknown, ended or the user disabled."""
        found = await self._database.reads(accounts.session, hashed(token))
        if found is None or found.expires_at <= now() or found.user.disabled_at is not None:
            return None
        return Session(token, found.csrf_token, _principal(found.user), moment(found.expires_at))

    async def sign_out(self, token: str) -> None:
        """End the session; unknown tokens are ignored."""
        token_hash = hashed(token)
        await self._sequencer.submit(
            lambda turn: accounts.end_session(turn.unit.connection, token_hash)
        )

    async def _open(self, user: UserRow) -> Session:
        token, csrf_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        principal = _principal(user)

        def task(turn: Turn) -> int:
            at = now()
            accounts.add_session(
                turn.unit.connection,
                token_hash=hashed(token),
                user_name=user.user_name,
                csrf_token=csrf_token,
                created_at=at,
                expires_at=at + SESSION_HOURS * _HOUR,
            )
            audit.note(turn.unit, principal, "user.sign_in", user.user_name, at=at)
            return at + SESSION_HOURS * _HOUR

        return Session(token, csrf_token, principal, moment(await self._sequencer.submit(task)))

    def _brake(self, user_name: str) -> None:
        at, window = now(), BRAKE_SECONDS * 1_000_000
        if len(self._failures) > _REMEMBERED:
            self._failures.clear()
        recent = [time for time in self._failures.get(user_name, []) if at - time < window]
        if recent:
            self._failures[user_name] = recent
        else:
            self._failures.pop(user_name, None)
        if len(recent) >= FAILURES_ALLOWED:
            wait = (recent[0] + window - at) // 1_000_000 + 1
            raise TooMany(f"too many failed sign-ins; try again in {wait} seconds", wait)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def create(
    database: Database,
    *,
    user_name: str,
    password: str,
    role: str,
    member: str,
    country: str,
    display_name: str | None,
) -> None:
    """Create a user. Raises `Invalid` naming every wrong value, `Conflict` for a taken name."""
    problems = []
    if not _NAME.fullmatch(user_name):
        problems.append(
            Problem("user_name", user_name, "not a user name", "use a-z, 0-9, dot, - and _")
        )
    if len(password) < LEAST_PASSWORD:
        problems.append(
            Problem("password", "", "too short", f"use at least {LEAST_PASSWORD} characters")
        )
    if role not in ROLE_SCOPES:
        problems.append(Problem("role", role, "unknown role", f"use {', '.join(ROLE_SCOPES)}"))
    check_office(member, country, problems)
    password_hash = PasswordHasher().hash(password)
    row = UserRow(user_name, display_name, member, country, role, password_hash, now(), None)
    with database.unit() as unit:
        if accounts.user(unit.connection, user_name) is not None:
            raise Conflict(f"the user {user_name!r} exists already")
        accounts.add_user(unit.connection, row)
        audit.note(unit, None, "user.create", user_name, member=member, role=role)


def disable(database: Database, user_name: str) -> None:
    """Disable a user for good and end the sessions; raises `NotFound`."""
    with database.unit() as unit:
        if not accounts.disable_user(unit.connection, user_name, now()):
            raise NotFound(f"no enabled user {user_name!r}; see `users list`")
        audit.note(unit, None, "user.disable", user_name)


def every(database: Database) -> list[UserRow]:
    """Return every user by name."""
    return database.read(accounts.all_users)


def _principal(user: UserRow) -> Principal:
    return Principal(
        kind="user",
        name=user.user_name,
        member=user.member,
        country=user.country,
        scopes=ROLE_SCOPES[user.role],
        role=user.role,  # type: ignore[arg-type]
        display_name=user.display_name,
    )
