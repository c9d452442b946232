"""Areas under curves, overall or by group, for any weights of the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.metrics import passes
from training.metrics.outcomes import Floats, Integers, Mask

AVERAGE_PRECISION, ROC_AUC = 0, 1


@dataclass(frozen=True)
class Ranked:
    """Rows by group and falling score, sorted once for many draws."""

    order: Integers
    target: Mask
    last: Mask
    starts: Integers

    @classmethod
    def of(
        cls, target: Mask, score: Floats, group: Integers | None = None, groups: int = 1
    ) -> Ranked:
        """Sort rows; `group` numbers them from 0 to `groups` - 1, None puts them into one."""
        group = np.zeros(len(score), dtype=np.int64) if group is None else group
        order = np.lexsort((-score, group))
        ordered, sorted_group = score[order], group[order]
        last = np.ones(len(order), dtype=bool)
        last[:-1] = (ordered[1:] != ordered[:-1]) | (sorted_group[1:] != sorted_group[:-1])
        starts = np.searchsorted(sorted_group, np.arange(groups + 1))
        return cls(order, target[order], last, starts.astype(np.int64))

    def areas(self, weight: Floats) -> Floats:
        """Return average precision and AUC ROC of each group, float64[groups, 2].

        `weight` holds the rows' weights in their own order. NaN where a figure has no meaning. They
        are scikit-learn's, which would sort anew for each draw.
        """
        found: Floats = passes.areas(weight[self.order], self.target, self.last, self.starts)
        return found


def average_precision(target: Mask, score: Floats, weight: Floats | None = None) -> float:
    """Return the area under precision over recall (a step function, as scikit-learn has it)."""
    ones = np.ones(len(score)) if weight is None else weight
    return float(Ranked.of(target, score).areas(ones)[0, AVERAGE_PRECISION])
