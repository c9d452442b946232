"""The UN Security Council's consolidated list: one XML file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from features.errors import UnreadableFile
from serving.watchlists.entities import Entity, Refused, make
from serving.watchlists.properties import country_code
from serving.watchlists.readers.files import xml

_PARTS = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")
_LETTERED = re.compile(r"^[a-z]\)\s*")
_SCRIPTS = re.compile(r"\s*(?:[;\n\u061b]|\bor\b)\s*")


def read(
    path: Path, counts: Counter[str], mapping: Path | None = None
) -> Iterator[Entity | Refused]:
    """Yield the persons and organisations. Raises `UnreadableFile`."""
    root = xml(path)
    if root.tag != "CONSOLIDATED_LIST":
        raise UnreadableFile(
            f"{path}: the root is {root.tag!r}; give the United Nations' consolidated.xml"
        )
    for tag, schema in (("INDIVIDUAL", "Person"), ("ENTITY", "Organization")):
        for element in root.iter(tag):
            counts[f"{tag} elements"] += 1
            yield _record(element, tag, schema, counts)


def _record(
    element: etree._Element, tag: str, schema: str, counts: Counter[str]
) -> Entity | Refused:
    number = _text(element, "DATAID")
    name = " ".join(part for part in (_text(element, one) for one in _PARTS) if part)
    properties: dict[str, list[str]] = {
        "name": [re.sub(r"\s+na$", "", name)],
        "alias": [
            part.strip(" ,") for part in _SCRIPTS.split(_text(element, "NAME_ORIGINAL_SCRIPT"))
        ],
        "program": [_text(element, "UN_LIST_TYPE")],
        "notes": [_text(element, "COMMENTS1")[:4_000]],
        "gender": [_text(element, "GENDER").lower()],
        "position": _texts(element, "DESIGNATION/VALUE"),
        "nationality": _countries(element, "NATIONALITY/VALUE"),
        "country": _countries(element, f"{tag}_ADDRESS/COUNTRY"),
        "address": [
            ", ".join(part.text.strip() for part in place if part.text and part.text.strip())
            for place in element.iter(f"{tag}_ADDRESS")
        ],
        "birthDate": [date for one in element.iter(f"{tag}_DATE_OF_BIRTH") for date in _dates(one)],
        "birthPlace": [
            ", ".join(part.text.strip() for part in place if part.text and part.text.strip())
            for place in element.iter(f"{tag}_PLACE_OF_BIRTH")
        ],
        "idNumber": [],
        "passportNumber": [],
        "referenceNumber": [_text(element, "REFERENCE_NUMBER")],
    }
    for alias in element.iter(f"{tag}_ALIAS"):
        said = _LETTERED.sub("", _text(alias, "ALIAS_NAME"))
        weak = _text(alias, "QUALITY") == "Low"
        if said:
            counts["weak aliases" if weak else "aliases"] += 1
            properties.setdefault("weakAlias" if weak else "alias", []).append(said[:1_000])
    for document in element.iter(f"{tag}_DOCUMENT"):
        kind = "passportNumber" if "assport" in _text(document, "TYPE_OF_DOCUMENT") else "idNumber"
        properties[kind].append(_text(document, "NUMBER"))
    listed = _text(element, "LISTED_ON")[:10] or None
    handling = {"topics": ("sanction",), "valid_from": listed}
    return make(f"{tag} {number}", f"un-{number}", schema, properties, handling)


def _dates(birth: etree._Element) -> list[str]:
    exact = _text(birth, "DATE")[:10]
    years = [_text(birth, name) for name in ("YEAR", "FROM_YEAR", "TO_YEAR")]
    return [exact] if exact else [year for year in years if year]


def _countries(element: etree._Element, path: str) -> list[str]:
    return [code for name in _texts(element, path) if (code := country_code(name))]


def _texts(element: etree._Element, path: str) -> list[str]:
    return [one.text.strip() for one in element.iterfind(path) if one.text]


def _text(element: etree._Element, name: str) -> str:
    return (element.findtext(name) or "").strip()
