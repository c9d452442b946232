"""How far a figure would move with other subjects: bootstrap intervals.

Subjects are drawn with replacement, with all their events (Efron and Tibshirani, 1993, chapter 8):
events of one subject are alike, and drawing single events would make intervals too narrow. Draws
are seeded, and the same for every figure over the same rows, so that differences are paired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from training.metrics.areas import AVERAGE_PRECISION, Ranked
from training.metrics.outcomes import Floats, Integers, Outcomes, pairs

DRAWS = 200
MANY = 300_000
"""Over more rows than these half the draws do, and keep the wait to seconds."""
LEVEL = 0.95
DECIMALS = 6


@dataclass(frozen=True)
class Interval:
    """A figure with the 95 per cent interval of its redrawings; None where it has no meaning."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        if self.value is None:
            return "not known"
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class Resampling:
    """Seeded redrawings of the subjects of some events."""

    outcomes: Outcomes
    seed: int = 1
    draws: int = DRAWS

    def weights(self) -> Iterator[Floats]:
        """Yield, for each draw, each event's weight times how often its subject was drawn."""
        names, subject = np.unique(self.outcomes.subject, return_inverse=True)
        chance = np.random.default_rng(self.seed)
        own = self.outcomes.weight
        many = len(subject) > MANY
        for _ in range(self.draws // 2 if many else self.draws):
            drawn = chance.integers(0, len(names), len(names))
            times = np.bincount(drawn, minlength=len(names)).astype(np.float64)[subject]
            yield times if own is None else times * own

    def over(self, statistic: Callable[[Floats], Floats]) -> Floats:
        """Return a statistic of each draw: float64[draws, …]; it gets the events' weights."""
        return np.stack([statistic(weight) for weight in self.weights()])


def interval(value: float, draws: Floats) -> Interval:
    """Return a figure with the middle 95 per cent of its draws (float64[draws]).

    Draws in which it has no meaning are left out; when more than half are, there is no interval.
    """
    if not np.isfinite(value):
        return Interval(None)
    usable = draws[np.isfinite(draws)]
    if len(usable) * 2 < max(len(draws), 1) or not len(usable):
        return Interval(round(float(value), DECIMALS))
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(usable, (tail, 1 - tail))
    return Interval(*(round(float(one), DECIMALS) for one in (value, low, high)))


def share(value: float, draws: Floats, subjects: int) -> Interval:
    """Return a share with its interval; `subjects` is how many the whole of it rests on.

    Where all or none of them count, redrawing them shows no spread, and four of four would look
    certain: there the exact bound for so many subjects stands (Clopper and Pearson, 1934).
    """
    found = interval(value, draws)
    if found.value not in (0, 1) or subjects < 1:
        return found
    far = round(float(((1 - LEVEL) / 2) ** (1 / subjects)), DECIMALS)
    if found.value == 1:
        return Interval(1.0, min(far, 1.0 if found.low is None else found.low), 1.0)
    return Interval(0.0, 0.0, max(round(1 - far, DECIMALS), found.high or 0.0))


def subjects_in(subject: Integers, group: Integers, groups: int) -> Integers:
    """Return how many different subjects each group has; a negative group counts nowhere."""
    inside = group >= 0
    group = group[inside]
    _, first = np.unique(pairs(group, subject[inside]), return_index=True)
    return np.bincount(group[first], minlength=groups).astype(np.int64)


@dataclass(frozen=True)
class Redrawn:
    """An array of figures, and the same of each draw (one more axis, in front)."""

    value: Floats
    draws: Floats

    def at(self, *place: int) -> Interval:
        """Return the figure at a place of the array with its interval."""
        return interval(*self._at(place))

    def share_at(self, subjects: int, *place: int) -> Interval:
        """Return the share at a place, which rests on so many subjects, with its interval."""
        return share(*self._at(place), subjects)

    def _at(self, place: tuple[int, ...]) -> tuple[float, Floats]:
        flat = self.draws.reshape(len(self.draws), -1)
        spot = int(np.ravel_multi_index(place, self.value.shape))
        return float(self.value.ravel()[spot]), flat[:, spot]


def redraw(
    outcomes: Outcomes,
    parts: Mapping[str, Callable[[Floats], Floats]],
    seed: int = 1,
    draws: int = DRAWS,
) -> dict[str, Redrawn]:
    """Return several statistics of the events with their draws, under their names.

    Each part gets the events' weights and returns an array of fixed shape.
    """
    drawn: dict[str, list[Floats]] = {name: [] for name in parts}
    for weight in Resampling(outcomes, seed, draws).weights():
        for name, part in parts.items():
            drawn[name].append(part(weight))
    return {
        name: Redrawn(part(outcomes.weights), np.stack(drawn[name])) for name, part in parts.items()
    }


@dataclass(frozen=True)
class Difference:
    """Two models' average precision on the same events, and how sure the difference is."""

    challenger: float
    champion: float
    difference: Interval
    """Challenger less champion."""
    share_worse: float
    """Share of the draws in which the challenger is the worse one."""


def paired_difference(
    outcomes: Outcomes,
    challenger: Floats,
    champion: Floats,
    seed: int = 1,
    draws: int = DRAWS,
) -> Difference:
    """Compare two models' scores of the same events by average precision.

    Both are judged on the same redrawings of subjects, so that what is hard for both does not widen
    the interval. Scores may be margins or probabilities. Without a fraud everything is NaN or None.
    """
    both = [Ranked.of(outcomes.target, score) for score in (challenger, champion)]

    def precision(weight: Floats) -> Floats:
        return np.array([one.areas(weight)[0, AVERAGE_PRECISION] for one in both])

    first, second = precision(outcomes.weights)
    drawn = Resampling(outcomes, seed, draws).over(precision)
    gaps = drawn[:, 0] - drawn[:, 1]
    usable = gaps[np.isfinite(gaps)]
    worse = float(np.mean(usable < 0)) if len(usable) else float("nan")
    return Difference(
        float(first), float(second), interval(first - second, gaps), round(worse, DECIMALS)
    )
