"""Readers of lists, one a format: each yields records and refusals, and counts the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from features.errors import Problem
from serving.watchlists.entities import Entity, Refused
from serving.watchlists.readers import blocklist, followthemoney, misp, ofac, stix, tabular, un

Row = Entity | Refused


@dataclass
class Reading:
    """What a file held."""

    form: str
    entities: list[Entity] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """In words, how many of what were read, or left aside and why."""


_READERS: dict[str, Callable[[Path, Counter[str], Path | None], Iterator[Row]]] = {
    "ofac": ofac.read,
    "un": un.read,
    "ftm": followthemoney.read,
    "csv": tabular.read,
    "blocklist": blocklist.read,
    "stix": stix.read,
    "misp": misp.read,
}
FORMATS = tuple(_READERS)


def read(path: Path, form: str, mapping: Path | None = None) -> Reading:
    """Read a whole list. Raises `UnreadableFile` when it is not of its format at all.

    An identifier that stands twice is refused the second time.
    """
    found = Reading(form)
    seen: dict[str, str] = {}
    for number, row in enumerate(_READERS[form](path, found.counts, mapping), start=1):
        if isinstance(row, Refused):
            found.refused.append(row)
        elif row.entity_id in seen:
            found.refused.append(_twice(number, row, seen[row.entity_id]))
        else:
            seen[row.entity_id] = f"record {number}"
            found.entities.append(row)
            found.counts[f"records: {row.schema}"] += 1
    found.counts = +found.counts  # what was not there at all is not worth a line
    return found


def guess(path: Path) -> str:
    """Return the format that a file's name and beginning suggest."""
    start = b""
    if path.is_file():
        with path.open("rb") as file:
            start = file.read(2_000)
    if b"<CONSOLIDATED_LIST" in start:
        return "un"
    if b'"bundle"' in start and b'"objects"' in start:
        return "stix"
    if any(mark in start for mark in (b'"Event"', b'"response"', b'"matching_attributes"')):
        return "misp"
    if path.suffix.lower() in (".json", ".jsonl", ".ndjson", ".ijson") or start[:1] == b"{":
        return "ftm"
    if b"-0-" in start or path.name.lower().endswith("sdn.csv"):
        return "ofac"
    return "csv" if path.suffix.lower() == ".csv" else "blocklist"


def _twice(number: int, row: Entity, first: str) -> Refused:
    problem = Problem("id", row.entity_id, f"stands twice, first as {first}", "give it once")
    return Refused(f"record {number}", row.entity_id, (problem,))
