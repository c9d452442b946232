"""The whole store to a file and back, and what can be told of a store without changing it.

SQLite is copied page by page while the service runs (its online backup); PostgreSQL by its own
`pg_dump` and `pg_restore`, whose file holds one consistent view.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import URL

from serving.errors import StoreError

_MIGRATIONS = Path(__file__).parent / "migrations"
_DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Look:
    """What a store tells of itself."""

    revision: str | None
    """Form of its tables, None when there are none."""
    newest: str
    """The form that this program makes."""
    last_received_at: int | None
    """When its last event was received, in microseconds."""
    server_time: int | None
    """The database server's own clock, in microseconds; None for SQLite."""
    pepper_marks: dict[str, int]
    """Keys in force by the mark of their pepper, empty for those without one."""


def look(place: Path | str) -> Look | None:
    """Return what the store tells, None when there is none yet; changes nothing.

    Raises StoreError when it cannot be reached or read.
    """
    script = Config()
    script.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    newest = ScriptDirectory.from_config(script).get_current_head() or ""
    if isinstance(place, Path) and not place.exists():
        return None
    url = _sqlite_url(place) if isinstance(place, Path) else _postgresql_url(place)
    options = {"connect_timeout": 5} if url.get_backend_name() == "postgresql" else {"uri": True}
    engine = sa.create_engine(
        url, poolclass=sa.NullPool, connect_args=options, hide_parameters=True
    )
    try:
        with engine.connect() as connection:
            return _look(connection, newest)
    except sa.exc.DatabaseError as error:
        raise StoreError(f"the database cannot be read: {error.orig}") from None
    finally:
        engine.dispose()


def _look(connection: sa.Connection, newest: str) -> Look:
    shared = connection.dialect.name == "postgresql"
    tables = set(sa.inspect(connection).get_table_names())
    revision = last = None
    marks: dict[str, int] = {}
    if "alembic_version" in tables:
        revision = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    if "events" in tables:
        last = connection.scalar(
            sa.text("SELECT received_at FROM events ORDER BY sequence DESC LIMIT 1")
        )
    if "api_keys" in tables and revision == newest:
        in_force = "SELECT coalesce(pepper, ''), count(*) FROM api_keys WHERE revoked_at IS NULL"
        rows = connection.execute(sa.text(f"{in_force} GROUP BY 1"))
        marks = {row[0]: row[1] for row in rows}
    clock = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    return Look(
        revision, newest, last, connection.scalar(sa.text(clock)) if shared else None, marks
    )


def copy_sqlite(path: Path, out: Path) -> None:
    """Copy a SQLite store as it is now, while others read and write it; raises StoreError."""
    try:
        source = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
        target = sqlite3.connect(out)
        try:
            source.backup(target)
        finally:
            target.close()
            source.close()
    except sqlite3.Error as error:
        raise StoreError(f"the database {path} cannot be copied: {error}") from None


def dump_postgresql(place: str, out: Path) -> None:
    """Write a PostgreSQL store to a file of `pg_dump`'s custom form; raises StoreError."""
    _run("pg_dump", place, "--format=custom", "--no-owner", "--no-privileges", f"--file={out}")


def restore_postgresql(place: str, file: Path) -> None:
    """Fill an empty PostgreSQL database from such a file, wholly or not at all.

    Raises StoreError when it holds tables already, or the server refuses.
    """
    found = look(place)
    if found is not None and found.revision is not None:
        raise StoreError(
            "the database to restore into holds tables already; give an empty one, "
            "so that nothing is lost"
        )
    options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    _run("pg_restore", place, *options, str(file))


def _run(program: str, place: str, *arguments: str) -> None:
    url = _postgresql_url(place)
    password = url.password
    bare = url.set(drivername="postgresql", password=None)._replace(password=None)
    # The password goes by the environment: a command line can be read by anybody.
    environment = dict(os.environ) | ({"PGPASSWORD": str(password)} if password else {})
    command = [_program(program), "--dbname", bare.render_as_string(), *arguments]
    done = subprocess.run(  # noqa: S603 - the operator's own database
        command, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise StoreError(f"{program} failed: {said}")


def _program(name: str) -> str:
    versions = sorted(_DEBIAN.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which(name)
    if found is None:
        raise StoreError(f"{name} is not installed (Debian: apt-get install postgresql-client)")
    return found


def _sqlite_url(path: Path) -> URL:
    return URL.create("sqlite", database=f"file:{path}", query={"mode": "ro", "uri": "true"})


def _postgresql_url(place: str) -> URL:
    try:
        url = sa.make_url(place)
    except sa.exc.ArgumentError:
        raise StoreError("the database URL cannot be used") from None
    return url.set(drivername="postgresql+psycopg")
