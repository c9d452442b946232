"""The service's settings: from `CROSSFLAG_*` in the environment, or given as arguments."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from features.errors import Problem
from serving import rates, secrecy
from serving.errors import Invalid
from serving.secrecy import Pepper

PREFIX = "CROSSFLAG_"
SECRETS: dict[str, Callable[[str], str | None]] = {
    "database_url": secrecy.weakness_of_url,
    "key_pepper": lambda pepper: secrecy.weakness(pepper, secrecy.LEAST_PEPPER),
}
"""Settings that are never shown, and may come from a file; each with what finds it weak."""
LogForm: TypeAlias = Literal["text", "json"]
Profile: TypeAlias = Literal["bank", "fiu", "police"]


@dataclass(frozen=True)
class Settings:
    """What an operator may set; each is `CROSSFLAG_` and its name in capitals."""

    home: Path = Path(".crossflag")
    """Folder of the store and the models."""
    database_url: str | None = field(default=None, repr=False)
    """PostgreSQL store, as postgresql://USER:PASSWORD@HOST/NAME; without it SQLite in the home."""
    key_pepper: str | None = field(default=None, repr=False)
    """Secret that keys the hash of API keys; without it one in the home's folder secrets."""
    issuers: Path | None = None
    """TOML file of the issuers whose signed tokens (OpenID Connect) are taken beside API keys."""
    demo: bool = False
    """Whether secrets that can be guessed are let through, for a trial on one's own machine."""
    members: tuple[str, ...] = ()
    """On PostgreSQL: members whose events this service takes, separated by commas; else all."""
    address: str | None = None
    """On PostgreSQL: where this service takes requests, https://HOST:PORT, for others to name."""
    owner_patience: int = 10
    """On PostgreSQL: seconds without a sign of life after which another service takes over."""
    kafka: str | None = None
    """`crossflag worker`: Kafka brokers, as HOST:PORT, separated by commas."""
    kafka_group: str = "crossflag"
    """`crossflag worker`: consumer group whose workers share the partitions."""
    kafka_topic: str = "crossflag.events"
    """`crossflag worker`: topic of events to score."""
    kafka_results: str = "crossflag.assessments"
    """`crossflag worker`: topic of assessments, as CloudEvents."""
    kafka_dead_letters: str = "crossflag.dead-letters"
    """`crossflag worker`: topic of records that cannot be scored, with the reason."""
    webhook_private: bool = False
    """Whether webhooks may go to private addresses, and over plain HTTP."""
    webhook_retry: int = 5_000
    """Milliseconds until a webhook that failed is tried again; four times as long each time."""
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
    """Whether cookies are for HTTPS only, and browsers told to come by HTTPS; set it wherever the
    service is reached over TLS."""
    scoring_rate: str = "600000/minute"
    """Requests that a key may send events with, such as 6000/minute; a batch is one."""
    other_rate: str = "6000/minute"
    """Requests of any other kind that a key, a token or a signed-in user may make."""
    log_form: LogForm = "text"
    """Form of the log's lines on standard error: text, or json with time, level and request id."""
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
    watch_minutes: int = 60
    """Minutes between two looks at drift and at novel events that grow alike."""
    drift_days: int = 7
    """Last days of assessments that are compared with what the champion learnt from."""
    urgent_hours: int = 4
    """Hours within which an urgent case is to be decided; the queue says when it is due or late."""
    review_hours: int = 48
    """Hours within which any other case is to be decided."""
    claim_minutes: int = 60
    """Minutes after its holder's last act on a case, after which somebody else may take it."""
    four_eyes: bool = True
    """Whether a second person must approve what confirms a crime, reports it, or lets an urgent
    flag go as honest."""
    access_exposure: int = 50_000
    """EUR cents that a flagged access event counts as its amount in the queue."""

    profile: Profile = "bank"
    """Who runs it: bank, fiu (a financial intelligence unit) or police, who look at nobody by
    lot."""
    random_review_share: float = 0.0005
    """Share of the events left clear that are sent to review by lot, as quality samples: what keeps
    the labels a fair sample. 0 for none; always none with the police profile."""

    @property
    def webhooks_anywhere(self) -> bool:
        """Whether webhooks may go to private addresses, and over plain HTTP."""
        return self.webhook_private or self.demo

    @property
    def lot_share(self) -> float:
        """The share of clear events that is sent to review by lot."""
        return 0.0 if self.profile == "police" else self.random_review_share

    @property
    def pepper(self) -> Pepper:
        """The key of the keyed hash of API keys; raises StoreError when it cannot be had."""
        return secrecy.pepper_of(self.key_pepper, self.home)

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

        A secret may be in a file that `CROSSFLAG_..._FILE` names; one that can be guessed is
        refused unless `demo` is set.

        Raises `Invalid` naming every variable that cannot be read.
        """
        environment = os.environ if environment is None else environment
        values: dict[str, object] = {}
        problems = []
        for one in fields(cls):
            name = PREFIX + one.name.upper()
            text = environment.get(name, "")
            try:
                if given.get(one.name) is not None:
                    values[one.name] = given[one.name]
                elif one.name in SECRETS:
                    values[one.name] = secrecy.from_file(name, environment) or None
                elif name in environment:
                    kind = "rate" if one.name.endswith("_rate") else str(one.type)
                    values[one.name] = _read(kind, text)
            except ValueError as error:
                shown = "" if one.name in SECRETS else text
                problems.append(Problem(name, shown, "cannot be used", str(error)))
        if not values.get("demo"):
            problems += _weak(values)
        if values.get("profile") == "police" and values.get("random_review_share", 0.0):
            share = str(values["random_review_share"])
            fix = "leave it out, or set it to 0"
            name = f"{PREFIX}RANDOM_REVIEW_SHARE"
            problems.append(Problem(name, share, "the police profile looks at nobody by lot", fix))
        if problems:
            raise Invalid(problems)
        return cls(**values)  # type: ignore[arg-type]


def _weak(values: Mapping[str, object]) -> list[Problem]:
    problems = []
    for name, weakness in SECRETS.items():
        secret = values.get(name)
        reason = weakness(secret) if isinstance(secret, str) else None
        if reason is not None:
            fix = "use a random one, such as `openssl rand -hex 32`; CROSSFLAG_DEMO lets it through"
            problems.append(Problem(PREFIX + name.upper(), "", f"can be guessed: {reason}", fix))
    return problems


def _read(kind: str, text: str) -> object:
    if kind in _READERS:
        return _READERS[kind](text)
    if kind.startswith("tuple"):
        return tuple(part for one in text.split(",") if (part := one.strip()))
    if kind.startswith("str"):
        return text or None
    return Path(text) if text else None


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0"):
        raise ValueError("set it to true or false")
    return text.lower() in ("true", "1")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise ValueError("set it to a whole number of 1 or more")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError("set it to a share from 0 to 1, such as 0.0005")
    return share


def _profile(text: str) -> str:
    if text not in get_args(Profile):
        raise ValueError(f"set it to one of {', '.join(get_args(Profile))}")
    return text


def _log_form(text: str) -> str:
    if text not in get_args(LogForm):
        raise ValueError(f"set it to one of {', '.join(get_args(LogForm))}")
    return text


_READERS: dict[str, Callable[[str], object]] = {
    "bool": _truth,
    "int": _count,
    "float": _share,
    "LogForm": _log_form,
    "Profile": _profile,
    "rate": rates.checked,
}
