"""Who is calling: the principal behind an API key or a session, and what it may do."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from serving.errors import Forbidden

Scope: TypeAlias = Literal["score", "read", "review", "labels", "models", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
Role: TypeAlias = Literal["reviewer", "scientist", "supervisor", "auditor", "administrator"]
ROLE_SCOPES: dict[str, frozenset[str]] = {
    "reviewer": frozenset({"read", "review"}),
    "scientist": frozenset({"read", "models"}),
    "auditor": frozenset({"read"}),
    "supervisor": frozenset({"read", "review", "labels", "models"}),
    "administrator": frozenset({"read", "review", "labels", "models", "admin"}),
}


@dataclass(frozen=True)
class Principal:
    """Whoever acts: an API key, a signed token or a signed-in user, always of one member."""

    kind: Literal["key", "token", "user"]
    name: str
    """The user's name, the key's prefix or the token's subject; what history and audit show."""
    member: str
    country: str
    """Alpha-2 country of the member's office."""
    scopes: frozenset[str]
    role: Role | None = None
    display_name: str | None = None

    def require(self, scope: Scope) -> None:
        """Raise `Forbidden` unless the principal has the scope."""
        if scope not in self.scopes:
            holder = f"role {self.role}" if self.role else f"this {self.kind}"
            raise Forbidden(f"{holder} lacks the scope {scope!r}; ask your administrator for it")

    @property
    def supervises(self) -> bool:
        """True when it may release what others have claimed."""
        return self.role in ("supervisor", "administrator") or "admin" in self.scopes


@dataclass(frozen=True)
class Session:
    """A signed-in user: the secret cookie value, the token that forms must carry, the end."""

    token: str
    csrf_token: str
    principal: Principal
    expires_at: datetime


def hashed(secret: str) -> bytes:
    """Return the SHA-256 of a session's random token; 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()
