"""`crossflag bench training`: a whole training run against what cannot be left out of one.

The least that a model costs is building its features and fitting XGBoost once, with the number of
trees already known. The run also reads the files, rehearses (a second fit, on the earlier part,
which finds the number of trees and the calibration), fits novelty, judges, and writes and reports
the model. The ratio is of wall time, both in one process on the recipe's threads, baselines and
MLflow left out of both. Reading stands beside it, and in neither.
"""

from __future__ import annotations

import resource
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from features.catalog import CATALOGUES
from features.reference import Reference
from training import adapt, data, fit, pipeline, prepare
from training.progress import Teller
from training.recipe import Recipe

MARK = 1.3


@dataclass(frozen=True)
class Measured:
    """Seconds of the least and of the whole run, by stage, and memory at its highest."""

    stream: str
    events: int
    features: int
    trees: int
    read: float
    build: float
    bare_fit: float
    run: float
    stages: dict[str, float]
    peak_megabytes: float

    @property
    def ratio(self) -> float:
        """The run against the feature build and the bare fit."""
        return self.run / (self.build + self.bare_fit)

    def document(self) -> dict[str, Any]:
        """Return the figures as JSON-able values."""
        return {**asdict(self), "ratio": self.ratio, "mark": MARK}


def measure(recipe: Recipe, stream: str, teller: Teller) -> Measured:
    """Measure one stream's training; raises what reading and training raise."""
    recipe = recipe.model_copy(update={"baselines": False})
    catalogue = CATALOGUES[stream]
    with teller.stage("reading"):
        start = time.perf_counter()
        inputs = data.read(recipe.data, teller.say)
        read = time.perf_counter() - start
    settled, _ = adapt.settle(recipe, stream, inputs)
    given = settled.data
    reference = Reference(given.ip_overlay, given.geolocation, given.reference_data)
    # Compiled code is loaded once a process, whichever of the two comes first.
    with teller.stage("warming up"):
        _warm(settled, stream, inputs, reference)
    with teller.stage("the whole run"), tempfile.TemporaryDirectory() as home:
        own = Teller(quiet=True)
        start = time.perf_counter()
        result = pipeline.train(recipe, stream, Path(home), teller=own, inputs=inputs, log=False)
        run = time.perf_counter() - start
    with teller.stage("building features") as advance:
        start = time.perf_counter()
        line = prepare.timeline(settled, stream, inputs, reference, advance)
        build = time.perf_counter() - start
    prepared = prepare.prepare(settled, catalogue, line)
    with teller.stage("bare fit"):
        start = time.perf_counter()
        fit.boost(settled, prepared.names, prepared.train.rows, None, result.trees)
        bare = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(
        stream,
        len(line.events),
        len(prepared.names),
        result.trees,
        round(read, 3),
        round(build, 3),
        round(bare, 3),
        round(run, 3),
        own.seconds,
        round(peak, 1),
    )


def _warm(recipe: Recipe, stream: str, inputs: data.Inputs, reference: Reference) -> None:
    from features.batch import build

    few = {
        name: None if table is None else table.take(np.arange(min(len(table), 500)))
        for name, table in (("payments", inputs.payments), ("access", inputs.access))
    }
    build(few["payments"], few["access"], inputs.labels, reference, wanted=(stream,))


def show(measured: Measured) -> None:
    """Print the figures for a person."""
    table = Table(
        title=f"{measured.stream}: {measured.events:,} events, {measured.features} features, "
        f"{measured.trees} trees",
        caption=f"{measured.ratio:.2f} times the least (mark {MARK}); at most "
        f"{measured.peak_megabytes:,.0f} MB. Reading the files took {measured.read:.1f} s more.",
    )
    table.add_column("what")
    table.add_column("seconds", justify="right")
    table.add_row("feature build", f"{measured.build:.2f}")
    table.add_row("bare fit of as many trees", f"{measured.bare_fit:.2f}")
    table.add_row("the least", f"{measured.build + measured.bare_fit:.2f}", end_section=True)
    for name, seconds in measured.stages.items():
        table.add_row(f"  {name}", f"{seconds:.2f}")
    table.add_row("the whole run", f"{measured.run:.2f}")
    Console().print(table)
