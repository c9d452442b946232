"""Screening: what of the lists a name or a number meets, for one member, with list and version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from models.names import Kind, Subject
from models.names.evidence import weigh
from models.names.parsing import parse
from serving.store.watchlists import ListRow
from serving.watchlists.entities import Entity
from serving.watchlists.index import NameIndex
from serving.watchlists.indicators import Indicators
from serving.watchlists.vocabulary import NAME_LEAST

_ONLY_THREATS = frozenset({"cyber", "benign"})
_KINDS: tuple[Kind, ...] = ("person", "organisation")
_REMEMBERED = 100_000


@dataclass(frozen=True)
class Hit:
    """A record of a list that something met."""

    list_name: str
    version: int
    entity_id: str
    caption: str
    schema: str
    topics: tuple[str, ...]
    protected: bool
    """A missing person or a victim: for protection, no risk, and no part of an assessment."""
    score: float
    field: str
    """What met it, such as creditor_name."""
    by: str
    """The name or number of the record that was met."""
    exact: bool = False
    """Met by a number or address rather than by a name."""

    def document(self) -> dict[str, Any]:
        """Return the hit as JSON-able values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Target:
    entity_id: str
    caption: str
    schema: str
    topics: tuple[str, ...]
    protected: bool
    subject: Subject | None


class ListIndex:
    """One list in memory: names of persons, names of organisations, indicators."""

    def __init__(self, row: ListRow, entities: Iterable[Entity]) -> None:
        self.row = row
        self.indicators = Indicators()
        self._targets: list[_Target] = []
        names: dict[Kind, tuple[list[str], list[int]]] = {kind: ([], []) for kind in _KINDS}
        for number, entity in enumerate(entities):
            self._targets.append(_target(entity))
            self.indicators.add(entity, number)
            if entity.kind is not None:
                for name in entity.names:
                    names[entity.kind][0].append(name)
                    names[entity.kind][1].append(number)
        self.names = {kind: NameIndex(kind, *told) for kind, told in names.items()}
        self._remembered: dict[tuple[Kind, str], tuple[Hit, ...]] = {}
        for kind, (texts, _) in names.items():
            # Compiles the inner loop here, aside, rather than at an event's question.
            self.names[kind].search(texts[0] if texts else "", 1.0)

    def __len__(self) -> int:
        return len(self._targets)

    def seen_by(self, member: str) -> bool:
        """Tell whether a member may learn of this list's hits."""
        return self.row.audience == "*" or member in self.row.audience.split()

    def by_name(self, text: str, kind: Kind, field: str) -> Iterator[Hit]:
        """Yield the records with a name like a text, the best first."""
        hits = self._remembered.get((kind, text))
        if hits is None:
            found = self.names[kind].search(text, NAME_LEAST)
            hits = tuple(self._hit(one.owner, one.score, "", one.name) for one in found)
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            self._remembered[kind, text] = hits
        for hit in hits:
            yield Hit(**{**vars(hit), "field": field})

    def by_subject(self, asked: Subject, least: float) -> Iterator[tuple[Hit, tuple[str, ...]]]:
        """Yield the records like a subject, and what else than the names was weighed."""
        best: dict[int, tuple[float, str]] = {}
        for text in asked.names:
            for one in self.names[asked.kind].search(text, max(0.3, least - 0.25)):
                if one.score > best.get(one.owner, (0.0, ""))[0]:
                    best[one.owner] = (one.score, one.name)
        for number in asked.identifiers:
            for owner in self.indicators.find("document", number):
                best.setdefault(owner, (0.0, number))
        for owner, (score, by) in best.items():
            subject = self._targets[owner].subject
            weighed, reasons = (score, ()) if subject is None else weigh(score, asked, subject)
            if weighed >= least:
                yield self._hit(owner, weighed, "", by), reasons

    def by_indicator(self, kind: str, value: str, field: str) -> Iterator[Hit]:
        """Yield the records that a number or address identifies."""
        for owner in dict.fromkeys(self.indicators.find(kind, value)):
            yield self._hit(owner, 1.0, field, value, exact=True)

    def _hit(self, owner: int, score: float, field: str, by: str, exact: bool = False) -> Hit:
        target = self._targets[owner]
        return Hit(
            self.row.name, self.row.version, target.entity_id, target.caption, target.schema,
            target.topics, target.protected, score, field, by, exact,
        )  # fmt: skip


class Screener:
    """All lists that are in force, at one moment; it never changes, a newer one replaces it."""

    def __init__(self, lists: Sequence[ListIndex] = ()) -> None:
        self.lists = tuple(lists)

    def __len__(self) -> int:
        return sum(map(len, self.lists))

    def name(self, text: str, field: str, member: str, kind: Kind | None = None) -> list[Hit]:
        """Return what a name meets, the best first; without a kind it is read as its words say."""
        kinds = (kind,) if kind else kinds_of(text)
        hits = [
            hit
            for one in self.lists
            if one.seen_by(member)
            for each in kinds
            for hit in one.by_name(text, each, field)
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.list_name, hit.entity_id))

    def indicator(self, kind: str, value: str, field: str, member: str) -> list[Hit]:
        """Return the records that a number or address identifies (kinds as in `Indicators`)."""
        hits = [
            hit
            for one in self.lists
            if one.seen_by(member)
            for hit in one.by_indicator(kind, value, field)
        ]
        if any("benign" in hit.topics for hit in hits):
            # What a warning list calls harmless is no sign of an attack; a sanction stays one.
            return [hit for hit in hits if not _ONLY_THREATS.issuperset(hit.topics)]
        return hits

    def subject(
        self, asked: Subject, member: str, least: float, lists: frozenset[str] | None = None
    ) -> list[tuple[Hit, tuple[str, ...]]]:
        """Return the records like a subject, the best first, with what else was weighed."""
        found = [
            pair
            for one in self.lists
            if one.seen_by(member) and (lists is None or one.row.name in lists)
            for pair in one.by_subject(asked, least)
        ]
        return sorted(found, key=lambda pair: (-pair[0].score, pair[0].entity_id))


def kinds_of(text: str) -> tuple[Kind, ...]:
    """Return as what a name is to be read: an organisation if a word of it says so, else both."""
    parts = parse(text, "organisation").parts
    says_so = any(part.role in ("legal", "weak", "number") for part in parts)
    return ("organisation",) if says_so else _KINDS


def _target(entity: Entity) -> _Target:
    subject = None
    if entity.kind is not None:
        told = entity.properties
        subject = Subject(
            entity.kind,
            (),
            tuple(told.get("birthDate", told.get("incorporationDate", ()))),
            frozenset(
                code
                for name in ("nationality", "citizenship", "country", "jurisdiction")
                for code in told.get(name, ())
            ),
            frozenset(
                number
                for name in ("passportNumber", "idNumber", "taxNumber", "registrationNumber",
                             "imoNumber", "leiCode")
                for number in told.get(name, ())
            ),
        )  # fmt: skip
    return _Target(
        entity.entity_id, entity.caption, entity.schema, entity.handling.topics,
        entity.protected, subject,
    )  # fmt: skip
