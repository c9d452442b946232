"""Alerts: the subject days that a threshold flags, what they find, and what that is worth.

One alert is one subject on one day, however many of its events are flagged: that is what a
reviewer looks at. Value is in cents of the reference currency and counts as found when its
subject is flagged on the day of the fraud.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.metrics import passes
from training.metrics.bootstrap import Interval, Redrawn
from training.metrics.outcomes import Floats, Integers, Mask, Outcomes, pairs, subject_days

CURVE_POINTS = 48
MULTIPLES = (0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)


@dataclass(frozen=True)
class Worth:
    """What a review costs and what share of the value that it finds can be kept."""

    cost_per_review: float
    """In whole units of the reference currency."""
    recovered_share: float

    def net(self, found_cents: Floats | float, reviews: Floats | float) -> Floats:
        """Return value recovered less the cost of the reviews, in whole units of the currency."""
        recovered = self.recovered_share * np.asarray(found_cents) / 100
        return np.asarray(recovered - self.cost_per_review * np.asarray(reviews))


@dataclass(frozen=True)
class Days:
    """Subject days by day and falling score, each with the value of its frauds.

    Sums add in the order of rows: a matrix product would share its work among threads, and its last
    digits would follow their number.
    """

    day: Integers
    subject: Integers
    score: Floats
    fraud: Mask
    value: Floats
    place: Integers
    starts: Integers

    @classmethod
    def of(cls, outcomes: Outcomes, score: Floats, value: Floats) -> Days:
        """Gather events; `value` is each event's amount in cents of the reference currency."""
        rows = subject_days(outcomes, score)
        key = pairs(outcomes.day, outcomes.subject)
        lost = np.where(outcomes.target, value, 0.0)
        keys, group = np.unique(key, return_inverse=True)
        total = np.bincount(group, weights=lost, minlength=len(keys)).astype(np.float64)
        return cls(
            rows.day,
            rows.subject,
            rows.score,
            rows.fraud,
            total[group[rows.place]],
            rows.place,
            rows.starts,
        )

    @property
    def count(self) -> int:
        """Number of days."""
        return len(self.starts) - 1

    def reviewed(self, weight: Floats, capacity: float) -> Floats:
        """Return reviews, frauds found and their value (cents) over all days at a capacity a day.

        `weight` holds the events' weights.
        """
        done: Floats = passes.reviews(
            weight[self.place],
            self.fraud,
            self.value,
            self.subject,
            self.starts,
            float(capacity),
            False,
        )
        return np.asarray(done.sum(axis=0))

    def flagged(self, weight: Floats, threshold: float) -> Floats:
        """Return alerts, frauds found and their value (cents) over all days at a threshold."""
        chosen = np.flatnonzero(self.score >= threshold)
        own = weight[self.place[chosen]]
        fraud = own * self.fraud[chosen]
        return np.array([own.sum(), fraud.sum(), (fraud * self.value[chosen]).sum()])

    def subjects(self, chosen: Mask) -> int:
        """Return how many different subjects some of the rows have."""
        return len(np.unique(self.subject[chosen]))

    def there(self, weight: Floats) -> Floats:
        """Return how many subject days hold a fraud, and the value (cents) of all frauds."""
        frauds = np.flatnonzero(self.fraud)
        own = weight[self.place[frauds]]
        return np.array([own.sum(), (own * self.value[frauds]).sum()])


@dataclass(frozen=True)
class Reviewed:
    """What reviews find: of a number a day, or of all that a threshold flags."""

    alerts_per_day: float
    precision: Interval
    """Share of the alerts that find a subject with a fraud on that day."""
    recall: Interval
    """Share of the subject days with a fraud that are found."""
    value_detection: Interval
    """Share of the frauds' value that is found; None where amounts are not known."""
    false_per_true: Interval
    """Alerts without a fraud for each with one."""
    net_value: Interval
    """Value recovered less the cost of reviews over all days, in whole units of the currency."""


def ratios(done: Floats, there: Floats, days: int, worth: Worth) -> Floats:
    """Return the six figures of `Reviewed` from reviews, frauds found and value found (cents)."""
    reviews, found, value = done
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.array(
            [
                reviews / max(days, 1),
                found / reviews,
                found / there[0],
                value / there[1],
                (reviews - found) / found,
                worth.net(value, reviews) if there[1] > 0 else np.nan,
            ]
        )


def reviewed(days: Days, drawn: Redrawn, *place: int) -> Reviewed:
    """Return the figures at a place of redrawn `ratios` of these days."""
    frauds = days.subjects(days.fraud)
    return Reviewed(
        round(float(drawn.value[(*place, 0)]), 3),
        drawn.at(*place, 1),
        drawn.share_at(frauds, *place, 2),
        drawn.share_at(frauds, *place, 3),
        drawn.at(*place, 4),
        drawn.at(*place, 5),
    )


@dataclass(frozen=True)
class Point:
    """One threshold: what it flags a day and finds."""

    threshold: float
    alerts_per_day: float
    precision: float
    recall: float
    value_detection: float | None
    net_value: float | None


def point(days: Days, weight: Floats, threshold: float, worth: Worth) -> Point:
    """Return what a threshold (on the score of `days`) flags and finds."""
    figures = ratios(days.flagged(weight, threshold), days.there(weight), days.count, worth)
    alerts, precision, recall, value, _, net = (
        None if not np.isfinite(one) else float(one) for one in figures
    )
    return Point(
        round(threshold, 6),
        round(alerts or 0.0, 3),
        round(precision or 0.0, 6),
        round(recall or 0.0, 6),
        None if value is None else round(value, 6),
        None if net is None else round(net, 2),
    )


def sensitivity(days: Days, weight: Floats, threshold: float, worth: Worth) -> list[Point]:
    """Return what half of the threshold to twice it would flag and find."""
    return [point(days, weight, threshold * times, worth) for times in MULTIPLES]


def curve(days: Days, weight: Floats, worth: Worth) -> list[Point]:
    """Return the alert-capacity curve: thresholds from few alerts a day to all that score.

    At most 48 thresholds, evenly spread over the logarithm of the number of alerts.
    """
    values = np.unique(days.score[days.score > 0])[::-1]
    if not len(values):
        return []
    rank = np.unique(np.round(np.geomspace(1, len(values), CURVE_POINTS)).astype(int)) - 1
    return [point(days, weight, float(values[one]), worth) for one in rank]


@dataclass(frozen=True)
class Band:
    """Subject days just above or below the review threshold, and how many of them hold a fraud."""

    side: str
    """above or below the line."""
    lowest: float
    highest: float
    subject_days: int
    frauds: int
    share: Interval


BANDS = {"above": 2, "below": 4}
SMALLEST_BAND = 10


def bands(days: Days, threshold: float) -> list[tuple[str, Integers]]:
    """Return the bands around a threshold: side and rows of `days`, the highest scores first.

    Each holds a quarter as many subject days as the threshold flags, ten at least.
    """
    order = np.argsort(-days.score, kind="stable")
    flagged = int((days.score >= threshold).sum())
    size = max(flagged // 4, SMALLEST_BAND)
    found: list[tuple[str, Integers]] = []
    for step in range(BANDS["above"], 0, -1):
        rows = order[max(flagged - step * size, 0) : max(flagged - (step - 1) * size, 0)]
        found.append(("above", rows))
    for step in range(BANDS["below"]):
        rows = order[flagged + step * size : flagged + (step + 1) * size]
        found.append(("below", rows[days.score[rows] > 0]))
    return [(side, rows) for side, rows in found if len(rows)]


def band(days: Days, side: str, rows: Integers, drawn: Redrawn, place: int) -> Band:
    """Return a band's row of the test; `drawn` holds the redrawn shares of all bands."""
    score = days.score[rows]
    return Band(
        side,
        float(score.min()),
        float(score.max()),
        len(rows),
        int(days.fraud[rows].sum()),
        drawn.share_at(len(np.unique(days.subject[rows])), place),
    )


def band_share(days: Days, rows: Integers, weight: Floats) -> float:
    """Return the share of a band's subject days that hold a fraud."""
    own = weight[days.place[rows]]
    total = own.sum()
    return float((own * days.fraud[rows]).sum() / total) if total > 0 else float("nan")


@dataclass(frozen=True)
class Stability:
    """Alerts a day: how many, how much they vary, and the worst day."""

    mean: float
    deviation: float
    least: int
    most: int
    worst_day: int
    """Day (counted from 1970-01-01) with the most alerts."""
    days: list[tuple[int, int, int]]
    """Each day, its alerts, and those without a fraud."""


def stability(days: Days, threshold: float, all_days: Integers) -> Stability:
    """Return the alerts of each day; `all_days` names the days, those without an alert too."""
    chosen = days.score >= threshold
    names = np.unique(all_days)
    place = np.searchsorted(names, days.day)
    alerts = np.bincount(place[chosen], minlength=len(names))
    false = np.bincount(place[chosen & ~days.fraud], minlength=len(names))
    if not len(names):
        return Stability(0.0, 0.0, 0, 0, 0, [])
    worst = int(np.argmax(alerts))
    return Stability(
        round(float(alerts.mean()), 3),
        round(float(alerts.std()), 3),
        int(alerts.min()),
        int(alerts[worst]),
        int(names[worst]),
        [
            (int(name), int(count), int(wrong))
            for name, count, wrong in zip(names, alerts, false, strict=True)
        ],
    )
