"""What `crossflag drift` prints for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from training.drift import Drift

_STYLES = {"far": "bold red", "moved": "yellow", "too few": "dim"}


def tables(drift: Drift, top: int) -> list[Table]:
    """Return the shifts of everything, the largest first, and those within corridors."""
    words = ", ".join(f"{count} {word}" for word, count in drift.words.items() if count)
    whole = Table(
        title=f"{drift.stream} model {drift.version} against {drift.events:,} events of "
        f"{drift.span}: {words}"
    )
    within = Table(title="Within corridors")
    for table in (whole, within):
        table.add_column("of")
        table.add_column("name")
        if table is within:
            table.add_column("corridor")
        table.add_column("PSI", justify="right")
        table.add_column("in a word")
        table.add_column("events", justify="right")
    for shift in [one for one in drift.shifts if not one.corridor][:top]:
        row = (shift.of, shift.name, f"{shift.psi:.3f}", shift.word, f"{shift.events:,}")
        whole.add_row(*row, style=_STYLES.get(shift.word))
    inside = [one for one in drift.shifts if one.corridor and one.word in ("moved", "far")]
    for shift in inside[:top]:
        corridor = shift.corridor.replace(">", " → ")
        said = (f"{shift.psi:.3f}", shift.word, f"{shift.events:,}")
        within.add_row(shift.of, shift.name, corridor, *said, style=_STYLES.get(shift.word))
    return [whole, within] if inside else [whole]
