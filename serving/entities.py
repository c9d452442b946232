"""What an event has in common with others: accounts, devices, addresses, names, documents.

Two cases are related when they share one of these. Values are compared in one form (no blanks, no
case); the form in which they came is kept to be shown. Words of a name are kept beside the whole,
so that any of them finds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

EntityKind: TypeAlias = Literal["account", "customer", "device", "document", "ip", "name", "word"]
KINDS: tuple[EntityKind, ...] = get_args(EntityKind)
SHARED: tuple[EntityKind, ...] = ("account", "customer", "device", "document", "ip", "name")
"""Kinds by which cases are related; a word of a name is for search only."""
_DOCUMENT = re.compile(r"(^|_)(document|passport|identity_card)(_number)?$")
_WORD = re.compile(r"[^\W_]{2,}")
LONGEST = 200


@dataclass(frozen=True)
class CaseEntity:
    """One thing that an event names: `value` to compare by, `shown` as it came."""

    kind: EntityKind
    value: str
    shown: str


def plain(text: str) -> str:
    """Return a number, address or name as it is compared: no blanks at all, no case."""
    return "".join(text.split()).casefold()[:LONGEST]


def words_of(text: str) -> list[str]:
    """Return the words of a name or of what somebody searches for, in one case."""
    return _WORD.findall(text.casefold()[:LONGEST])


def entities_of(stream: str, event: Mapping[str, Any]) -> Iterator[CaseEntity]:
    """Yield what an event names, from its canonical fields; the same thing may come twice."""
    fields: tuple[tuple[EntityKind, str], ...] = (
        ("account", "debtor_account"),
        ("account", "creditor_account"),
        ("customer", "customer_id"),
        ("customer", "user_id"),
        ("device", "device_id"),
        ("ip", "ip_address"),
    )
    for kind, field in fields:
        if event.get(field):
            yield _entity(kind, str(event[field]))
    if stream == "payment":
        for party in ("debtor", "creditor"):
            name = event.get(f"{party}_name")
            if name and (words := words_of(name)):
                yield CaseEntity("name", " ".join(words), name[:LONGEST])
                for word in words:
                    yield CaseEntity("word", word, name[:LONGEST])
    for field, value in (event.get("attributes") or {}).items():
        if _DOCUMENT.search(field) and value:
            yield _entity("document", str(value))


def _entity(kind: EntityKind, text: str) -> CaseEntity:
    return CaseEntity(kind, plain(text), text[:LONGEST])
