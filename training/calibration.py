"""From margins to probabilities: the curve that the bundle's calibrator applies.

A sigmoid (Platt, 1999, with his targets that keep clear of 0 and 1) has two numbers to learn;
isotonic regression finds any shape that rises, and needs more frauds for it. Which one a slice
supports is seen by cross-fitting: each fifth of the subjects is judged by the curve of the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from training.metrics import Floats, Outcomes, brier

if TYPE_CHECKING:
    from models.calibrate import Calibrator

# Of fewer frauds the Brier scores of two curves differ by chance, and the plainer one is safer.
ENOUGH_FRAUDS = 100
PARTS = 5
_ROUNDS = 100
_CLOSE = 1e-10


@dataclass(frozen=True)
class Calibrated:
    """A calibrator, and the Brier score that each kind of curve had under cross-fitting.

    The scores are empty where the recipe names the kind, or frauds were too few to choose by.
    """

    calibrator: Calibrator
    brier: dict[str, float]


def fit(margin: Floats, outcomes: Outcomes, method: str = "auto", seed: int = 1) -> Calibrated:
    """Return the calibrator of these held-back margins and outcomes.

    `method` is auto, isotonic or sigmoid; auto takes the curve of lower Brier score under
    cross-fitting, and a sigmoid below 100 frauds.
    """
    target, scores = outcomes.target, {}
    if method == "auto" and int(target.sum()) >= ENOUGH_FRAUDS:
        scores = _cross_fitted(margin, outcomes, seed)
    if method == "auto":
        method = min(scores, key=scores.__getitem__) if scores else "sigmoid"
    return Calibrated(_CURVES[method](margin, target), scores)


def _cross_fitted(margin: Floats, outcomes: Outcomes, seed: int) -> dict[str, float]:
    """Return each kind's Brier score when every subject is judged by a curve of other subjects."""
    names, subject = np.unique(outcomes.subject, return_inverse=True)
    part = (np.random.default_rng(seed).permutation(len(names)) % PARTS)[subject]
    target, scores = outcomes.target, {}
    for kind, curve in _CURVES.items():
        probability = np.empty(len(margin))
        for number in range(PARTS):
            own = part == number
            probability[own] = curve(margin[~own], target[~own]).apply(margin[own])
        scores[kind] = brier(target, probability, outcomes.weight)
    return scores


def _platt(margin: Floats, target: npt.NDArray[np.bool_]) -> Calibrator:
    from models.calibrate import Calibrator

    frauds = int(target.sum())
    wanted = np.where(target, (frauds + 1) / (frauds + 2), 1 / (len(target) - frauds + 2))
    return Calibrator.sigmoid(*sigmoid(margin, wanted))


def carry(calibrator: Calibrator, rehearsed: Floats, margin: Floats) -> Calibrator:
    """Return a rehearsal's calibrator brought to the scale of the model itself.

    `rehearsed` and `margin` are both models' margins of the same events, which neither has learnt
    from. The model has learnt from more, so its margins lie further apart: its highest margin is
    given the probability of the rehearsal's highest, and so on down. No label is needed.
    """
    from models.calibrate import Calibrator

    wanted, margin = np.sort(calibrator.apply(rehearsed)), np.sort(margin)
    if calibrator.kind == "isotonic":
        return _isotonic(margin, wanted)
    return Calibrator.sigmoid(*sigmoid(margin, wanted))


def _isotonic(margin: Floats, wanted: Floats) -> Calibrator:
    from sklearn.isotonic import IsotonicRegression

    from models.calibrate import Calibrator

    level = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(margin, wanted)
    blocks, place = np.unique(level.predict(margin), return_inverse=True)
    # The centre of each block: the curve then rises everywhere between, and scores stay apart.
    centres = np.bincount(place, weights=margin) / np.bincount(place)
    return Calibrator.isotonic(centres.tolist(), blocks.tolist())


def sigmoid(margin: Floats, wanted: Floats) -> tuple[float, float]:
    """Return slope and intercept of the sigmoid of greatest likelihood (Newton's method).

    `wanted` are the probabilities to meet, one for each margin.
    """
    columns = np.stack([margin, np.ones_like(margin)], axis=1)
    curve = np.zeros(2)
    for _ in range(_ROUNDS):
        probability = _logistic(columns @ curve)
        weight = np.maximum(probability * (1 - probability), 1e-12)
        curvature = columns.T @ (columns * weight[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, columns.T @ (probability - wanted))
        # A full step may overshoot far from the goal: halve it until it is one forward.
        while _loss(columns @ (curve - step), wanted) > _loss(columns @ curve, wanted):
            step /= 2
            if np.abs(step).max() < _CLOSE:
                break
        curve = curve - step
        if np.abs(step).max() < _CLOSE:
            break
    # A slice without any order in it still needs a rising curve.
    return max(float(curve[0]), 1e-6), float(curve[1])


_CURVES: dict[str, Callable[[Floats, npt.NDArray[np.bool_]], Calibrator]] = {
    "sigmoid": _platt,
    "isotonic": lambda margin, target: _isotonic(margin, target.astype(np.float64)),
}


def _logistic(values: Floats) -> Floats:
    return np.asarray(np.exp(-np.logaddexp(0, -values)))


def _loss(values: Floats, wanted: Floats) -> float:
    return float(np.mean(np.logaddexp(0, values) - wanted * values))
