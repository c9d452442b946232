"""The boosted model of a run: a rehearsal that says how many trees, then the model itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from training import fit, prepare, side_by_side, thinning
from training.errors import BadRecipe
from training.recipe import Recipe
from training.spark_fit import Booster


@dataclass(frozen=True)
class Boosted:
    """The rehearsal, which never saw the calibration slice, and the model, of as many trees."""

    rehearsed: Any
    model: Any
    trees: int


def boosted(
    recipe: Recipe,
    prepared: prepare.Prepared,
    learnt: fit.Rows,
    thin: prepare.Timeline | None = None,
    cluster: Booster | None = None,
) -> Boosted:
    """Rehearse on the calibration slice, then fit on `learnt`: everything up to the gap.

    `thin` are the same events as a plain log tells them; see `training.thinning`. `cluster` fits
    elsewhere, on the slice of a name (see `training.spark_fit`), and knows no thin events.
    """
    names, limit = prepared.names, recipe.boosting.n_estimators
    check_monotone(recipe, names)
    if cluster is not None:
        rehearsed = cluster("rehearsal", limit)
        trees = int(rehearsed.num_boosted_rounds())
        return Boosted(rehearsed, cluster("train", trees), trees)
    rehearsal = learnt_from(recipe, prepared, "rehearsal", thin)
    rehearsed, model = side_by_side.boost(
        recipe, names, rehearsal, prepared.calibration.rows, learnt
    )
    return Boosted(rehearsed, model, int(rehearsed.num_boosted_rounds()))


def check_monotone(recipe: Recipe, names: list[str]) -> None:
    """Raise BadRecipe for a constraint on a feature that nothing here has.

    A recipe may serve both streams, and data without the feature's inputs: that is no mistake.
    """
    from features.catalog import CATALOGUES

    known = set(names).union(*(catalogue.names for catalogue in CATALOGUES.values()))
    for name in recipe.boosting.monotone:
        if name not in known:
            raise BadRecipe(
                f"boosting.monotone.{name}: no such feature; `crossflag features` lists them"
            )


def learnt_from(
    recipe: Recipe, prepared: prepare.Prepared, name: str, thin: prepare.Timeline | None
) -> fit.Rows:
    """Return the rows of a slice to learn from, a share of their thin copies behind them."""
    rows: fit.Rows = getattr(prepared, name).rows
    if thin is None:
        return rows
    again = prepare.slice_of(thin, recipe, prepared.split, name, prepared.columns)
    return thinning.joined(rows, again.rows, recipe.thin_share, recipe.seed)
