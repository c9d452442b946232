"""One model after another through time: the same recipe, each fold judged on days it has not seen.

The features of every event are built once; a fold only chooses rows. `training.backtest` and
`crossflag bench quality` run over folds, a search looks at them (`training.tune`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from training import boosted, fit, metrics, prepare
from training.metrics import Floats, Outcomes
from training.recipe import Recipe, Weeks

if TYPE_CHECKING:
    from features.definitions import Catalogue

OWN = "xgboost"


@dataclass(frozen=True)
class Fold:
    """What one fold gave: its slices, its number of trees, and each model's figures."""

    train: prepare.Counts
    test: prepare.Counts
    trees: int
    figures: dict[str, dict[str, float]]
    """By model, ours under `xgboost`, those of `metrics.ranking`."""
    outcomes: Outcomes = field(repr=False)
    scores: dict[str, Floats] = field(repr=False)


def shifted(recipe: Recipe, days: int) -> Recipe:
    """Return a recipe of the handbook's protocol with its split moved by so many days."""
    plan = recipe.split
    if not isinstance(plan, Weeks):
        raise TypeError("only the split of protocol 'weeks' is bound to a date")
    moved = plan.model_copy(update={"train_from": plan.train_from + timedelta(days=days)})
    return recipe.model_copy(update={"split": moved})


def run(recipe: Recipe, stream: str, prepared: prepare.Prepared) -> Fold:
    """Fit the recipe's model, and its baselines if it asks for them, and judge them."""
    made = boosted.boosted(recipe, prepared, prepared.train.rows)
    test = prepared.test
    scores = {OWN: fit.margins(made.model, test.rows.features, prepared.names)}
    if recipe.baselines:
        scores |= fit.baseline_scores(recipe, prepared.train.rows, test.rows.features)
    capacity = recipe.review.reviews_per_day
    figures = {
        name: metrics.ranking(test.outcomes, score, stream, capacity)
        for name, score in scores.items()
    }
    counts = prepared.counts
    return Fold(counts["train"], counts["test"], made.trees, figures, test.outcomes, scores)


def run_all(
    recipes: list[Recipe],
    stream: str,
    catalogue: Catalogue,
    line: prepare.Timeline,
    advance: Callable[[int, int], None],
) -> Iterator[Fold]:
    """Run one recipe after another over the same events, and tell of progress."""
    for done, recipe in enumerate(recipes):
        advance(done, len(recipes))
        yield run(recipe, stream, prepare.prepare(recipe, catalogue, line))
    advance(len(recipes), len(recipes))


def mean(folds: list[Fold], model: str = OWN) -> dict[str, float]:
    """Return the mean over folds of each of a model's figures."""
    return {
        key: float(np.mean([fold.figures[model][key] for fold in folds]))
        for key in folds[0].figures[model]
    }
