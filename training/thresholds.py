"""Where advice begins: thresholds on the probability, from what reviewers can look at.

The review threshold comes from the days of the gap, which the model has not learnt from: how many
it flags can be counted before anybody knows which were right. The urgent threshold needs labels,
and comes from the calibration slice. Both are probabilities rounded to six decimals, as everywhere
before a comparison, so that the service and the backtest decide alike.
"""

from __future__ import annotations

import numpy as np

from training.metrics import Floats, Outcomes, subject_days

DECIMALS = 6
# Below this many events a share of frauds says too little to set an urgent threshold by.
MINIMUM_EVENTS = 10


def review_threshold(outcomes: Outcomes, probability: Floats, reviews_per_day: float) -> float:
    """Return the probability from which on about `reviews_per_day` subjects a day are flagged.

    Of two neighbouring candidates the one whose number of subjects is nearer wins; equal scores
    cannot be told apart, so the number met is never exact.
    """
    rows = subject_days(outcomes, probability)
    days = len(np.unique(outcomes.day))
    values, counts = np.unique(np.round(rows.score, DECIMALS), return_counts=True)
    flagged = np.cumsum(counts[::-1])[::-1] / max(days, 1)
    # Zero stands for "nothing is known": flagging it would flag everybody.
    usable = values > 0
    if not usable.any():
        return 1.0
    distance = np.abs(flagged[usable] - reviews_per_day)
    nearest = np.flatnonzero(distance == distance.min())[-1]
    return float(values[usable][nearest])


def urgent_threshold(
    outcomes: Outcomes, probability: Floats, review: float, precision: float
) -> float:
    """Return the lowest probability from which on the wanted share of flagged events is fraud.

    When no threshold reaches that share over ten events or more, the top tenth of the flagged
    events is urgent. Never below the review threshold.
    """
    flagged = probability >= review
    if not flagged.any():
        return max(review, 1.0)
    order = np.argsort(-probability[flagged], kind="stable")
    score = probability[flagged][order]
    share = np.cumsum(outcomes.target[flagged][order]) / np.arange(1, len(score) + 1)
    # Only the last of equal scores is a place where a threshold can stand.
    ends = np.append(score[1:] != score[:-1], True)
    good = np.flatnonzero(ends & (share >= precision))
    good = good[good + 1 >= MINIMUM_EVENTS]
    place = int(good[-1]) if len(good) else (len(score) - 1) // 10
    return max(review, float(np.round(score[place], DECIMALS)))


def flagged_per_day(outcomes: Outcomes, probability: Floats, threshold: float) -> float:
    """Return how many subjects a day the threshold flags."""
    rows = subject_days(outcomes, probability)
    days = len(np.unique(outcomes.day))
    return float((rows.score >= threshold).sum()) / max(days, 1)
