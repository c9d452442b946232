"""Opening the files of lists: text in UTF-8, and XML without entities."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from lxml import etree

from features.errors import UnreadableFile

_FIX = "get the file again, whole"


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text file with their numbers from 1. Raises `UnreadableFile`."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from enumerate(file, start=1)
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{path} is not UTF-8 ({error.reason}); save it as UTF-8") from error
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error}") from error


def csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV file with the number of their line. Raises `UnreadableFile`."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for row in reader:
                if row and row != ["\x1a"]:  # the end mark of old systems
                    yield reader.line_num, row
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{path} is not UTF-8 ({error.reason}); save it as UTF-8") from error
    except (OSError, csv.Error) as error:
        raise UnreadableFile(f"{path} cannot be read: {error}") from error


def document(path: Path) -> dict[str, Any]:
    """Return the one JSON object that a file holds. Raises `UnreadableFile`."""
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise UnreadableFile(f"{path} is not whole JSON in UTF-8: {error}; {_FIX}") from error
    if not isinstance(found, dict):
        raise UnreadableFile(f"{path} holds no JSON object; {_FIX}")
    return found


def xml(path: Path) -> etree._Element:
    """Return the root of an XML file that defines and loads nothing. Raises `UnreadableFile`."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        tree = etree.parse(str(path), parser)
    except (OSError, etree.XMLSyntaxError) as error:
        raise UnreadableFile(f"{path} is not whole XML: {error}; {_FIX}") from error
    if tree.docinfo.internalDTD is not None:
        raise UnreadableFile(f"{path} defines entities (a document type); that is not read")
    return tree.getroot()
