"""Figures of a ranking: areas, and what a day's reviews would find."""

from __future__ import annotations

import numpy as np

from training.metrics import passes
from training.metrics.outcomes import Floats, Mask, Outcomes, subject_days

SUBJECT_WORD = {"payment": "card", "access": "user"}


def ranking(
    outcomes: Outcomes, score: Floats, stream: str, reviews_per_day: float
) -> dict[str, float]:
    """Return the figures of a ranking: areas, and what a day's reviews would find.

    Keys: average_precision, roc_auc, card_precision_at_100 (user_… for access events),
    precision_at_capacity and recall_at_capacity. The areas are those of scikit-learn.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    precision, recall = at_capacity(outcomes, score, reviews_per_day)
    weight = outcomes.weight
    return {
        "average_precision": float(
            average_precision_score(outcomes.target, score, sample_weight=weight)
        ),
        "roc_auc": float(roc_auc_score(outcomes.target, score, sample_weight=weight)),
        f"{SUBJECT_WORD[stream]}_precision_at_100": subject_precision(outcomes, score, 100),
        "precision_at_capacity": precision,
        "recall_at_capacity": recall,
    }


def brier(target: Mask, probability: Floats, weight: Floats | None = None) -> float:
    """Return the mean squared difference of probability and outcome; zero is perfect."""
    return float(np.average((probability - target) ** 2, weights=weight))


def at_capacity(outcomes: Outcomes, score: Floats, reviews_per_day: float) -> tuple[float, float]:
    """Return precision and recall when each day's highest subjects are reviewed, so many a day.

    Precision is the share of reviews that find a subject with a fraud on that day, recall the
    share of subjects with a fraud that are found, both over all days together. A subject's day has
    the weight of its event with the highest score.
    """
    rows = subject_days(outcomes, score)
    weight = outcomes.weights[rows.place]
    capacity = float(round(reviews_per_day))
    done = passes.reviews(
        weight, rows.fraud, np.zeros_like(weight), rows.subject, rows.starts, capacity, False
    )
    reviewed, found = done[:, :2].sum(axis=0)
    frauds = weight[rows.fraud].sum()
    return _share(found, reviewed), _share(found, frauds)


def subject_precision(outcomes: Outcomes, score: Floats, count: int) -> float:
    """Return the mean over days of the share of frauds among a day's first `count` subjects.

    A subject found on one day leaves the ranking of the days after it. This is the card
    precision@k of the Fraud Detection Handbook (Le Borgne and others, 2022, chapter 4).
    """
    rows = subject_days(outcomes, score)
    _, subject = np.unique(rows.subject, return_inverse=True)
    weight = outcomes.weights[rows.place]
    own, nothing = subject.astype(np.int64), np.zeros_like(weight)
    done = passes.reviews(weight, rows.fraud, nothing, own, rows.starts, float(count), True)
    return float(np.mean(done[:, 1] / count)) if len(done) else 0.0


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else 0.0
