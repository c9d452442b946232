"""Records of a watchlist: FollowTheMoney entities, checked, with our own words on how to use them.

The exchange form is FollowTheMoney's: `id`, `schema`, `caption`, `properties` (each a list of
texts). What it has no word for, who owns the record and what it may be used for, is in `handling`,
and leaves in exports under `crossflag`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, TypeAlias, get_args

import orjson

from features.errors import Problem
from models.names import Kind
from serving.watchlists.properties import checked

Assertion: TypeAlias = Literal["listed", "alleged", "charged", "convicted", "victim"]
Topic: TypeAlias = Literal[
    "sanction", "wanted", "trafficking", "mule", "crime", "cyber", "stolen", "forfeiture",
    "politician", "missing", "victim", "benign",
]  # fmt: skip
PROTECTED: frozenset[str] = frozenset({"missing", "victim"})
"""Topics of people to be protected: a hit on them is no risk and never moves a score."""
SCHEMATA: dict[str, Kind | None] = {
    "Person": "person",
    "Organization": "organisation",
    "Company": "organisation",
    "PublicBody": "organisation",
    "LegalEntity": "organisation",
    "Vessel": "organisation",
    "Airplane": "organisation",
    "Vehicle": None,
    "BankAccount": None,
    "CryptoWallet": None,
    "Identification": None,
    "Passport": None,
    "Device": None,
    "Network": None,
    "Domain": None,
    "Email": None,
    "Phone": None,
    "Firearm": None,
    "Asset": None,
    "Property": None,
    "Notice": None,
}
"""Kinds of records, and as what their names are compared; None: by identifiers alone."""
NAMES = ("name", "alias", "previousName", "weakAlias")


@dataclass(frozen=True)
class Handling:
    """Whose record it is and what it may be used for."""

    topics: tuple[Topic, ...] = ()
    assertion: Assertion = "listed"
    confidence: int = 100
    """Per cent."""
    valid_from: str | None = None
    valid_to: str | None = None
    review_date: str | None = None


@dataclass(frozen=True)
class Entity:
    """One record of a watchlist."""

    entity_id: str
    schema: str
    properties: Mapping[str, tuple[str, ...]]
    handling: Handling = field(default_factory=Handling)

    @property
    def caption(self) -> str:
        """Return what to call it: its first name, else its first identifier."""
        for name in (*NAMES, *self.properties):
            if self.properties.get(name):
                return self.properties[name][0]
        return self.entity_id

    @property
    def kind(self) -> Kind | None:
        """Return as what its names are compared, None when it has none."""
        return SCHEMATA[self.schema]

    @property
    def names(self) -> tuple[str, ...]:
        """Return all its names, the main one first, without repetition."""
        found = (name for kind in NAMES for name in self.properties.get(kind, ()))
        return tuple(dict.fromkeys(found))

    @property
    def protected(self) -> bool:
        """Tell whether it is a person to be protected rather than a risk."""
        return self.handling.assertion == "victim" or not PROTECTED.isdisjoint(self.handling.topics)

    def document(self) -> dict[str, Any]:
        """Return the record in FollowTheMoney's form, with `crossflag` beside it."""
        return {
            "id": self.entity_id,
            "schema": self.schema,
            "caption": self.caption,
            "properties": {name: list(values) for name, values in self.properties.items()},
            "crossflag": vars(self.handling),
        }

    def body(self) -> bytes:
        """Return the canonical form, of which the digest is taken."""
        return orjson.dumps(self.document(), option=orjson.OPT_SORT_KEYS)


@dataclass(frozen=True)
class Refused:
    """A record that was not taken: where it stands in the file, and every problem with it."""

    place: str
    entity_id: str
    problems: tuple[Problem, ...]


def digest(body: bytes) -> bytes:
    """Return the SHA-256 of a record's canonical form."""
    return hashlib.sha256(body).digest()


def from_document(document: Mapping[str, Any]) -> Entity:
    """Return the record that `Entity.document` gave; it is not checked again."""
    handling = dict(document["crossflag"])
    handling["topics"] = tuple(handling["topics"])
    properties = {name: tuple(values) for name, values in document["properties"].items()}
    return Entity(document["id"], document["schema"], properties, Handling(**handling))


def make(
    place: str,
    entity_id: object,
    schema: object,
    properties: Mapping[str, Sequence[str]],
    handling: Mapping[str, Any] | None = None,
) -> Entity | Refused:
    """Check a record's fields and return it, or the refusal that names each wrong one."""
    problems: list[Problem] = []
    name = entity_id if isinstance(entity_id, str) else ""
    if not 0 < len(name) <= 200:
        problems.append(
            Problem("id", str(entity_id)[:40], "no identifier", "give 1 to 200 letters")
        )
    if schema not in SCHEMATA:
        fix = f"give one of {', '.join(SCHEMATA)}"
        problems.append(Problem("schema", str(schema)[:40], "not a kind of record", fix))
    kept: dict[str, tuple[str, ...]] = {}
    for key, values in sorted(properties.items()):
        good, bad = checked(key, values)
        problems += bad
        if good:
            kept[key] = good
    if not kept and not problems:
        problems.append(Problem("properties", "", "nothing to find it by", "give a name or number"))
    made, bad = _handling(handling or {})
    problems += bad
    if problems:
        return Refused(place, name, tuple(problems))
    return Entity(name, str(schema), kept, made)


def _handling(given: Mapping[str, Any]) -> tuple[Handling, list[Problem]]:
    problems: list[Problem] = []
    topics = tuple(str(topic) for topic in given.get("topics") or ())
    for topic in topics:
        if topic not in get_args(Topic):
            fix = f"give one of {', '.join(get_args(Topic))}"
            problems.append(Problem("topics", topic[:40], "not a topic", fix))
    assertion = given.get("assertion") or "listed"
    if assertion not in get_args(Assertion):
        fix = f"give one of {', '.join(get_args(Assertion))}"
        problems.append(Problem("assertion", str(assertion)[:40], "not a standing", fix))
    confidence = given.get("confidence", 100)
    if not isinstance(confidence, int) or not 0 <= confidence <= 100:
        problems.append(
            Problem("confidence", str(confidence)[:40], "not a per cent", "give 0 to 100")
        )
    days = {name: given.get(name) or None for name in ("valid_from", "valid_to", "review_date")}
    for name, day in days.items():
        try:
            date.fromisoformat(day or "2000-01-01")
        except (TypeError, ValueError):
            problems.append(Problem(name, str(day)[:40], "not a date", "give YYYY-MM-DD"))
    if problems:
        return Handling(), problems
    return Handling(topics, assertion, confidence, **days), []  # type: ignore[arg-type]
