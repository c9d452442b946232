"""Fit the model on a Spark cluster, from a folder of features that the cluster built.

The folder's Parquet is read where it lies, so that the rows to learn from need not fit into this
process; it only says which events a slice holds and what they were. Calibration, thresholds and
judging happen here, on their slices. Up to a million rows go to one worker, which is what a single
process does. Several workers add and sample in another order: their model is as good within what
another seed would change, and not the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from training import fit, prepare
from training.data import MICROSECONDS_PER_DAY
from training.errors import BadRecipe
from training.recipe import Recipe

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Booster = Callable[[str, int], Any]
_PARTITIONS = 16
# Fewer rows are no work for several workers, and one gives what a single process gives.
ROWS_PER_WORKER = 1_000_000
# XGBoost's own names against those of its scikit-learn interface, which Spark takes.
_NAMES = {"seed": "random_state"}
_OURS = ("objective", "nthread", "verbosity")


@contextmanager
def cluster(
    recipe: Recipe, prepared: prepare.Prepared, line: prepare.Timeline, folder: Path, master: str
) -> Iterator[Booster]:
    """Give a function that fits on a slice: "rehearsal", stopped by calibration, or "train".

    It takes the slice's name and the most trees. `folder` is one of `crossflag features build`,
    which every worker must see. Raises BadRecipe for raw columns, which the folder does not hold,
    and NoCluster when Spark is out of reach or a worker fails.
    """
    from features.spark.session import session

    if len(prepared.raw):
        raise BadRecipe(
            "--engine spark: the events carry columns of their own, which a folder of features "
            "does not hold; train with --engine local, or leave the columns out of the mapping"
        )
    with session(master, _PARTITIONS) as spark:
        yield lambda name, trees: _boost(spark, recipe, prepared, line, folder, name, trees)


def _boost(
    spark: SparkSession,
    recipe: Recipe,
    prepared: prepare.Prepared,
    line: prepare.Timeline,
    folder: Path,
    name: str,
    trees: int,
) -> Any:
    from xgboost.spark import SparkXGBClassifier

    learnt: prepare.Slice = getattr(prepared, name)
    later = prepared.calibration if name == "rehearsal" else None
    settings = fit.parameters(recipe, prepared.names, learnt.rows.target)
    given = {_NAMES.get(key, key): value for key, value in settings.items() if key not in _OURS}
    if later is not None:
        given["early_stopping_rounds"] = recipe.boosting.early_stopping_rounds
        given["validation_indicator_col"] = "held_back"
    # Beside the folder, which holds features alone and is seen by every worker.
    with tempfile.TemporaryDirectory(prefix=".chosen-", dir=folder.resolve().parent) as room:
        path = Path(room) / "chosen.parquet"
        rows = _rows(spark, line, folder, prepared.names, learnt, later, path)
        model = SparkXGBClassifier(
            features_col="features",
            label_col="target",
            n_estimators=trees,
            num_workers=rows.rdd.getNumPartitions(),
            **given,
        ).fit(rows)
    booster = model.get_booster()
    if later is not None:
        booster = booster[: booster.best_iteration + 1]
        booster.set_attr(best_iteration=None, best_score=None)
    booster.feature_names = prepared.names
    return booster


def _rows(
    spark: SparkSession,
    line: prepare.Timeline,
    folder: Path,
    names: list[str],
    learnt: prepare.Slice,
    later: prepare.Slice | None,
    path: Path,
) -> DataFrame:
    """Return the slices' events with target and features, read from the folder by the workers.

    `path` is where the events and what they were are written for the workers.
    """
    from pyspark.sql import functions as f

    from features.folder import day_room

    slices = [learnt] if later is None else [learnt, later]
    events = line.events.take(np.concatenate([one.places for one in slices]))
    chosen = pa.table(
        {
            "event_id": events.column("event_id"),
            "place": np.arange(len(events)),
            "target": np.concatenate([one.rows.target for one in slices]).astype(np.float64),
            "held_back": np.repeat([False, True][: len(slices)], [len(s.places) for s in slices]),
        }
    )
    pq.write_table(chosen, path)
    days = np.unique(events.integers("time") // MICROSECONDS_PER_DAY).tolist()
    # Not `as_uri`, which writes the "=" of a partition as %3D.
    rooms = [f"file://{day_room(folder.resolve(), line.events.stream, day)}" for day in days]
    # One array: XGBoost 3.2 stumbles over a batch of rows that are all learnt from, or all held
    # back, when features are columns.
    features = spark.read.parquet(*rooms).select("event_id", f.array(*names).alias("features"))
    found = features.join(spark.read.parquet(path.as_uri()), "event_id")
    workers = min(-(-len(events) // ROWS_PER_WORKER), spark.sparkContext.defaultParallelism)
    # Which rows a tree samples goes by their order.
    return found.repartition(workers, "place").sortWithinPartitions("place")
