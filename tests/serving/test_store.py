"""The store: durable by its settings, its tables made by migrations as the code expects them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from serving.errors import StoreError
from serving.store.database import Database
from serving.store.schema import metadata


def test_commits_are_durable_and_references_checked(tmp_path: Path) -> None:
    database = Database(tmp_path / "crossflag.db")
    for read in (database.read, lambda task: database.write(lambda unit: task(unit.connection))):
        pragma = read(
            lambda connection: [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
        )
        assert pragma == ["wal", 2, 1]
    database.close()


def test_migrations_make_the_tables_that_the_code_expects(tmp_path: Path) -> None:
    database = Database(tmp_path / "crossflag.db")
    differences = database.read(
        lambda connection: compare_metadata(MigrationContext.configure(connection), metadata)
    )
    database.close()
    assert differences == []


def test_upgrading_again_changes_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        Database(tmp_path / "crossflag.db").close()
    with pytest.raises(StoreError, match="cannot make the folder"):
        Database(tmp_path / "crossflag.db" / "below" / "crossflag.db")


def test_a_store_of_a_later_release_is_refused(tmp_path: Path) -> None:
    Database(tmp_path / "crossflag.db").close()
    connection = sqlite3.connect(tmp_path / "crossflag.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="9999"):
        Database(tmp_path / "crossflag.db")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "crossflag.db").write_bytes(b"not a database, but long enough to be read" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Database(tmp_path / "crossflag.db")


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "crossflag.db")
    statement = (
        "INSERT INTO audit (at, actor, action, target, detail) VALUES (1, 'a', 'b', 'c', '')"
    )
    with pytest.raises(sa.exc.IntegrityError), database.unit() as unit:
        unit.connection.exec_driver_sql(statement)
        unit.connection.exec_driver_sql("INSERT INTO case_events VALUES ('m', 1, 1)")
    count = database.read(lambda view: view.exec_driver_sql("SELECT count(*) FROM audit").scalar())
    database.close()
    assert count == 0
