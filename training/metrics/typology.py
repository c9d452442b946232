"""How much of each kind of crime is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.metrics.outcomes import Mask, Outcomes, pairs
from training.offences import UNNAMED


@dataclass(frozen=True)
class Found:
    """How much of one typology the review threshold flags.

    A subject's day counts once however many events it has, and is found when any event of the
    subject on that day is flagged: that is what would bring the subject before a reviewer.
    """

    events: int
    flagged_events: int
    subject_days: int
    found_subject_days: int
    recall: float
    """Share of the subject days that are found."""


def recall_by_typology(
    outcomes: Outcomes, typology: Sequence[str], flagged: Mask
) -> dict[str, Found]:
    """Return how much of each typology among the frauds is flagged, by name.

    `typology` names each event's kind of crime, empty where nobody said: those stand under
    "unnamed".
    """
    subject_day = pairs(outcomes.subject, outcomes.day)
    seen = np.isin(subject_day, subject_day[flagged])
    names = np.array([name or UNNAMED for name in typology], dtype=object)
    found = {}
    for name in sorted(set(names[outcomes.target])):
        own = outcomes.target & (names == name)
        days, first = np.unique(subject_day[own], return_index=True)
        count = int(seen[own][first].sum())
        found[name] = Found(
            int(own.sum()), int((own & flagged).sum()), len(days), count, count / len(days)
        )
    return found
