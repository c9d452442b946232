"""The service's settings: from `CROSSFLAG_*` in the environment, or given as arguments."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from features.errors import Problem
from serving.errors import Invalid

PREFIX = "CROSSFLAG_"


@dataclass(frozen=True)
class Settings:
    """What an operator may set; each is `CROSSFLAG_` and its name in capitals."""

    home: Path = Path(".crossflag")
    """Folder of the store and the models."""
    database_url: str | None = None
    """PostgreSQL store, as postgresql://USER:PASSWORD@HOST/NAME; without it SQLite in the home."""
    members: tuple[str, ...] = ()
    """On PostgreSQL: members whose events this service takes, separated by commas; else all."""
    owner_patience: int = 10
    """On PostgreSQL: seconds without a sign of life after which another service takes over."""
    agreements: Path | None = None
    """TOML file of agreements by which members share their history; without it none do."""
    ip_overlay: Path | None = None
    """CSV of networks with country and autonomous system, ahead of the registries' own table."""
    mmdb: Path | None = None
    """Geolocation file in MaxMind DB form; without it there is no talk of distance."""
    reference_data: Path | None = None
    """Folder of dated reference files that replace ours by name, such as thresholds.csv."""
    console: bool = True
    """Whether the reviewers' console is served."""
    secure_cookies: bool = False
    """Whether cookies are for HTTPS only; set it wherever the service is reached over TLS."""
    queue_capacity: int = 10_000
    """Events that may wait before the service answers 503."""
    group_size: int = 256
    """Events that share one commit at most, unless one request holds more."""
    snapshot_events: int = 50_000
    """Events of a member, and a tenth of all it has, after which its history goes to disk."""
    batch_limit: int = 1_000
    """Events in one batch request."""
    body_limit: int = 4 * 1024 * 1024
    """Bytes of a request's body."""
    access_exposure: int = 50_000
    """EUR cents that a flagged access event counts as its amount in the queue."""

    @property
    def database(self) -> Path | str:
        """The store: SQLite's file, or the URL of PostgreSQL."""
        return self.database_url or self.home / "crossflag.db"

    @property
    def models_dir(self) -> Path:
        """The folder of bundles and champions' pointers."""
        return self.home / "models"

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, **given: object
    ) -> Settings:
        """Return the settings; `given` ones that are not None go before the environment.

        Raises `Invalid` naming every variable that cannot be read.
        """
        environment = os.environ if environment is None else environment
        values: dict[str, object] = {}
        problems = []
        for field in fields(cls):
            name = PREFIX + field.name.upper()
            if given.get(field.name) is not None:
                values[field.name] = given[field.name]
            elif name in environment:
                text = environment[name]
                try:
                    values[field.name] = _read(str(field.type), text)
                except ValueError as error:
                    problems.append(Problem(name, text, "cannot be used", str(error)))
        if problems:
            raise Invalid(problems)
        return cls(**values)  # type: ignore[arg-type]


def _read(kind: str, text: str) -> object:
    if kind == "bool":
        if text.lower() not in ("true", "false", "1", "0"):
            raise ValueError("set it to true or false")
        return text.lower() in ("true", "1")
    if kind == "int":
        if not text.isascii() or not text.isdecimal() or int(text) < 1:
            raise ValueError("set it to a whole number of 1 or more")
        return int(text)
    if kind.startswith("tuple"):
        return tuple(part for one in text.split(",") if (part := one.strip()))
    if kind.startswith("str"):
        return text or None
    return Path(text) if text else None
