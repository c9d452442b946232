"""What the defaults make of strangers' tables, beside XGBoost tuned by hand on the same columns.

Each table of `bench.strangers` is inspected, mapped and trained on as a newcomer would, nothing
chosen by hand. The rival learns from the raw columns of the same rows (numbers as they are,
categories natively, amount and hour), its depth, leaf size and number of trees chosen on the
calibration slice by average precision, and is judged on the same test rows.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.strangers import SETS
from training import adapt, data, pipeline, prepare, splits
from training.errors import BadRecipe
from training.inspect import Inspection, inspect_file
from training.inspect.toml import as_toml
from training.progress import Teller
from training.recipe import Recipe, load

_DEPTHS, _LEAVES = (4, 6, 8), (1.0, 10.0)


@dataclass(frozen=True)
class Compared:
    """One table: average precision and AUC of both, on how many rows, and seconds of the run."""

    table: str
    rows: int
    frauds_in_test: int
    average_precision: float
    rival_average_precision: float
    roc_auc: float
    rival_roc_auc: float
    inspect_seconds: float
    train_seconds: float


def compare(name: str, folder: Path, rows: int | None = None, seed: int = 1) -> Compared:
    """Train on one of the made-up tables by default and by hand, and return both figures."""
    table = SETS[name](rows, seed) if rows else SETS[name](seed=seed)
    path, mapping = folder / f"{name}.csv", folder / f"{name}.toml"
    table.to_csv(path, index=False)
    start = time.perf_counter()
    found = inspect_file(path)
    looked = time.perf_counter() - start
    mapping.write_text(as_toml(found))
    recipe = _recipe(found, path, mapping)
    quiet = Teller(quiet=True)
    start = time.perf_counter()
    inputs = data.read(recipe.data, quiet.say)
    made = pipeline.train(
        recipe, found.stream, folder / "home", inputs=inputs, log=False, teller=quiet
    )
    trained = time.perf_counter() - start
    rival, area = _rival(recipe, found, inputs, table, seed)
    return Compared(
        name,
        len(table),
        made.counts["test"].frauds,
        made.metrics["average_precision"],
        rival,
        made.metrics["roc_auc"],
        area,
        round(looked, 1),
        round(trained, 1),
    )


def document(rows: int | None = None, only: str | None = None) -> list[dict[str, Any]]:
    """Return the comparison of every table, as JSON-able values."""
    with tempfile.TemporaryDirectory() as folder:
        if only is not None and only not in SETS:
            raise BadRecipe(f"--table {only!r}: use one of {', '.join(SETS)}")
        names = [only] if only else list(SETS)
        return [asdict(compare(name, Path(folder), rows)) for name in names]


def show(found: list[dict[str, Any]]) -> None:
    """Print the comparison as a table."""
    from rich.console import Console
    from rich.table import Table

    shown = Table("table", "rows", "frauds in test", "AP", "rival", "AUC", "rival", "seconds")
    for one in found:
        shown.add_row(
            one["table"],
            f"{one['rows']:,}",
            f"{one['frauds_in_test']:,}",
            *(
                f"{one[key]:.3f}"
                for key in (
                    "average_precision",
                    "rival_average_precision",
                    "roc_auc",
                    "rival_roc_auc",
                )
            ),
            f"{one['train_seconds']:.0f}",
        )
    Console().print(shown)


def _recipe(found: Inspection, path: Path, mapping: Path) -> Recipe:
    given = load("default").model_dump()
    files = dict.fromkeys(("payments", "access", "labels", "statuses", "ip_overlay"))
    role = {"payment": "payments", "access": "access"}[found.stream]
    given["data"] |= {**files, role: path, "mapping": mapping}
    given["baselines"] = False
    return Recipe.model_validate(given)


def _rival(
    recipe: Recipe, found: Inspection, inputs: data.Inputs, table: pd.DataFrame, seed: int
) -> tuple[float, float]:
    """Return average precision and AUC of XGBoost tuned on the raw columns of the same slices."""
    import xgboost
    from sklearn.metrics import average_precision_score, roc_auc_score

    recipe, _ = adapt.settle(recipe, found.stream, inputs)
    events = inputs.events(found.stream)
    moment = events.integers("time")
    split = splits.of(recipe, moment, prepare.known_by(events, inputs.labels))
    tick = splits.ticks(moment, recipe)
    columns = _raw_columns(found, table, moment)
    label = found.mapping["labels"]["is_fraud"]
    target = table[label].astype(int).to_numpy()
    inside = {
        part: np.flatnonzero(getattr(split, part).covers(tick))
        for part in ("rehearsal", "calibration", "train", "test")
    }
    # A rival that a person tunes would not leave out the first days for want of history.
    for part, end in (("rehearsal", split.rehearsal), ("train", split.train)):
        inside[part] = np.flatnonzero(tick < end.end)

    def matrix(part: str) -> xgboost.DMatrix:
        rows = inside[part]
        return xgboost.DMatrix(
            columns.iloc[rows], label=target[rows], enable_categorical=True, nthread=1
        )

    early, later = matrix("rehearsal"), matrix("calibration")
    tried = []
    for depth, leaf in itertools.product(_DEPTHS, _LEAVES):
        settings = {
            "objective": "binary:logistic",
            "eval_metric": "aucpr",
            "max_depth": depth,
            "min_child_weight": leaf,
            "eta": 0.05,
            "subsample": 0.8,
            "colsample_bytree": 0.6,
            "tree_method": "hist",
            "base_score": 0.5,
            "seed": seed,
            "nthread": 1,
        }
        booster = xgboost.train(
            settings,
            early,
            800,
            evals=[(later, "later")],
            early_stopping_rounds=50,
            verbose_eval=False,
        )
        tried.append((booster.best_score, booster.best_iteration + 1, settings))
    _, trees, settings = max(tried, key=lambda one: one[0])
    booster = xgboost.train(settings, matrix("train"), trees)
    score = booster.predict(matrix("test"))
    judged = target[inside["test"]]
    return float(average_precision_score(judged, score)), float(roc_auc_score(judged, score))


def _raw_columns(found: Inspection, table: pd.DataFrame, moment: Any) -> pd.DataFrame:
    names = [*found.numeric, *found.categorical]
    columns = table[names].copy()
    for name in found.categorical:
        columns[name] = columns[name].astype(str).astype("category")
    if "amount" in found.mapping.get("columns", {}):
        columns["amount"] = table[found.mapping["columns"]["amount"]]
    if found.timed:
        columns["hour"] = moment // 3_600_000_000 % 24
        columns["weekday"] = moment // 86_400_000_000 % 7
    for name in found.since:
        then = pd.to_datetime(table[name]).astype("datetime64[us]").astype("int64").to_numpy()
        columns[f"since {name}"] = (moment - then) / 1e6
    return columns
