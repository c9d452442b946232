"""The order of the queue: expected loss times urgency, as one number that never grows stale.

Urgency is four for an urgent case and one for others, and doubles with every day that a case waits.
Between two cases the doubling is the same whenever one looks, so the order rests on
log2(loss x weight) - opened / day alone: a column, computed when the case changes, that an index
holds in order.
"""

from __future__ import annotations

import math

from serving.store.queues import Limits

DAY = 86_400_000_000
URGENT_WEIGHT = 4
_HOUR = 3_600_000_000


def rank(expected_loss: int, advice: str, opened_at: int) -> int:
    """Return a case's rank in microseconds of waiting: a case twice as costly is a day ahead.

    `expected_loss` is in EUR cents, `opened_at` in microseconds since 1970.
    """
    weight = URGENT_WEIGHT if advice == "urgent" else 1
    return round(DAY * math.log2(max(expected_loss, 1) * weight)) - opened_at


def limits(urgent_hours: int, review_hours: int) -> Limits:
    """Return within what time cases are to be decided."""
    return Limits(urgent=urgent_hours * _HOUR, review=review_hours * _HOUR)


def due(advice: str, opened_at: int, within: Limits) -> int:
    """Return when a case is to be decided, in microseconds since 1970."""
    return opened_at + (within.urgent if advice == "urgent" else within.review)
