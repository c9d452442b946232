"""A pool's histories on disk: written whole, read back bit for bit, or refused.

A snapshot fits one program (catalogue and layout) and one version of the reference data only; any
mismatch, or a damaged file, is refused by name, and the histories are made again from the log.
"""

from __future__ import annotations

import hashlib
import math
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import xxhash

from features import layout
from features.errors import UnusableSnapshot
from features.program import Program
from features.state import Array, State, empty_state, grown

LAYOUT_VERSION = 1
"""Raise it whenever `features.layout` or the meaning of a cell changes."""
_PARTS = ("free", "table", "entities", "cells")
_MAGIC = b"crossflag-rings\n"
_CHECK = 16


def digest(program: Program) -> str:
    """Return what tells programs apart whose histories may differ: features, tables, layout."""
    return _digest(program)


@lru_cache(maxsize=16)
def _digest(program: Program) -> str:
    found = hashlib.sha256(str(LAYOUT_VERSION).encode())
    for catalogue in program.catalogues.values():
        found.update(catalogue.version.encode())
    for part in (program.tables.histories, program.tables.stored, program.tables.writes):
        found.update(repr(part.shape).encode() + part.tobytes())
    return found.hexdigest()[:16]


def save(path: Path, program: Program, state: State, reference: str, about: dict[str, Any]) -> None:
    """Write the histories to a file, whole or not at all.

    `reference` is the version of the reference data; `about` any JSON that the reader wants, such
    as the place in the log. Raises OSError when the file cannot be written.
    """
    used = {
        "free": state.free,
        "table": state.table,
        "entities": state.entities[: int(state.counters[layout.ENTITIES])],
        "cells": state.cells[: int(state.counters[layout.CELLS])],
    }
    head = orjson.dumps(
        {
            "program": digest(program),
            "reference": reference,
            "counters": state.counters.tolist(),
            "shapes": {name: list(used[name].shape) for name in _PARTS},
            "about": about,
        }
    )
    beside = path.with_name(path.name + ".part")
    check = xxhash.xxh3_128()
    with beside.open("wb") as file:
        beginning = np.frombuffer(_MAGIC + len(head).to_bytes(8, "little") + head, np.uint8)
        for part in (beginning, *(used[name] for name in _PARTS)):
            content = np.ascontiguousarray(part).data.cast("B")
            check.update(content)
            file.write(content)
        file.write(check.digest())
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def load(path: Path, program: Program, reference: str) -> tuple[State, dict[str, Any]]:
    """Return the histories and what was said about them.

    Raises UnusableSnapshot with the cause when the file is missing, damaged, or of another program,
    layout or reference data.
    """
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise UnusableSnapshot(f"{path.name} cannot be read: {error.strerror}") from error
    place = len(_MAGIC) + 8
    if content.size < place + _CHECK or content[: len(_MAGIC)].tobytes() != _MAGIC:
        raise UnusableSnapshot(f"{path.name} is cut short or no snapshot of histories")
    if xxhash.xxh3_128(content[:-_CHECK].data).digest() != content[-_CHECK:].tobytes():
        raise UnusableSnapshot(f"{path.name} is damaged: its checksum does not fit")
    length = int.from_bytes(content[len(_MAGIC) : place].tobytes(), "little")
    head = orjson.loads(content[place : place + length].tobytes())
    if head["program"] != digest(program):
        raise UnusableSnapshot(f"{path.name} was made for other features or another layout")
    if head["reference"] != reference:
        raise UnusableSnapshot(f"{path.name} was made with reference data {head['reference']}")
    place += length
    parts: dict[str, Array] = {}
    for name in _PARTS:
        shape = head["shapes"][name]
        size = 8 * math.prod(shape)
        parts[name] = content[place : place + size].copy().view(np.int64).reshape(shape)
        place += size
    state = empty_state(program.tables)._replace(
        counters=np.array(head["counters"], np.int64), **parts
    )
    return grown(program.tables, state), head["about"]
