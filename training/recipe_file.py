"""Write a recipe as TOML that `--recipe` reads again; paths are relative to the file's folder."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

from training.recipe import Recipe


def write(recipe: Recipe, path: Path, note: str = "") -> None:
    """Write every field that is set; `note` stands on top as a comment."""
    folder = path.resolve().parent
    lines = [f"# {line}" for line in note.splitlines()]
    values = recipe.model_dump()
    plain = {key: value for key, value in values.items() if not isinstance(value, dict)}
    lines += _fields(plain, folder)
    for name, section in values.items():
        if isinstance(section, dict):
            lines += ["", f"[{name}]", *_fields(section, folder)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _fields(values: dict[str, Any], folder: Path) -> list[str]:
    return [
        f"{json.dumps(key) if not key.isidentifier() else key} = {_value(value, folder)}"
        for key, value in values.items()
        if value is not None
    ]


def _value(value: Any, folder: Path) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path):
        return json.dumps(os.path.relpath(value.resolve(), folder))
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item, folder) for item in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(_fields(value, folder))} }}" if value else "{}"
    # A TOML basic string escapes as JSON does.
    return json.dumps(str(value))
