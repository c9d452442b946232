"""STIX 2.1 bundles: indicators with plain patterns, observables, identities and threat actors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from features.errors import Problem, UnreadableFile
from serving.watchlists.entities import Entity, Refused, make
from serving.watchlists.readers.files import document

_OBSERVED = {
    "ipv4-addr": ("Network", "network"),
    "ipv6-addr": ("Network", "network"),
    "domain-name": ("Domain", "domain"),
    "email-addr": ("Email", "email"),
}
_NAMED = {"identity": "Organization", "threat-actor": "Organization"}
_COMPARISON = re.compile(
    r"\s*\[?\s*([a-z0-9-]+):value\s*=\s*'((?:[^'\\]|\\.)*)'\s*\]?\s*", re.IGNORECASE
)
_OR = re.compile(r"\s+OR\s+")


def read(
    path: Path, counts: Counter[str], mapping: Path | None = None
) -> Iterator[Entity | Refused]:
    """Yield the records of a bundle; relations, markings and reports are counted and left aside.

    An indicator's pattern is understood where it is `type:value = '...'`, several joined by OR;
    others are counted. What was revoked is left aside. Raises `UnreadableFile` for no bundle.
    """
    bundle = document(path)
    if bundle.get("type") != "bundle" or not isinstance(bundle.get("objects"), list):
        raise UnreadableFile(f"{path} is no STIX bundle; give one with type bundle and objects")
    for number, one in enumerate(bundle["objects"], start=1):
        place = f"object {number}"
        if not isinstance(one, dict) or not isinstance(one.get("type"), str):
            problem = Problem("type", str(one)[:40], "not a STIX object", "give it a type")
            yield Refused(place, "", (problem,))
        elif one.get("revoked") is True:
            counts["left aside, revoked"] += 1
        else:
            yield from _records(place, one, counts)


def _records(place: str, one: dict[str, Any], counts: Counter[str]) -> Iterator[Entity | Refused]:
    kind, name = one["type"], str(one.get("id", ""))
    handling = {
        "topics": ("cyber",),
        "confidence": one.get("confidence", 100),
        "valid_from": str(one.get("valid_from", ""))[:10] or None,
        "valid_to": str(one.get("valid_until", ""))[:10] or None,
    }
    notes = [str(one["description"])] if one.get("description") else []
    if kind in _OBSERVED:
        schema, key = _OBSERVED[kind]
        yield make(place, name, schema, {key: [str(one.get("value", ""))]}, handling)
    elif kind in _NAMED:
        person = one.get("identity_class") == "individual"
        aliases = one.get("aliases") or []
        properties = {"name": [str(one.get("name", ""))], "alias": aliases, "notes": notes}
        yield make(place, name, "Person" if person else _NAMED[kind], properties, handling)
    elif kind == "indicator":
        found = _compared(str(one.get("pattern", "")))
        if one.get("pattern_type", "stix") != "stix" or not found:
            counts["left aside, an indicator with a pattern that is more than values"] += 1
            return
        for at, (schema, key, value) in enumerate(found):
            own = name if len(found) == 1 else f"{name}#{at + 1}"
            yield make(place, own, schema, {key: [value], "notes": notes}, handling)
    else:
        counts[f"left aside, no record of its own: {kind[:40]}"] += 1


def _compared(pattern: str) -> list[tuple[str, str, str]]:
    """Return schema, property and value of each comparison, nothing when any is not understood."""
    found = []
    for part in _OR.split(pattern.strip()):
        told = _COMPARISON.fullmatch(part)
        if told is None or told[1].lower() not in _OBSERVED:
            return []
        schema, key = _OBSERVED[told[1].lower()]
        found.append((schema, key, re.sub(r"\\(.)", r"\1", told[2])))
    return found
