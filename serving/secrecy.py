"""Secrets: read from the environment or a file, refused when weak, made once where none is given.

A key's secret is stored under a hash that is keyed with the pepper, so that whoever can write to
the store, but cannot read the pepper, makes no key that opens anything.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from serving.errors import StoreError

LEAST_PEPPER, LEAST_PASSWORD = 32, 12
_WORDS = ("admin", "changeme", "crossflag", "default", "example", "password", "postgres", "secret")
_FEWEST_CHARACTERS = 8


@dataclass(frozen=True)
class Pepper:
    """The key of the keyed hash; its `mark` may be shown and tells peppers apart."""

    value: str = field(repr=False)

    @property
    def mark(self) -> str:
        """Eight hexadecimal digits that say which pepper it is, and nothing about it."""
        return self.hashed("crossflag pepper").hex()[:8]

    def hashed(self, secret: str) -> bytes:
        """Return the HMAC-SHA-256 of a random secret; 256 random bits need no slow hash."""
        return hmac.digest(self.value.encode(), secret.encode(), hashlib.sha256)


def pepper_of(given: str | None, home: Path) -> Pepper:
    """Return the pepper that was given, else the home's own, which is made when there is none.

    Raises StoreError when the home's cannot be read or made.
    """
    if given is not None:
        return Pepper(given)
    path = home / "secrets" / "key_pepper"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            _make(path)
        return Pepper(path.read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no text"
        raise StoreError(
            f"the pepper of API keys in {path} cannot be used: {reason}; "
            "mend it, or set CROSSFLAG_KEY_PEPPER_FILE"
        ) from None


def _make(path: Path) -> None:
    # Whole or not at all: another process may look for it at the same time.
    aside = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, path)
    finally:
        aside.unlink()


def from_file(name: str, environment: Mapping[str, str]) -> str | None:
    """Return the secret that `name`, or the file that `name`_FILE, holds; None without either.

    Raises ValueError with a sentence when both are given, or the file cannot be read.
    """
    path = environment.get(f"{name}_FILE")
    if not path:
        return environment.get(name)
    if name in environment:
        raise ValueError(f"give {name} or {name}_FILE, not both")
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no text"
        raise ValueError(f"{name}_FILE cannot be read: {reason}") from None


def weakness(secret: str, least: int) -> str | None:
    """Return why a secret can be guessed, None when nothing speaks for it."""
    lowered = secret.lower()
    if len(secret) < least:
        return f"shorter than {least} characters"
    if len(set(lowered)) < _FEWEST_CHARACTERS:
        return "made of too few different characters"
    if any(lowered.replace(word, "") in ("", *"0123456789") for word in _WORDS):
        return "a default that everybody knows"
    # A word, or a word again and again, with little beside it.
    if any(word in lowered and len(lowered.replace(word, "")) < least // 2 for word in _WORDS):
        return "a well-known word with little beside it"
    return None


def weakness_of_url(url: str) -> str | None:
    """Return why a database URL's password can be guessed; a URL without one has no weakness."""
    try:
        parts = urlsplit(url)
        password = parts.password
    except ValueError:
        return None
    if not password:
        return None
    if unquote(password) == unquote(parts.username or ""):
        return "the same as the user name"
    return weakness(unquote(password), LEAST_PASSWORD)
