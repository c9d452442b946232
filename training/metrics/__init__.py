"""Figures that say how good a model is, on events that it has not seen.

`outcomes` says what is judged, `ranking` the figures that every run prints, `bootstrap` how far a
figure would move with other subjects.
"""

from training.metrics.areas import average_precision
from training.metrics.bootstrap import (
    Difference,
    Interval,
    Resampling,
    interval,
    paired_difference,
)
from training.metrics.outcomes import (
    Floats,
    Integers,
    Mask,
    Outcomes,
    SubjectDays,
    subject_days,
)
from training.metrics.ranking import (
    SUBJECT_WORD,
    at_capacity,
    brier,
    ranking,
    subject_precision,
)
from training.metrics.typology import Found, recall_by_typology
from training.offences import UNNAMED

__all__ = [
    "SUBJECT_WORD",
    "UNNAMED",
    "Difference",
    "Floats",
    "Found",
    "Integers",
    "Interval",
    "Mask",
    "Outcomes",
    "Resampling",
    "SubjectDays",
    "at_capacity",
    "average_precision",
    "brier",
    "interval",
    "paired_difference",
    "ranking",
    "recall_by_typology",
    "subject_days",
    "subject_precision",
]
