"""Figures that say how good a model is, on events that it has not seen.

A score may be a margin or a probability: only its order counts, except for the Brier score. Days
are day numbers in the recipe's time zone; a subject is who a reviewer would look at: the customer
or user, or the debtor's account where no customer is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
SUBJECT_WORD = {"payment": "card", "access": "user"}
UNNAMED = "unnamed"


@dataclass(frozen=True)
class Outcomes:
    """Held-back events: what they were, whose they are, and when they happened."""

    target: npt.NDArray[np.bool_]
    subject: Integers
    day: Integers

    def take(self, rows: Integers | npt.NDArray[np.bool_]) -> Outcomes:
        """Return the outcomes of these rows."""
        return Outcomes(self.target[rows], self.subject[rows], self.day[rows])


def ranking(
    outcomes: Outcomes, score: Floats, stream: str, reviews_per_day: float
) -> dict[str, float]:
    """Return the figures of a ranking: areas, and what a day's reviews would find.

    Keys: average_precision, roc_auc, card_precision_at_100 (user_… for access events),
    precision_at_capacity and recall_at_capacity. The areas are those of scikit-learn.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    precision, recall = at_capacity(outcomes, score, reviews_per_day)
    return {
        "average_precision": float(average_precision_score(outcomes.target, score)),
        "roc_auc": float(roc_auc_score(outcomes.target, score)),
        f"{SUBJECT_WORD[stream]}_precision_at_100": subject_precision(outcomes, score, 100),
        "precision_at_capacity": precision,
        "recall_at_capacity": recall,
    }


def brier(target: npt.NDArray[np.bool_], probability: Floats) -> float:
    """Return the mean squared difference of probability and outcome; zero is perfect."""
    return float(np.mean((probability - target) ** 2))


@dataclass(frozen=True)
class SubjectDays:
    """One row for each subject and day, by day and falling score (ties by subject)."""

    day: Integers
    subject: Integers
    score: Floats
    fraud: npt.NDArray[np.bool_]


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
    return SubjectDays(day[ranked], subject[ranked], best[ranked], fraud[ranked])


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
    outcomes: Outcomes, typology: Sequence[str], flagged: npt.NDArray[np.bool_]
) -> dict[str, Found]:
    """Return how much of each typology among the frauds is flagged, by name.

    `typology` names each event's kind of crime, empty where nobody said: those stand under
    "unnamed".
    """
    keys = np.stack([outcomes.subject, outcomes.day], axis=1)
    _, subject_day = np.unique(keys, axis=0, return_inverse=True)
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


def at_capacity(outcomes: Outcomes, score: Floats, reviews_per_day: float) -> tuple[float, float]:
    """Return precision and recall when each day's highest subjects are reviewed, so many a day.

    Precision is the share of reviews that find a subject with a fraud on that day, recall the
    share of subjects with a fraud that are found, both over all days together.
    """
    rows = subject_days(outcomes, score)
    found = reviewed = 0
    for start, end in _day_bounds(rows.day):
        count = min(end - start, round(reviews_per_day))
        found += int(rows.fraud[start : start + count].sum())
        reviewed += count
    frauds = int(rows.fraud.sum())
    return found / max(reviewed, 1), found / max(frauds, 1)


def subject_precision(outcomes: Outcomes, score: Floats, count: int) -> float:
    """Return the mean over days of the share of frauds among a day's first `count` subjects.

    A subject found on one day leaves the ranking of the days after it. This is the card
    precision@k of the Fraud Detection Handbook (Le Borgne and others, 2022, chapter 4).
    """
    rows = subject_days(outcomes, score)
    found: set[int] = set()
    shares = []
    for start, end in _day_bounds(rows.day):
        open_rows = [row for row in range(start, end) if int(rows.subject[row]) not in found]
        hits = [row for row in open_rows[:count] if rows.fraud[row]]
        found.update(int(rows.subject[row]) for row in hits)
        shares.append(len(hits) / count)
    return float(np.mean(shares)) if shares else 0.0


def _day_bounds(days: Integers) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(days)) + 1
    starts = [0, *edges.tolist()] if len(days) else []
    return list(zip(starts, [*starts[1:], len(days)], strict=True))
