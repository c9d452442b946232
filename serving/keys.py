"""API keys: `cf_<prefix>_<secret>`, of which only a keyed hash of the secret is stored."""

from __future__ import annotations

import asyncio
import hmac
import secrets
import string
import time
from collections.abc import Collection
from functools import partial

from features.errors import Problem
from features.reference import COUNTRIES
from serving import audit
from serving.auth import SCOPES, Principal
from serving.clock import now
from serving.errors import Invalid, NotFound, ServiceError, Unauthorized, Unavailable
from serving.secrecy import Pepper
from serving.sequencer import Sequencer
from serving.store import accounts
from serving.store.accounts import KeyRow
from serving.store.database import Database

SECONDS_REMEMBERED = 1.0
SECONDS_TO_LAST_USE = 60.0
SECONDS_WITHOUT_DATABASE = 300.0
_SECONDS_TO_LOOK_UP = 1.0
_ALPHABET = string.ascii_lowercase + string.digits
_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
_LONGEST_OVERLAP = 24 * 90
_REMEMBERED = 10_000


class Keys:
    """Creates and recognises API keys. A key that is revoked stops within a second.

    While the database does not answer, a key that it knew is taken for five minutes more: callers
    then learn in time what became of their events, which is the service's to say.
    """

    def __init__(self, database: Database, pepper: Pepper) -> None:
        self._database = database
        self._pepper = pepper
        self._mark = pepper.mark
        self._used: dict[str, int] = {}
        self._remembered: dict[str, tuple[float, KeyRow | None]] = {}
        self._looking: dict[str, asyncio.Task[KeyRow | None]] = {}
        self._senders: dict[str, tuple[float, KeyRow | None]] = {}

    async def principal(self, presented: str | None) -> Principal:
        """Return who holds the presented key; raises `Unauthorized` for all that is not valid."""
        if not presented:
            raise Unauthorized("send an API key as `Authorization: Bearer cf_...`")
        parts = presented.split("_")
        if len(parts) != 3 or parts[0] != "cf" or not parts[1] or len(presented) > 128:
            raise Unauthorized("this is no API key; a key reads cf_<prefix>_<secret>")
        key = await self._key(parts[1])
        if key is not None and key.pepper != self._mark:
            raise Unauthorized("this API key was made under another pepper; ask for a new one")
        if key is None or not hmac.compare_digest(key.secret_hash, self._pepper.hashed(parts[2])):
            raise Unauthorized("this API key is not known")
        if key.revoked_at is not None:
            raise Unauthorized("this API key was revoked; ask for a new one")
        if key.expires_at is not None and key.expires_at <= now():
            raise Unauthorized("this API key has expired; ask for a new one")
        self._used[key.prefix] = now()
        return Principal("key", key.prefix, key.member, key.country, frozenset(key.scopes))

    async def note_used(self, sequencer: Sequencer) -> None:
        """Store when each key was last used; what cannot be stored now is stored next time."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            await sequencer.submit(lambda turn: accounts.note_used(turn.unit.connection, used))
        except ServiceError:
            self._used = used | self._used

    async def sender(self, member: str) -> Principal | None:
        """Return in whose name a member's events are taken that came another way than by a key.

        That is the newest of its keys in force that may score; None without one, so that whoever
        revokes a member's keys stops its streams as well, within a second.
        """
        at = now()
        looked_up, found = self._senders.get(member, (-1e9, None))
        if time.monotonic() - looked_up > SECONDS_REMEMBERED:
            found = await self._database.reads(accounts.sender, member, "score", at)
            if len(self._senders) >= _REMEMBERED:
                self._senders.clear()
            self._senders[member] = (time.monotonic(), found)
        if found is None:
            return None
        return Principal("key", found.prefix, member, found.country, frozenset(found.scopes))

    async def _key(self, prefix: str) -> KeyRow | None:
        # Not by the wall clock: one that is set back would make a revoked key last.
        looked_up, known = self._remembered.get(prefix, (-1e9, None))
        age = time.monotonic() - looked_up
        if age <= SECONDS_REMEMBERED:
            return known
        stale = age <= SECONDS_WITHOUT_DATABASE
        looking = self._looking.get(prefix)
        if looking is not None and stale:
            return known
        if looking is None:
            looking = self._looking[prefix] = asyncio.create_task(self._look_up(prefix))
            looking.add_done_callback(partial(self._looked_up, prefix))
        try:
            return await asyncio.wait_for(
                asyncio.shield(looking), _SECONDS_TO_LOOK_UP if stale else None
            )
        except (TimeoutError, Unavailable):
            if not stale:
                raise
            return known

    def _looked_up(self, prefix: str, looking: asyncio.Task[KeyRow | None]) -> None:
        del self._looking[prefix]
        # Nobody may be waiting for it any more.
        looking.cancelled() or looking.exception()

    async def _look_up(self, prefix: str) -> KeyRow | None:
        key = await self._database.reads(accounts.key, prefix)
        if len(self._remembered) >= _REMEMBERED:
            self._remembered.clear()
        self._remembered[prefix] = (time.monotonic(), key)
        return key


def create(
    database: Database,
    pepper: Pepper,
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
    at = now()
    expires_at = None if days is None else at + days * _DAY
    key, row = _made(pepper, name, member, country, tuple(scopes), at, expires_at)
    with database.unit() as unit:
        accounts.add_key(unit.connection, row)
        audit.note(
            unit, None, "key.create", row.prefix, member=member, name=name, scopes=sorted(scopes)
        )
    return key


def rotate(
    database: Database, pepper: Pepper, prefix: str, *, overlap_hours: int, days: int | None
) -> str:
    """Create a key that may do what `prefix` may, and let that one end after the overlap.

    The new key ends after `days`; None gives it as long a life as the old one was given. Raises
    `NotFound` when no such key is in force, `Invalid` when it was rotated already or an argument
    is out of range.
    """
    problems = _scope_problems(SCOPES, days)
    if not 0 <= overlap_hours <= _LONGEST_OVERLAP:
        shown = str(overlap_hours)
        fix = f"give 0 to {_LONGEST_OVERLAP}"
        problems.append(Problem("overlap_hours", shown, "out of range", fix))
    if problems:
        raise Invalid(problems)
    at = now()
    with database.unit() as unit:
        old = accounts.key(unit.connection, prefix)
        if old is None or old.revoked_at is not None or (old.expires_at or at + 1) <= at:
            raise NotFound(f"no key with the prefix {prefix!r} is in force; see `keys list`")
        if old.replaced_by is not None:
            fix = f"rotate {old.replaced_by}, or revoke what is not needed"
            raise Invalid([Problem("prefix", prefix, "rotated already", fix)])
        life = old.expires_at - old.created_at if old.expires_at and days is None else None
        life = days * _DAY if days is not None else life
        expires_at = None if life is None else at + life
        key, row = _made(pepper, old.name, old.member, old.country, old.scopes, at, expires_at)
        ends = at + overlap_hours * _HOUR
        accounts.add_key(unit.connection, row)
        accounts.replace_key(unit.connection, prefix, row.prefix, min(ends, old.expires_at or ends))
        audit.note(
            unit,
            None,
            "key.rotate",
            prefix,
            member=old.member,
            by=row.prefix,
            overlap_hours=overlap_hours,
        )
    return key


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


def _made(
    pepper: Pepper,
    name: str,
    member: str,
    country: str,
    scopes: tuple[str, ...],
    at: int,
    expires_at: int | None,
) -> tuple[str, KeyRow]:
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    secret = secrets.token_hex(32)
    row = KeyRow(
        prefix=prefix,
        secret_hash=pepper.hashed(secret),
        name=name,
        member=member,
        country=country,
        scopes=scopes,
        created_at=at,
        expires_at=expires_at,
        revoked_at=None,
        pepper=pepper.mark,
    )
    return f"cf_{prefix}_{secret}", row


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
