"""Splits in time: what a model may learn from, and what it is judged on.

```
history ─ rehearsal ─ (gap) ─ calibration ─ gap ─ test ─────────► time
        └──────────── train ────────────┘       └ cut-off: what is known here trains the model
```

A rehearsal model, trained as if the calibration slice were the future, gives the number of trees
and the calibration; the model itself is then fitted on everything up to the gap before the test
slice. The gap is the label delay: of younger events too little is known to learn from them, but
their scores say how many a threshold would flag.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from training.data import Integers, day_numbers, midnight
from training.errors import NotEnoughData
from training.recipe import Latest, Recipe, Weeks

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Span:
    """Days from `first` to before `end`, counted from 1970-01-01."""

    first: int
    end: int

    def covers(self, days: Integers) -> Mask:
        """Tell which days lie within."""
        return (days >= self.first) & (days < self.end)

    def __str__(self) -> str:
        return f"{as_date(self.first)} to {as_date(self.end - 1)}"


@dataclass(frozen=True)
class Split:
    """The slices to learn from and to judge on."""

    rehearsal: Span
    calibration: Span
    train: Span
    test: Span

    @property
    def spans(self) -> tuple[Span, ...]:
        """Every slice, the gap among them."""
        return (self.rehearsal, self.calibration, self.train, self.gap, self.test)

    @property
    def gap(self) -> Span:
        """The days between training and test, whose labels are not settled in time."""
        return Span(self.train.end, self.test.first)


def as_date(day: int) -> date:
    """Return the date of a day number."""
    return date.fromordinal(day + date(1970, 1, 1).toordinal())


def day_number(day: date) -> int:
    """Return the days since 1970-01-01."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def bounds(recipe: Recipe) -> tuple[int, int]:
    """Return the microseconds between which events are read, the last one excluded."""
    zone, given = recipe.data.time_zone, recipe.data
    first = day_number(given.first_day) if given.first_day else None
    last = day_number(given.last_day) if given.last_day else None
    return (
        np.iinfo(np.int64).min if first is None else midnight(first, zone),
        np.iinfo(np.int64).max if last is None else midnight(last + 1, zone),
    )


def of(recipe: Recipe, time: Integers, known_by: int) -> Split:
    """Return the recipe's split of events at these times (microseconds).

    `known_by` is the time up to which labels are known. Raises NotEnoughData when the events span
    too few days for the slices.
    """
    if isinstance(recipe.split, Weeks):
        return _weeks(recipe.split)
    zone, gap = recipe.data.time_zone, recipe.gap_days
    ends = np.array([time.min(), time.max(), known_by], dtype=np.int64)
    first, last, known = (int(day) for day in day_numbers(ends, zone))
    return _latest(recipe.split, first, min(last + 1, known - gap), gap)


def _weeks(plan: Weeks) -> Split:
    start = day_number(plan.train_from)
    train = Span(start, start + plan.train_days)
    before = start - plan.delay_days
    return Split(
        rehearsal=Span(before - plan.train_days, before),
        calibration=train,
        train=train,
        test=Span(train.end + plan.delay_days, train.end + plan.delay_days + plan.test_days),
    )


def _latest(plan: Latest, first: int, end: int, gap: int) -> Split:
    test = Span(end - plan.test_days, end)
    calibration = Span(test.first - gap - plan.calibration_days, test.first - gap)
    rehearsal = Span(first + plan.warm_up_days, calibration.first - gap)
    if rehearsal.end <= rehearsal.first:
        needed = plan.warm_up_days + 2 * gap + plan.calibration_days + plan.test_days + 1
        raise NotEnoughData(
            f"the events with settled labels span {end - first} days, the split needs {needed} or "
            f"more; give more data, or shorten warm_up_days, calibration_days, test_days or "
            f"maturity_days in the recipe"
        )
    return Split(rehearsal, calibration, Span(rehearsal.first, calibration.end), test)


def cutoff(span: Span, gap_days: int, zone: str) -> int:
    """Return the microsecond at which a slice's labels are settled: its end and the gap."""
    return midnight(span.end + gap_days, zone)


def without_known(
    slice_: Span, known_from: int, delay_days: int, day: Integers, subject: Integers, fraud: Mask
) -> Mask:
    """Return the rows of a slice whose subject is not yet known as compromised on that day.

    Known are subjects with a fraud from day `known_from` up to the day before the delay, as in
    the Fraud Detection Handbook (chapter 5, `get_train_test_set`).
    """
    size = int(subject.max()) + 1 if len(subject) else 0
    never = np.iinfo(np.int64).max
    first_fraud = np.full(size, never)
    rows = np.flatnonzero(fraud & (day >= known_from))
    np.minimum.at(first_fraud, subject[rows], day[rows])
    earliest = first_fraud[subject]
    known = (earliest < never) & (day > np.where(earliest == never, 0, earliest) + delay_days)
    return slice_.covers(day) & ~known
