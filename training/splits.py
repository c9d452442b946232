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

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import numpy as np
import numpy.typing as npt

from training.data import MICROSECONDS_PER_DAY, NEVER, Integers, day_numbers, midnight
from training.errors import NotEnoughData
from training.recipe import UNSETTLED, Latest, Recipe, Weeks

Mask = npt.NDArray[np.bool_]
MINUTES = 1440


@dataclass(frozen=True)
class Span:
    """Ticks from `first` to before `end`, counted from 1970-01-01.

    A tick is a day of the recipe's time zone, or a minute where the recipe cuts days to parts
    (`per_day` is then 1440).
    """

    first: int
    end: int
    per_day: int = 1

    def covers(self, ticks: Integers) -> Mask:
        """Tell which ticks lie within."""
        return (ticks >= self.first) & (ticks < self.end)

    def __str__(self) -> str:
        if self.per_day == 1:
            return f"{as_date(self.first)} to {as_date(self.end - 1)}"
        first, last = (
            datetime.fromtimestamp(tick * 86_400 // self.per_day, UTC)
            for tick in (self.first, self.end)
        )
        return f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}"


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
        return Span(self.train.end, self.test.first, self.train.per_day)


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
    # The last moment of all has no local day.
    known_at = time.max() if known_by >= NEVER else known_by
    ends = np.array([time.min(), time.max(), known_at], dtype=np.int64)
    first, last, known = (int(tick) for tick in ticks(ends, recipe))
    unit = per_day(recipe)
    gap = round(recipe.gap_days * unit)
    end = last + 1 if known_by >= NEVER else min(last + 1, known - gap)
    return _latest(recipe.split, first, end, gap, unit)


def per_day(recipe: Recipe) -> int:
    """Return the ticks of a day: one, or its minutes where a slice is not of whole days."""
    if isinstance(recipe.split, Weeks):
        return 1
    lengths = (recipe.gap_days, *_lengths(recipe.split))
    return 1 if all(float(length).is_integer() for length in lengths) else MINUTES


def ticks(time: Integers, recipe: Recipe) -> Integers:
    """Return the tick in which each time (microseconds) lies."""
    if per_day(recipe) == 1:
        return day_numbers(time, recipe.data.time_zone)
    return time // (MICROSECONDS_PER_DAY // MINUTES)


def _lengths(plan: Latest) -> tuple[float, float, float]:
    given = (plan.warm_up_days, plan.calibration_days, plan.test_days)
    names = ("warm_up_days", "calibration_days", "test_days")
    warm_up, calibration, test = (
        UNSETTLED[name] if length is None else length
        for name, length in zip(names, given, strict=True)
    )
    return warm_up, calibration, test


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


def _latest(plan: Latest, first: int, end: int, gap: int, unit: int) -> Split:
    warm_up, held_back, judged = (round(length * unit) for length in _lengths(plan))
    test = Span(end - judged, end, unit)
    calibration = Span(test.first - gap - held_back, test.first - gap, unit)
    rehearsal = Span(first + warm_up, calibration.first - gap, unit)
    if rehearsal.end <= rehearsal.first:
        needed = warm_up + 2 * gap + held_back + judged + 1
        raise NotEnoughData(
            f"the events with settled labels span {(end - first) / unit:g} days, the split needs "
            f"{needed / unit:g} or more; give more data, or shorten warm_up_days, "
            f"calibration_days, test_days or maturity_days in the recipe, or leave them open"
        )
    return Split(rehearsal, calibration, Span(rehearsal.first, calibration.end, unit), test)


def inner(recipe: Recipe, whole: Split, count: int) -> list[Split]:
    """Return up to `count` pairs of rehearsal and calibration within the training span.

    The last pair is the recipe's own, each earlier one ends one calibration slice before; oldest
    first. A pair that would learn from fewer days than it is judged on is left out, the last
    excepted.
    """
    length = whole.calibration.end - whole.calibration.first
    found = []
    for number in range(count):
        back = number * length
        own = whole.calibration
        later = replace(own, first=own.first - back, end=own.end - back)
        first = whole.rehearsal.first - (back if isinstance(recipe.split, Weeks) else 0)
        learnt = replace(whole.rehearsal, first=first, end=whole.rehearsal.end - back)
        if number and learnt.end - learnt.first < length:
            break
        found.append(replace(whole, rehearsal=learnt, calibration=later))
    return found[::-1]


def weekly(recipe: Recipe, whole: Split, count: int) -> list[Split]:
    """Return up to `count` splits whose test slices are the weeks up to the split's end.

    Each learns from everything between the warm-up and the gap before its week; in the handbook's
    protocol from the slice that lies as far before it as the recipe says. Oldest first; weeks that
    would learn from fewer days than the calibration slice has are left out.
    """
    week = 7 * whole.test.per_day
    held_back = whole.calibration.end - whole.calibration.first
    gap = whole.test.first - whole.train.end
    found = []
    for number in range(count):
        back = number * week
        if isinstance(recipe.split, Weeks):
            moved = {
                name: replace(span, first=span.first - back, end=span.end - back)
                for name, span in vars(whole).items()
            }
            found.append(Split(**moved))
            continue
        test = replace(whole.test, first=whole.test.end - back - week, end=whole.test.end - back)
        end = test.first - gap
        calibration = replace(whole.calibration, first=end - held_back, end=end)
        rehearsal = replace(whole.rehearsal, end=calibration.first - gap)
        if rehearsal.end - rehearsal.first < held_back:
            break
        found.append(Split(rehearsal, calibration, replace(whole.train, end=end), test))
    return found[::-1]


def cutoff(span: Span, gap_days: float, zone: str) -> int:
    """Return the microsecond at which a slice's labels are settled: its end and the gap."""
    if span.per_day == 1:
        return midnight(span.end + round(gap_days), zone)
    return round((span.end / span.per_day + gap_days) * MICROSECONDS_PER_DAY)


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
