"""Watchlists' rows: a record stays for ever, marked with the versions it was in force in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from serving.store.schema import watchlist_records as records
from serving.store.schema import watchlist_versions as versions
from serving.store.schema import watchlists

_PART = 1_000


@dataclass(frozen=True)
class ListRow:
    """A list, and the version that is in force; times in microseconds."""

    name: str
    title: str
    owner_country: str
    purpose: str
    handling: str
    audience: str
    """Members that may be told of its hits, separated by spaces; `*` is every member."""
    version: int


@dataclass(frozen=True)
class VersionRow:
    """One import of a list, and what it changed."""

    name: str
    version: int
    imported_at: int
    actor: str
    source: str
    digest: str
    """SHA-256 over the digests of all records in force, in the order of their identifiers."""
    records: int
    added: int
    changed: int
    withdrawn: int
    refused: int


@dataclass(frozen=True)
class RecordRow:
    """A record as it is from one version of its list on."""

    entity_id: str
    digest: bytes
    schema: str
    caption: str
    body: bytes


def lists(connection: Connection) -> list[ListRow]:
    """Return every list by name."""
    return [ListRow(*row) for row in connection.execute(sa.select(watchlists).order_by("name"))]


def one(connection: Connection, name: str) -> ListRow | None:
    """Return the list of a name."""
    row = connection.execute(sa.select(watchlists).where(watchlists.c.name == name)).first()
    return ListRow(*row) if row else None


def state(connection: Connection) -> tuple[tuple[str, int], ...]:
    """Return name and version of every list, which is what a screener must be made anew for."""
    query = sa.select(watchlists.c.name, watchlists.c.version).order_by(watchlists.c.name)
    return tuple((name, version) for name, version in connection.execute(query))


def keep(connection: Connection, row: ListRow) -> None:
    """Write a list, new or known."""
    connection.execute(sa.delete(watchlists).where(watchlists.c.name == row.name))
    connection.execute(sa.insert(watchlists).values(vars(row)))


def add_version(connection: Connection, row: VersionRow) -> None:
    """Write a version of a list."""
    connection.execute(sa.insert(versions).values(vars(row)))


def history(connection: Connection, name: str) -> list[VersionRow]:
    """Return a list's versions, oldest first."""
    query = sa.select(versions).where(versions.c.name == name).order_by(versions.c.version)
    return [VersionRow(*row) for row in connection.execute(query)]


def _in_force(name: str, version: int) -> Any:
    return sa.and_(
        records.c.name == name,
        records.c.first_version <= version,
        sa.or_(records.c.last_version.is_(None), records.c.last_version >= version),
    )


def digests(connection: Connection, name: str, version: int) -> dict[str, bytes]:
    """Return the digest of every record that is in force in a version, by identifier."""
    query = sa.select(records.c.entity_id, records.c.digest).where(_in_force(name, version))
    return {entity_id: bytes(digest) for entity_id, digest in connection.execute(query)}


def rows(connection: Connection, name: str, version: int) -> Iterator[RecordRow]:
    """Yield the records that are in force in a version, in the order of their identifiers."""
    query = (
        sa.select(
            records.c.entity_id, records.c.digest, records.c.schema, records.c.caption,
            records.c.body,
        )
        .where(_in_force(name, version))
        .order_by(records.c.entity_id)
    )  # fmt: skip
    for entity_id, digest, schema, caption, body in connection.execute(query):
        yield RecordRow(entity_id, bytes(digest), schema, caption, bytes(body))


def record(connection: Connection, name: str, version: int, entity_id: str) -> bytes | None:
    """Return the body of a record as it is in force in a version of a list."""
    query = sa.select(records.c.body).where(
        _in_force(name, version), records.c.entity_id == entity_id
    )
    body = connection.scalar(query)
    return None if body is None else bytes(body)


def withdraw(
    connection: Connection, name: str, entity_ids: Sequence[str], last_version: int
) -> None:
    """Mark records as no longer in force after a version."""
    for start in range(0, len(entity_ids), _PART):
        connection.execute(
            sa.update(records)
            .where(
                records.c.name == name,
                records.c.last_version.is_(None),
                records.c.entity_id.in_(entity_ids[start : start + _PART]),
            )
            .values(last_version=last_version)
        )


def add(connection: Connection, name: str, given: Sequence[RecordRow], first_version: int) -> None:
    """Write records that are in force from a version on."""
    for start in range(0, len(given), _PART):
        connection.execute(
            sa.insert(records),
            [
                {**vars(row), "name": name, "first_version": first_version, "last_version": None}
                for row in given[start : start + _PART]
            ],
        )
