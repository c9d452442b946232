"""PostgreSQL, the shared store: several processes, each the owner of its members.

A commit is answered once the server has it on disk. Every connection of a process bears the same
application name, so that who takes a frozen process's members over can end all of them.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL

_READERS = 8
_MIGRATION_LOCK = 0x63726F7373666C67
# A server that is gone is noticed within seconds, even where the network swallows everything.
_CONNECT = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# Only raised: an operator's remote_apply stays.
_DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')"
)
_PATIENT = "SET lock_timeout TO '5s'"
# Who keeps locks gives signs of life meanwhile, and must not be held up.
_BRISK = "SET lock_timeout TO '200ms'"
_READING = (
    "SET default_transaction_isolation TO 'repeatable read'",
    "SET default_transaction_read_only TO on",
)


def writer(url: URL, instance: str) -> Engine:
    """Return the engine of the one writing connection."""
    return _engine(url, instance, (_DURABLE, _PATIENT), pool_size=1, max_overflow=0)


def readers(url: URL, instance: str) -> Engine:
    """Return the engine of the reading connections; each transaction sees one state."""
    return _engine(url, instance, _READING, pool_size=_READERS, max_overflow=0)


def apart(url: URL, instance: str) -> Engine:
    """Return the engine of a connection that stays open by itself, each statement a commit."""
    options = {"poolclass": sa.NullPool, "isolation_level": "AUTOCOMMIT"}
    return _engine(url, instance, (_DURABLE, _BRISK), **options)


def lock_for_migration(connection: Connection) -> None:
    """Let one process at a time bring the tables to the newest form; ends with the transaction."""
    connection.exec_driver_sql("SET LOCAL lock_timeout TO 0")
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))


def _engine(url: URL, instance: str, settings: tuple[str, ...], **options: Any) -> Engine:
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args=_CONNECT,
        pool_pre_ping=True,
        # An error's text goes to the log: never with the values of an event.
        hide_parameters=True,
        **options,
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        for statement in (
            f"SET application_name TO '{instance}'",
            *settings,
        ):
            connection.execute(statement)
        connection.commit()

    return engine
