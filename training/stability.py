"""Do reasons hold from one training run to the next? Models of other seeds explain the same events.

Subsampling of rows and features makes each seed another forest of much the same quality. What all
of them give as reasons is in the data; what changes with the seed is not, and should not be said.
Groups of features (`models.groups`) are compared, because that is what a reviewer is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from training import fit
from training.recipe import Recipe

if TYPE_CHECKING:
    from models.forest import Float64
    from models.groups import Grouping
    from training.fit import Floats, Rows
    from training.progress import Advance

SEEDS = 3
TREES = 200
ROWS = 30_000
EVENTS = 300
_FIRST = 3


@dataclass(frozen=True)
class Stability:
    """How far models of other seeds agree on the reasons of the same events, over all pairs."""

    seeds: int
    events: int
    """Test events explained: those that the judged model scores highest."""
    rows: int
    """Training events that each model learnt from, the same for all."""
    same_first: float
    """Share of events whose strongest group is the same in both models."""
    shared_of_three: float
    """Mean share of each event's three strongest groups that both models name."""
    rank_correlation: float
    """Mean Spearman correlation of an event's groups by what they added."""


def measure(
    recipe: Recipe,
    names: list[str],
    grouping: Grouping,
    train: Rows,
    features: Floats,
    trees: int,
    advance: Advance,
) -> Stability:
    """Refit at most `TREES` trees under `SEEDS` seeds on `ROWS` of the rows and compare reasons.

    `features` (float64[n, k]) are the events to explain, in the order of `names`.
    """
    sample = _sample(train, recipe.seed)
    sums = []
    for step in range(1, SEEDS + 1):
        seeded = recipe.model_copy(update={"seed": recipe.seed + step})
        booster = fit.boost(seeded, names, sample, None, min(trees, TREES))
        sums.append(_sums(booster, grouping, features))
        advance(step, SEEDS)
    return agreement(sums, len(sample.target))


def agreement(sums: list[Float64], rows: int) -> Stability:
    """Return how far some models' group contributions (float64[events, groups]) agree."""
    same, shared, ranks = [], [], []
    count = min(_FIRST, sums[0].shape[1])
    for one, other in combinations(sums, 2):
        first, second = (
            np.argsort(-part, axis=1, kind="stable")[:, :count] for part in (one, other)
        )
        same.append(first[:, 0] == second[:, 0])
        common = (first[:, :, None] == second[:, None, :]).any(axis=2)
        shared.append(common.mean(axis=1))
        ranks.append(_spearman(one, other))
    return Stability(
        seeds=len(sums),
        events=len(sums[0]),
        rows=rows,
        same_first=float(np.mean(same)),
        shared_of_three=float(np.mean(shared)),
        rank_correlation=float(np.mean(ranks)),
    )


def _spearman(one: Float64, other: Float64) -> Float64:
    """Return the rank correlation of each pair of rows, 1 where neither tells groups apart."""
    from scipy.stats import rankdata

    first, second = (rankdata(part, axis=1) for part in (one, other))
    first -= first.mean(axis=1, keepdims=True)
    second -= second.mean(axis=1, keepdims=True)
    spread = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    found: Float64 = np.where(
        spread > 0, (first * second).sum(axis=1) / np.where(spread > 0, spread, 1.0), 1.0
    )
    return found


def _sums(booster: Any, grouping: Grouping, features: Floats) -> Float64:
    from models.attribution import Attribution
    from models.forest import Forest

    attribution = Attribution.of(Forest.from_json(bytes(booster.save_raw("json"))))
    return grouping.sums(attribution.contributions(features.astype(np.float32)))


def _sample(train: Rows, seed: int) -> Rows:
    """Return all crimes and as many honest events as fit into `ROWS`, in their order."""
    honest = np.flatnonzero(~train.target)
    room = max(ROWS - int(train.target.sum()), 1)
    if len(honest) > room:
        honest = np.random.default_rng(seed).choice(honest, room, replace=False)
    chosen = np.sort(np.concatenate([np.flatnonzero(train.target), honest]))
    return fit.Rows(train.features[chosen], train.target[chosen])
