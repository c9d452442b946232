"""Held-back events, what they were and whose they are; and the subject's day, the unit of review.

A score may be a margin or a probability: only its order counts, except for the Brier score. Days
are day numbers in the recipe's time zone; a subject is who a reviewer would look at: the customer
or user, or the debtor's account where no customer is named.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Outcomes:
    """Held-back events: what they were, whose they are, and when they happened.

    With `weight` an event of weight w counts as w events: so that events which people were unlikely
    to look at stand for the others of their kind. None counts each event once.
    """

    target: Mask
    subject: Integers
    day: Integers
    weight: Floats | None = None

    def take(self, rows: Integers | Mask) -> Outcomes:
        """Return the outcomes of these rows."""
        weight = None if self.weight is None else self.weight[rows]
        return Outcomes(self.target[rows], self.subject[rows], self.day[rows], weight)

    @property
    def weights(self) -> Floats:
        """Each event's weight, one where none was given."""
        return np.ones(len(self.target)) if self.weight is None else self.weight


def pairs(first: Integers, second: Integers) -> Integers:
    """Return one number for each pair of numbers, the same for equal pairs, in their order."""
    if not len(first):
        return first
    lowest, low = int(first.min()), int(second.min())
    return (first - lowest) * (int(second.max()) - low + 1) + (second - low)


@dataclass(frozen=True)
class SubjectDays:
    """One row for each subject and day, by day and falling score (ties by subject)."""

    day: Integers
    subject: Integers
    score: Floats
    fraud: Mask
    place: Integers
    """Which of the events has the subject's highest score of the day; its weight is the day's."""

    @property
    def starts(self) -> Integers:
        """Where each day's rows begin, and after the last the number of rows."""
        edges = np.flatnonzero(np.diff(self.day)) + 1
        return np.concatenate([[0], edges, [len(self.day)]] if len(self.day) else [[0]]).astype(
            np.int64
        )


def subject_days(outcomes: Outcomes, score: Floats) -> SubjectDays:
    """Return each subject's highest score of each day, and whether it had a fraud that day."""
    order = np.lexsort((-score, outcomes.subject, outcomes.day))
    day, subject, best = outcomes.day[order], outcomes.subject[order], score[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (day[1:] != day[:-1]) | (subject[1:] != subject[:-1])
    starts = np.flatnonzero(first)
    fraud = np.logical_or.reduceat(outcomes.target[order], starts) if len(starts) else first
    day, subject, best = day[starts], subject[starts], best[starts]
    ranked = np.lexsort((subject, -best, day))
    return SubjectDays(
        day[ranked], subject[ranked], best[ranked], fraud[ranked], order[starts][ranked]
    )
