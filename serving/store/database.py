"""The database file: opened once, migrated, one writer and many readers.

SQLite runs in WAL mode with synchronous FULL: a transaction that was committed survives the loss
of the process and of power. There is one writing connection; a transaction of it is a `Unit`.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from serving.errors import StoreError
from serving.store.unit import Unit

P = ParamSpec("P")
T = TypeVar("T")
View = Connection
"""One consistent view of what is committed, handed to the functions of this room."""
_MIGRATIONS = Path(__file__).parent / "migrations"
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000")


class Database:
    """The store behind the service. Raises StoreError when the file cannot be used.

    `exclusive` is for the service itself: two of them on one file would each hold half the history.
    """

    def __init__(self, path: Path, *, exclusive: bool = False) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make the folder {path.parent}: {error.strerror}") from error
        # The file holds personal data; SQLite gives its side files the same rights.
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._lock = _lock(path.with_suffix(".lock")) if exclusive else None
        self._writer = _engine(path, "BEGIN IMMEDIATE", connections=1)
        self._readers = _engine(path, "BEGIN", connections=8)
        try:
            self.upgrade()
        except (sa.exc.DatabaseError, CommandError) as error:
            reason = getattr(error, "orig", None) or error
            self.close()
            raise StoreError(f"cannot open the database {path}: {reason}") from error

    def upgrade(self) -> None:
        """Bring the tables to the newest form."""
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        with self._writer.connect() as connection, connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextlib.contextmanager
    def unit(self) -> Iterator[Unit]:
        """Open the one writing transaction; it commits at the end and rolls back on any error."""
        with self._writer.begin() as connection:
            unit = Unit(connection)
            yield unit
            unit.flush()

    def write(self, task: Callable[[Unit], T]) -> T:
        """Run `task` in a transaction of its own."""
        with self.unit() as unit:
            return task(unit)

    def read(self, task: Callable[[Connection], T]) -> T:
        """Run `task` on one consistent view of what is committed."""
        with self._readers.begin() as connection:
            return task(connection)

    async def reads(
        self, task: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `task` like `read`, with more arguments, aside from the event loop."""
        return await asyncio.to_thread(
            self.read, lambda connection: task(connection, *args, **kwargs)
        )

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open one consistent view, for reads that go on for long."""
        with self._readers.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection and let go of the file."""
        self._writer.dispose()
        self._readers.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _lock(path: Path) -> int:
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise StoreError(
            f"another service already runs on {path.with_suffix('.db')}; stop it or give --home"
        ) from error
    return handle


def _engine(path: Path, begin: str, connections: int) -> Engine:
    engine = sa.create_engine(
        f"sqlite:///{path}",
        poolclass=sa.QueuePool,
        pool_size=connections,
        max_overflow=0,
        connect_args={"check_same_thread": False, "isolation_level": None},
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
