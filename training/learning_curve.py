"""`crossflag learning-curve`: what more data would bring.

The model learns from ever larger seeded samples of the rehearsal slice, each within the next, and
is judged on the calibration slice. A curve that still rises at its end asks for more data.
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

SHARES = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0)


@dataclass(frozen=True)
class Point:
    """What a share of the rows to learn from gives."""

    share: float
    events: int
    frauds: int
    trees: int
    average_precision: metrics.Interval


@dataclass(frozen=True)
class Curve:
    """Points by growing share; shares too small to hold a fraud are left out."""

    stream: str
    learnt: str
    judged: str
    points: list[Point]
    last_step: metrics.Interval
    """What the last point has more than the one before."""

    def document(self) -> dict[str, Any]:
        """Return everything as JSON-able values."""
        return asdict(self)


def curve(
    recipe: Recipe,
    stream: str,
    catalogue: Catalogue,
    line: prepare.Timeline,
    advance: Advance,
) -> Curve:
    """Learn from each of `SHARES`; raises NotEnoughData when even the whole cannot be used."""
    fold = inner.folds(recipe, catalogue, line, 1)[0]
    # One draw for each row: a larger share then holds all rows of a smaller one.
    drawn = np.random.default_rng(recipe.seed).random(len(fold.train.target))
    points: list[Point] = []
    draws: list[metrics.Floats] = []
    for number, share in enumerate(SHARES):
        advance(number, len(SHARES))
        chosen = drawn < share
        rows = fit.Rows(fold.train.features[chosen], fold.train.target[chosen])
        if not rows.target.any() or rows.target.all():
            continue
        limit = recipe.boosting.n_estimators
        booster = fit.boost(recipe, fold.names, rows, fold.later.rows, limit)
        margin = fit.margins(booster, fold.later.rows.features, fold.names)
        draws.append(inner.precision_draws(fold.later.outcomes, margin, recipe.seed))
        found = metrics.interval(float(draws[-1][0]), draws[-1][1:])
        counts = (len(rows.target), int(rows.target.sum()))
        points.append(Point(share, *counts, int(booster.num_boosted_rounds()), found))
    advance(len(SHARES), len(SHARES))
    step = draws[-1] - draws[-2] if len(draws) > 1 else np.full(2, np.nan)
    return Curve(
        stream,
        str(fold.split.rehearsal),
        str(fold.split.calibration),
        points,
        metrics.interval(float(step[0]), step[1:]),
    )
