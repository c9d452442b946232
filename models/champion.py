"""Which model serves: promotion records and a pointer, beside the bundles.

```
<models_dir>/<stream>/
    <version>/          a bundle, never changed
    promotions.jsonl    one line for each promotion and rollback, only ever added
    champion.json       the record in force; the service follows it
```

A bundle is copied under a hidden name and renamed when complete, the record is on disk before the
pointer moves, and the pointer is replaced in one step: a crash anywhere leaves the old champion or
the new one. MLflow's alias only mirrors this.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from models.bundle import Bundle
from models.errors import BadBundle, PromotionRefused

_RECORDS = "promotions.jsonl"
_POINTER = "champion.json"


@dataclass(frozen=True)
class Promotion:
    """One change of champion: which version, in place of which, by whom, why and when (UTC)."""

    stream: str
    name: str
    version: str
    previous: str | None
    action: Literal["promote", "rollback"]
    by: str
    why: str
    at: str


def promote(models_dir: Path, bundle_dir: Path, by: str, why: str) -> Promotion:
    """Make the bundle in `bundle_dir` its stream's champion and return the record.

    Promoting the champion again changes nothing and returns the record in force. Raises `BadBundle`
    when the bundle is damaged, `PromotionRefused` when `by` or `why` is empty.
    """
    _require_words(by, why)
    bundle = Bundle.load(bundle_dir)
    with _locked(models_dir / bundle.stream) as room:
        current = _current(room)
        if current is not None and current.version == bundle.version:
            Bundle.load(room / current.version)
            return current
        _keep(bundle_dir, room / bundle.version)
        return _put_in_force(room, bundle, current, "promote", by, why)


def rollback(models_dir: Path, stream: str, by: str, why: str) -> Promotion:
    """Make the version that the champion had replaced champion again; return the record.

    A second rollback goes one further back. Raises `PromotionRefused` when there is no earlier one.
    """
    _require_words(by, why)
    with _locked(models_dir / stream) as room:
        current = _current(room)
        if current is None:
            raise PromotionRefused(f"stream {stream} has no champion to roll back; promote one")
        promotions = [
            record
            for record in _records(room)
            if record.action == "promote" and record.version == current.version
        ]
        earlier = promotions[-1].previous if promotions else None
        if earlier is None:
            raise PromotionRefused(
                f"{current.name} {current.version} replaced no earlier champion; promote another"
            )
        return _put_in_force(room, Bundle.load(room / earlier), current, "rollback", by, why)


def champion(models_dir: Path, stream: str) -> Path | None:
    """Return the directory of the stream's champion, None when nothing was promoted yet."""
    room = models_dir / stream
    current = _current(room)
    return None if current is None else room / current.version


def history(models_dir: Path, stream: str) -> list[Promotion]:
    """Return every promotion and rollback of the stream, the oldest first."""
    return _records(models_dir / stream)


def _require_words(by: str, why: str) -> None:
    for field, value in (("by", by), ("why", why)):
        if not value.strip():
            raise PromotionRefused(f"{field}={value!r}: say who promotes and why; both are kept")


@contextmanager
def _locked(room: Path) -> Iterator[Path]:
    room.mkdir(parents=True, exist_ok=True)
    with (room / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield room


def _keep(source: Path, target: Path) -> None:
    if target.exists():
        Bundle.load(target)
        return
    incoming = Path(tempfile.mkdtemp(prefix=".incoming-", dir=target.parent))
    try:
        shutil.copytree(source, incoming, dirs_exist_ok=True)
        Bundle.load(incoming)
        incoming.chmod(0o755)
        for path in [*incoming.rglob("*"), incoming]:
            _sync(path)
        incoming.replace(target)
        _sync(target.parent)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)


def _put_in_force(
    room: Path,
    bundle: Bundle,
    current: Promotion | None,
    action: Literal["promote", "rollback"],
    by: str,
    why: str,
) -> Promotion:
    previous = None if current is None else current.version
    at = datetime.now(UTC).isoformat()
    record = Promotion(
        room.name, bundle.name, bundle.version, previous, action, by.strip(), why.strip(), at
    )
    line = json.dumps(asdict(record), ensure_ascii=False) + "\n"
    _append(room / _RECORDS, line)
    pointer = room / f".{_POINTER}"
    pointer.write_text(line)
    _sync(pointer)
    pointer.replace(room / _POINTER)
    _sync(room)
    return record


def _append(path: Path, line: str) -> None:
    """Add a line durably; what a crash left unfinished at the end is cut off first."""
    with path.open("a+b") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())


def _records(room: Path) -> list[Promotion]:
    path = room / _RECORDS
    if not path.exists():
        return []
    finished = path.read_bytes().split(b"\n")[:-1]
    return [_parse(path, line) for line in finished]


def _current(room: Path) -> Promotion | None:
    path = room / _POINTER
    return _parse(path, path.read_bytes()) if path.exists() else None


def _parse(path: Path, line: bytes) -> Promotion:
    try:
        return Promotion(**json.loads(line))
    except (ValueError, TypeError) as error:
        raise BadBundle(f"{path} holds no promotion record ({error}); restore the file") from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
