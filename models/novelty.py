"""How unlike anything learnt from an event is: the detector of what no label has seen yet.

Four steps, all fitted by `training.novelty` on events that are not known to be crime:

1. The *surprise* of each feature's value: minus the logarithm of the share of events that lie as
   far out on that side, twice over for two sides, as in ECOD (Li and others, 2022, "ECOD:
   Unsupervised Outlier Detection Using Empirical Cumulative Distribution Functions"). Ties count
   in full, and a missing value is as surprising as missing values are rare.
2. Surprises are brought to mean 0 and variance 1.
3. From each is taken what the others lead to expect: the residual of a regression on all others,
   read off the inverse covariance matrix (the terms that Mason, Tracy and Young, 1995, split
   Hotelling's T² into). So an event does not count as novel twice for one thing that several
   windows tell, and does for a combination that nothing explains.
4. The score is the sum of log(1 + residual²) over features whose residual is above 0: many things
   slightly odd together weigh more than one far out.

A single feature's term is its contribution, which is why the words (`models.unusual`) are exact.
`rank` gives the score as the share of training events that are less novel.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from models.errors import BadNovelty, BadRows, ParityBroken
from models.forest import Float32, Float64

DECIMALS = 6
_CLOSE = 1e-9
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Novelty:
    """The detector's parameters for d of a bundle's features, and the threshold of its quota.

    `places` says where the d features stand in a bundle's row; `starts` int64[d + 1] where each
    one's rising `knots` (float32) begin. A value on knot k surprises by `at[k]`, one below it (and
    above the knot before) by `below[k]`, one above a feature's last knot by `above`, a missing one
    by `missing` (float64[d]). `mean` and `scale` are of the surprises, `weights` float64[d, d]
    turns standardised surprises into residuals. `scores` and `shares` rise together: the share of
    training events that score less. An event is novel from `threshold` on, which was set for
    `reviews_per_day` subjects a day beside those of the classifier.
    """

    places: Places
    starts: Places
    knots: Float32
    at: Float64
    below: Float64
    above: Float64
    missing: Float64
    mean: Float64
    scale: Float64
    weights: Float64
    scores: Float64
    shares: Float64
    threshold: float
    reviews_per_day: float

    def score(self, rows: Float32) -> Float64:
        """Return each row's novelty, 0 or more, to six decimals; rows are a bundle's own.

        Raises `BadRows` when they are narrower than the features that it looks at.
        """
        return self.contributions(rows)[1]

    def contributions(self, rows: Float32) -> tuple[Float64, Float64]:
        """Return what each feature adds (float64[n, d], before rounding), and the scores."""
        rows = self._checked(rows)
        terms = np.empty((rows.shape[0], self.places.size))
        scores = np.empty(rows.shape[0])
        _score(rows, *self._packed, self.weights, terms, scores)
        return terms, scores

    def surprises(self, rows: Float32) -> Float64:
        """Return minus the log of the share of events as far out, float64[n, d]."""
        rows = self._checked(rows)
        return _surprises(rows, *self._packed)  # type: ignore[no-any-return]

    def rank(self, scores: Float64) -> Float64:
        """Return the share of training events that are less novel (0 to 1, six decimals)."""
        return np.round(np.interp(scores, self.scores, self.shares), DECIMALS)

    def check_parity(self, rows: Float32, scores: Float64) -> None:
        """Raise `ParityBroken` unless `scores` (as training found them) are what this computes."""
        ours = self.score(rows)
        wrong = np.flatnonzero(~np.isclose(ours, scores, rtol=_CLOSE, atol=2 * 10.0**-DECIMALS))
        if ours.shape != scores.shape or wrong.size:
            raise ParityBroken(
                f"{wrong.size} of {ours.size} novelty scores differ from those of training; "
                f"compare them on the same float32 rows, with the parameters as written"
            )

    @cached_property
    def _packed(self) -> tuple[Places, Places, Float32, Float64, Float64]:
        """The parameters in few arrays: each one costs the call of the kernel a microsecond."""
        knots = np.stack([self.at, self.below], axis=1)
        features = np.stack([self.above, self.missing, self.mean, self.scale], axis=1)
        return self.places, self.starts, self.knots, knots, features

    @cached_property
    def _width(self) -> int:
        return int(self.places.max(initial=-1)) + 1

    def _checked(self, rows: Float32) -> Float32:
        if rows.ndim != 2 or rows.shape[1] < self._width:
            raise BadRows(
                f"rows have shape {rows.shape}; novelty takes (n, {self._width}) or wider"
            )
        return np.ascontiguousarray(rows, dtype=np.float32)

    def to_json(self) -> bytes:
        """Return the detector as a JSON document; `from_json` reads the same bits back."""
        body = {
            field.name: value.tolist() if isinstance(value, np.ndarray) else value
            for field in fields(self)
            for value in (getattr(self, field.name),)
        }
        # A float32 in its own shortest form: half as long, and read back to the same bits.
        body["knots"] = [float(str(knot)) for knot in self.knots]
        return json.dumps(body, allow_nan=False, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Novelty:
        """Read what `to_json` wrote; raises `BadNovelty` when it is something else."""
        try:
            body = json.loads(data)
            parts: dict[str, Any] = {
                name: np.array(body[name], dtype=kind) for name, kind in _KINDS.items()
            }
            parts |= {name: float(body[name]) for name in ("threshold", "reviews_per_day")}
        except (ValueError, KeyError, TypeError) as error:
            raise BadNovelty(f"the novelty detector cannot be read ({error!r})") from error
        _check(parts)
        return cls(**parts)


_KINDS: Mapping[str, type] = {
    "places": np.int64,
    "starts": np.int64,
    "knots": np.float32,
    **dict.fromkeys(
        ("at", "below", "above", "missing", "mean", "scale", "weights", "scores", "shares"),
        np.float64,
    ),
}


def _check(parts: Mapping[str, Any]) -> None:
    count, total = parts["places"].size, parts["knots"].size
    shapes = {
        **dict.fromkeys(("above", "missing", "mean", "scale"), (count,)),
        **dict.fromkeys(("at", "below"), (total,)),
        "starts": (count + 1,),
        "weights": (count, count),
        "shares": parts["scores"].shape,
    }
    wrong = [name for name, shape in shapes.items() if parts[name].shape != shape]
    starts = parts["starts"]
    if not wrong and (starts[0] != 0 or starts[-1] != total or (np.diff(starts) < 0).any()):
        wrong.append("starts")
    if not wrong and (parts["scale"] <= 0).any():
        wrong.append("scale")
    if parts["scores"].size == 0 or (np.diff(parts["scores"]) < 0).any():
        wrong.append("scores")
    if not wrong and not (parts["threshold"] >= 0 and parts["reviews_per_day"] >= 0):
        wrong.append("threshold")
    if wrong:
        raise BadNovelty(f"the novelty detector's {', '.join(wrong)} do not fit; train it again")


_ABOVE, _MISSING, _MEAN, _SCALE = range(4)


@njit(cache=True)
def _surprise(
    value: np.float32,
    begin: int,
    end: int,
    knots: Float32,
    at_and_below: Float64,
    feature: Float64,
) -> Any:
    if value != value:
        return feature[_MISSING]
    low, high = begin, end
    while low < high:
        middle = (low + high) >> 1
        if knots[middle] < value:
            low = middle + 1
        else:
            high = middle
    if low == end:
        return feature[_ABOVE]
    return at_and_below[low, 0 if knots[low] == value else 1]


@njit(cache=True)
def _surprises(
    rows: Float32,
    places: Places,
    starts: Places,
    knots: Float32,
    at_and_below: Float64,
    features: Float64,
) -> Float64:
    found = np.empty((rows.shape[0], places.size))
    for row in range(rows.shape[0]):
        for one in range(places.size):
            value, begin, end = rows[row, places[one]], starts[one], starts[one + 1]
            found[row, one] = _surprise(value, begin, end, knots, at_and_below, features[one])
    return found


@njit(cache=True)
def _score(
    rows: Float32,
    places: Places,
    starts: Places,
    knots: Float32,
    at_and_below: Float64,
    features: Float64,
    weights: Float64,
    terms: Float64,
    scores: Float64,
) -> None:
    count = places.size
    residual = np.empty(count)
    for row in range(rows.shape[0]):
        residual[:] = 0.0
        for one in range(count):
            value, begin, end = rows[row, places[one]], starts[one], starts[one + 1]
            surprise = _surprise(value, begin, end, knots, at_and_below, features[one])
            odd = (surprise - features[one, _MEAN]) / features[one, _SCALE]
            # The inner loop adds to different places, so that it runs several at a time and
            # gives one and many rows the same bits.
            for other in range(count):
                residual[other] += odd * weights[one, other]
        total = 0.0
        for one in range(count):
            term = 0.0
            if residual[one] > 0:
                term = math.log1p(residual[one] * residual[one])
            terms[row, one] = term
            total += term
        scores[row] = math.floor(total * 1e6 + 0.5) / 1e6
