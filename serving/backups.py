"""A backup: one file with the store, the models, their pointers, the secrets and the snapshots.

It holds what the folder holds, personal data and secrets included, and is written for its owner
alone. Every file is listed in it with its SHA-256, and nothing is put back before all are checked.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from serving import __version__
from serving.errors import ServiceError
from serving.settings import Settings
from serving.store import copying

FORM = 1
_MANIFEST, _HOME, _SQLITE, _DUMP = "manifest.json", "home/", "store/sqlite.db", "store/pg.dump"
_STORE = ("crossflag.db", "crossflag.db-wal", "crossflag.db-shm", "crossflag.lock")
_CHUNK = 1 << 20


class BackupError(ServiceError):
    """A backup that cannot be made or put back; the text says why and what to do."""

    kind, title = "backup", "The backup cannot be used"


@dataclass(frozen=True)
class Backup:
    """What a backup holds."""

    path: Path
    made_at: str
    store: str
    """sqlite or postgresql."""
    files: int
    bytes: int


def make(settings: Settings, out: Path, told: Callable[[str], None] = lambda _: None) -> Backup:
    """Write a backup of the home and its store to `out`, while the service runs.

    Snapshots of histories come first and the store after them, so that none is ahead of the log.
    Raises BackupError when `out` is there already or a file cannot be read, StoreError.
    """
    if out.exists():
        raise BackupError(f"{out} is there already; give a name that is free")
    if not settings.home.is_dir():
        raise BackupError(f"there is no home {settings.home}; give --home")
    database = settings.database
    aside = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    files: dict[str, str] = {}
    size = 0
    try:
        with (
            tempfile.TemporaryDirectory(dir=out.parent, prefix=".crossflag-backup-") as folder,
            os.fdopen(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "wb") as file,
            tarfile.open(fileobj=file, mode="w") as tar,
        ):
            for path in _of(settings.home, out):
                # A snapshot that is replaced at this moment is not missed: the log has it all.
                with suppress(FileNotFoundError):
                    name = _HOME + path.relative_to(settings.home).as_posix()
                    files[name], bytes_ = _add(tar, path, name)
                    size += bytes_
            told(f"{len(files)} files of {settings.home} are copied; the store comes next")
            copy = Path(folder) / "store"
            if isinstance(database, Path):
                if not database.exists():
                    raise BackupError(f"there is no store {database}; give --home")
                copying.copy_sqlite(database, copy)
                name = _SQLITE
            else:
                copying.dump_postgresql(database, copy)
                name = _DUMP
            files[name], bytes_ = _add(tar, copy, name)
            size += bytes_
            manifest: dict[str, Any] = {
                "form": FORM,
                "version": __version__,
                "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "store": "sqlite" if name == _SQLITE else "postgresql",
                "files": files,
            }
            body = orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
            entry = tarfile.TarInfo(_MANIFEST)
            entry.size, entry.mode = len(body), 0o600
            tar.addfile(entry, io.BytesIO(body))
            tar.close()
            file.flush()
            os.fsync(file.fileno())
        aside.rename(out)
    except OSError as error:
        raise BackupError(f"{error.filename or out} cannot be used: {error.strerror}") from error
    finally:
        aside.unlink(missing_ok=True)
    return Backup(out, manifest["made_at"], manifest["store"], len(files), size)


def restore(file: Path, settings: Settings, told: Callable[[str], None] = lambda _: None) -> Backup:
    """Put a backup back into an empty home, and into an empty database on PostgreSQL.

    Raises BackupError when something is there that would be lost, or the file is damaged, not a
    backup, or of another kind of store; StoreError. The home appears whole or not at all.
    """
    home, database = settings.home, settings.database
    if home.exists() and any(home.iterdir()):
        raise BackupError(f"the home {home} is not empty; move it away, nothing is overwritten")
    aside = home.with_name(f".{home.name or 'home'}.{secrets.token_hex(4)}")
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        aside.mkdir(mode=0o700)
        with tarfile.open(file, mode="r:") as tar:
            tar.extractall(aside, filter="data")
        manifest = _checked(aside, file)
        told(f"{len(manifest['files'])} files are whole")
        kept = "sqlite" if isinstance(database, Path) else "postgresql"
        if manifest["store"] != kept:
            raise BackupError(
                f"the backup is of a {manifest['store']} store, the settings name a {kept} one; "
                "set CROSSFLAG_DATABASE_URL, or leave it out, as it was then"
            )
        (aside / _HOME).mkdir(exist_ok=True)
        if isinstance(database, Path):
            (aside / _SQLITE).rename(aside / _HOME / _STORE[0])
        else:
            copying.restore_postgresql(database, aside / _DUMP)
        if home.exists():
            home.rmdir()
        (aside / _HOME).rename(home)
    except (OSError, tarfile.TarError) as error:
        reason = getattr(error, "strerror", None) or "it is no backup, or is damaged"
        raise BackupError(f"{file} cannot be restored: {reason}") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    size = file.stat().st_size
    return Backup(file, manifest["made_at"], manifest["store"], len(manifest["files"]), size)


def _of(home: Path, out: Path) -> Iterator[Path]:
    """Yield the home's files, snapshots first, the store and what is half written aside."""
    folders = sorted(home.iterdir(), key=lambda path: (path.name != "snapshots", path.name))
    for top in folders:
        if top.name in _STORE or top.name.startswith(".") or top.suffix == ".log":
            continue
        for path in sorted(top.rglob("*")) if top.is_dir() and not top.is_symlink() else [top]:
            hidden = any(part.startswith(".") for part in path.relative_to(home).parts)
            if not hidden and (path.is_file() or path.is_symlink()) and path != out:
                yield path


def _add(tar: tarfile.TarFile, path: Path, name: str) -> tuple[str, int]:
    entry = tar.gettarinfo(path, name)
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    if entry.issym():
        tar.addfile(entry)
        return hashlib.sha256(entry.linkname.encode()).hexdigest(), 0
    with path.open("rb") as source:
        tar.addfile(entry, source)
        source.seek(0)
        return _hash(source), entry.size


def _checked(folder: Path, file: Path) -> dict[str, Any]:
    """Return the manifest of what was taken out; raises BackupError unless all is as it was."""
    damaged = BackupError(f"{file} is no backup, or is damaged; nothing was changed")
    try:
        manifest = orjson.loads((folder / _MANIFEST).read_bytes())
        files, form = dict(manifest["files"]), manifest["form"]
    except (OSError, ValueError, KeyError, TypeError):
        raise damaged from None
    if form != FORM:
        raise BackupError(f"{file} is of form {form}, this program reads form {FORM}")
    there = {path for path in folder.rglob("*") if path.is_file() or path.is_symlink()}
    names = {path.relative_to(folder).as_posix() for path in there} - {_MANIFEST}
    if names != set(files):
        raise damaged
    for name, wanted in files.items():
        path = folder / name
        if path.is_symlink():
            found = hashlib.sha256(str(path.readlink()).encode()).hexdigest()
        else:
            with path.open("rb") as source:
                found = _hash(source)
        if found != wanted:
            raise damaged
    return dict(manifest)


def _hash(source: BinaryIO) -> str:
    digest = hashlib.sha256()
    while part := source.read(_CHUNK):
        digest.update(part)
    return digest.hexdigest()
