"""API keys, users and sessions: only hashes of their secrets are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from serving.store.schema import api_keys, sessions, users


@dataclass(frozen=True)
class KeyRow:
    """An API key; times in microseconds."""

    prefix: str
    secret_hash: bytes
    name: str
    member: str
    country: str
    scopes: tuple[str, ...]
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    pepper: str | None = None
    """Mark of the pepper under which the secret was hashed; None before there was one."""
    last_used_at: int | None = None
    """Written now and then, so up to a minute behind."""
    replaced_by: str | None = None
    """Prefix of the key that came of its rotation."""


@dataclass(frozen=True)
class UserRow:
    """A person who may sign in; times in microseconds."""

    user_name: str
    display_name: str | None
    member: str
    country: str
    role: str
    password_hash: str
    created_at: int
    disabled_at: int | None


@dataclass(frozen=True)
class SessionRow:
    """A signed-in user's session; times in microseconds."""

    csrf_token: str
    expires_at: int
    user: UserRow


def _key(row: Any) -> KeyRow:
    values = dict(row._mapping)
    return KeyRow(**values | {"scopes": tuple(values["scopes"].split())})


def add_key(connection: Connection, key: KeyRow) -> None:
    """Store a new key."""
    connection.execute(
        sa.insert(api_keys).values(vars(key) | {"scopes": " ".join(sorted(key.scopes))})
    )


def key(connection: Connection, prefix: str) -> KeyRow | None:
    """Return the key of a prefix."""
    row = connection.execute(sa.select(api_keys).where(api_keys.c.prefix == prefix)).first()
    return _key(row) if row else None


def sender(connection: Connection, member: str, scope: str, at: int) -> KeyRow | None:
    """Return the member's newest key that is in force at a time and has a scope."""
    columns = api_keys.c
    rows = connection.execute(
        sa.select(api_keys)
        .where(
            columns.member == member,
            columns.revoked_at.is_(None),
            sa.or_(columns.expires_at.is_(None), columns.expires_at > at),
        )
        .order_by(columns.created_at.desc(), columns.prefix)
    )
    return next((key for key in map(_key, rows) if scope in key.scopes), None)


def keys(connection: Connection) -> list[KeyRow]:
    """Return every key, oldest first."""
    return [
        _key(row) for row in connection.execute(sa.select(api_keys).order_by(api_keys.c.created_at))
    ]


def revoke_key(connection: Connection, prefix: str, at: int) -> bool:
    """Revoke a key; tell whether it was there and not revoked yet."""
    changed = connection.execute(
        sa.update(api_keys)
        .where(api_keys.c.prefix == prefix, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    return bool(changed.rowcount)


def replace_key(connection: Connection, prefix: str, by: str, ends: int) -> None:
    """Let a key end, and name the one in its place."""
    connection.execute(
        sa.update(api_keys)
        .where(api_keys.c.prefix == prefix)
        .values(replaced_by=by, expires_at=ends)
    )


def note_used(connection: Connection, used: dict[str, int]) -> None:
    """Keep when keys were last used; never an earlier time than is kept already."""
    statement = (
        sa.update(api_keys)
        .where(
            api_keys.c.prefix == sa.bindparam("which"),
            sa.func.coalesce(api_keys.c.last_used_at, 0) < sa.bindparam("at"),
        )
        .values(last_used_at=sa.bindparam("at"))
    )
    values = [{"which": prefix, "at": at} for prefix, at in sorted(used.items())]
    connection.execute(statement, values)


def add_user(connection: Connection, user: UserRow) -> None:
    """Store a new user."""
    connection.execute(sa.insert(users).values(vars(user)))


def user(connection: Connection, user_name: str) -> UserRow | None:
    """Return the user of a name."""
    row = connection.execute(sa.select(users).where(users.c.user_name == user_name)).first()
    return UserRow(*row) if row else None


def all_users(connection: Connection) -> list[UserRow]:
    """Return every user by name."""
    return [
        UserRow(*row) for row in connection.execute(sa.select(users).order_by(users.c.user_name))
    ]


def disable_user(connection: Connection, user_name: str, at: int) -> bool:
    """Disable a user and end the sessions; tell whether the user was there and enabled."""
    changed = connection.execute(
        sa.update(users)
        .where(users.c.user_name == user_name, users.c.disabled_at.is_(None))
        .values(disabled_at=at)
    )
    connection.execute(sa.delete(sessions).where(sessions.c.user_name == user_name))
    return bool(changed.rowcount)


def add_session(
    connection: Connection,
    *,
    token_hash: bytes,
    user_name: str,
    csrf_token: str,
    created_at: int,
    expires_at: int,
) -> None:
    """Store a new session and drop those that have ended."""
    connection.execute(sa.delete(sessions).where(sessions.c.expires_at <= created_at))
    connection.execute(
        sa.insert(sessions).values(
            token_hash=token_hash,
            user_name=user_name,
            csrf_token=csrf_token,
            created_at=created_at,
            expires_at=expires_at,
        )
    )


def session(connection: Connection, token_hash: bytes) -> SessionRow | None:
    """Return the session of a token's hash, with its user."""
    query = (
        sa.select(sessions.c.csrf_token, sessions.c.expires_at, *users.c)
        .join_from(sessions, users)
        .where(sessions.c.token_hash == token_hash)
    )
    row = connection.execute(query).first()
    return SessionRow(row[0], row[1], UserRow(*row[2:])) if row else None


def end_session(connection: Connection, token_hash: bytes) -> None:
    """Drop a session."""
    connection.execute(sa.delete(sessions).where(sessions.c.token_hash == token_hash))
