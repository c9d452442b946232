"""What `crossflag tune` and its neighbours print for a person, as rich tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from training.tune import Tuned

_SHOWN = 10


def tuning_tables(tuned: Tuned, out: Path) -> list[Table]:
    """Return the best trials beside the recipe's own settings, and what was searched."""
    complete = sorted((t for t in tuned.trials if t.complete), key=lambda t: (-t.value, t.number))
    shown = complete[:_SHOWN]
    if tuned.own not in shown:
        shown.append(tuned.own)
    words = tuned.metric.replace("_", " ")
    table = Table(title=f"{tuned.stream}: {words} within the training span")
    table.add_column("setting")
    for trial in shown:
        table.add_column(f"trial {trial.number}" if trial.number else "own", justify="right")
    table.add_row("mean", *(f"{trial.value:.4f}" for trial in shown), style="bold")
    for place, (_, judged) in enumerate(tuned.spans):
        table.add_row(judged, *(f"{trial.folds[place]:.4f}" for trial in shown))
    table.add_row("trees", *(", ".join(map(str, trial.trees)) for trial in shown))
    for name in tuned.own.settings:
        table.add_row(name, *(f"{trial.settings[name]:g}" for trial in shown))
    made = Table(title="The search", show_header=False)
    made.add_row("trials", f"{len(tuned.trials)}, of which {len(complete)} on every fold")
    made.add_row("ended by", f"its number of {tuned.stopped}")
    made.add_row("gain", f"{tuned.best.value - tuned.own.value:+.4f} on the recipe's own settings")
    made.add_row("recipe", f"{out} (crossflag train --recipe {out})")
    return [table, made]
