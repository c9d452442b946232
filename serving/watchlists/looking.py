"""Looking at lists: their records, differences between versions, a search, a check of the store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from models.names.comparing import best
from serving.errors import NotFound
from serving.store import watchlists as table
from serving.store.database import Database
from serving.store.watchlists import ListRow, VersionRow
from serving.watchlists.entities import Entity, digest, from_document
from serving.watchlists.importing import Changes, digest_of

_LIKE = 0.5
"""Score from which a search shows a name; below the matcher's threshold, since a person looks."""


@dataclass(frozen=True)
class Found:
    """A record that a search found, and by which of its names or numbers."""

    list_name: str
    version: int
    entity: Entity
    score: float
    by: str


def lists(database: Database) -> list[ListRow]:
    """Return every list by name."""
    return database.read(table.lists)


def history(database: Database, name: str) -> list[VersionRow]:
    """Return a list's versions, oldest first; raises `NotFound`."""
    _list(database, name)
    return database.read(lambda connection: table.history(connection, name))


def records(database: Database, name: str, version: int | None = None) -> Iterator[Entity]:
    """Yield the records of a version of a list, of the one in force by default, by identifier."""
    at = _version(_list(database, name), version)
    with database.reading() as connection:
        for row in table.rows(connection, name, at):
            yield from_document(orjson.loads(row.body))


def difference(database: Database, name: str, first: int, second: int) -> Changes:
    """Return what was added, changed and withdrawn between two versions of a list."""
    known = _list(database, name)
    first, second = _version(known, first), _version(known, second)
    with database.reading() as connection:
        before = table.digests(connection, name, first)
        after = {row.entity_id: row for row in table.rows(connection, name, second)}
    changed = [one for one, row in after.items() if one in before and row.digest != before[one]]
    return Changes(
        added=tuple((one, row.caption) for one, row in after.items() if one not in before),
        changed=tuple((one, after[one].caption) for one in changed),
        withdrawn=tuple(sorted(before.keys() - after.keys())),
        before=len(before),
        after=len(after),
    )


def search(
    database: Database, text: str, name: str | None = None, limit: int = 20, exact: bool = False
) -> list[Found]:
    """Return the records in force whose name is like a text, or that hold it, the best first."""
    found: list[Found] = []
    for row in lists(database):
        if name is not None and row.name != name:
            continue
        for entity in records(database, row.name):
            score, by = _likeness(entity, text, exact)
            if score >= _LIKE:
                found.append(Found(row.name, row.version, entity, score, by))
    found.sort(key=lambda one: (-one.score, one.list_name, one.entity.entity_id))
    return found[:limit]


def verify(database: Database, name: str) -> list[str]:
    """Recompute every digest of every version of a list and return what is wrong, in words."""
    wrong: list[str] = []
    for version in history(database, name):
        with database.reading() as connection:
            kept: dict[str, bytes] = {}
            for row in table.rows(connection, name, version.version):
                kept[row.entity_id] = row.digest
                if digest(row.body) != row.digest:
                    wrong.append(f"version {version.version}: {row.entity_id} was changed in place")
        if len(kept) != version.records:
            wrong.append(
                f"version {version.version}: {len(kept):,} records, but {version.records:,} "
                f"were imported"
            )
        elif digest_of(kept) != version.digest:
            wrong.append(f"version {version.version}: its records are not those imported")
    return wrong


def _likeness(entity: Entity, text: str, exact: bool) -> tuple[float, str]:
    plain = text.strip().casefold()
    for values in entity.properties.values():
        for value in values:
            if value.casefold() == plain:
                return 1.0, value
    if exact or plain == entity.entity_id.casefold():
        return float(plain == entity.entity_id.casefold()), entity.entity_id
    kind = entity.kind
    if kind is None:
        return 0.0, ""
    return max(((best(text, name, kind)[0], name) for name in entity.names), default=(0.0, ""))


def _list(database: Database, name: str) -> ListRow:
    known = database.read(lambda connection: table.one(connection, name))
    if known is None:
        names = ", ".join(row.name for row in lists(database)) or "none yet"
        raise NotFound(f"there is no list {name!r}; the lists are: {names}")
    return known


def _version(known: ListRow, version: int | None) -> int:
    if version is None:
        return known.version
    if not 1 <= version <= known.version:
        raise NotFound(f"{known.name} has the versions 1 to {known.version}, not {version}")
    return version
