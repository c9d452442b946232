"""A list's import: one transaction from a file to a new version; previewed, reversible."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from features.errors import Problem
from features.reference import COUNTRIES
from serving import audit
from serving.clock import now
from serving.errors import Conflict, Invalid, NotFound
from serving.store import watchlists as table
from serving.store.database import Database
from serving.store.unit import Unit
from serving.store.watchlists import ListRow, RecordRow, VersionRow
from serving.watchlists.entities import Entity, digest
from serving.watchlists.readers import Reading

SHRINKS_TO = 0.5
"""A list that would keep less than this share of its records waits for a person's word."""


@dataclass(frozen=True)
class Terms:
    """Whose list it is and what it may be used for; each None stays as it was."""

    title: str | None = None
    owner_country: str | None = None
    purpose: str | None = None
    handling: str | None = None
    audience: str | None = None


@dataclass(frozen=True)
class Changes:
    """What an import adds, changes and withdraws: identifiers and what they are called."""

    added: tuple[tuple[str, str], ...]
    changed: tuple[tuple[str, str], ...]
    withdrawn: tuple[str, ...]
    before: int
    after: int


@dataclass(frozen=True)
class Imported:
    """An import that was done, or previewed (`version` None)."""

    name: str
    version: int | None
    changes: Changes


def import_list(
    database: Database,
    name: str,
    reading: Reading,
    source: Path,
    terms: Terms,
    *,
    dry_run: bool = False,
    confirmed: bool = False,
) -> Imported:
    """Put a list's records in force as its next version, all or nothing.

    Raises `Conflict` when the list would shrink by half or more and nobody confirmed it, and
    `Invalid` for terms that cannot be. The old version stays in force then, and can be read ever
    after. An import that changes nothing makes no version.
    """
    _check(name, terms)
    made = {entity.entity_id: _row(entity) for entity in reading.entities}

    def task(unit: Unit) -> Imported:
        known = table.one(unit.connection, name)
        before = table.digests(unit.connection, name, known.version) if known else {}
        changes = _changes(before, made)
        if dry_run:
            return Imported(name, None, changes)
        if before and changes.after <= SHRINKS_TO * changes.before and not confirmed:
            raise Conflict(
                f"{name} would shrink from {changes.before:,} to {changes.after:,} records; the "
                f"old list stays in force. Look at the file, and import it with --confirm if it "
                f"is right"
            )
        same = not (changes.added or changes.changed or changes.withdrawn)
        if known and same and known == _listed(known, name, terms, known.version):
            return Imported(name, known.version, changes)
        refused = len(reading.refused)
        version = _put(unit, known, name, terms, made, changes, source.name, refused)
        audit.note(unit, None, "watchlist.import", name, version=version, records=changes.after)
        return Imported(name, version, changes)

    return database.write(task)


def revert(database: Database, name: str, to: int) -> Imported:
    """Put an earlier version's records in force again, as a new version."""

    def task(unit: Unit) -> Imported:
        known = table.one(unit.connection, name)
        if known is None or not 1 <= to <= known.version:
            raise NotFound(f"there is no version {to} of a list {name!r}")
        before = table.digests(unit.connection, name, known.version)
        made = {row.entity_id: row for row in table.rows(unit.connection, name, to)}
        changes = _changes(before, made)
        version = _put(unit, known, name, Terms(), made, changes, f"version {to}", 0)
        audit.note(unit, None, "watchlist.revert", name, version=version, to=to)
        return Imported(name, version, changes)

    return database.write(task)


def digest_of(digests: Mapping[str, bytes]) -> str:
    """Return the digest of a whole list: SHA-256 over its records' digests, by identifier."""
    whole = hashlib.sha256()
    for entity_id in sorted(digests):
        whole.update(digests[entity_id])
    return whole.hexdigest()


def _put(
    unit: Unit,
    known: ListRow | None,
    name: str,
    terms: Terms,
    made: Mapping[str, RecordRow],
    changes: Changes,
    source: str,
    refused: int,
) -> int:
    version = known.version + 1 if known else 1
    connection = unit.connection
    gone = [*changes.withdrawn, *(entity_id for entity_id, _ in changes.changed)]
    table.withdraw(connection, name, gone, version - 1)
    new = [made[entity_id] for entity_id, _ in (*changes.added, *changes.changed)]
    table.add(connection, name, new, version)
    table.keep(connection, _listed(known, name, terms, version))
    table.add_version(
        connection,
        VersionRow(
            name=name,
            version=version,
            imported_at=now(),
            actor="operator",
            source=source,
            digest=digest_of({entity_id: row.digest for entity_id, row in made.items()}),
            records=changes.after,
            added=len(changes.added),
            changed=len(changes.changed),
            withdrawn=len(changes.withdrawn),
            refused=refused,
        ),
    )
    return version


def _listed(known: ListRow | None, name: str, terms: Terms, version: int) -> ListRow:
    old = known or ListRow(name, name, "BE", "screening", "PMC", "*", 0)
    given = {key: value for key, value in vars(terms).items() if value is not None}
    return ListRow(**{**vars(old), **given, "name": name, "version": version})


def _changes(before: Mapping[str, bytes], made: Mapping[str, RecordRow]) -> Changes:
    return Changes(
        added=_called(row for key, row in made.items() if key not in before),
        changed=_called(
            row for key, row in made.items() if key in before and before[key] != row.digest
        ),
        withdrawn=tuple(sorted(before.keys() - made.keys())),
        before=len(before),
        after=len(made),
    )


def _called(rows: Iterable[RecordRow]) -> tuple[tuple[str, str], ...]:
    return tuple((row.entity_id, row.caption) for row in rows)


def _row(entity: Entity) -> RecordRow:
    body = entity.body()
    return RecordRow(entity.entity_id, digest(body), entity.schema, entity.caption, body)


def _check(name: str, terms: Terms) -> None:
    problems: list[Problem] = []
    if not name or len(name) > 60 or not all(c.isalnum() or c in "-_." for c in name):
        fix = "give up to 60 letters, digits, - _ ."
        problems.append(Problem("list", name[:60], "not a name of a list", fix))
    country = terms.owner_country
    if country is not None and country not in COUNTRIES:
        problems.append(
            Problem("owner_country", country, "not a country", "give its alpha-2 code, as BE")
        )
    if terms.audience is not None and not terms.audience.split():
        problems.append(Problem("audience", "", "nobody", "give members' names, or *"))
    if problems:
        raise Invalid(problems)
