"""What ties a case to others: the things both name, and the shortest way to a confirmed case."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from serving.cases.detail import summary_of
from serving.cases.views import DISPOSITIONS, CaseSummary
from serving.entities import CaseEntity
from serving.store import cases as table
from serving.store import queues, related
from serving.store.database import View
from serving.store.queues import Limits
from serving.store.related import Tie

Finding: TypeAlias = Literal["confirmed", "honest", "undecided", "unsaid"]
PER_THING = 12
"""Cases shown of each thing at most, the newest; a merchant's account ties nobody to anybody."""
_LOOKED_AT = 300
_HOPS = 3
_EARLIER = 20


@dataclass(frozen=True)
class Related:
    """Another case, and what it names that this one names too."""

    case: CaseSummary
    finding: Finding
    shared: tuple[CaseEntity, ...]


@dataclass(frozen=True)
class Named:
    """A thing that the case names, and in how many other cases it is (at most `PER_THING`)."""

    entity: CaseEntity
    cases: int
    confirmed: int
    honest: int


@dataclass(frozen=True)
class Links:
    """The neighbourhood of a case."""

    ties: tuple[Tie, ...]
    """Which case names what; the case itself, its neighbours, and cases that are followed."""
    cases: dict[int, tuple[CaseSummary, Finding]]
    related: tuple[Related, ...]
    """Those that share most first."""
    named: tuple[Named, ...]
    """Those in most cases first."""
    path: tuple[str, ...]
    """Ids of cases and values of things by turns, from this case to the nearest confirmed one;
    empty when none is within three cases."""
    earlier: tuple[CaseSummary, ...]
    """Decided cases of the same subject, the newest first."""


def links_of(
    connection: View, member: str, number: int, followed: Collection[int], within: Limits
) -> Links | None:
    """Return the neighbourhood of one of the member's cases, None when there is no such case.

    What the cases in `followed` name is added, so that a reader walks on from case to case.
    """
    row = table.case(connection, member, number)
    if row is None:
        return None
    path = _path(connection, member, number)
    centres = {number, *followed, *(int(one[2:]) for one in path[::2])}
    own = related.named_by(connection, member, centres)
    found = related.naming(connection, member, {tie.entity for tie in own}, PER_THING + 1)
    ties = list(dict.fromkeys([*own, *found]))
    numbers = {tie.number for tie in ties}
    cases = {
        one.number: (summary_of(one, within), finding_of(one.disposition))
        for one in queues.of_numbers(connection, member, numbers)
    }
    mine = [tie.entity for tie in own if tie.number == number]
    return Links(
        ties=tuple(ties),
        cases=cases,
        related=_related(number, set(mine), ties, cases),
        named=_named(number, mine, ties, cases),
        path=path,
        earlier=tuple(
            summary_of(one, within)
            for one in related.decided_of(connection, member, row.subject, _EARLIER)
            if one.number != number
        ),
    )


def finding_of(disposition: str | None) -> Finding:
    """Return what a disposition establishes."""
    if disposition is None:
        return "undecided"
    chosen = DISPOSITIONS.get(disposition)
    if chosen is None or chosen.is_fraud is None:
        return "unsaid"
    if not chosen.is_fraud:
        return "honest"
    return "confirmed" if chosen.status == "confirmed" else "unsaid"


def _others(number: int, ties: Iterable[Tie]) -> dict[CaseEntity, list[int]]:
    others: dict[CaseEntity, list[int]] = {}
    for tie in ties:
        if tie.number != number:
            others.setdefault(_key(tie.entity), []).append(tie.number)
    return others


def _key(entity: CaseEntity) -> CaseEntity:
    return CaseEntity(entity.kind, entity.value, "")


def _related(
    number: int,
    mine: set[CaseEntity],
    ties: Iterable[Tie],
    cases: dict[int, tuple[CaseSummary, Finding]],
) -> tuple[Related, ...]:
    keys = {_key(one): one for one in mine}
    shared: dict[int, list[CaseEntity]] = {}
    for tie in ties:
        if tie.number != number and _key(tie.entity) in keys:
            shared.setdefault(tie.number, []).append(tie.entity)
    found = [
        Related(*cases[one], shared=tuple(dict.fromkeys(things)))
        for one, things in shared.items()
        if one in cases
    ]
    rank = {"confirmed": 0, "unsaid": 1, "undecided": 2, "honest": 3}
    return tuple(sorted(found, key=lambda one: (-len(one.shared), rank[one.finding])))


def _named(
    number: int,
    mine: Collection[CaseEntity],
    ties: Iterable[Tie],
    cases: dict[int, tuple[CaseSummary, Finding]],
) -> tuple[Named, ...]:
    others = _others(number, ties)
    found = []
    for one in mine:
        there = [cases[other][1] for other in others.get(_key(one), []) if other in cases]
        found.append(Named(one, len(there), there.count("confirmed"), there.count("honest")))
    return tuple(sorted(found, key=lambda one: (-one.cases, one.entity.kind, one.entity.value)))


def _path(connection: View, member: str, start: int) -> tuple[str, ...]:
    """Return the shortest way from a case to a confirmed one, over at most `_LOOKED_AT` cases."""
    came: dict[int, tuple[int, CaseEntity]] = {}
    seen, frontier, things = {start}, [start], set[CaseEntity]()
    for _ in range(_HOPS):
        own = [
            tie
            for tie in related.named_by(connection, member, frontier)
            if _key(tie.entity) not in things
        ]
        by = {_key(tie.entity): tie for tie in reversed(own)}
        things |= by.keys()
        found = related.naming(connection, member, by.keys(), PER_THING)
        fresh = []
        for tie in found:
            if tie.number not in seen and len(seen) < _LOOKED_AT:
                seen.add(tie.number)
                came[tie.number] = (by[_key(tie.entity)].number, tie.entity)
                fresh.append(tie.number)
        for row in queues.of_numbers(connection, member, fresh):
            if finding_of(row.disposition) == "confirmed":
                return _back(row.number, came)
        if not fresh:
            break
        frontier = fresh
    return ()


def _back(number: int, came: dict[int, tuple[int, CaseEntity]]) -> tuple[str, ...]:
    way = [f"C-{number}"]
    while number in came:
        number, entity = came[number]
        way += [entity.value, f"C-{number}"]
    return tuple(reversed(way))
