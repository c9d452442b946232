"""MISP: events with their attributes, and warning lists, which say what is harmless."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from features.errors import Problem, UnreadableFile
from serving.watchlists.entities import Entity, Refused, make
from serving.watchlists.readers.files import document

_TYPES = {
    "ip-src": ("Network", "network", "cyber"),
    "ip-dst": ("Network", "network", "cyber"),
    "domain": ("Domain", "domain", "cyber"),
    "hostname": ("Domain", "domain", "cyber"),
    "url": ("Domain", "domain", "cyber"),
    "email": ("Email", "email", "cyber"),
    "email-src": ("Email", "email", "cyber"),
    "email-dst": ("Email", "email", "cyber"),
    "btc": ("CryptoWallet", "publicKey", "crime"),
    "xmr": ("CryptoWallet", "publicKey", "crime"),
    "iban": ("BankAccount", "iban", "mule"),
    "phone-number": ("Phone", "phone", "crime"),
    "passport-number": ("Passport", "passportNumber", "stolen"),
}
_CHAINS = {"btc": "XBT", "xmr": "XMR"}
_PARTS = re.compile(r"[|]")
_SCHEMATA = {"cidr": ("Network", "network"), "hostname": ("Domain", "domain")}


def read(
    path: Path, counts: Counter[str], mapping: Path | None = None
) -> Iterator[Entity | Refused]:
    """Yield the records of one or more events, or of a warning list.

    An attribute counts where MISP says that it is for detection (`to_ids`); others are left aside.
    Entries of a warning list are records with the topic `benign`: they hold hits back. Raises
    `UnreadableFile` for a document that is neither.
    """
    found = document(path)
    if isinstance(found.get("list"), list):
        yield from _harmless(found, counts)
        return
    answers = found.get("response", [found])
    events: list[Any] = [one.get("Event") for one in answers if isinstance(one, dict)]
    if not events or not all(isinstance(one, dict) for one in events):
        raise UnreadableFile(f"{path} is no MISP event and no warning list")
    for event in events:
        attributes = list(event.get("Attribute") or [])
        for one in event.get("Object") or []:
            attributes += one.get("Attribute") or []
        for number, attribute in enumerate(attributes, start=1):
            yield from _attribute(f"event {event.get('id', '?')}, attribute {number}", attribute,
                                  counts)  # fmt: skip


def _attribute(place: str, one: Any, counts: Counter[str]) -> Iterator[Entity | Refused]:
    if not isinstance(one, dict) or not isinstance(one.get("value"), str):
        problem = Problem("value", str(one)[:40], "not an attribute", "give type and value")
        yield Refused(place, "", (problem,))
        return
    kinds = str(one.get("type", "")).split("|")
    known = [(kind, value) for kind, value in zip(kinds, _PARTS.split(one["value"]), strict=False)
             if kind in _TYPES]  # fmt: skip
    if not known:
        counts[f"left aside, an attribute of type {'|'.join(kinds)[:40]}"] += 1
    elif not one.get("to_ids"):
        counts["left aside, an attribute that is not for detection"] += 1
    else:
        for kind, value in known:
            schema, key, topic = _TYPES[kind]
            told = urlsplit(value).hostname or "" if kind == "url" else value
            properties = {key: [told], "notes": [one["comment"]] if one.get("comment") else []}
            if kind in _CHAINS:
                properties["currency"] = [_CHAINS[kind]]
            name = str(one.get("uuid") or place)
            own = name if len(known) == 1 else f"{name}#{kind}"
            yield make(place, own, schema, properties, {"topics": (topic,)})


def _harmless(found: dict[str, Any], counts: Counter[str]) -> Iterator[Entity | Refused]:
    kind = str(found.get("type", ""))
    if kind not in _SCHEMATA:
        counts[f"left aside, a warning list of type {kind[:40]}"] += len(found["list"])
        return
    schema, key = _SCHEMATA[kind]
    for number, value in enumerate(found["list"], start=1):
        told = str(value).removeprefix(".").lower()
        yield make(f"entry {number}", f"benign-{told}", schema, {key: [told]},
                   {"topics": ("benign",)})  # fmt: skip
