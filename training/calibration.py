"""From margins to probabilities: the curve that the bundle's calibrator applies.

With few frauds a sigmoid (Platt, 1999, with his targets that keep clear of 0 and 1) is the safer
choice; with many, isotonic regression finds the shape itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.metrics import Floats

if TYPE_CHECKING:
    import numpy.typing as npt

    from models.calibrate import Calibrator

ENOUGH_FRAUDS = 1000
_ROUNDS = 100


def fit(margin: Floats, target: npt.NDArray[np.bool_]) -> Calibrator:
    """Return the calibrator of these held-back margins and outcomes."""
    from models.calibrate import Calibrator

    if int(target.sum()) < ENOUGH_FRAUDS:
        return Calibrator.sigmoid(*platt(margin, target))
    from sklearn.isotonic import IsotonicRegression

    level = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(margin, target)
    blocks, place = np.unique(level.predict(margin), return_inverse=True)
    # The centre of each block: the curve then rises everywhere between, and scores stay apart.
    centres = np.bincount(place, weights=margin) / np.bincount(place)
    return Calibrator.isotonic(centres.tolist(), blocks.tolist())


def platt(margin: Floats, target: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Return slope and intercept of the sigmoid of greatest likelihood (Newton's method).

    Platt's targets stand in for 1 and 0: (frauds + 1) / (frauds + 2) and 1 / (honest + 2).
    """
    frauds = int(target.sum())
    wanted = np.where(target, (frauds + 1) / (frauds + 2), 1 / (len(target) - frauds + 2))
    slope, intercept = 1.0, 0.0
    for _ in range(_ROUNDS):
        probability = 1 / (1 + np.exp(-np.clip(slope * margin + intercept, -500, 500)))
        weight = np.maximum(probability * (1 - probability), 1e-12)
        error = probability - wanted
        gradient = np.array([np.dot(error, margin), error.sum()])
        cross = np.dot(weight, margin)
        curvature = np.array([[np.dot(weight, margin**2) + 1e-9, cross], [cross, weight.sum()]])
        step = np.linalg.solve(curvature, gradient)
        slope, intercept = slope - step[0], intercept - step[1]
        if np.abs(step).max() < 1e-10:
            break
    # A slice without any order in it still needs a rising curve.
    return max(float(slope), 1e-6), float(intercept)
