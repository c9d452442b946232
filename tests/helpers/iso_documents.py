"""ISO 20022 messages of any version, written by an independent implementation of the standard.

`render("pacs.008", 2, {"GrpHdr/MsgId": "M1", …})` fails where that version has no such element.
"""

from __future__ import annotations

import dataclasses
import importlib
import sys
import typing
from enum import Enum
from typing import Any

from xsdata.formats.dataclass.serializers import XmlSerializer
from xsdata.models.datatype import XmlDateTime


def document_class(message: str, version: int) -> Any | None:
    """The class of a message's Document, None where pyiso20022 lacks the version."""
    name = f"{message.replace('.', '_')}_001_{version:02d}"
    try:
        module = importlib.import_module(f"pyiso20022.{message[:4]}.{name}.{name}")
    except ModuleNotFoundError:
        return None
    return module.Document


def has(message: str, version: int, path: str) -> bool:
    """Whether this version of the message has an element at the path, below its body."""
    kind = document_class(message, version)
    kind = next(iter(_children(kind).values()))[1]
    for step in path.split("/"):
        children = _children(kind) if dataclasses.is_dataclass(kind) else {}
        if step not in children:
            return False
        kind = children[step][1]
    return True


def render(message: str, version: int, values: dict[str, Any]) -> bytes:
    """A message as XML; a value is text, or a pair of an amount and its currency."""
    kind = document_class(message, version)
    (field, inner) = next(iter(_children(kind).values()))
    made = _made(inner, values)
    return XmlSerializer().render(kind(**{field.name: made})).encode()


def _children(kind: Any) -> dict[str, tuple[Any, Any]]:
    hints = typing.get_type_hints(kind, vars(sys.modules[kind.__module__]))
    return {
        field.metadata.get("name") or field.name: (field, _element(hints[field.name]))
        for field in dataclasses.fields(kind)
    }


def _element(hint: Any) -> Any:
    choices = [_element(one) for one in typing.get_args(hint) if one is not type(None)]
    return choices[0] if choices else hint


def _made(kind: Any, values: dict[str, Any]) -> Any:
    children = _children(kind)
    groups: dict[str, dict[str, Any]] = {}
    for path, value in values.items():
        step, _, rest = path.partition("/")
        groups.setdefault(step, {})[rest] = value
    made = {}
    for step, inner in groups.items():
        field, element = children[step]
        value = inner[""] if "" in inner else _made(element, inner)
        if "" in inner:
            value = _plain(element, value)
        hint = typing.get_type_hints(kind, vars(sys.modules[kind.__module__]))[field.name]
        made[field.name] = [value] if typing.get_origin(hint) is list else value
    # What a test does not care about is left out, required or not.
    needed = {one.name for one in dataclasses.fields(kind) if one.default is dataclasses.MISSING}
    lists = {
        one.name
        for one in dataclasses.fields(kind)
        if one.default_factory is not dataclasses.MISSING
    }
    return kind(**dict.fromkeys(needed - lists) | made)


def _plain(element: Any, value: Any) -> Any:
    if element is XmlDateTime:
        return XmlDateTime.from_string(value)
    if isinstance(value, tuple):
        return element(value=value[0], ccy=value[1])
    if isinstance(element, type) and issubclass(element, Enum):
        return element(value)
    return value if isinstance(value, str) else element(value)
