"""Fit the detector of what no label has seen yet (see `models.novelty`), and set its quota.

It learns from the training slice's events that are not known to be crime: a typology that nobody
has recognised may be among them, but rare enough to stay odd. Its threshold comes from the days
of the gap, as the classifier's does, and counts only subjects whom the classifier lets pass.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from training import thresholds
from training.fit import Floats, Rows
from training.metrics import Outcomes, subject_days
from training.splits import Mask

if TYPE_CHECKING:
    from features.definitions import Catalogue
    from models.novelty import Novelty
    from training.prepare import Prepared
    from training.recipe import Recipe

ROWS = 40_000
KNOTS = 64
# Labels are what novelty does without, and the calendar is odd for everybody at once.
LEFT_OUT = ("known frauds", "calendar")
RIDGE = 0.1
SMALLEST_SCALE = 0.05
OUT_OF_REACH = float(np.finfo(np.float64).max)
_DIGITS = 6


def learn_from(recipe: Recipe, prepared: Prepared, learnt: Rows) -> Novelty:
    """Return the detector of the rows that the classifier learns from, without a quota."""
    places = looked_at(prepared.names, prepared.catalogue)
    ages = ages_of(prepared.names, prepared.catalogue)
    return learn(learnt.features[~learnt.target], places, recipe.seed, ages)


def with_quota(
    detector: Novelty, recipe: Recipe, prepared: Prepared, gap_probability: Floats, review: float
) -> Novelty:
    """Return the detector with the threshold of its own quota.

    `gap_probability` are the classifier's calibrated probabilities on the gap, and `review` its
    threshold there.
    """
    quota, gap = recipe.review.novelty_reviews_per_day, prepared.gap
    score = detector.score(gap.rows.features.astype(np.float32))
    threshold = quota_threshold(gap.outcomes, score, gap_probability >= review, quota)
    return replace(detector, threshold=threshold, reviews_per_day=quota)


def figures(
    outcomes: Outcomes, score: Floats, flagged: Mask, detector: Novelty
) -> dict[str, float]:
    """Return how many subjects a day novelty adds to those flagged, and the share with a fraud."""
    novel = (score >= detector.threshold) & ~_looked_at_anyway(outcomes, flagged)
    rows = subject_days(outcomes.take(novel), score[novel])
    days = len(np.unique(outcomes.day))
    return {
        "novel_per_day": len(rows.day) / max(days, 1),
        "novel_precision": float(rows.fraud.mean()) if len(rows.day) else 0.0,
    }


def _looked_at_anyway(outcomes: Outcomes, flagged: Mask) -> Mask:
    """Tell which events are of a subject whom the classifier flags on that day."""
    pairs = np.stack([outcomes.subject, outcomes.day], axis=1)
    _, subject_day = np.unique(pairs, axis=0, return_inverse=True)
    return np.isin(subject_day, subject_day[flagged])


def looked_at(names: list[str], catalogue: Catalogue) -> list[int]:
    """Return the places of the features that novelty looks at; raw columns are among them."""
    family = {feature.name: feature.family for feature in catalogue.features}
    return [place for place, name in enumerate(names) if family.get(name) not in LEFT_OUT]


def ages_of(names: list[str], catalogue: Catalogue) -> set[int]:
    """Return the places of features that say how long ago something was.

    Histories go on growing, so that longer ago than training could see is nothing novel.
    """
    unit = {feature.name: feature.unit for feature in catalogue.features}
    return {place for place, name in enumerate(names) if unit.get(name) == "seconds"}


def quota_threshold(outcomes: Outcomes, score: Floats, flagged: Mask, quota: float) -> float:
    """Return the score from which on `quota` subjects a day are novel, beside those flagged.

    A subject whom the classifier flags on a day is looked at anyway, and costs no place. A quota
    of nothing gives a threshold that no event reaches.
    """
    free = ~_looked_at_anyway(outcomes, flagged)
    if quota == 0 or not free.any():
        return OUT_OF_REACH
    return thresholds.review_threshold(outcomes.take(free), score[free], quota)


def learn(
    rows: Floats, places: list[int], seed: int, ages: Collection[int] = frozenset()
) -> Novelty:
    """Return the detector of rows (float[n, k]) that are not known to be crime, without a quota.

    It looks at the features at `places`, of those among `ages` at small values only, and at 40,000
    rows at most, drawn by the seed.
    """
    from models.novelty import Novelty

    if len(rows) > ROWS:
        chosen = np.random.default_rng(seed).choice(len(rows), size=ROWS, replace=False)
        rows = rows[np.sort(chosen)]
    values = np.asarray(rows[:, places], dtype=np.float32)
    tables = [_table(column, place in ages) for place, column in zip(places, values.T, strict=True)]
    surprises = _surprises(tables, values)
    mean = _short(surprises.mean(axis=0))
    scale = _short(np.maximum(surprises.std(axis=0), SMALLEST_SCALE))
    odd = (surprises - mean) / scale
    weights = _short(_residuals(odd))
    scores, shares = _spread(_summed(odd, weights))
    empty = np.zeros(0)
    return Novelty(
        places=np.array(places, dtype=np.int64),
        starts=np.cumsum([0, *(len(table.knots) for table in tables)]).astype(np.int64),
        knots=np.concatenate([empty.astype(np.float32), *(table.knots for table in tables)]),
        at=np.concatenate([empty, *(table.at for table in tables)]),
        below=np.concatenate([empty, *(table.below for table in tables)]),
        above=np.array([table.above for table in tables]),
        missing=np.array([table.missing for table in tables]),
        mean=mean,
        scale=scale,
        weights=weights,
        scores=scores,
        shares=shares,
        threshold=OUT_OF_REACH,
        reviews_per_day=0.0,
    )


def plain_score(detector: Novelty, rows: npt.NDArray[np.float32]) -> Floats:
    """Return the scores by NumPy alone: what the kernel that serves is checked against."""
    ends = detector.starts.tolist()
    tables = [
        _Table(
            detector.knots[begin:end],
            detector.at[begin:end],
            detector.below[begin:end],
            float(detector.above[place]),
            float(detector.missing[place]),
        )
        for place, (begin, end) in enumerate(pairwise(ends))
    ]
    surprises = _surprises(tables, rows[:, detector.places])
    return _summed((surprises - detector.mean) / detector.scale, detector.weights)


def _surprises(tables: Sequence[_Table], values: npt.NDArray[np.float32]) -> Floats:
    found = np.empty(values.shape)
    for place, table in enumerate(tables):
        found[:, place] = table.surprise(values[:, place])
    return found


def _summed(odd: Floats, weights: Floats) -> Floats:
    return np.asarray(np.log1p(np.maximum(odd @ weights, 0.0) ** 2).sum(axis=1))


@dataclass(frozen=True)
class _Table:
    """How surprising a feature's values are; the names are those of `models.novelty`."""

    knots: npt.NDArray[np.float32]
    at: Floats
    below: Floats
    above: float
    missing: float

    def surprise(self, values: npt.NDArray[np.float32]) -> Floats:
        """Return the surprise of each value, the plain way that the kernel is checked against."""
        place = np.searchsorted(self.knots, values, side="left")
        between = np.append(self.below, self.above)[place]
        met = np.isin(values, self.knots)
        on = np.append(self.at, self.above)[place]
        return np.where(np.isnan(values), self.missing, np.where(met, on, between))


def _table(values: npt.NDArray[np.float32], age: bool) -> _Table:
    present = np.sort(values[~np.isnan(values)])
    count, share = len(present), len(present) / max(len(values), 1)
    rare = 1 / (len(values) + 1)
    missing = -np.log(max(1 - share, rare))
    if count == 0:
        # Never seen: any value at all is as surprising as can be.
        nothing = np.zeros(0)
        return _Table(nothing.astype(np.float32), nothing, nothing, *_short([-np.log(rare), 0.0]))
    knots = np.unique(present)
    if len(knots) > KNOTS:
        # Dense where it matters: each knot towards an end halves or so what lies beyond it.
        tail = np.geomspace(0.5, 1 / count, KNOTS // 2)
        knots = np.unique(
            np.quantile(present, np.concatenate([tail, 1 - tail]), method="inverted_cdf")
        )
    up_to = (np.searchsorted(present, knots, side="right") + 1) / (count + 1)
    from_on = (count - np.searchsorted(present, knots, side="left") + 1) / (count + 1)
    beyond = 1 / (count + 1)
    lower = np.append(beyond, up_to[:-1])
    if age:
        # One side: what is long ago surprises nobody.
        at, below, above = (-np.log(part * share) for part in (up_to, lower, np.ones(1)))
    else:
        at = _rarity(up_to, from_on, share)
        below = _rarity(lower, from_on, share)
        above = _rarity(up_to[-1:], np.array([beyond]), share)
    return _Table(
        knots.astype(np.float32), _short(at), _short(below), *_short([float(above[0]), missing])
    )


def _rarity(up_to: Floats, from_on: Floats, share: float) -> Floats:
    both_sides = np.minimum(2 * np.minimum(up_to, from_on), 1.0)
    return np.asarray(-np.log(both_sides * share))


def _residuals(odd: Floats) -> Floats:
    """Return the matrix that turns standardised surprises into residuals of unit variance."""
    count = odd.shape[1]
    covariance = odd.T @ odd / max(len(odd), 1)
    inverse = np.linalg.inv(covariance + RIDGE * np.eye(count))
    return np.asarray(inverse / np.sqrt(np.diag(inverse)))


def _spread(score: Floats) -> tuple[Floats, Floats]:
    """Return scores and the share of events below each, dense where few are left."""
    tail = np.geomspace(0.05, 1 / max(len(score), 21), 40)
    shares = np.concatenate([np.linspace(0, 0.94, 48), 1 - tail, [1.0]])
    scores = np.quantile(score, shares)
    return _short(np.maximum.accumulate(scores)), _short(shares)


def _short(values: Any) -> Floats:
    """Round to six significant digits: the last ones differ from machine to machine."""
    given = np.asarray(values, dtype=np.float64)
    return np.array([float(f"{value:.{_DIGITS}g}") for value in given.ravel()]).reshape(given.shape)
