"""Who may vouch for callers by signed tokens (OpenID Connect, OAuth 2.0), as a TOML file says:

```toml
[[issuer]]
issuer = "https://id.bank-a.example"   # the claim iss, to the letter
audience = "crossflag"                 # must be in the claim aud
keys = "bank-a.jwks.json"              # a key set (RFC 7517): a file beside this one, or https://…
scopes = ["score", "read"]             # all that its tokens may do; the claim scope says which
members = { bank-a = "BE" }            # the one member that it speaks for, and the country
# member_claim = "org"                 # with several members: the claim that names one
```
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from features.errors import Problem
from features.reference import COUNTRIES
from serving.auth import Scope
from serving.errors import Invalid

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "Ed25519")
"""Signatures by a private key alone: with a shared secret, who can verify could also sign."""
_FIX = "see the documentation of CROSSFLAG_ISSUERS for the form"
_LOCAL = ("127.0.0.1", "::1", "localhost")


class Issuer(BaseModel):
    """One issuer of tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    issuer: Annotated[str, Field(min_length=1)]
    audience: Annotated[str, Field(min_length=1)]
    keys: Annotated[str, Field(min_length=1)]
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]
    members: Annotated[dict[str, str], Field(min_length=1)]
    member_claim: str | None = None
    algorithms: Annotated[tuple[str, ...], Field(min_length=1)] = ("RS256", "PS256", "ES256")
    scope_claim: str = "scope"

    @property
    def remote(self) -> bool:
        """Whether the key set is fetched."""
        return "://" in self.keys

    @model_validator(mode="after")
    def _fits(self) -> Issuer:
        for country in self.members.values():
            if country not in COUNTRIES:
                raise ValueError(f"members: {country!r} is no country's alpha-2 code")
        if len(self.members) > 1 and self.member_claim is None:
            raise ValueError("member_claim: say which claim names the member of a token")
        if unknown := set(self.algorithms) - set(ALGORITHMS):
            raise ValueError(f"algorithms: {', '.join(sorted(unknown))}; use {ALGORITHMS}")
        parts = urlsplit(self.keys)
        if self.remote and parts.scheme != "https" and parts.hostname not in _LOCAL:
            raise ValueError("keys: fetch them over https; whoever changes them opens the door")
        return self


def read(path: Path | None) -> list[Issuer]:
    """Return the issuers of a file, none without one; raises `Invalid` naming what is wrong."""
    if path is None:
        return []
    try:
        given: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Invalid([Problem(str(path), "", f"cannot be read: {error}", _FIX)]) from None
    entries = given.get("issuer")
    if set(given) != {"issuer"} or not isinstance(entries, list):
        raise Invalid([Problem(str(path), "", "it is no list of [[issuer]]", _FIX)])
    issuers, problems = [], []
    for number, entry in enumerate(entries, 1):
        try:
            one = Issuer.model_validate(entry)
        except ValidationError as error:
            for item in error.errors():
                field = ".".join(str(part) for part in ("issuer", number, *item["loc"]))
                problems.append(Problem(field, "", item["msg"], _FIX))
        else:
            aside = one.keys if one.remote else str(path.parent / one.keys)
            issuers.append(one.model_copy(update={"keys": aside}))
    names = [one.issuer for one in issuers]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(Problem("issuer", name, "named twice", "keep one entry for each"))
    if problems:
        raise Invalid(problems)
    return issuers
