"""Seeded randomness: every person, business and crime draws from a stream of its own.

A stream is named, not numbered, so that one more crime or one more person moves no other draw.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def digest(*names: object) -> bytes:
    """Return 16 bytes that stand for these names, the same on every machine."""
    return hashlib.blake2b("/".join(map(str, names)).encode(), digest_size=16).digest()


class Weights:
    """A fixed choice among items of different weight."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._edges = list(accumulate(weights))

    def index(self, draw: float) -> int:
        """Return the index that a draw in [0, 1) falls on."""
        return min(bisect_right(self._edges, draw * self._edges[-1]), len(self._edges) - 1)


class Chance:
    """One named stream of random numbers."""

    def __init__(self, *names: object) -> None:
        self._generator = np.random.Generator(
            np.random.PCG64(int.from_bytes(digest(*names), "little"))
        )
        self._draw = self._generator.random

    def happens(self, probability: float) -> bool:
        """Tell whether something of this probability happens."""
        return self._draw() < probability

    def between(self, low: float, high: float) -> float:
        """Return a number drawn evenly from [low, high)."""
        return low + (high - low) * self._draw()

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return low + int(self._draw() * (high - low + 1))

    def count(self, mean: float) -> int:
        """Return a Poisson count."""
        return int(self._generator.poisson(mean))

    def around(self, median: float, spread: float) -> float:
        """Return a positive number about a median (log-normal; spread is that of the logarithm)."""
        return float(median * np.exp(spread * self._generator.standard_normal()))

    def normal(self, mean: float, spread: float) -> float:
        """Return a normally distributed number."""
        return float(mean + spread * self._generator.standard_normal())

    def pick(self, items: Sequence[T]) -> T:
        """Return one of the items, each as likely."""
        return items[int(self._draw() * len(items))]

    def some(self, items: Sequence[T], number: int) -> list[T]:
        """Return up to `number` different items."""
        chosen = self._generator.permutation(len(items))[: max(0, number)]
        return [items[int(place)] for place in chosen]

    def weighted(self, items: Sequence[T], weights: Weights) -> T:
        """Return one of the items by weight."""
        return items[weights.index(self._draw())]

    def hexadecimal(self, length: int) -> str:
        """Return random lower-case hexadecimal digits."""
        return self._generator.bytes((length + 1) // 2).hex()[:length]
