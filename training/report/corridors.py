"""The heat map of corridors: which country pays which, what was fraud there and what was flagged.

A table whose cells are shaded needs no second one behind it, and prints.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from training.metrics import Mask

SHOWN = 12
OTHERS = "others"
UNKNOWN = "unknown"
FEWEST = 5
"""A cell of fewer events is told as "under 5" unless something in it was flagged or fraud."""


@dataclass(frozen=True)
class Cell:
    """One corridor's events, frauds and flagged events; `heat` is its shade, 0 to 100."""

    events: int
    frauds: int
    flagged: int
    heat: int

    @property
    def shown(self) -> str:
        """The number of events as it is told."""
        if 0 < self.events < FEWEST and not self.frauds and not self.flagged:
            return f"under {FEWEST}"
        return f"{self.events:,}"


@dataclass(frozen=True)
class HeatMap:
    """Debtors' countries down, creditors' countries across."""

    debtors: list[str]
    creditors: list[str]
    cells: list[list[Cell]]


def heat_map(
    countries: tuple[Sequence[str], Sequence[str]], target: Mask, flagged: Mask
) -> HeatMap | None:
    """Return the map of the countries with the most frauds and flags; None without countries."""
    if not any(countries[0]) or not any(countries[1]):
        return None
    weight = target.astype(np.int64) * 1000 + flagged * 100 + 1
    debtors, creditors = (_names(side, weight) for side in countries)
    counts = np.zeros((len(debtors), len(creditors), 3), dtype=np.int64)
    rows = np.array([_place(debtors, one) for one in countries[0]])
    columns = np.array([_place(creditors, one) for one in countries[1]])
    for number, mask in enumerate((np.ones(len(target), dtype=bool), target, flagged)):
        np.add.at(counts[:, :, number], (rows[mask], columns[mask]), 1)
    # The pooled rest would outshine every corridor that has a name.
    own = counts[: len(debtors) - (OTHERS in debtors), : len(creditors) - (OTHERS in creditors), 2]
    most = max(int(own.max(initial=0)), 1)
    cells = [
        [
            Cell(
                int(events),
                int(frauds),
                int(flags),
                min(100, round(100 * float(np.sqrt(flags / most)))),
            )
            for events, frauds, flags in line
        ]
        for line in counts
    ]
    return HeatMap(debtors, creditors, cells)


def _names(side: Sequence[str], weight: np.typing.NDArray[np.int64]) -> list[str]:
    counted: Counter[str] = Counter()
    for name, own in zip(side, weight.tolist(), strict=True):
        counted[name or UNKNOWN] += own
    ranked = sorted(counted, key=lambda name: (-counted[name], name))
    if len(ranked) <= SHOWN + 1:
        return ranked
    return [*ranked[:SHOWN], OTHERS]


def _place(names: list[str], name: str) -> int:
    name = name or UNKNOWN
    return names.index(name) if name in names else len(names) - 1
