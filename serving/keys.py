"""API keys: `cf_<prefix>_<secret>`, of which only the secret's hash is stored."""

from __future__ import annotations

import hmac
import secrets
import string
from collections.abc import Collection

from features.errors import Problem
from features.reference import COUNTRIES
from serving import audit
from serving.auth import SCOPES, Principal, hashed
from serving.clock import now
from serving.errors import Invalid, NotFound, Unauthorized
from serving.store import accounts
from serving.store.accounts import KeyRow
from serving.store.database import Database

SECONDS_REMEMBERED = 1.0
_ALPHABET = string.ascii_lowercase + string.digits
_DAY = 86_400_000_000
_REMEMBERED = 10_000


class Keys:
    """Creates and recognises API keys. A key that is revoked stops within a second."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered: dict[str, tuple[int, KeyRow | None]] = {}

    async def principal(self, presented: str | None) -> Principal:
        """Return who holds the presented key; raises `Unauthorized` for all that is not valid."""
        if not presented:
            raise Unauthorized("send an API key as `Authorization: Bearer cf_...`")
        parts = presented.split("_")
        if len(parts) != 3 or parts[0] != "cf" or not parts[1] or len(presented) > 128:
            raise Unauthorized("this is no API key; a key reads cf_<prefix>_<secret>")
        key = await self._key(parts[1])
        if key is None or not hmac.compare_digest(key.secret_hash, hashed(parts[2])):
            raise Unauthorized("this API key is not known")
        if key.revoked_at is not None:
            raise Unauthorized("this API key was revoked; ask for a new one")
        if key.expires_at is not None and key.expires_at <= now():
            raise Unauthorized("this API key has expired; ask for a new one")
        return Principal("key", key.prefix, key.member, key.country, frozenset(key.scopes))

    async def _key(self, prefix: str) -> KeyRow | None:
        at = now()
        looked_up, key = self._remembered.get(prefix, (0, None))
        if at - looked_up > SECONDS_REMEMBERED * 1_000_000:
            key = await self._database.reads(accounts.key, prefix)
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            self._remembered[prefix] = (at, key)
        return key


def create(
    database: Database,
    *,
    name: str,
    member: str,
    country: str,
    scopes: Collection[str],
    days: int | None,
) -> str:
    """Create a key that ends after `days` (never, for None); return it, for the only time.

    Raises `Invalid` naming every wrong value.
    """
    check_office(member, country, _scope_problems(scopes, days))
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    secret = secrets.token_hex(32)
    at = now()
    expires_at = None if days is None else at + days * _DAY
    row = KeyRow(prefix, hashed(secret), name, member, country, tuple(scopes), at, expires_at, None)
    with database.unit() as unit:
        accounts.add_key(unit.connection, row)
        audit.note(
            unit, None, "key.create", prefix, member=member, name=name, scopes=sorted(scopes)
        )
    return f"cf_{prefix}_{secret}"


def revoke(database: Database, prefix: str) -> None:
    """Revoke a key for good; raises `NotFound` when there is none to revoke."""
    with database.unit() as unit:
        key = accounts.key(unit.connection, prefix)
        if key is None or not accounts.revoke_key(unit.connection, prefix, now()):
            raise NotFound(f"no key with the prefix {prefix!r} is in force; see `keys list`")
        audit.note(unit, None, "key.revoke", prefix, member=key.member)


def every(database: Database) -> list[KeyRow]:
    """Return every key, oldest first."""
    return database.read(accounts.keys)


def check_office(member: str, country: str, problems: list[Problem]) -> None:
    """Raise `Invalid` with these problems and those of the member's name and country."""
    if not member or not member.isprintable() or member != member.strip() or len(member) > 64:
        problems.append(Problem("member", member, "not a name", "give 1 to 64 characters"))
    if country not in COUNTRIES:
        problems.append(
            Problem("country", country, "unknown country", "use the alpha-2 code, such as FR")
        )
    if problems:
        raise Invalid(problems)


def _scope_problems(scopes: Collection[str], days: int | None) -> list[Problem]:
    problems = [
        Problem("scopes", scope, "unknown scope", f"use some of {', '.join(SCOPES)}")
        for scope in scopes
        if scope not in SCOPES
    ]
    if not scopes:
        problems.append(Problem("scopes", "", "missing", f"use some of {', '.join(SCOPES)}"))
    if days is not None and not 1 <= days <= 3_650:
        problems.append(Problem("days", str(days), "out of range", "give 1 to 3650, or none"))
    return problems
