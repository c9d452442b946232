"""Plain blocklists: an address, a network or a domain a line, `#` begins a remark."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from serving.watchlists.entities import Entity, Refused, make
from serving.watchlists.readers.files import lines

_HOSTS = ("0.0.0.0", "127.0.0.1", "::1")  # noqa: S104 (what such files begin with)


def read(
    path: Path, counts: Counter[str], mapping: Path | None = None
) -> Iterator[Entity | Refused]:
    """Yield a record for each line; the format of a `hosts` file is understood as well."""
    seen: set[str] = set()
    for number, line in lines(path):
        words = line.split("#")[0].split(";")[0].split()
        if not words:
            continue
        told = words[1] if len(words) > 1 and words[0] in _HOSTS else words[0]
        try:
            value, schema, name = (
                str(ipaddress.ip_network(told, strict=False)),
                "Network",
                "network",
            )
        except ValueError:
            value, schema, name = told.lower().rstrip("."), "Domain", "domain"
        if value in seen:
            counts["the same line again"] += 1
            continue
        seen.add(value)
        yield make(f"line {number}", value, schema, {name: [value]}, {"topics": ("cyber",)})
