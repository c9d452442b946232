"""The command `crossflag simulate`."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from training.errors import TrainingError
from training.simulate.crimes import CRIMES
from training.simulate.simulation import CUSTOMERS, DAYS, SEED, START, Simulation, run


def chosen_crimes(text: str | None) -> list[str]:
    """Return the crimes that a comma-separated text names; `all` or nothing means every one.

    Raises TrainingError for a word that is no crime.
    """
    if text is None or text == "all":
        return sorted(CRIMES)
    words = [word.strip() for word in text.split(",") if word.strip() not in ("", "none")]
    for word in words:
        if word not in CRIMES:
            raise TrainingError(
                f"--crimes={word!r}: no such crime; use all, none, or some of {', '.join(CRIMES)}"
            )
    return sorted(set(words))


class _Bars:
    """One progress bar for each kind of work."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def __call__(self, work: str, done: int, of: int) -> None:
        if work not in self._bars:
            for earlier in self._bars.values():
                task = self._progress.tasks[earlier]
                self._progress.update(earlier, completed=task.total)
            self._bars[work] = self._progress.add_task(work, total=of)
        self._progress.update(self._bars[work], completed=done)

    def finish(self) -> None:
        """Fill the last bar."""
        for bar in self._bars.values():
            self._progress.update(bar, completed=self._progress.tasks[bar].total)


def simulate_command(
    out: Annotated[Path, typer.Option(help="Folder to write into.")] = Path("simulated"),
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = SEED,
    customers: Annotated[
        int, typer.Option(min=20, max=1_000_000, help="Persons and firms that bank here.")
    ] = CUSTOMERS,
    days: Annotated[int, typer.Option(min=14, max=3660, help="Length in days.")] = DAYS,
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day.")] = datetime(
        START.year, START.month, START.day
    ),
    crimes: Annotated[
        str | None, typer.Option(help="Comma-separated typologies, all or none.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Simulate customers, their payments and logins, and crimes among them, with late labels."""
    committed = chosen_crimes(crimes)
    errors = Console(stderr=True)
    with Progress(
        TextColumn("{task.description:>18}"), BarColumn(), TimeElapsedColumn(), console=errors
    ) as progress:
        bars = _Bars(progress)
        made = run(out, seed, customers, days, start.date(), committed, progress=bars)
        bars.finish()
    if as_json:
        print(json.dumps(summary(made), indent=2))
    else:
        _print(made)


def summary(made: Simulation) -> dict[str, object]:
    """Return what was made in JSON's words."""
    return {
        "payments": made.payments,
        "access_events": made.access_events,
        "labels": made.labels,
        "fraudulent_payments": made.fraudulent_payments,
        "criminal_access_events": made.criminal_access_events,
        "typologies": made.typologies,
        "files": {name: str(path) for name, path in made.files.items()},
    }


def _print(made: Simulation) -> None:
    console = Console()
    table = Table("Typology", "Payments", "Access events", title="Crimes committed")
    for name, counts in made.typologies.items():
        table.add_row(name, f"{counts['payments']:,}", f"{counts['access_events']:,}")
    table.add_row(
        "all",
        f"{made.fraudulent_payments:,} of {made.payments:,}",
        f"{made.criminal_access_events:,} of {made.access_events:,}",
    )
    console.print(table)
    console.print(f"{made.labels:,} labels, of which some are late, some missing, some wrong")
    for path in made.files.values():
        console.print(f"wrote {path}", soft_wrap=True)
