"""What cases have in common: the things they name, and the cases that name the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from serving.entities import SHARED, CaseEntity
from serving.store.cases import CaseRow
from serving.store.schema import case_entities, cases

_ENTITY = case_entities.c


@dataclass(frozen=True)
class Tie:
    """A case that names a thing."""

    number: int
    entity: CaseEntity


def add(connection: Connection, member: str, number: int, found: Iterable[CaseEntity]) -> None:
    """Note what a case names; what is noted already stays."""
    rows = {
        (one.kind, one.value): {"member": member, "number": number, **vars(one)} for one in found
    }
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(case_entities).on_conflict_do_nothing()
    connection.execute(statement, list(rows.values()))


def named_by(connection: Connection, member: str, numbers: Collection[int]) -> list[Tie]:
    """Return what some cases name, of the kinds by which cases are related."""
    query = (
        sa.select(_ENTITY.number, _ENTITY.kind, _ENTITY.value, _ENTITY.shown)
        .where(
            _ENTITY.member == member,
            _ENTITY.number.in_(list(numbers)),
            _ENTITY.kind.in_(list(SHARED)),
        )
        .order_by(_ENTITY.number, _ENTITY.kind, _ENTITY.value)
    )
    return [Tie(row[0], CaseEntity(*row[1:])) for row in connection.execute(query)]


def naming(
    connection: Connection, member: str, named: Collection[CaseEntity], limit: int
) -> list[Tie]:
    """Return the cases that name any of some things: of each thing the newest `limit`."""
    if not named:
        return []
    columns = (_ENTITY.number, _ENTITY.kind, _ENTITY.value, _ENTITY.shown)
    # One bounded look into the index for each, whatever else the whole world shares.
    parts = [
        sa.select(
            sa.select(*columns)
            .where(_ENTITY.member == member, _ENTITY.value == value, _ENTITY.kind == kind)
            .order_by(_ENTITY.number.desc())
            .limit(limit)
            .subquery()
        )
        for kind, value in sorted({(one.kind, one.value) for one in named})
    ]
    rows = connection.execute(sa.union_all(*parts))
    return [Tie(row[0], CaseEntity(*row[1:])) for row in rows]


def decided_of(connection: Connection, member: str, subject: str, limit: int) -> list[CaseRow]:
    """Return the subject's decided cases, the newest first."""
    query = (
        sa.select(cases)
        .where(cases.c.member == member, cases.c.subject == subject, cases.c.state == "decided")
        .order_by(cases.c.decided_at.desc())
        .limit(limit)
    )
    return [CaseRow(*row) for row in connection.execute(query)]
