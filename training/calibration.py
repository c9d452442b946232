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
_CLOSE = 1e-10


def fit(margin: Floats, target: npt.NDArray[np.bool_]) -> Calibrator:
    """Return the calibrator of these held-back margins and outcomes."""
    from models.calibrate import Calibrator

    frauds = int(target.sum())
    if frauds >= ENOUGH_FRAUDS:
        return _isotonic(margin, target.astype(np.float64))
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


def _logistic(values: Floats) -> Floats:
    return np.asarray(np.exp(-np.logaddexp(0, -values)))


def _loss(values: Floats, wanted: Floats) -> float:
    return float(np.mean(np.logaddexp(0, values) - wanted * values))
