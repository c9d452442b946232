"""The database: opened once, migrated, one writer and many readers.

On SQLite it is a file that one service uses; on PostgreSQL several share it, each the owner of its
members (`store.owners`). A writing transaction is a `Unit`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL

from serving.errors import StoreError, Unavailable
from serving.store import postgresql, sqlite
from serving.store.unit import Unit

P = ParamSpec("P")
T = TypeVar("T")
View = Connection
"""One consistent view of what is committed, handed to the functions of this room."""
_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """The store behind the service. Raises StoreError when it cannot be used.

    `place` is SQLite's file, or the URL of a PostgreSQL database. `exclusive` is for the service
    itself: two of them on one SQLite file would each hold half the history.
    """

    def __init__(self, place: Path | str, *, exclusive: bool = False) -> None:
        url = _url(place)
        self.shared = url.get_backend_name() == "postgresql"
        """Whether several processes may share it, each the owner of its members."""
        self.name = url.render_as_string() if self.shared else str(url.database)
        """The file, or the URL without its password."""
        self.instance = f"crossflag-{secrets.token_hex(8)}"
        """What the connections of this process are called on the server."""
        self._lock: int | None = None
        self._apart: Engine | None = None
        if self.shared:
            self._writer = postgresql.writer(url, self.instance)
            self._readers = postgresql.readers(url, self.instance)
            self._apart = postgresql.apart(url, self.instance)
        else:
            path = Path(str(url.database))
            self._writer, self._readers = sqlite.writer(path), sqlite.readers(path)
            self._lock = sqlite.lock(path) if exclusive else None
        try:
            self.upgrade()
        except (sa.exc.DatabaseError, CommandError) as error:
            reason = getattr(error, "orig", None) or error
            self.close()
            raise StoreError(f"cannot open the database {self.name}: {reason}") from error

    def upgrade(self) -> None:
        """Bring the tables to the newest form."""
        self._migrate(command.upgrade, "head")

    def downgrade(self, revision: str) -> None:
        """Bring the tables back to an older form, for an older release; raises StoreError.

        What only the newer form could hold is lost.
        """
        try:
            self._migrate(command.downgrade, revision)
        except (sa.exc.DatabaseError, CommandError) as error:
            reason = getattr(error, "orig", None) or error
            raise StoreError(f"{self.name} cannot go back to {revision}: {reason}") from error

    def _migrate(self, step: Callable[[Config, str], None], revision: str) -> None:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        with self._writer.connect() as connection, connection.begin():
            if self.shared:
                postgresql.lock_for_migration(connection)
            config.attributes["connection"] = connection
            step(config, revision)

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
        """Run `task` like `read`, with more arguments, aside from the event loop.

        Raises `Unavailable` when the database cannot be asked.
        """
        try:
            return await asyncio.to_thread(
                self.read, lambda connection: task(connection, *args, **kwargs)
            )
        except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
            raise Unavailable("the service cannot reach its database; send again") from error

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open one consistent view, for reads that go on for long."""
        with self._readers.begin() as connection:
            yield connection

    def apart(self) -> Connection:
        """Open a connection of PostgreSQL's that the caller keeps; each statement is a commit."""
        if self._apart is None:
            raise StoreError(f"{self.name} is not shared: its one process owns all of it")
        return self._apart.connect()

    def close(self) -> None:
        """Close every connection and let go of the file."""
        self._writer.dispose()
        self._readers.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _url(place: Path | str) -> URL:
    if isinstance(place, Path):
        return URL.create("sqlite", database=str(place))
    try:
        url = sa.make_url(place)
        known = url.get_backend_name() in ("sqlite", "postgresql") and bool(url.database)
    except sa.exc.ArgumentError:
        known = False
    if not known:
        # The text itself stays unsaid: it may hold a password.
        raise StoreError(
            "the database URL cannot be used; give postgresql://USER:PASSWORD@HOST/DATABASE, "
            "or none for SQLite in the home folder"
        )
    return url
