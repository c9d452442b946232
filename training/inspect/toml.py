"""A mapping written as TOML, with comments that say what to look at."""

from __future__ import annotations

import json
from typing import Any

from training.inspect.inspection import Inspection

_WIDTH = 96


def as_toml(found: Inspection) -> str:
    """Return the proposed mapping as a TOML document."""
    lines = [
        f"# Proposed by `crossflag data inspect` from {found.looked_at:,} rows. Read it before you",
        "# train: what a column means, its file does not say.",
    ]
    lines += [f"# {note}" for note in (*found.notes, *found.problems)]
    lines += [f"# left out: {name} ({why})" for name, why in found.left_out.items()]
    body = found.mapping
    lines += [f"{key} = {_value(one)}" for key, one in body.items() if not isinstance(one, dict)]
    for name, table in body.items():
        if not isinstance(table, dict):
            continue
        nested = {key: one for key, one in table.items() if isinstance(one, dict)}
        plain = {key: one for key, one in table.items() if key not in nested}
        if plain:
            lines += [
                "",
                f"[{name}]",
                *(f"{_key(key)} = {_value(one)}" for key, one in plain.items()),
            ]
        for key, inner in nested.items():
            lines += ["", f"[{name}.{_key(key)}]"]
            lines += [f"{_key(word)} = {_value(one)}" for word, one in inner.items()]
    return "\n".join(lines) + "\n"


def _key(text: str) -> str:
    return (
        text
        if text and all((one.isalnum() and one.isascii()) or one in "_-" for one in text)
        else _value(text)
    )


def _value(value: Any) -> str:
    if isinstance(value, list):
        items = [_value(one) for one in value]
        line = f"[{', '.join(items)}]"
        if len(line) <= _WIDTH:
            return line
        rows, row = [], ""
        for item in items:
            if len(row) + len(item) > _WIDTH - 6:
                rows.append(row)
                row = ""
            row += f"{item}, "
        return "[\n" + "".join(f"    {one.strip()}\n" for one in (*rows, row)) + "]"
    # JSON's strings and truth values are TOML's.
    return json.dumps(value, ensure_ascii=False)
