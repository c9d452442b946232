"""Recall of each simulated crime on held-back days, against what really happened.

Both models are trained as a recipe says and judged at their review thresholds on its test slice.
The truth comes from the simulator, so that crimes nobody ever reported count as well. The sample
is small: of the rarer crimes hardly an incident falls on its held-back days, so a larger world of
the same simulator is made for the figures.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from features.events import STREAMS
from training.coverage.matrix import HERE
from training.errors import MissingInput
from training.metrics import Found

if TYPE_CHECKING:
    from training.data import Inputs
    from training.progress import Teller
    from training.recipe import Recipe

FIGURES = HERE / "measured.json"


@dataclass(frozen=True)
class Caught:
    """One scenario: its incidents on the held-back days, and what each stream's model flags.

    An incident is found when either model flags one of its events. `streams` hold only those in
    which the scenario left an event.
    """

    incidents: int
    found_incidents: int
    streams: dict[str, Found]


@dataclass(frozen=True)
class Measured:
    """The figures of all scenarios, and what they were measured on."""

    sample_hash: str
    """Hash of the recipe's own files: it changes whenever the simulator does."""
    payments: int
    access_events: int
    feature_sets: dict[str, str]
    spans: dict[str, str]
    reviews_per_day: float
    scenarios: dict[str, Caught]

    def document(self) -> dict[str, Any]:
        """Return everything as JSON-able values."""
        return asdict(self)


@dataclass(frozen=True)
class Truth:
    """What really was criminal: typology and incident by stream and event."""

    typology: dict[tuple[str, str], str]
    incident: dict[tuple[str, str], str]


def measure(recipe: Recipe, customers: int | None, teller: Teller) -> Measured:
    """Train a model for each stream that the recipe has data of; return what they find.

    The truth lies beside the recipe's payments. With `customers`, a world of so many is simulated
    and takes the place of the recipe's files, with reviews in proportion. Raises MissingInput when
    there is no truth, and what training raises.
    """
    sample = sample_hash(recipe)
    with TemporaryDirectory() as folder:
        if customers is not None:
            with teller.stage("simulating"):
                recipe = larger(recipe, customers, Path(folder) / "world")
        return _measure(recipe, sample, Path(folder), teller)


def sample_hash(recipe: Recipe) -> str:
    """Return one hash over the bytes of the recipe's files."""
    from training import data

    files = {name: getattr(recipe.data, name) for name in ("payments", "access", "labels")}
    sources = tuple(
        data.Source(role, path, 0, 0, data.file_hash(data.present(role, path)))
        for role, path in files.items()
        if path
    )
    return data.Inputs(None, None, None, sources).data_hash


def larger(recipe: Recipe, customers: int, folder: Path) -> Recipe:
    """Simulate a world into `folder`; return the recipe with its files, and reviews to match."""
    from training.recipe import Data
    from training.simulate.simulation import CUSTOMERS, run

    made = run(folder, customers=customers)
    files = {name: path for name, path in made.files.items() if name in Data.model_fields}
    capacity = recipe.review.reviews_per_day * customers / CUSTOMERS
    review = recipe.review.model_copy(update={"reviews_per_day": capacity})
    given = recipe.data.model_copy(update=files)
    return recipe.model_copy(update={"data": given, "review": review})


def _measure(recipe: Recipe, sample: str, folder: Path, teller: Teller) -> Measured:
    from training import backfill, data

    real = read_truth(recipe)
    backfill.build_folder(recipe, folder / "features", teller)
    with teller.stage("reading"):
        inputs = data.read(recipe.data, teller.say)
    found: dict[str, dict[str, Found]] = defaultdict(dict)
    incidents: dict[str, dict[str, bool]] = defaultdict(lambda: defaultdict(bool))
    sets, spans = dict[str, str](), dict[str, str]()
    given = {"payment": inputs.payments, "access": inputs.access}
    for stream in (stream for stream in STREAMS if given[stream] is not None):
        judged = _judge(recipe, stream, inputs, folder, real, teller)
        sets[stream], spans[stream] = judged.feature_set, judged.span
        for name, figures in judged.found.items():
            found[name][stream] = figures
        for typology, incident, flagged in judged.events:
            incidents[typology][incident] |= flagged
    scenarios = {
        name: Caught(len(incidents[name]), sum(incidents[name].values()), found[name])
        for name in sorted(found)
    }
    return Measured(
        sample_hash=sample,
        payments=len(inputs.payments or ()),
        access_events=len(inputs.access or ()),
        feature_sets=sets,
        spans=spans,
        reviews_per_day=recipe.review.reviews_per_day,
        scenarios=scenarios,
    )


def write(measured: Measured, path: Path = FIGURES) -> None:
    """Write the figures as JSON."""
    path.write_text(json.dumps(measured.document(), indent=1, sort_keys=True) + "\n")


def read(path: Path = FIGURES) -> Measured:
    """Return the committed figures."""
    given = json.loads(path.read_bytes())
    scenarios = {
        name: Caught(
            **{**one, "streams": {key: Found(**value) for key, value in one["streams"].items()}}
        )
        for name, one in given.pop("scenarios").items()
    }
    return Measured(**given, scenarios=scenarios)


@dataclass(frozen=True)
class _Judged:
    """One stream's model on the held-back days, with its criminal events one by one."""

    feature_set: str
    span: str
    found: dict[str, Found]
    events: list[tuple[str, str, bool]]


def _judge(
    recipe: Recipe, stream: str, inputs: Inputs, folder: Path, real: Truth, teller: Teller
) -> _Judged:
    """Train on the features in `folder`, and compare with the truth on the test slice."""
    from features.catalog import CATALOGUES
    from features.reference import Reference
    from models.bundle import Bundle
    from models.runtime import Scorer
    from training import adapt, metrics, pipeline, prepare, splits

    recipe, _ = adapt.settle(recipe, stream, inputs)
    plain, kept = recipe.model_copy(update={"baselines": False}), folder / "features"
    catalogue, home = CATALOGUES[stream], folder / "home"
    made = pipeline.train(plain, stream, home, teller=teller, inputs=inputs, kept=kept, log=False)
    scorer = Scorer(Bundle.load(made.bundle, catalogue), catalogue)
    given = recipe.data
    reference = Reference(given.ip_overlay, given.geolocation, given.reference_data)
    with teller.stage("comparing with the truth") as advance:
        line = prepare.timeline(recipe, stream, inputs, reference, advance, kept)
        split = splits.of(recipe, line.events.integers("time"), line.known_by)
        rows = np.flatnonzero(line.inside(split.test))
        keys = [(stream, name) for name in line.events.take(rows).column("event_id").to_pylist()]
        features = line.rows(rows, np.arange(len(catalogue.names)))
        probability = scorer.score(features).probability
        flagged = probability >= scorer.bundle.thresholds.review
        typology = [real.typology.get(key, "") for key in keys]
        criminal = np.array([bool(name) for name in typology])
        outcomes = metrics.Outcomes(criminal, line.subject[rows], line.day[rows])
        events = [
            (typology[place], real.incident[keys[place]], bool(flagged[place]))
            for place in np.flatnonzero(criminal)
        ]
        found = metrics.recall_by_typology(outcomes, typology, flagged)
    return _Judged(made.feature_set, str(split.test), found, events)


def read_truth(recipe: Recipe) -> Truth:
    """Read the truth.parquet beside the recipe's payments; raises MissingInput without one."""
    import pyarrow.parquet as parquet

    path = (recipe.data.payments or Path()).with_name("truth.parquet")
    if not path.is_file():
        raise MissingInput(
            f"truth={str(path)!r}: no such file; recall of scenarios needs the truth.parquet that "
            f"crossflag simulate writes"
        )
    rows = parquet.read_table(path).to_pylist()
    keyed = {(row["stream"], row["event_id"]): row for row in rows}
    return Truth(
        {key: row["typology"] for key, row in keyed.items()},
        {key: row["incident_id"] for key, row in keyed.items()},
    )
