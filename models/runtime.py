"""Scoring: rows of a catalogue in, margins and calibrated probabilities out.

One row and a million rows take the same path through the same kernel, and give the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from features.definitions import Catalogue
from features.events import AccessEvent, Payment
from models.attribution import Attribution
from models.bundle import Bundle
from models.errors import BadRows
from models.forest import Float32, Float64


@dataclass(frozen=True, eq=False)
class Scores:
    """The scores of n rows: `margin` (log-odds, for ranking) and `probability`, float64[n] each.

    `novelty` is the share of training events that are less novel, `novel` whether the quota of
    novelty takes the event; both None where the bundle has no detector.
    """

    margin: Float64
    probability: Float64
    novelty: Float64 | None = None
    novel: npt.NDArray[np.bool_] | None = None


class Scorer:
    """A bundle bound to the catalogue that serves it; keep one for the life of a process.

    `computed` is the stream's catalogue, as the kernel computes it; `catalogue` the same with the
    bundle's raw features behind. A row is one of the latter (`row`, `joined`).

    Raises `FeatureMismatch` when the catalogue does not serve the bundle's features.
    """

    def __init__(self, bundle: Bundle, catalogue: Catalogue) -> None:
        self.bundle = bundle
        self.computed = catalogue
        self.catalogue = bundle.served(catalogue)
        self.width = len(self.catalogue.names)
        self._columns = np.array(bundle.columns(catalogue), dtype=np.int64)
        self._attribution = Attribution.of(bundle.forest)
        # Compiled code is fetched now, not while the first event waits.
        nothing = np.full((1, self.width), np.nan)
        self.score(nothing)
        self.contributions(nothing)

    @property
    def bias(self) -> float:
        """The margin expected before anything is known of a row."""
        return self._attribution.bias

    def joined(self, features: Float64, raw: Float64) -> Float64:
        """Return rows (or one row) of the stream's catalogue with the raw features behind them."""
        return np.concatenate([features, raw], axis=-1) if len(self.bundle.raw) else features

    def row(self, features: Float64, event: Payment | AccessEvent) -> Float64:
        """Return one event's row: what the kernel computed, and its raw features behind."""
        return self.joined(features, self.bundle.raw.of_event(event))

    def score(self, features: Float64) -> Scores:
        """Score float64[n, width] rows in the catalogue's order; NaN is missing.

        Raises `BadRows` when the shape is another.
        """
        rows = self.rows(features)
        margin = self.bundle.forest.margin(rows).astype(np.float64)
        probability = self.bundle.calibrator.apply(margin)
        detector = self.bundle.novelty
        if detector is None:
            return Scores(margin, probability)
        score = detector.score(rows)
        return Scores(margin, probability, detector.rank(score), score >= detector.threshold)

    def contributions(self, features: Float64) -> Float64:
        """Return what each of the bundle's features adds to each row's margin, in its order."""
        return self._attribution.contributions(self.rows(features))

    def rows(self, features: Float64) -> Float32:
        """Pick the bundle's features out of catalogue rows, as the float32 the trees compare."""
        if features.ndim != 2 or features.shape[1] != self.width:
            raise BadRows(
                f"feature rows have shape {features.shape}; {self.catalogue.version} has "
                f"(n, {self.width})"
            )
        return _pick(features, self._columns)  # type: ignore[no-any-return]


@njit(cache=True)
def _pick(features: Float64, columns: npt.NDArray[np.int64]) -> Float32:
    picked = np.empty((features.shape[0], columns.size), dtype=np.float32)
    for row in range(features.shape[0]):
        for place in range(columns.size):
            picked[row, place] = features[row, columns[place]]
    return picked
