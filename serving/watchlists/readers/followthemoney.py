"""FollowTheMoney entities as JSON lines, as OpenSanctions publishes them, and as we export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from features.errors import Problem, UnreadableFile
from serving.watchlists.entities import SCHEMATA, Entity, Refused, make
from serving.watchlists.readers.files import lines

# OpenSanctions' topics, in our words.
_TOPICS = {
    "sanction": "sanction",
    "sanction.linked": "sanction",
    "wanted": "wanted",
    "crime": "crime",
    "crime.traffick": "trafficking",
    "crime.traffick.human": "trafficking",
    "crime.cyber": "cyber",
    "crime.theft": "stolen",
    "role.pep": "politician",
}


def read(
    path: Path, counts: Counter[str], mapping: Path | None = None
) -> Iterator[Entity | Refused]:
    """Yield the records; relations between them are counted and left aside."""
    for number, line in lines(path):
        if not line.strip():
            continue
        place = f"line {number}"
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            if number == 1:
                raise UnreadableFile(f"{path} is not JSON lines: {error}") from error
            problem = Problem("line", line[:40], f"not JSON: {error}", "give one entity a line")
            yield Refused(place, "", (problem,))
            continue
        if not isinstance(found, dict) or not isinstance(found.get("properties"), dict):
            problem = Problem(
                "properties", line[:40], "not an entity", "give id, schema, properties"
            )
            yield Refused(place, "", (problem,))
            continue
        schema = found.get("schema")
        if isinstance(schema, str) and schema and schema not in SCHEMATA:
            counts[f"left aside, no record of its own: {schema[:40]}"] += 1
            continue
        properties = dict(found["properties"])
        handling = _handling(found.get("crossflag"), properties)
        yield make(place, found.get("id"), schema, properties, handling)


def _handling(own: Any, properties: dict[str, Any]) -> dict[str, Any]:
    if isinstance(own, dict):
        return own
    topics = properties.get("topics")
    told = [_TOPICS[one] for one in topics if one in _TOPICS] if isinstance(topics, list) else []
    return {"topics": tuple(dict.fromkeys(told))}
