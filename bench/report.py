"""`crossflag bench features`: the measurements one after another, as a table, JSON or a picture."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from bench import data
from bench import measure as measuring
from bench.measure import Contest, Online, Point
from bench.twelve import ways
from features.errors import UnreadableFile
from features.reference import Reference
from training.progress import Teller

_ROWS = 400_000
_SIZES = (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
_CATALOGUE_ROWS = 200_000
_WARM, _ONLINE = 100_000, 20_000


@dataclass(frozen=True)
class Measured:
    """All that one run found; the curve has ascending sizes, each on all cores.

    The whole catalogue is over the file's payments and labels when there is one, else, like
    `filled` (one core) and the curve, over made-up transfers that fill every field.
    """

    source: str
    contest: Contest
    one_core: Point
    all_cores: Point
    filled: Point
    online: Online
    curve: list[Point]


def measure(
    file: Path | None, rows: int | None, repeats: int, curve_to: int, teller: Teller
) -> Measured:
    """Measure everything; progress goes to standard error.

    Fewer rows than usual also make the catalogue's run and the warm history smaller. Raises
    UnreadableFile, MissingLibrary, or Unequal when two engines disagree.
    """
    engines = ways()
    if file is not None and not file.exists():
        raise UnreadableFile(f"cannot read {file}: there is no such file")
    with teller.stage("data"):
        tables = data.handbook(file, rows) if file else data.made_up(rows or _ROWS)
    with teller.stage("twelve features"):
        contest = measuring.contest(engines, *tables, repeats, teller.say)
    cores, reference = os.cpu_count() or 1, Reference()
    size = min(_CATALOGUE_ROWS, contest.rows)
    made_up = data.transfers(size)
    payments, labels = made_up, None
    if file is not None:
        first = np.arange(min(_ROWS, contest.rows))
        payments, labels = (table.take(first) for table in tables)
    del tables
    with teller.stage("whole catalogue"):
        few = np.arange(min(2_000, size))
        measuring.catalogue(payments.take(few), None, cores, 1, reference)
        one = measuring.catalogue(payments, labels, 1, repeats, reference)
        many = measuring.catalogue(payments, labels, cores, repeats, reference)
        filled = measuring.catalogue(made_up, None, 1, repeats, reference)
    with teller.stage("one event at a time"):
        online = measuring.online(min(_WARM, contest.rows), min(_ONLINE, contest.rows), reference)
    curve = []
    for number in [n for n in _SIZES if n <= curve_to] or [curve_to]:
        with teller.stage(f"curve, {number:,} events"):
            turns = repeats if number <= _CATALOGUE_ROWS else 1
            many_events = data.transfers(number)
            curve.append(measuring.catalogue(many_events, None, cores, turns, reference))
    source = file.name if file else "made up"
    return Measured(source, contest, one, many, filled, online, curve)


def document(measured: Measured) -> dict[str, Any]:
    """Return the figures; a ratio says how many times as long as ours the other engine takes."""
    contest, online = measured.contest, measured.online
    return {
        "data": measured.source,
        "rows": contest.rows,
        **{f"ratio_to_{name}": contest.ratio(name) for name in _others(contest)},
        "seconds": {name: median(taken) for name, taken in contest.seconds.items()},
        "equal_but_for_ties": contest.tied,
        "rows_per_second": _rate(measured.one_core),
        "rows_per_second_all_cores": _rate(measured.all_cores),
        "rows_per_second_every_field": _rate(measured.filled),
        "cores": measured.all_cores.threads,
        "online_median_us": float(np.median(online.microseconds)),
        "online_p99_us": float(np.quantile(online.microseconds, 0.99)),
        "bytes_per_entity": online.bytes_held / online.entities,
        "bytes_per_event": online.bytes_held / online.events,
        "curve": [
            {"events": point.events, "microseconds_per_event": point.microseconds}
            for point in measured.curve
        ],
    }


def show(measured: Measured) -> None:
    """Print the figures for a person."""
    contest, found, console = measured.contest, document(measured), Console()
    table = Table(title=f"The handbook's twelve features, {contest.rows:,} rows, {measured.source}")
    for name in ("engine", "seconds", "rows a second", "times ours", "rows tied"):
        table.add_column(name, justify="left" if name == "engine" else "right")
    for name, seconds in found["seconds"].items():
        table.add_row(
            name,
            f"{seconds:.2f}",
            f"{contest.rows / seconds:,.0f}",
            f"{contest.ratio(name):.2f}",
            f"{contest.tied[name]:,}",
        )
    console.print(table)
    console.print("All values are equal, bit for bit, outside tied rows.", highlight=False)
    table = Table("what", title="The whole catalogue of payments")
    table.add_column("figure", justify="right")
    table.add_row("batch, one core", f"{found['rows_per_second']:,.0f} payments a second")
    table.add_row(
        f"batch, {found['cores']} cores",
        f"{found['rows_per_second_all_cores']:,.0f} payments a second",
    )
    table.add_row(
        "one core, every field filled",
        f"{found['rows_per_second_every_field']:,.0f} payments a second",
    )
    table.add_row("online, median", f"{found['online_median_us']:,.0f} µs an event")
    table.add_row("online, 99 %", f"{found['online_p99_us']:,.0f} µs an event")
    table.add_row("memory", f"{found['bytes_per_entity']:,.0f} bytes an entity")
    table.add_row("memory", f"{found['bytes_per_event']:,.0f} bytes an event")
    for point in measured.curve:
        table.add_row(f"curve, {point.events:,} events", f"{point.microseconds:.2f} µs an event")
    console.print(table)


def draw(measured: Measured, path: Path) -> None:
    """Draw cost per event against the number of events."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.add_subplot()
    events = [point.events for point in measured.curve]
    axes.plot(events, [point.microseconds for point in measured.curve], marker="o")
    axes.set(xscale="log", ylim=(0, None), xlabel="events", ylabel="microseconds an event")
    axes.set_title(f"The whole catalogue of payments, {measured.all_cores.threads} cores")
    axes.grid(alpha=0.3)
    figure.savefig(path)


def _others(contest: Contest) -> list[str]:
    return [name for name in contest.seconds if name != "crossflag"]


def _rate(point: Point) -> float:
    return point.events / point.seconds
