"""Build the features of a whole data set into a folder, and take them from it again to train.

What is taken is refused unless this program computed it, with this reference data, from these very
files and days: so a model trained from a folder is the model trained without one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training import data, splits
from training.data import MICROSECONDS_PER_DAY
from training.errors import BadRecipe, MissingInput
from training.fit import Floats
from training.recipe import Recipe

if TYPE_CHECKING:
    from features.folder import Origin
    from features.reference import Reference
    from features.table import EventTable
    from training.progress import Teller

ENGINES = ("local", "spark")


@dataclass(frozen=True)
class Backfilled:
    """What was written: rows and days by stream, and features whose inputs are wholly absent."""

    out: Path
    engine: str
    rows: dict[str, int]
    days: dict[str, int]
    absent: dict[str, list[str]]
    program: str
    seconds: dict[str, float]

    def document(self) -> dict[str, Any]:
        """Return everything as JSON-able values."""
        return {**asdict(self), "out": str(self.out)}


def build_folder(
    recipe: Recipe, out: Path, teller: Teller, engine: str = "local", master: str = "local[*]"
) -> Backfilled:
    """Write the features of every event of the recipe's data to the folder `out`.

    `engine` is local or spark, and `master` names the Spark cluster. Raises MissingInput without
    events, BadFeatureFolder for an `out` of another program, NoCluster when Spark is out of reach.
    """
    from features import batch, days, folder
    from features.reference import Reference

    _check(engine, master)
    with teller.stage("reading"):
        inputs = data.read(recipe.data, teller.say)
    start, end = splits.bounds(recipe)
    payments = data.cut(inputs.payments, start, end)
    access = data.cut(inputs.access, start, end)
    tables = [table for table in (payments, access) if table is not None and len(table)]
    if not tables:
        raise MissingInput("no events: give a file of them (--payments, --access or both)")
    reference = Reference(
        recipe.data.ip_overlay, recipe.data.geolocation, recipe.data.reference_data
    )
    origin = origin_of(recipe, inputs, reference)
    folder.refuse_other(out, origin)
    if engine == "spark":
        from features.spark import job

        absent = job.build_folder(
            payments,
            access,
            inputs.labels,
            inputs.statuses,
            reference,
            origin,
            out,
            master,
            teller.stage,
        )
    else:
        with teller.stage("building features") as advance:
            built = batch.build(
                payments,
                access,
                inputs.labels,
                reference,
                progress=advance,
                statuses=inputs.statuses,
            )
        absent = {table.stream: built.absent[table.stream] for table in tables}
        with folder.writing(out, folder.describing(origin, tables, absent)) as fresh:
            for table in tables:
                with teller.stage(f"writing {table.stream}") as advance:
                    schema = origin.schema(table.stream)
                    days.write_days(fresh, schema, table, built.features[table.stream], advance)
    return Backfilled(
        out=out,
        engine=engine,
        rows={table.stream: len(table) for table in tables},
        days={
            table.stream: len(np.unique(table.integers("time") // MICROSECONDS_PER_DAY))
            for table in tables
        },
        absent=absent,
        program=origin.program,
        seconds=dict(teller.seconds),
    )


@contextmanager
def built_for(
    engine: str, master: str, recipe: Recipe, home: Path, kept: Path | None, teller: Teller
) -> Iterator[Path | None]:
    """Give the folder of features to train from: `kept`, or with Spark one that it builds.

    The latter lies in `home` for as long as it is needed. Raises what `build_folder` raises.
    """
    _check(engine, master)
    if engine == "local" or kept is not None:
        yield kept
        return
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".features-", dir=home) as room:
        build_folder(recipe, Path(room) / "features", teller, engine, master)
        yield Path(room) / "features"


def _check(engine: str, master: str) -> None:
    if engine not in ENGINES:
        raise BadRecipe(f"--engine {engine!r}: use one of {', '.join(ENGINES)}")
    if engine == "spark":
        # Its absence should be known before an hour of reading.
        from features.spark import session

        session.check(master)


def origin_of(recipe: Recipe, inputs: data.Inputs, reference: Reference) -> Origin:
    """Return what the features of these inputs are computed from."""
    from features.catalog import PROGRAM
    from features.folder import Origin

    hashes = {source.role: source.sha256 for source in inputs.sources}
    if recipe.data.mapping is not None:
        hashes["mapping"] = data.file_hash(recipe.data.mapping)
    return Origin.of(PROGRAM, reference.version, hashes, *splits.bounds(recipe))


@dataclass(frozen=True)
class Taken:
    """Features from a folder: `places` says which row is each event's, -1 for one not read."""

    features: Floats
    places: data.Integers
    absent: list[str]


def take(kept: Path, origin: Origin, events: EventTable, needed: splits.Mask) -> Taken:
    """Return the features of the needed events, from the days that hold them and no others.

    Raises BadFeatureFolder when the folder is of another program, other data, or incomplete.
    """
    from features.days import in_days
    from features.errors import BadFeatureFolder
    from features.folder import describe, read_days

    description = describe(kept)
    difference = origin.difference(description.origin)
    if difference is not None:
        raise BadFeatureFolder(
            f"{kept} does not hold the features of these events: {difference}; build it again with "
            f"`crossflag features build`, or train without --features"
        )
    order, day = in_days(events)
    wanted = np.unique(day[needed[order]])
    rows = order[np.isin(day, wanted)]
    found = read_days(kept, events.stream, wanted.tolist())
    names = events.column("event_id").combine_chunks().take(rows)
    if not found.column("event_id").combine_chunks().equals(names):
        raise BadFeatureFolder(
            f"{kept}: its files hold other events than it says; build the folder again"
        )
    features = np.empty((len(rows), found.num_columns - 3), np.float64)
    for place, column in enumerate(found.columns[3:]):
        features[:, place] = column.to_numpy()
    places = np.full(len(events), -1, np.int64)
    places[rows] = np.arange(len(rows))
    return Taken(features, places, description.absent[events.stream])
