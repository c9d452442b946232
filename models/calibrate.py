"""Calibration: from a margin (log-odds of the trees) to a probability people can count on.

Training fits the curve (isotonic regression, or Platt's sigmoid where labels are few); here it is
only applied. Probabilities are rounded to 6 decimals on every path, so that thresholds decide the
same online, in batch and after a restart. Queues rank on the margin, where ties stay apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numba import njit

from models.errors import BadCalibrator
from models.forest import Float64

DECIMALS = 6


@dataclass(frozen=True)
class Calibrator:
    """A never-falling curve from margins to probabilities; build it with one of the class methods.

    An isotonic curve runs straight between knots and level outside them; a sigmoid is
    1 / (1 + exp(-(slope * margin + intercept))).
    """

    kind: Literal["isotonic", "sigmoid"]
    margins: tuple[float, ...] = ()
    probabilities: tuple[float, ...] = ()
    slope: float = 1.0
    intercept: float = 0.0

    def __post_init__(self) -> None:
        if self.kind == "isotonic":
            self._check_knots()
        elif self.kind != "sigmoid":
            raise BadCalibrator(f"calibrator kind={self.kind!r}: choose 'isotonic' or 'sigmoid'")
        elif not (math.isfinite(self.intercept) and 0 < self.slope < math.inf):
            raise BadCalibrator(
                f"sigmoid slope={self.slope!r}, intercept={self.intercept!r}: give finite numbers, "
                f"the slope above 0"
            )

    @classmethod
    def isotonic(cls, margins: Sequence[float], probabilities: Sequence[float]) -> Calibrator:
        """Return the curve through knots: strictly rising margins, never-falling probabilities.

        `IsotonicRegression.X_thresholds_` and `y_thresholds_` are such knots.
        """
        return cls("isotonic", tuple(map(float, margins)), tuple(map(float, probabilities)))

    @classmethod
    def sigmoid(cls, slope: float, intercept: float) -> Calibrator:
        """Return 1 / (1 + exp(-(slope * margin + intercept))); the slope is above 0."""
        return cls("sigmoid", slope=float(slope), intercept=float(intercept))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Calibrator:
        """Read what `to_dict` returned; raises `BadCalibrator` when it is something else."""
        try:
            if data["kind"] == "sigmoid":
                return cls.sigmoid(data["slope"], data["intercept"])
            if data["kind"] == "isotonic":
                return cls.isotonic(data["margins"], data["probabilities"])
        except (KeyError, TypeError, ValueError) as error:
            raise BadCalibrator(f"calibrator cannot be read ({error!r}); write it again") from error
        raise BadCalibrator(f"calibrator kind={data['kind']!r}: choose 'isotonic' or 'sigmoid'")

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as JSON-able values."""
        if self.kind == "sigmoid":
            return {"kind": self.kind, "slope": self.slope, "intercept": self.intercept}
        return {
            "kind": self.kind,
            "margins": list(self.margins),
            "probabilities": list(self.probabilities),
        }

    def apply(self, margins: Float64) -> Float64:
        """Return the probability of each margin (float64[n]), rounded to 6 decimals."""
        margins = np.asarray(margins, dtype=np.float64)
        if self.kind == "sigmoid":
            probabilities: Float64 = _logistic(margins, self.slope, self.intercept)
        else:
            probabilities = np.interp(margins, *self._curve)
        return np.round(probabilities, DECIMALS)

    @cached_property
    def _curve(self) -> tuple[Float64, Float64]:
        return np.array(self.margins), np.array(self.probabilities)

    def _check_knots(self) -> None:
        margins, probabilities = self._curve
        if not margins.size or margins.size != probabilities.size:
            raise BadCalibrator(
                f"isotonic curve has {margins.size} margins and {probabilities.size} "
                f"probabilities; give at least one of each, as many of both"
            )
        if not (np.isfinite(margins).all() and (np.diff(margins) > 0).all()):
            raise BadCalibrator("isotonic margins must be finite and strictly rising; sort them")
        if not (
            (probabilities >= 0).all()
            and (probabilities <= 1).all()
            and (np.diff(probabilities) >= 0).all()
        ):
            raise BadCalibrator("isotonic probabilities must lie in 0..1 and never fall")


@njit(cache=True)  # one value at a time: NumPy's exp may round differently by length of the array
def _logistic(margins: Float64, slope: float, intercept: float) -> Float64:
    result = np.empty(margins.size)
    for place in range(margins.size):
        result[place] = 1.0 / (1.0 + math.exp(-(slope * margins[place] + intercept)))
    return result
