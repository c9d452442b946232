"""`crossflag bench training`: a whole training run against what cannot be left out of one.

The least that a model costs is building its features and fitting XGBoost once, with the number of
trees already known. Nobody knows it: the least that finds it is a fit that later days stop, then
one of as many trees on everything. The run does that, and calibrates, fits novelty, judges, and
writes and reports the model. Both ratios are of wall time, in one process on the recipe's threads,
baselines and MLflow left out; the run has its two fits grow side by side where there are two
processors. Processor time stands beside, for a machine with other work. Reading the files is in
neither.
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
    searched_fit: float
    run: float
    run_processor: float
    least_processor: float
    stages: dict[str, float]
    peak_megabytes: float

    @property
    def ratio(self) -> float:
        """The run against the feature build and the bare fit."""
        return self.run / (self.build + self.bare_fit)

    @property
    def searched_ratio(self) -> float:
        """The run against the feature build and bare fits that find the number of trees."""
        return self.run / (self.build + self.searched_fit)

    @property
    def processor_ratio(self) -> float:
        """Processor time of the run against that of the feature build and the bare fit."""
        return self.run_processor / self.least_processor

    def document(self) -> dict[str, Any]:
        """Return the figures as JSON-able values."""
        ratios = ("ratio", "searched_ratio", "processor_ratio")
        return {**asdict(self), **{name: getattr(self, name) for name in ratios}, "mark": MARK}


def measure(recipe: Recipe, stream: str, teller: Teller) -> Measured:
    """Measure one stream's training; raises what reading and training raise."""
    recipe = recipe.model_copy(update={"baselines": False})
    catalogue = CATALOGUES[stream]
    with teller.stage("reading"):
        start = time.perf_counter()
        inputs = data.read(recipe.data, teller.say)
        read = time.perf_counter() - start
    settled, _ = adapt.settle(recipe, stream, inputs)
    # Libraries and compiled code are loaded once a process, whichever of the two comes first.
    with teller.stage("warming up"):
        _warm(settled, stream, inputs)
    with teller.stage("the whole run"), tempfile.TemporaryDirectory() as home:
        own = Teller(quiet=True)
        with _Clock() as run:
            result = pipeline.train(
                recipe, stream, Path(home), teller=own, inputs=inputs, log=False
            )
    with teller.stage("building features") as advance, _Clock() as build:
        line = prepare.timeline(settled, stream, inputs, _reference(settled), advance)
    prepared = prepare.prepare(settled, catalogue, line)
    names, train = prepared.names, prepared.train.rows
    with teller.stage("bare fit"), _Clock() as bare:
        fit.boost(settled, names, train, None, result.trees)
    with teller.stage("bare fit that finds its trees"), _Clock() as rehearsal:
        most = settled.boosting.n_estimators
        fit.boost(settled, names, prepared.rehearsal.rows, prepared.calibration.rows, most)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(
        stream,
        len(line.events),
        len(prepared.names),
        result.trees,
        round(read, 3),
        build=round(build.wall, 3),
        bare_fit=round(bare.wall, 3),
        searched_fit=round(bare.wall + rehearsal.wall, 3),
        run=round(run.wall, 3),
        run_processor=round(run.processor, 3),
        least_processor=round(build.processor + bare.processor, 3),
        stages=own.seconds,
        peak_megabytes=round(peak, 1),
    )


class _Clock:
    """Seconds of wall and of processor time between entering and leaving."""

    wall: float
    processor: float

    def __enter__(self) -> _Clock:
        self.wall, self.processor = -time.perf_counter(), -time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter()
        self.processor += time.process_time()


def _reference(recipe: Recipe) -> Reference:
    given = recipe.data
    return Reference(given.ip_overlay, given.geolocation, given.reference_data)


def _warm(recipe: Recipe, stream: str, inputs: data.Inputs) -> None:
    import xgboost

    from features.batch import build

    few = {
        name: None if table is None else table.take(np.arange(min(len(table), 500)))
        for name, table in (("payments", inputs.payments), ("access", inputs.access))
    }
    build(few["payments"], few["access"], inputs.labels, _reference(recipe), wanted=(stream,))
    xgboost.DMatrix(np.zeros((1, 1), dtype=np.float32))


def show(measured: Measured) -> None:
    """Print the figures for a person."""
    table = Table(
        title=f"{measured.stream}: {measured.events:,} events, {measured.features} features, "
        f"{measured.trees} trees",
        caption=f"{measured.ratio:.2f} times the least (mark {MARK}), "
        f"{measured.searched_ratio:.2f} times the least that finds the number of trees; processor "
        f"time {measured.processor_ratio:.2f} times the least; at most "
        f"{measured.peak_megabytes:,.0f} MB. Reading the files took {measured.read:.1f} s more.",
    )
    table.add_column("what")
    table.add_column("seconds", justify="right")
    table.add_row("feature build", f"{measured.build:.2f}")
    table.add_row("bare fit of as many trees", f"{measured.bare_fit:.2f}")
    table.add_row("the least", f"{measured.build + measured.bare_fit:.2f}")
    searched = measured.build + measured.searched_fit
    table.add_row("the least that finds the number of trees", f"{searched:.2f}", end_section=True)
    for name, seconds in measured.stages.items():
        table.add_row(f"  {name}", f"{seconds:.2f}")
    table.add_row("the whole run", f"{measured.run:.2f}")
    Console().print(table)
