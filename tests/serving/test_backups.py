"""A backup is made while the service runs, all is destroyed, and what comes back is the same."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from serving import backups
from serving.backups import BackupError
from serving.errors import StoreError
from serving.settings import Settings
from tests.serving.harness import Running, assert_log_is_one_story, feature_rows, make_key, running
from tests.serving.test_operator_commands import run
from tests.serving.worlds import START, history, payment, theft


def fill(service: Running) -> str:
    """Score some days and add a label; return the key that did it."""
    for stream in ("access", "payment"):
        service.batch(stream, [fields for kind, fields, _ in history(3) if kind == stream])
    for stream, fields, _ in theft(9_000, 3, START):
        service.score(stream, fields)
    label = {"stream": "payment", "event_id": "p9000", "is_fraud": True, "source": "police"}
    service.client.post(
        "/v1/labels", json={"labels": [label | {"known_at": "2026-03-09T00:00:00Z"}]}
    )
    authorization: str = service.client.headers["authorization"]
    return authorization


def files(home: Path) -> dict[str, str]:
    """Every file below a home by its hash, the store's own aside."""
    return {
        path.relative_to(home).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in home.rglob("*")
        if path.is_file() and not path.name.startswith(("crossflag.", "."))
    }


def tables(home: Path) -> list[str]:
    connection = sqlite3.connect(home / "crossflag.db")
    said = list(connection.iterdump())
    connection.close()
    return said


def test_what_was_destroyed_comes_back_to_the_bit(
    new_home: Callable[..., Path], tmp_path: Path
) -> None:
    home, file = new_home(), tmp_path / "backup.tar"
    with running(home, console=False, snapshot_events=50) as service:
        authorization = fill(service)
        # While it runs, and takes events.
        said = json.loads(run("backup", "--out", str(file), "--home", str(home), "--json"))
        rows = feature_rows(service)
    assert said["store"] == "sqlite"
    assert file.stat().st_mode & 0o077 == 0
    before, told = tables(home), files(home)
    assert any(name.startswith("snapshots/") for name in told)
    assert "secrets/key_pepper" in told
    shutil.rmtree(home)
    run("restore", str(file), "--home", str(home))
    back = files(home)
    changing = {name for name in told if name.startswith("snapshots/")}
    assert {name: back.get(name) for name in told if name not in changing} == {
        name: digest for name, digest in told.items() if name not in changing
    }
    # When a key was last used is written as the service stops, after the backup.
    assert without_last_use(tables(home)) == without_last_use(before)
    with running(home, console=False) as service:
        service.client.headers["authorization"] = authorization
        assert service.client.get("/v1/cases").json()["total"] >= 1
        assert feature_rows(service) == rows
        assert service.score("payment", payment(77_001, 1, START))["duplicate"] is False
        assert_log_is_one_story(service)


def without_last_use(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith('INSERT INTO "api_keys"')]


def test_a_postgresql_store_comes_back_too(
    new_home: Callable[..., Path], tmp_path: Path, postgresql: str, postgresql_server: str
) -> None:
    home, file = new_home(), tmp_path / "backup.tar"
    with running(home, console=False, database_url=postgresql) as service:
        fill(service)
        rows = feature_rows(service)
    settings = Settings(home=home, database_url=postgresql)
    assert backups.make(settings, file).store == "postgresql"
    shutil.rmtree(home)
    with pytest.raises(StoreError, match="holds tables already"):
        backups.restore(file, settings)
    assert not home.exists()
    name = f"again_{uuid4().hex[:12]}"
    with psycopg.connect(host=postgresql_server, user="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    fresh = f"postgresql://postgres@/{name}?host={postgresql_server}"
    with pytest.raises(BackupError, match="CROSSFLAG_DATABASE_URL"):
        backups.restore(file, Settings(home=home))
    backups.restore(file, Settings(home=home, database_url=fresh))
    with running(home, console=False, database_url=fresh) as service:
        assert feature_rows(service) == rows
        assert_log_is_one_story(service)


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, Path]:
    home = tmp_path / "small"
    make_key(home)
    (home / "models").mkdir()
    (home / "models" / "pointer").symlink_to("elsewhere")
    return home, tmp_path / "small.tar"


def test_nothing_is_overwritten(small: tuple[Path, Path]) -> None:
    home, file = small
    backups.make(Settings(home=home), file)
    with pytest.raises(BackupError, match="is there already"):
        backups.make(Settings(home=home), file)
    with pytest.raises(BackupError, match="not empty"):
        backups.restore(file, Settings(home=home))
    with pytest.raises(BackupError, match="no home"):
        backups.make(Settings(home=home / "gone"), file.with_name("other.tar"))
    assert sorted(path.name for path in file.parent.iterdir()) == ["small", "small.tar"]
    again = file.with_name("again")
    backups.restore(file, Settings(home=again))
    assert (again / "models" / "pointer").readlink() == Path("elsewhere")
    assert (again / "secrets" / "key_pepper").stat().st_mode & 0o077 == 0


def test_a_damaged_or_foreign_file_changes_nothing(small: tuple[Path, Path]) -> None:
    home, file = small
    backups.make(Settings(home=home), file)
    whole, target = file.read_bytes(), file.with_name("target")
    pepper = (home / "secrets" / "key_pepper").read_bytes()
    wrong: list[bytes] = [
        whole.replace(pepper, bytes(reversed(pepper))),
        whole[: len(whole) // 2],
        b"",
        b"no tar" * 1000,
        evil(file.with_name("evil.tar"), "../outside"),
        evil(file.with_name("evil.tar"), "home/inside"),
    ]
    for body in wrong:
        file.write_bytes(body)
        with pytest.raises(BackupError):
            backups.restore(file, Settings(home=target))
        assert not target.exists()
    assert not (file.parent / "outside").exists()
    assert not [path for path in file.parent.iterdir() if path.name.startswith(".")]


def evil(path: Path, name: str) -> bytes:
    with tarfile.open(path, "w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    body = path.read_bytes()
    path.unlink()
    return body


def doctor(*words: str, status: int = 0, **environment: str) -> dict[str, Any]:
    from typer.testing import CliRunner

    from serving.cli import app

    done = CliRunner().invoke(app, ["doctor", "--json", *words], env=environment)
    assert isinstance(done.exception, SystemExit | None), done.exception
    assert done.exit_code == status, done.output
    return {row["check"]: row for row in json.loads(done.stdout)}


def test_the_doctor_finds_nothing_wrong_with_a_good_home(new_home: Callable[..., Path]) -> None:
    home = new_home()
    make_key(home)
    found = doctor("--home", str(home))
    assert {row["state"] for row in found.values()} == {"good"}, found
    assert {"settings", "database", "migrations", "clock", "disk", "permissions"} <= set(found)
    assert {"champion of payment", "champion of access", "kernel cache", "keys"} <= set(found)


def test_the_doctor_names_what_is_wrong_and_the_fix(
    new_home: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = new_home()
    make_key(home)
    connection = sqlite3.connect(home / "crossflag.db")
    ahead = 10**17
    row = "(1, 'm', 'payment', 'e', ?, 0, x'00', x'00')"
    names = "sequence, member, stream, event_id, received_at, event_time, body, body_hash"
    connection.execute(f"INSERT INTO events ({names}) VALUES {row}", (ahead,))
    connection.execute("UPDATE api_keys SET pepper = 'ffffffff'")
    connection.commit()
    (home / "crossflag.db").chmod(0o644)
    for path in (home / "models" / "payment").rglob("*"):
        if path.is_file() and path.stat().st_size > 2000:
            path.write_bytes(b"broken")
    from serving import doctor as room

    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=10_000))
    found = doctor("--home", str(home), status=1)
    failing = {name for name, row in found.items() if row["state"] == "fails"}
    assert failing == {"disk", "permissions", "clock", "keys", "champion of payment"}, found
    assert all(found[name]["fix"] for name in failing)
    assert "chmod 600" in found["permissions"]["fix"]
    connection.execute("UPDATE alembic_version SET version_num = '0007'")
    connection.commit()
    connection.close()
    assert doctor("--home", str(home), status=1)["migrations"]["state"] == "fails"
    weak = doctor(status=1, CROSSFLAG_KEY_PEPPER="changeme")
    assert "can be guessed" in weak["settings"]["found"]
    assert "changeme" not in str(weak)
    gone = doctor(status=1, CROSSFLAG_DATABASE_URL="postgresql://127.0.0.1:1/nothing")
    assert gone["store"]["state"] == "fails"
    monkeypatch.undo()
    fresh = doctor("--home", str(tmp_path / "fresh"))
    assert fresh["database"]["state"] == "note"
    assert not (tmp_path / "fresh").exists()
