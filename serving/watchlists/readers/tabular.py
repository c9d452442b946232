"""A CSV file of your own, with a mapping of its columns."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from features.errors import BadMapping, UnreadableFile
from serving.watchlists.entities import Entity, Refused, make
from serving.watchlists.readers.files import csv_rows

_TABLES = {"columns", "constants", "handling", "separator"}


def read(
    path: Path, counts: Counter[str], mapping: Path | None = None
) -> Iterator[Entity | Refused]:
    """Yield a record for each row.

    `columns` of the mapping (TOML) says which column is `id`, `schema` or a property such as
    `name` or `birthDate`; `constants` gives those that are the same for all, `handling` topics and
    the rest; `separator` splits cells that hold several values. Without a mapping the columns are
    named like the properties.
    """
    rows = csv_rows(path)
    header = next(rows, (0, []))[1]
    told = _mapping(mapping, path, header)
    for line, row in rows:
        if len(row) != len(header):
            raise UnreadableFile(
                f"{path}, line {line}: {len(row)} fields, but the first line names {len(header)}"
            )
        cells = dict(zip(header, row, strict=True))
        fields = {name: cells[column] for name, column in told["columns"].items()}
        fields = {**told["constants"], **{name: one for name, one in fields.items() if one.strip()}}
        split = told["separator"]
        properties = {
            name: value.split(split) if split else [value]
            for name, value in fields.items()
            if name not in ("id", "schema")
        }
        yield make(
            f"line {line}", fields.get("id"), fields.get("schema", "Person"), properties,
            told["handling"],
        )  # fmt: skip


def _mapping(mapping: Path | None, path: Path, header: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = {"columns": {}, "constants": {}, "handling": {}, "separator": None}
    if mapping is None:
        told["columns"] = {name: name for name in header}
    else:
        try:
            given: Mapping[str, Any] = tomllib.loads(mapping.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise BadMapping(f"{mapping} cannot be read: {error}") from error
        if set(given) - _TABLES:
            names = ", ".join(sorted(set(given) - _TABLES))
            raise BadMapping(f"{mapping}: unknown {names}; give {', '.join(sorted(_TABLES))}")
        told |= given
    missing = [column for column in told["columns"].values() if column not in header]
    if missing:
        raise BadMapping(f"{path} has no column {', '.join(map(str, missing))}; it has {header}")
    if "id" not in {**told["columns"], **told["constants"]}:
        raise BadMapping(f"{path}: no column is the id; add one, or say which in a mapping")
    return told
