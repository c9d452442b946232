"""What is wrong with a home and its surroundings, and how to mend it; changes nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias

import numba

from features import compiled
from features.catalog import CATALOGUES
from features.errors import CrossflagError
from features.reference import Reference
from models.bundle import Bundle
from models.champion import champion
from models.runtime import Scorer
from serving import agreements, issuers
from serving.clock import now
from serving.errors import Invalid
from serving.settings import Settings
from serving.store import copying

State: TypeAlias = Literal["good", "note", "fails"]
_LITTLE, _LEAST = 2 * 1024**3, 200 * 1024**2
_SECOND = 1_000_000
_CLOCK_APART = 2 * _SECOND
_MADE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: State
    found: str
    fix: str = ""


def examine(home: Path | None) -> list[Finding]:
    """Return what was found, check by check; a check that breaks is itself a finding."""
    try:
        settings = Settings.from_environment(home=home)
    except Invalid as error:
        return [
            Finding("settings", "fails", f"{one.field}: {one.problem}", one.fix)
            for one in error.problems
        ]
    found = [Finding("settings", "good", "can be read, and no secret can be guessed")]
    checks: list[Callable[[Settings], Iterator[Finding]]] = [
        _permissions,
        _disk,
        _store,
        _files,
        _models,
        _kernels,
    ]
    for check in checks:
        try:
            found += check(settings)
        except (CrossflagError, OSError) as error:
            fix = "mend what it names, then look again"
            found.append(Finding(check.__name__.strip("_"), "fails", str(error), fix))
    return found


def _permissions(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    if not home.exists():
        fix = "start the service once, or give --home"
        yield Finding("home", "note", f"{home} is not there yet", fix)
        return
    if not os.access(home, os.W_OK | os.X_OK):
        yield Finding("home", "fails", f"{home} cannot be written", f"chown it to {_user()}")
        return
    yield Finding("home", "good", f"{home} can be written")
    private = [home / "crossflag.db", *(home / "secrets").glob("*")]
    open_ = [str(path) for path in private if path.exists() and path.stat().st_mode & 0o077]
    if open_:
        fix = f"chmod 600 {' '.join(open_)}"
        yield Finding("permissions", "fails", f"others may read {', '.join(open_)}", fix)
    else:
        yield Finding("permissions", "good", "store and secrets are their owner's alone")


def _disk(settings: Settings) -> Iterator[Finding]:
    place = settings.home
    while not place.exists():
        place = place.absolute().parent
    free = shutil.disk_usage(place).free
    told = f"{free / 1024**3:,.1f} GiB free at {place}"
    if free < _LITTLE:
        state: State = "fails" if free < _LEAST else "note"
        yield Finding("disk", state, told, "make room: without it nothing can be acknowledged")
    else:
        yield Finding("disk", "good", told)


def _store(settings: Settings) -> Iterator[Finding]:
    seen = copying.look(settings.database)
    if seen is None:
        yield Finding("database", "note", "there is none yet", "`crossflag serve` makes it")
        return
    yield Finding("database", "good", "can be reached and read")
    if seen.revision is None:
        yield Finding("migrations", "note", "no tables yet", "`crossflag serve` makes them")
    elif seen.revision != seen.newest:
        behind = f"tables are of form {seen.revision}, this program's of {seen.newest}"
        fix = "`crossflag db upgrade`; if the tables are the newer ones, install that version"
        yield Finding("migrations", "fails", behind, fix)
    else:
        yield Finding("migrations", "good", f"tables are of the newest form, {seen.newest}")
    yield from _clock(seen)
    others = sum(count for mark, count in seen.pepper_marks.items() if mark != settings.pepper.mark)
    if others:
        fix = "set CROSSFLAG_KEY_PEPPER as it was, or make new keys and revoke these"
        yield Finding("keys", "fails", f"{others} keys in force are of another pepper", fix)
    else:
        count = sum(seen.pepper_marks.values())
        yield Finding("keys", "good", f"{count} not revoked, of the pepper that is in use")


def _clock(seen: copying.Look) -> Iterator[Finding]:
    at = now()
    fix = "set the clock (chrony, systemd-timesyncd), then start the service"
    if at < _MADE.timestamp() * _SECOND:
        yield Finding("clock", "fails", "it stands before this program was made", fix)
    elif seen.last_received_at is not None and seen.last_received_at > at + _CLOCK_APART:
        ahead = (seen.last_received_at - at) / _SECOND
        told = f"the last event was received {ahead:,.0f} s after now"
        yield Finding("clock", "fails", told, fix)
    elif seen.server_time is not None and abs(seen.server_time - at) > _CLOCK_APART:
        apart = (seen.server_time - at) / _SECOND
        yield Finding("clock", "fails", f"the database server's is {apart:+,.0f} s away", fix)
    else:
        yield Finding("clock", "good", "after the last event, and as the database's")


def _files(settings: Settings) -> Iterator[Finding]:
    agreements.read(settings.agreements)
    known = issuers.read(settings.issuers)
    Reference(settings.ip_overlay, settings.mmdb, settings.reference_data)
    yield Finding("files", "good", "agreements, issuers and reference data can be read")
    for one in known:
        if not one.remote and not Path(one.keys).is_file():
            fix = f"put the key set of {one.issuer} there"
            yield Finding("issuers", "fails", f"there is no file {one.keys}", fix)


def _models(settings: Settings) -> Iterator[Finding]:
    for stream, catalogue in CATALOGUES.items():
        name = f"champion of {stream}"
        try:
            directory = champion(settings.models_dir, stream)
            if directory is None:
                fix = f"crossflag train --model {stream} --promote"
                yield Finding(name, "note", "none was promoted; its events get 503", fix)
                continue
            bundle = Bundle.load(directory)
            Scorer(bundle, catalogue)
        except (CrossflagError, OSError) as error:
            fix = "crossflag rollback, or promote another"
            yield Finding(name, "fails", str(error), fix)
        else:
            yield Finding(name, "good", f"{bundle.name} {bundle.version} loads")


def _kernels(_: Settings) -> Iterator[Finding]:
    given = numba.config.CACHE_DIR
    folder = Path(given) if given else Path(compiled.__file__).parent / "__pycache__"
    place = folder
    while not place.exists():
        place = place.parent
    if os.access(place, os.W_OK | os.X_OK):
        yield Finding("kernel cache", "good", f"{folder} can be written")
    else:
        fix = "set NUMBA_CACHE_DIR to a folder that can be written, or each start compiles anew"
        yield Finding("kernel cache", "fails", f"{folder} cannot be written", fix)


def _user() -> str:
    return str(os.geteuid())
