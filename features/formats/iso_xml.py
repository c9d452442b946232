"""ISO 20022 messages as XML: taken apart safely, and what every reader of them looks up.

A message is not validated against its XSD: what matters is checked by the record made of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

from lxml import etree

from features.errors import Problem, UnreadableFile

Element: TypeAlias = etree._Element
_MESSAGE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:([a-z]{4}\.\d{3})\.001\.(\d\d)")
_NOT_PROVIDED = "NOTPROVIDED"


@dataclass(frozen=True)
class Message:
    """One Document of a file: what it is (such as pacs.008), its version, and its element."""

    name: str
    version: int
    document: Element


def read_messages(data: bytes) -> list[Message]:
    """Return the ISO 20022 messages of some XML, bare or in an envelope, in their order.

    Raises UnreadableFile when it is not well-formed, has a document type definition, or holds no
    message at all.
    """
    root = _parse(data)
    found = []
    for element in root.iter("{*}Document"):
        if match := _MESSAGE.fullmatch(etree.QName(element).namespace or ""):
            found.append(Message(match[1], int(match[2]), element))
    if not found:
        name = etree.QName(root)
        raise UnreadableFile(
            f"no ISO 20022 message: the root is {name.localname} of namespace"
            f" {name.namespace or '(none)'}; expected Document of a namespace such as"
            " urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"
        )
    return found


def chosen(messages: Iterable[Message], oldest: dict[str, int]) -> Iterator[Message]:
    """Yield the messages whose names are keys of `oldest`, of at least the version it gives.

    Raises UnreadableFile for an older version, or when none has such a name.
    """
    there = list(messages)
    wanted = [one for one in there if one.name in oldest]
    if not wanted:
        names = " or ".join(oldest)
        raise UnreadableFile(f"no {names} message, but {there[0].name}: send {names}")
    for one in wanted:
        if one.version < oldest[one.name]:
            least = f"{one.name}.001.{oldest[one.name]:02d}"
            raise UnreadableFile(
                f"the message is {one.name}.001.{one.version:02d}: send {least} or later"
            )
        yield one


def zoned(text: str | None, name: str, zone: str | None) -> tuple[datetime | str, Problem | None]:
    """Return a time of a message, read in `zone` when it has none, and what is wrong with it."""
    if text is None:
        return "", Problem("time", "", f"there is no {name}", "send it, with its offset")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return text, None
    if time.tzinfo is not None:
        return text, None
    if zone is None:
        fix = f"send {name} with its offset, such as {text}+01:00, or say which zone it is in"
        return text, Problem("time", text, f"{name} has no time zone", fix)
    return time.replace(tzinfo=ZoneInfo(zone)), None


def first(element: Element, paths: Iterable[str]) -> str | None:
    """Return the first text at any of the paths, in their order."""
    return next((text for path in paths if (text := text_at(element, path))), None)


def provided(element: Element, paths: Iterable[str]) -> str | None:
    """Return the first identification at the paths that is not the word NOTPROVIDED."""
    found = (text_at(element, path) for path in paths)
    return next((text for text in found if text and text != _NOT_PROVIDED), None)


def text_at(element: Element, path: str) -> str | None:
    """Return the first non-empty text at a path, None without one."""
    return next(iter(texts_at(element, path)), None)


def texts_at(element: Element, path: str) -> list[str]:
    """Return the non-empty texts at a path, runs of white space as one blank."""
    found = (" ".join((one.text or "").split()) for one in every(element, path))
    return [text for text in found if text]


def amount_at(element: Element, paths: Iterable[str]) -> tuple[str | None, str | None]:
    """Return the amount and currency of the first of the paths that is there."""
    for path in paths:
        for amount in every(element, path):
            return (amount.text or "").strip(), amount.get("Ccy")
    return None, None


def every(element: Element, path: str) -> list[Element]:
    """Return all elements at a path of local names, in the element's own namespace."""
    return element.findall(_qualified(etree.QName(element).namespace or "", path))


@lru_cache(maxsize=4096)
def _qualified(namespace: str, path: str) -> str:
    return "/".join(f"{{{namespace}}}{step}" for step in path.split("/"))


def _parse(data: bytes) -> Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        # Else text would end at the first comment inside it.
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableFile(f"not well-formed XML: {error.msg}") from None
    except ValueError as error:
        raise UnreadableFile(f"not readable as XML: {error}") from None
    if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableFile(
            "the message has a document type definition (DOCTYPE), which is refused: leave it out"
        )
    return root
