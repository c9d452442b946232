"""SQLite, the embedded store: one file, one process, one writer and many readers.

WAL mode with synchronous FULL: a transaction that was committed survives the loss of the process
and of power.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from serving.errors import StoreError

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000")


def writer(path: Path) -> Engine:
    """Return the engine of the one writing connection; the file is made when it is not there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make the folder {path.parent}: {error.strerror}") from error
    # The file holds personal data; SQLite gives its side files the same rights.
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    return _engine(path, "BEGIN IMMEDIATE", connections=1)


def readers(path: Path) -> Engine:
    """Return the engine of the reading connections."""
    return _engine(path, "BEGIN", connections=8)


def lock(path: Path) -> int:
    """Take the file for one service; return the handle that keeps it until it is closed.

    The kernel lets go only when the process has ended, so that a frozen one keeps it.
    """
    handle = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise StoreError(
            f"another service already runs on {path}; stop it or give --home"
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
