"""Whether a probability can be taken at its word: bins of it against what happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.metrics import passes
from training.metrics.bootstrap import Interval, Redrawn, subjects_in
from training.metrics.outcomes import Floats, Integers, Mask

EDGES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
"""Where bins end: fraud is rare, so that bins of equal width would put nearly all into one."""
BINS = len(EDGES) + 1


@dataclass(frozen=True)
class Bin:
    """Events whose probability lies from `lowest` to below `highest`."""

    lowest: float
    highest: float
    events: int
    frauds: int
    mean_probability: float
    share_of_fraud: Interval


@dataclass(frozen=True)
class Reliability:
    """The reliability table and the expected calibration error.

    The error is the mean over events of the distance between their bin's mean probability and its
    share of fraud (Naeini and others, 2015).
    """

    expected_calibration_error: float
    bins: list[Bin]


@dataclass(frozen=True)
class Binned:
    """Events put into the bins of their probability, once for many draws."""

    bin: Integers
    values: Floats
    """Ones, frauds and probabilities of each event, as columns."""
    subjects: Integers
    """How many subjects each bin has."""

    @classmethod
    def of(cls, target: Mask, probability: Floats, subject: Integers) -> Binned:
        """Put events into bins."""
        places = np.searchsorted(EDGES, probability, side="right").astype(np.int64)
        return cls(
            places,
            np.column_stack([np.ones(len(target)), target, probability]).astype(np.float64),
            subjects_in(subject, places, BINS),
        )

    def sums(self, weight: Floats) -> Floats:
        """Return each bin's weight, frauds and summed probability."""
        found: Floats = passes.sums(weight, self.bin, self.values, BINS)
        return found

    def shares(self, weight: Floats) -> Floats:
        """Return each bin's share of fraud, NaN for an empty one."""
        sums = self.sums(weight)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(sums[:, 1] / sums[:, 0])


def reliability(binned: Binned, weight: Floats, drawn: Redrawn) -> Reliability:
    """Return the table; `drawn` holds the redrawn `shares`."""
    sums = binned.sums(weight)
    plain = binned.sums(np.ones(len(weight)))
    total = sums[:, 0].sum()
    bounds = (0.0, *EDGES, 1.0)
    error, bins = 0.0, []
    for place in range(BINS):
        count, frauds, probability = sums[place]
        if count <= 0:
            continue
        error += abs(probability - frauds) / total
        bins.append(
            Bin(
                bounds[place],
                bounds[place + 1],
                int(plain[place, 0]),
                int(plain[place, 1]),
                round(float(probability / count), 6),
                drawn.share_at(int(binned.subjects[place]), place),
            )
        )
    return Reliability(round(error, 6), bins)
