"""Simulate a world and write it: the one function behind `crossflag simulate`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from training.simulate import export, networks
from training.simulate.calendars import DAY
from training.simulate.crimes import CRIMES
from training.simulate.labels import judge
from training.simulate.world import simulate

SEED = 7
CUSTOMERS = 1_210
DAYS = 120
START = date(2026, 3, 3)
LABEL_DAYS = 60


@dataclass(frozen=True, slots=True)
class Simulation:
    """What was written: counts, shares of crime and the files."""

    payments: int
    access_events: int
    labels: int
    fraudulent_payments: int
    criminal_access_events: int
    typologies: dict[str, dict[str, int]]
    files: dict[str, Path]


def run(
    out: Path,
    seed: int = SEED,
    customers: int = CUSTOMERS,
    days: int = DAYS,
    start: date = START,
    crimes: Sequence[str] | None = None,
    truth: bool = True,
    progress: Callable[[str, int, int], None] | None = None,
) -> Simulation:
    """Simulate a world and write its files into the folder `out`.

    `start` is the first day; labels are those known up to 60 days after the last. `crimes` names
    the typologies committed, all when None. With `truth`, truth.parquet says what really happened.
    """
    committed = sorted(CRIMES) if crimes is None else list(crimes)
    world = simulate(seed, customers, start, days, committed, progress)
    if progress:
        progress("labels and files", 0, 1)
    verdicts = judge(seed, world.transfers, world.accesses, world.span.end + LABEL_DAYS * DAY)
    out.mkdir(parents=True, exist_ok=True)
    tables = {
        "payments": export.payments_table(world),
        "access": export.access_table(world),
        "labels": export.labels_table(verdicts),
    }
    if truth:
        tables["truth"] = export.truth_table(world)
    files = {name: out / f"{name}.parquet" for name in tables}
    for name, content in tables.items():
        export.write_parquet(content, files[name])
    files["ip_overlay"] = out / "ip_overlay.csv"
    export.write_overlay(networks.overlay(world.population.offices), files["ip_overlay"])
    payments = Counter(item.mark.typology for item in world.transfers if item.mark)
    accesses = Counter(item.mark.typology for item in world.accesses if item.mark)
    return Simulation(
        len(world.transfers),
        len(world.accesses),
        len(verdicts),
        payments.total(),
        accesses.total(),
        {name: {"payments": payments[name], "access_events": accesses[name]} for name in committed},
        files,
    )
