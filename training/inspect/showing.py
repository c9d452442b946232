"""An inspection as tables that a person reads."""

from __future__ import annotations

import shlex
from pathlib import Path

from rich.table import Table
from rich.text import Text

from training.inspect.inspection import Inspection
from training.inspect.toml import as_toml


def tables_of(found: Inspection, out: Path | None) -> list[Table | Text]:
    """Return what to show: what the file is, its columns, what leaks, and what to do next."""
    shown: list[Table | Text] = [_summary(found), _columns(found)]
    if found.leaks:
        table = Table("column", "what would let a model cheat", title="Leaks")
        for leak in found.leaks:
            table.add_row(Text(leak.column or "the file"), Text(leak.text))
        shown.append(table)
    shown += [Text(f"Not ready to train: {problem}") for problem in found.problems]
    shown += [Text(f"Assumed: {note}") for note in found.notes]
    if out is None:
        shown.append(Text(f"\nThe mapping (--out mapping.toml writes it):\n\n{as_toml(found)}"))
    elif not found.problems:
        file, mapping = shlex.quote(found.file), shlex.quote(str(out))
        shown.append(Text(f"Next: crossflag train --data {file} --mapping {mapping} --promote"))
    return shown


def _summary(found: Inspection) -> Table:
    table = Table(show_header=False)
    table.add_row("file", Text(found.file))
    part = "" if found.looked_at == found.rows else f", {found.looked_at:,} looked at"
    about = "" if found.looked_at == found.rows else "about "
    table.add_row("rows", f"{about}{found.rows:,}{part}")
    kind = {"payment": "payments", "access": "access events"}[found.stream]
    alone = "" if found.parties else ", each row for itself: no parties, so no history"
    table.add_row("taken as", f"{kind}{alone}")
    span = "no time" if found.days is None else f"{found.days:g} days"
    table.add_row("span", span)
    share = "no label" if found.frauds is None else f"{found.frauds:.3%}"
    table.add_row("fraud", share)
    return table


def _columns(found: Inspection) -> Table:
    table = Table("column", "becomes", title="Columns")
    for column, why in found.placed.items():
        beside = " (and an attribute)" if column in found.categorical else ""
        table.add_row(Text(column), Text(f"{why}{beside}"))
    for kind, names in (
        ("attribute, a number", found.numeric),
        ("attribute, a category", found.categorical),
        ("attribute, seconds since then", found.since),
    ):
        new = [name for name in names if name not in found.placed]
        if len(new) > 8:
            table.add_row(Text(f"{new[0]} … {new[-1]} ({len(new)} columns)"), kind)
        else:
            for name in new:
                table.add_row(Text(name), kind)
    for column, why in found.left_out.items():
        table.add_row(Text(column), Text(f"left out: {why}"))
    return table
