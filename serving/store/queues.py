"""The queue: filters, search and order in SQL, so that a page costs the same however long it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.sql.elements import ColumnElement

from serving.entities import plain, words_of
from serving.store.cases import CaseRow
from serving.store.desks import is_awake
from serving.store.schema import case_entities, cases

_CASE, _ENTITY = cases.c, case_entities.c
Order: TypeAlias = Literal["priority", "loss", "age"]
_COUNTED = 10_000
"""Cases that are counted at most; beyond it a count is said to be at least that."""
_LAST = "\U0010ffff"


@dataclass(frozen=True)
class Filter:
    """What is asked for; every part that is given must fit. Times in microseconds, EUR cents."""

    states: tuple[str, ...] = ("open", "claimed")
    claimed_by: str | None = None
    advice: str | None = None
    stream: str | None = None
    suspicion: str | None = None
    typology: str | None = None
    debtor_country: str | None = None
    creditor_country: str | None = None
    amount_from: int | None = None
    amount_to: int | None = None
    model_version: str | None = None
    novel: bool = False
    older_than: int | None = None
    younger_than: int | None = None
    late: bool = False
    """True when only cases whose time is over are wanted."""
    text: str = ""
    asleep: bool = False
    """True when cases that sleep are wanted as well; one's own are always shown."""


@dataclass(frozen=True)
class Limits:
    """Within what time a case is to be decided, by its advice, in microseconds."""

    urgent: int
    review: int


@dataclass(frozen=True)
class Position:
    """Where in the queue's order a case stands: the value it is ordered by, and its number."""

    value: int
    opened_at: int
    number: int


_EQUAL = (
    *("claimed_by", "advice", "suspicion", "typology", "debtor_country", "creditor_country"),
    "model_version",
)
"""Filters that a column of the same name must equal."""


def _conditions(member: str, asked: Filter, limits: Limits, at: int) -> list[ColumnElement[bool]]:
    late = sa.or_(
        sa.and_(_CASE.advice == "urgent", _CASE.opened_at < at - limits.urgent),
        _CASE.opened_at < at - limits.review,
    )
    given = (
        (asked.stream, _CASE.streams.contains(asked.stream or "", autoescape=True)),
        (asked.novel or None, _CASE.novel),
        (asked.amount_from, _CASE.amount >= (asked.amount_from or 0)),
        (asked.amount_to, _CASE.amount <= (asked.amount_to or 0)),
        (asked.older_than, _CASE.opened_at <= at - (asked.older_than or 0)),
        (asked.younger_than, _CASE.opened_at >= at - (asked.younger_than or 0)),
        (asked.late or None, sa.and_(late, _CASE.state != "decided")),
        (True if not asked.asleep and asked.claimed_by is None else None, is_awake(at)),
        (asked.text or None, _found(member, asked.text)),
    )
    equal = [_CASE[name] == value for name in _EQUAL if (value := getattr(asked, name)) is not None]
    return [
        _CASE.member == member,
        _CASE.state.in_(list(asked.states)),
        *equal,
        *(condition for value, condition in given if value is not None),
    ]


def _found(member: str, text: str) -> ColumnElement[bool]:
    """Return what fits a searched text: the number of a case, one whole value, or every word.

    It is one list of numbers, so that the search begins there and not at every waiting case.
    """
    number = text.strip().upper().removeprefix("C-")
    ways = [_beginning(member, plain(text))]
    if words := words_of(text):
        every = sa.intersect(*(_beginning(member, word) for word in words)).subquery()
        ways.append(sa.select(every.c.number))
    if number.isascii() and number.isdecimal() and len(number) <= 15:
        ways.append(sa.select(sa.literal(int(number), sa.BigInteger).label("number")))
    return _CASE.number.in_(sa.union(*ways))


def _beginning(member: str, text: str) -> sa.Select[tuple[int]]:
    """Return the numbers of the cases that name something that begins with a text."""
    return sa.select(_ENTITY.number).where(
        _ENTITY.member == member, _ENTITY.value >= text, _ENTITY.value < text + _LAST
    )


_ORDERS: dict[str, ColumnElement[Any]] = {
    "priority": _CASE.rank,
    "loss": _CASE.expected_loss,
    "age": _CASE.opened_at,
}


def position(row: CaseRow, order: Order) -> Position:
    """Return where a case stands in an order."""
    value = {"priority": row.rank, "loss": row.expected_loss, "age": row.opened_at}[order]
    return Position(value, row.opened_at, row.number)


def page(
    connection: Connection,
    member: str,
    asked: Filter,
    limits: Limits,
    at: int,
    *,
    order: Order,
    after: Position | None,
    limit: int,
) -> list[CaseRow]:
    """Return part of the queue; no two cases stand at one place, the older number goes first."""
    column, older = _ORDERS[order], (_CASE.opened_at, _CASE.number)
    beyond: list[ColumnElement[bool]] = []
    if after is not None:
        later = sa.tuple_(*older) > sa.tuple_(sa.literal(after.opened_at), sa.literal(after.number))
        place = sa.literal(after.value)
        further = column > place if order == "age" else column < place
        beyond = [sa.or_(further, sa.and_(column == place, later))]
    first = column if order == "age" else column.desc()
    rows: list[CaseRow] = []
    # State by state, each in the order of its index; over several at once all would be sorted.
    for state in asked.states:
        one = replace(asked, states=(state,))
        query = sa.select(cases).where(*_conditions(member, one, limits, at), *beyond)
        found = connection.execute(query.order_by(first, *older).limit(limit))
        rows += [CaseRow(*row) for row in found]
    down = 1 if order == "age" else -1
    rows.sort(key=lambda row: (down * position(row, order).value, row.opened_at, row.number))
    return rows[:limit]


@dataclass(frozen=True)
class Sums:
    """Over a selection: how many cases (at most `COUNTED`), urgent ones, and expected loss."""

    cases: int
    urgent: int
    expected_loss: int

    @property
    def more(self) -> bool:
        """True when there are more than were counted."""
        return self.cases >= _COUNTED


def sums(connection: Connection, member: str, asked: Filter, limits: Limits, at: int) -> Sums:
    """Return the sums of a selection, over its first `COUNTED` cases."""
    part = (
        sa.select(_CASE.advice, _CASE.expected_loss)
        .where(*_conditions(member, asked, limits, at))
        .limit(_COUNTED)
        .subquery()
    )
    urgent = sa.func.sum(sa.case((part.c.advice == "urgent", 1), else_=0))
    row = connection.execute(
        sa.select(sa.func.count(), urgent, sa.func.sum(part.c.expected_loss))
    ).one()
    return Sums(row[0], int(row[1] or 0), int(row[2] or 0))


def next_free(
    connection: Connection, member: str, asked: Filter, limits: Limits, at: int
) -> CaseRow | None:
    """Return the first case of a selection that nobody holds, or whose claim has ended."""
    free = sa.or_(_CASE.state == "open", _CASE.claim_expires_at < at)
    query = (
        sa.select(cases)
        .where(*_conditions(member, asked, limits, at), free)
        .order_by(_CASE.rank.desc(), _CASE.opened_at, _CASE.number)
        .limit(1)
    )
    row = connection.execute(query).first()
    return CaseRow(*row) if row else None


def of_numbers(connection: Connection, member: str, numbers: Collection[int]) -> list[CaseRow]:
    """Return some cases by number, in the queue's order."""
    query = (
        sa.select(cases)
        .where(_CASE.member == member, _CASE.number.in_(list(numbers)))
        .order_by(_CASE.rank.desc(), _CASE.opened_at, _CASE.number)
    )
    return [CaseRow(*row) for row in connection.execute(query)]


def choices(connection: Connection, member: str, column: str) -> list[str]:
    """Return the distinct values of a column of the member's newest cases, for a filter."""
    newest = (
        sa.select(_CASE[column].label("value"))
        .where(_CASE.member == member)
        .order_by(_CASE.number.desc())
        .limit(_COUNTED // 5)
        .subquery()
    )
    query = sa.select(newest.c.value).where(newest.c.value.is_not(None)).distinct()
    return sorted(connection.scalars(query))


def changed(connection: Connection, member: str, since: int, number: int | None) -> int:
    """Return how many of a member's cases changed after a time; with `number`, that one alone."""
    query = sa.select(sa.func.count()).where(_CASE.member == member, _CASE.updated_at > since)
    if number is not None:
        query = query.where(_CASE.number == number)
    return connection.scalar(query) or 0
