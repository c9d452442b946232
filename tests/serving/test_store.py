"""The store: durable by its settings, its tables made by migrations as the code expects them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import serving.store
from serving.errors import StoreError
from serving.store.database import Database
from serving.store.schema import metadata
from tests.serving.harness import beside

MIGRATIONS = Path(serving.store.__file__).parent / "migrations"


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


def test_commits_on_postgresql_are_durable_and_views_are_of_one_state(postgresql: str) -> None:
    database = Database(postgresql)
    name = ("synchronous_commit", "transaction_isolation", "transaction_read_only")
    query = f"SELECT {', '.join(f'current_setting({one!r})' for one in name)}"
    reading = database.read(lambda connection: connection.exec_driver_sql(query).one())
    writing = database.write(lambda unit: unit.connection.exec_driver_sql(query).one())
    database.close()
    assert tuple(writing) == ("on", "read committed", "off")
    assert tuple(reading)[1:] == ("repeatable read", "on")


def test_a_server_that_does_not_wait_for_the_disk_is_overruled(postgresql: str) -> None:
    with beside(postgresql) as connection:
        name = connection.scalar(sa.text("SELECT current_database()"))
        connection.execute(sa.text(f"ALTER DATABASE {name} SET synchronous_commit TO off"))
    database = Database(postgresql)
    query = "SHOW synchronous_commit"
    durable = database.write(lambda unit: unit.connection.exec_driver_sql(query).scalar())
    database.close()
    assert durable == "on"


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where an empty store is, on either database."""
    if request.param == "sqlite":
        return tmp_path / "crossflag.db"
    url: str = request.getfixturevalue("postgresql")
    return url


def test_migrations_make_the_tables_that_the_code_expects(place: Path | str) -> None:
    database = Database(place)
    differences = database.read(
        lambda connection: compare_metadata(MigrationContext.configure(connection), metadata)
    )
    database.close()
    assert differences == []


def test_upgrading_again_changes_nothing(place: Path | str) -> None:
    for _ in range(2):
        Database(place).close()


def test_every_migration_goes_down_and_up_again_with_what_is_stored(place: Path | str) -> None:
    event = (
        "INSERT INTO events (sequence, member, stream, event_id, received_at, event_time, body, "
        "body_hash) VALUES (1, 'bank-a', 'payment', 'p1', 1, 1, :body, :body)"
    )
    where = place.parent if isinstance(place, Path) else place
    Database(place).close()
    with beside(where) as connection:
        connection.execute(sa.text(event), {"body": b'{"uetr": "u1"}'})
        connection.execute(sa.text("UPDATE events SET uetr = 'u1'"))
    _, *older = (one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions())
    for form in older:
        database = Database(place)
        database.downgrade(form)
        database.close()
        with beside(where) as connection:
            version = sa.text("SELECT version_num FROM alembic_version")
            assert connection.scalar(version) == form
            assert connection.scalar(sa.text("SELECT event_id FROM events")) == "p1"
    database = Database(place)
    differences = database.read(
        lambda connection: compare_metadata(MigrationContext.configure(connection), metadata)
    )
    assert differences == []
    query = "SELECT uetr FROM events"
    assert database.read(lambda view: view.exec_driver_sql(query).scalar()) == "u1"
    database.downgrade("base")
    with pytest.raises(StoreError, match="cannot go back to 0099"):
        database.downgrade("0099")
    database.close()


def test_several_processes_may_upgrade_at_once(postgresql: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        for database in threads.map(Database, [postgresql] * 4):
            database.close()


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StoreError, match="cannot make the folder"):
        Database(tmp_path / "home" / "crossflag.db")


def test_a_store_of_a_later_release_is_refused(place: Path | str) -> None:
    Database(place).close()
    with beside(place.parent if isinstance(place, Path) else place) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="9999"):
        Database(place)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://reader:hush@127.0.0.1:1/none", "connection"),
        ("mysql://reader:hush@127.0.0.1/none", "give postgresql://USER:PASSWORD@HOST/DATABASE"),
        ("reader:hush", "give postgresql://USER:PASSWORD@HOST/DATABASE"),
    ],
    ids=["nobody there", "another kind", "no url"],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as refusal:
        Database(url)
    assert "hush" not in str(refusal.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "crossflag.db").write_bytes(b"not a database, but long enough to be read" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Database(tmp_path / "crossflag.db")


def test_a_transaction_that_fails_leaves_nothing(place: Path | str) -> None:
    database = Database(place)
    statement = (
        "INSERT INTO audit (at, actor, action, target, detail) VALUES (1, 'a', 'b', 'c', '')"
    )
    with pytest.raises(sa.exc.IntegrityError), database.unit() as unit:
        unit.connection.exec_driver_sql(statement)
        unit.connection.exec_driver_sql("INSERT INTO case_events VALUES ('m', 1, 1)")
    count = database.read(lambda view: view.exec_driver_sql("SELECT count(*) FROM audit").scalar())
    database.close()
    assert count == 0
