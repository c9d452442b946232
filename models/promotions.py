"""The book of promotions: who proposed, approved, promoted or rolled back what, when and why.

`promotions.jsonl` beside a stream's bundles holds a line for each act and is only ever added to;
pointers such as `champion.json` repeat the line that is in force. A line is on disk before a
pointer moves, and a pointer moves in one step. This is a record, not a lock: who may write the
folder can rewrite it, so keep it where only the service's operators can.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from models.bundle import Bundle
from models.errors import BadBundle, PromotionRefused

Action = Literal["propose", "reject", "promote", "rollback", "challenge", "dismiss"]
RECORDS = "promotions.jsonl"
CHAMPION = "champion.json"
PROPOSAL = "proposal.json"
CHALLENGER = "challenger.json"


@dataclass(frozen=True)
class Person:
    """Who acts, as far as the machine can tell.

    `known_by` is how the name is known: `said` (typed, nobody checked it), `account` (the operating
    system's account) or `console` (signed in with a password). `account` is the operating system's
    account that ran the command, empty in the console.
    """

    name: str
    known_by: Literal["said", "account", "console"] = "said"
    account: str = ""


@dataclass(frozen=True)
class Promotion:
    """One act: which version of a stream's model, in place of which, by whom, why and when (UTC).

    `bundle_hash` is the SHA-256 of the bundle's contents, of which the version is the beginning.
    `approvers` are the people who agreed to a promotion, the proposer first; one where one was
    enough. `gates` are the results of the gates as they stood, `override` the written reason for
    which a failed gate was passed over.
    """

    stream: str
    name: str
    version: str
    previous: str | None
    action: Action
    by: str
    why: str
    at: str
    known_by: str = "said"
    account: str = ""
    bundle_hash: str = ""
    approvers: tuple[str, ...] = ()
    gates: tuple[dict[str, Any], ...] = ()
    override: str = ""

    @property
    def failed(self) -> tuple[dict[str, Any], ...]:
        """The gates that were not passed."""
        return tuple(gate for gate in self.gates if not gate["passed"])


def history(models_dir: Path, stream: str) -> list[Promotion]:
    """Return every act of the stream's book, the oldest first."""
    return records(models_dir / stream)


def require_words(by: str, why: str) -> None:
    """Raise `PromotionRefused` unless both say something."""
    for field, value in (("by", by), ("why", why)):
        if not value.strip():
            raise PromotionRefused(f"{field}={value!r}: say who promotes and why; both are kept")


@contextmanager
def locked(room: Path) -> Iterator[Path]:
    """Hold a stream's folder against other processes, making it when it is not there."""
    room.mkdir(parents=True, exist_ok=True)
    with (room / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield room


def keep(source: Path, room: Path, bundle: Bundle, documents: Sequence[Path] = ()) -> None:
    """Copy a bundle, and documents about it, into the stream's folder; each appears whole."""
    target = room / bundle.version
    if target.exists():
        Bundle.load(target)
    else:
        with _incoming(room) as incoming:
            shutil.copytree(source, incoming, dirs_exist_ok=True)
            Bundle.load(incoming)
            _settle(incoming, target)
    if documents:
        with _incoming(room) as incoming:
            for path in documents:
                shutil.copy(path, incoming / path.name)
            shelf = documents_of(room, bundle.version)
            shutil.rmtree(shelf, ignore_errors=True)
            _settle(incoming, shelf)


def documents_of(room: Path, version: str) -> Path:
    """Return where the documents about a version lie: report, card and validation pack."""
    return room / f"{version}.documents"


def record(
    room: Path,
    bundle: Bundle,
    previous: str | None,
    action: Action,
    person: Person,
    why: str,
    **more: Any,
) -> Promotion:
    """Write an act into the book, durably, and return it."""
    act = Promotion(
        stream=room.name,
        name=bundle.name,
        version=bundle.version,
        previous=previous,
        action=action,
        by=person.name.strip(),
        why=why.strip(),
        at=datetime.now(UTC).isoformat(),
        known_by=person.known_by,
        account=person.account,
        bundle_hash=bundle.content_hash,
        **more,
    )
    append(room / RECORDS, _line(act))
    return act


def point(room: Path, pointer: str, act: Promotion) -> None:
    """Let a pointer say that this act is in force, in one step."""
    incoming = room / f".{pointer}"
    incoming.write_text(_line(act))
    _sync(incoming)
    incoming.replace(room / pointer)
    _sync(room)


def clear(room: Path, pointer: str) -> None:
    """Take a pointer away."""
    (room / pointer).unlink(missing_ok=True)
    _sync(room)


def in_force(room: Path, pointer: str) -> Promotion | None:
    """Return the act that a pointer names; raises `BadBundle` when it is no record."""
    path = room / pointer
    try:
        return _parse(path, path.read_bytes())
    except FileNotFoundError:
        return None


def records(room: Path) -> list[Promotion]:
    """Return the book; what a crash left unfinished at its end is not there."""
    path = room / RECORDS
    if not path.exists():
        return []
    finished = path.read_bytes().split(b"\n")[:-1]
    return [_parse(path, line) for line in finished]


def append(path: Path, line: str) -> None:
    """Add a line durably; what a crash left unfinished at the end is cut off first."""
    with path.open("a+b") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _incoming(room: Path) -> Iterator[Path]:
    incoming = Path(tempfile.mkdtemp(prefix=".incoming-", dir=room))
    try:
        yield incoming
    finally:
        shutil.rmtree(incoming, ignore_errors=True)


def _settle(incoming: Path, target: Path) -> None:
    incoming.chmod(0o755)
    for path in [*incoming.rglob("*"), incoming]:
        _sync(path)
    incoming.replace(target)
    _sync(target.parent)


def _line(act: Promotion) -> str:
    return json.dumps(asdict(act), ensure_ascii=False) + "\n"


def _parse(path: Path, line: bytes) -> Promotion:
    try:
        act = Promotion(**json.loads(line))
        return replace(act, approvers=tuple(act.approvers), gates=tuple(act.gates))
    except (ValueError, TypeError) as error:
        raise BadBundle(f"{path} holds no promotion record ({error}); restore the file") from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
