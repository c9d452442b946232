"""`crossflag ablate`: what the model loses without a family of features.

Each family in turn is left out, and the model learns anew, on folds within the training span. The
difference has an interval over redrawn subjects, the same ones with and without the family.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from training import fit, inner, metrics, prepare
from training.recipe import Recipe

if TYPE_CHECKING:
    from features.definitions import Catalogue
    from training.progress import Advance


@dataclass(frozen=True)
class Without:
    """One family: how many features it has, and the model without them."""

    family: str
    features: int
    average_precision: float
    loss: metrics.Interval
    """What the whole catalogue has more; below zero the model is better without the family."""


@dataclass(frozen=True)
class Ablation:
    """The whole catalogue, and each family left out, the dearest first."""

    stream: str
    average_precision: metrics.Interval
    features: int
    folds: list[str]
    families: list[Without]

    def document(self) -> dict[str, Any]:
        """Return everything as JSON-able values."""
        return asdict(self)


def ablate(
    recipe: Recipe,
    stream: str,
    catalogue: Catalogue,
    line: prepare.Timeline,
    count: int,
    advance: Advance,
) -> Ablation:
    """Leave out each family that the data can serve, on `count` folds; raises NotEnoughData."""
    folds = inner.folds(recipe, catalogue, line, count)
    last = folds[-1]
    family_of = {item.name: item.family for item in last.catalogue.features}
    families = list(dict.fromkeys(family_of[name] for name in last.names))
    done, total = 0, (len(families) + 1) * len(folds)
    draws: dict[str | None, list[metrics.Floats]] = {family: [] for family in (None, *families)}
    for fold in folds:
        for family, found in draws.items():
            advance(done, total)
            kept = np.flatnonzero([family_of.get(name) != family for name in fold.names])
            found.append(_without(recipe, fold, kept))
            done += 1
    advance(total, total)
    whole = np.mean(draws.pop(None), axis=0)
    rows = []
    for family, found in draws.items():
        own = np.mean(found, axis=0)
        loss = metrics.interval(float(whole[0] - own[0]), whole[1:] - own[1:])
        size = sum(family_of[name] == family for name in last.names)
        rows.append(Without(str(family), size, float(own[0]), loss))
    rows.sort(key=lambda row: (-(row.loss.value or 0.0), row.family))
    reached = metrics.interval(float(whole[0]), whole[1:])
    spans = [str(fold.split.calibration) for fold in folds]
    return Ablation(stream, reached, len(last.names), spans, rows)


def _without(recipe: Recipe, fold: inner.Inner, kept: Any) -> metrics.Floats:
    """Return the average precision with these columns alone, and its redrawings."""
    names = [fold.names[place] for place in kept]
    train = fit.Rows(fold.train.features[:, kept], fold.train.target)
    later = fit.Rows(fold.later.rows.features[:, kept], fold.later.rows.target)
    booster = fit.boost(recipe, names, train, later, recipe.boosting.n_estimators)
    margin = fit.margins(booster, later.features, names)
    return inner.precision_draws(fold.later.outcomes, margin, recipe.seed)
