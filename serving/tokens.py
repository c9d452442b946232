"""Signed tokens of other systems (JWT): who is behind one, verified against its issuer's keys."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from serving.auth import SCOPES, Principal
from serving.errors import Unauthorized, Unavailable
from serving.issuers import Issuer

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

LONGEST = 8_192
LEEWAY = 30
"""Seconds that the issuer's clock may differ from ours."""
_KEEP_KEYS = 600.0
_ASK_AGAIN = 30.0
_KEEP_VERIFIED = 30.0
_LARGEST_KEY_SET = 1_000_000
_REMEMBERED = 10_000
_log = logging.getLogger("crossflag")


class Tokens:
    """Recognises the tokens of the issuers that are known; none without issuers."""

    def __init__(self, issuers: list[Issuer]) -> None:
        self._issuers = {one.issuer: _Keys(one) for one in issuers}
        self._verified: dict[bytes, tuple[float, Principal]] = {}

    async def principal(self, presented: str) -> Principal:
        """Return who holds the token.

        Raises `Unauthorized` for all that is not valid, `Unavailable` when the keys of its issuer
        cannot be had. What was verified is believed for half a minute, and no longer than its end.
        """
        if not self._issuers or len(presented) > LONGEST:
            raise Unauthorized("this is no API key; a key reads cf_<prefix>_<secret>")
        digest = hashlib.sha256(presented.encode()).digest()
        until, principal = self._verified.get(digest, (0.0, None))
        if principal is not None and time.time() < until:
            return principal
        keys = self._issuers.get(str(_unverified(presented).get("iss")))
        if keys is None:
            raise Unauthorized("the issuer of this token is not known here")
        claims = await keys.verified(presented)
        principal = _principal(keys.issuer, claims)
        if len(self._verified) >= _REMEMBERED:
            self._verified.clear()
        ends = min(time.time() + _KEEP_VERIFIED, float(claims["exp"]) + LEEWAY)
        self._verified[digest] = (ends, principal)
        return principal


class _Keys:
    """The key set of an issuer, fetched or read anew when it is old or lacks a key."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self._set: KeySet | None = None
        self._had_at = self._asked_at = -1e9
        self._one_asks = asyncio.Lock()

    async def verified(self, presented: str) -> dict[str, Any]:
        """Return the claims of a token that is signed by one of the keys, current and for us."""
        from joserfc import jwt
        from joserfc.errors import JoseError

        key = await self._key(presented)
        try:
            token = jwt.decode(presented, key, algorithms=list(self.issuer.algorithms))
            jwt.JWTClaimsRegistry(
                leeway=LEEWAY,
                iss={"essential": True, "value": self.issuer.issuer},
                aud={"essential": True, "value": self.issuer.audience},
                exp={"essential": True},
            ).validate(token.claims)
        except (JoseError, ValueError, TypeError) as error:
            # The library's sentence may hold a claim; its kind says enough.
            kind = type(error).__name__.removesuffix("Error")
            raise Unauthorized(f"this token is not valid: {kind}") from None
        return token.claims

    async def _key(self, presented: str) -> Any:
        header = _part(presented, 0)
        name, algorithm = header.get("kid"), header.get("alg")
        if algorithm not in self.issuer.algorithms:
            raise Unauthorized(
                f"this token is not signed by one of {', '.join(self.issuer.algorithms)}"
            )
        for _ in range(2):
            keys = [one for one in await self._current() if name is None or one.kid == name]
            if len(keys) == 1:
                return keys[0]
            # A key that was rotated in since; looked for once in a while, whoever asks.
            if time.monotonic() - self._asked_at < _ASK_AGAIN:
                break
            self._had_at = -1e9
        raise Unauthorized("the key that this token names is not among its issuer's")

    async def _current(self) -> list[Any]:
        async with self._one_asks:
            if time.monotonic() - self._had_at > _KEEP_KEYS:
                await self._ask()
        return list(self._set or [])

    async def _ask(self) -> None:
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        if self._set is None and time.monotonic() - self._asked_at < 1.0:
            raise Unavailable("the keys of this token's issuer cannot be had now")
        self._asked_at = time.monotonic()
        try:
            given = orjson.loads(await self._text())
            # A secret that is shared verifies what anybody who verifies could have signed.
            given["keys"] = [one for one in given["keys"] if one.get("kty") != "oct"]
            self._set = KeySet.import_key_set(given)
            self._had_at = self._asked_at
        except (OSError, httpx.HTTPError, JoseError, ValueError, TypeError, KeyError) as error:
            _log.error("the keys of a token's issuer: %s", type(error).__name__)
            if self._set is None:
                raise Unavailable("the keys of this token's issuer cannot be had now") from None
            # The keys that were had serve on; they are asked for again soon.
            self._had_at = self._asked_at - _KEEP_KEYS + _ASK_AGAIN

    async def _text(self) -> bytes:
        if not self.issuer.remote:
            return await asyncio.to_thread(Path(self.issuer.keys).read_bytes)
        async with httpx.AsyncClient(timeout=5, follow_redirects=False) as client:
            answer = await client.get(self.issuer.keys)
        answer.raise_for_status()
        if len(answer.content) > _LARGEST_KEY_SET:
            raise ValueError("too large for a key set")
        return answer.content


def _principal(issuer: Issuer, claims: dict[str, Any]) -> Principal:
    if issuer.member_claim is None:
        [member] = issuer.members
    else:
        member = str(claims.get(issuer.member_claim))
    if member not in issuer.members:
        raise Unauthorized("this token names no member that its issuer speaks for")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject.isprintable() or not 0 < len(subject) <= 200:
        raise Unauthorized("this token names no subject (claim sub)")
    given = claims.get(issuer.scope_claim) or ()
    words = given.split() if isinstance(given, str) else given
    wanted = {word for word in words if isinstance(word, str)} & set(SCOPES)
    scopes = frozenset(wanted & set(issuer.scopes))
    return Principal("token", subject, member, issuer.members[member], scopes)


def _unverified(presented: str) -> dict[str, Any]:
    return _part(presented, 1)


def _part(presented: str, place: int) -> dict[str, Any]:
    parts = presented.split(".")
    try:
        if len(parts) != 3:
            raise ValueError
        part = parts[place]
        read = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        if not isinstance(read, dict):
            raise ValueError
    except ValueError:
        raise Unauthorized("this is neither an API key nor a signed token") from None
    return read
