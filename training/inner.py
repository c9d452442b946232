"""Folds within the training span: what a search, an ablation or a learning curve is judged on.

The test slice takes no part, so that whatever is chosen here can still be judged there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training import boosted, metrics, prepare, splits
from training.fit import Floats, Rows
from training.metrics.areas import AVERAGE_PRECISION, Ranked
from training.recipe import Recipe

if TYPE_CHECKING:
    from features.definitions import Catalogue


@dataclass(frozen=True)
class Inner:
    """A slice to learn from and the slice, after the gap, that says how well."""

    split: splits.Split
    catalogue: Catalogue
    names: list[str]
    train: Rows
    later: prepare.Slice


def folds(recipe: Recipe, catalogue: Catalogue, line: prepare.Timeline, count: int) -> list[Inner]:
    """Return up to `count` folds, oldest first; the last is the recipe's own rehearsal.

    Raises NotEnoughData when one holds no fraud, and BadRecipe for a constraint on no feature.
    """
    whole = splits.of(recipe, line.events.integers("time"), line.known_by)
    found = []
    for split in splits.inner(recipe, whole, count):
        usable = prepare.usable_of(recipe, catalogue, line, split)
        boosted.check_monotone(recipe, usable.names)
        train, later = (
            prepare.slice_of(usable.line, recipe, split, name, usable.columns)
            for name in ("rehearsal", "calibration")
        )
        found.append(Inner(split, usable.catalogue, usable.names, train.rows, later))
    return found


def precision_draws(outcomes: metrics.Outcomes, score: Floats, seed: int) -> Floats:
    """Return the average precision, then that of each redrawing of the subjects.

    One seed gives the same redrawings for every score of the same events, so that differences
    are paired.
    """
    ranked = Ranked.of(outcomes.target, score)

    def precision(weight: Floats) -> Floats:
        return np.asarray(ranked.areas(weight)[0, AVERAGE_PRECISION])

    drawn = metrics.Resampling(outcomes, seed).over(precision)
    return np.concatenate([[precision(outcomes.weights)], drawn])
