"""Matching for other programs: yente's questions and answers, on the lists in force.

yente is the matching service of OpenSanctions; its clients ask here unchanged. A question is a
FollowTheMoney entity, an answer the records like it, each with its score and what was weighed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from features.errors import Problem
from models.names import THRESHOLD, Kind, Subject
from serving.auth import Principal
from serving.errors import Invalid, NotFound, TooLarge
from serving.store import watchlists as table
from serving.store.database import Database
from serving.watchlists.entities import NAMES, SCHEMATA, Entity, Refused, make
from serving.watchlists.indicators import KEPT
from serving.watchlists.keeping import Screening
from serving.watchlists.screener import Hit, Screener

BATCH = 100
"""Questions in one request, at most."""
_ANY = ("Thing", "LegalEntity")
_DATES = ("birthDate", "incorporationDate")
_COUNTRIES = ("nationality", "citizenship", "country", "jurisdiction")
_NUMBERS = tuple(name for name, kind in KEPT.items() if kind == "document")


@dataclass(frozen=True)
class Options:
    """How to answer: at most `limit` records, of `cutoff` or more; a match from `threshold` on."""

    limit: int = 5
    threshold: float = THRESHOLD
    cutoff: float = 0.5


class Matching:
    """Answers questions about entities for programs."""

    def __init__(self, database: Database, screening: Screening) -> None:
        self._database = database
        self._screening = screening

    def match(
        self, principal: Principal, queries: Mapping[str, Any], scope: str, options: Options
    ) -> dict[str, Any]:
        """Return yente's answer to its questions; `scope` is a list's name, or `default` for all.

        Raises `Forbidden` without the scope `read`, `NotFound` for a list that there is not, or not
        for this member, `TooLarge`, and `Invalid` for questions that are none, by field.
        """
        principal.require("read")
        screener = self._screening.screener
        names = {one.row.name for one in screener.lists if one.seen_by(principal.member)}
        if scope not in ("default", "all", *names):
            raise NotFound(f"there is no list {scope!r}; ask default for all of them")
        if len(queries) > BATCH:
            raise TooLarge(f"{len(queries)} queries in one request; send at most {BATCH}")
        asked = {key: _asked(key, query) for key, query in queries.items()}
        lists = frozenset(names if scope in ("default", "all") else {scope})
        return {
            "responses": {
                key: self._answer(screener, principal.member, entity, lists, options, queries[key])
                for key, entity in asked.items()
            },
            "matcher": {"name_match": {"description": "Names, laid side by side word by word"}},
            "limit": options.limit,
        }

    def _answer(
        self,
        screener: Screener,
        member: str,
        entity: Entity,
        lists: frozenset[str],
        options: Options,
        query: Any,
    ) -> dict[str, Any]:
        found = _found(screener, member, entity, options.cutoff, lists)
        results = [self._result(*one, options) for one in found[: options.limit]]
        return {
            "status": 200,
            "results": results,
            "total": {"value": len(found), "relation": "eq"},
            "query": {"schema": query["schema"], "properties": query["properties"]},
        }

    def _result(self, hit: Hit, reasons: Sequence[str], options: Options) -> dict[str, Any]:
        body = self._database.read(
            lambda connection: table.record(connection, hit.list_name, hit.version, hit.entity_id)
        )
        # Every version stays readable, so the record is the one that was met.
        told = orjson.loads(body or b"{}").get("properties", {})
        properties = {**told, "topics": list(hit.topics)}
        return {
            "id": hit.entity_id,
            "caption": hit.caption,
            "schema": hit.schema,
            "properties": properties,
            "datasets": [hit.list_name],
            "referents": [],
            "target": not hit.protected,
            "features": {"identifier_match" if hit.exact else "name_match": hit.score},
            "explanations": {"by": hit.by, "weighed": list(reasons)},
            "score": round(hit.score, 4),
            "match": hit.score >= options.threshold,
        }


def _asked(key: str, query: Any) -> Entity:
    if not isinstance(query, dict) or not isinstance(query.get("properties"), dict):
        fix = 'give {"schema": "Person", "properties": {"name": ["..."]}}'
        raise Invalid([Problem(f"queries.{key}", str(query)[:40], "not an entity", fix)])
    schema = query.get("schema")
    properties = {
        name: [value] if isinstance(value, str) else value
        for name, value in query["properties"].items()
    }
    known = "Person" if schema in _ANY else schema
    made = make(f"queries.{key}", key or "query", known, properties)
    if isinstance(made, Refused):
        raise Invalid(
            [Problem(f"queries.{key}.{p.field}", p.value, p.problem, p.fix) for p in made.problems]
        )
    return Entity(made.entity_id, str(schema), made.properties)


def _found(
    screener: Screener, member: str, entity: Entity, cutoff: float, lists: frozenset[str]
) -> list[tuple[Hit, tuple[str, ...]]]:
    kinds: tuple[Kind, ...] = ("person", "organisation")
    if entity.schema not in _ANY:
        kind = SCHEMATA[entity.schema]
        kinds = (kind,) if kind else ()
    best: dict[tuple[str, str], tuple[Hit, tuple[str, ...]]] = {}
    found = [
        pair
        for kind in kinds
        for pair in screener.subject(_subject(entity, kind), member, cutoff, lists)
    ]
    found += [
        (hit, (f"the same {name}",))
        for name, kept in KEPT.items()
        for value in entity.properties.get(name, ())
        for hit in screener.indicator(kept, value, name, member)
        if hit.list_name in lists
    ]
    for hit, reasons in found:
        key = (hit.list_name, hit.entity_id)
        if key not in best or best[key][0].score < hit.score:
            best[key] = (hit, reasons)
    return sorted(best.values(), key=lambda pair: (-pair[0].score, pair[0].entity_id))


def _subject(entity: Entity, kind: Kind) -> Subject:
    def values(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(value for name in names for value in entity.properties.get(name, ()))

    return Subject(
        kind,
        values(NAMES),
        values(_DATES),
        frozenset(values(_COUNTRIES)),
        frozenset(values(_NUMBERS)),
    )
