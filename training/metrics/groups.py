"""Figures by corridor, channel, segment or season, and how evenly alerts fall on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.metrics import passes
from training.metrics.areas import AVERAGE_PRECISION, Ranked
from training.metrics.bootstrap import Interval, Redrawn, share, subjects_in
from training.metrics.outcomes import Floats, Integers, Mask, Outcomes

ENOUGH_FRAUDS = 5
ENOUGH_EVENTS = 200
"""A group stands alone with so many frauds or so many events; smaller ones are pooled."""
MOST_GROUPS = 40
UNKNOWN = "unknown"
# Columns of a group's sums.
_EVENTS, _FRAUDS, _FLAGGED, _FOUND, _VALUE, _VALUE_FOUND, _SQUARES = range(7)
PRECISION, RECALL, VALUE, FALSE_PER_TRUE, FLAGS, FALSE_FLAGS, BRIER = range(7)


@dataclass(frozen=True)
class Group:
    """Figures of the events of one group, counted by event.

    Counts are of events as they are; the figures heed their weights.
    """

    name: str
    pooled: int
    """How many groups stand behind it: 1, or more where small ones were pooled."""
    events: int
    frauds: int
    flagged: int
    average_precision: Interval
    """None below five frauds, or five honest events to tell them from."""
    precision: Interval
    recall: Interval
    value_detection: Interval
    false_per_true: Interval
    flags_per_1000: Interval
    false_flags_per_1000: Interval
    """Flagged honest events of a thousand honest events: the burden on those who did nothing."""
    brier: Interval


@dataclass(frozen=True)
class Grouped:
    """Events sorted into groups, once for many draws."""

    names: list[str]
    pooled: list[int]
    group: Integers
    values: Floats
    ranked: Ranked
    subjects: Integers
    """How many subjects each group has with an event of each column of `values`."""

    @classmethod
    def of(
        cls,
        name: Sequence[str],
        outcomes: Outcomes,
        score: Floats,
        probability: Floats,
        flagged: Mask,
        value: Floats,
    ) -> Grouped:
        """Sort events by `name` into groups, those with the most frauds first, small ones last."""
        target = outcomes.target
        given, place = np.unique(
            np.array([one or UNKNOWN for one in name], dtype=str), return_inverse=True
        )
        events = np.bincount(place, minlength=len(given))
        frauds = np.bincount(place, weights=target, minlength=len(given))
        order = np.lexsort((given, -events, -frauds))
        alone = [
            one for one in order if frauds[one] >= ENOUGH_FRAUDS or events[one] >= ENOUGH_EVENTS
        ][:MOST_GROUPS]
        rest = len(given) - len(alone)
        if rest == 1:
            alone, rest = [*alone, *(one for one in order if one not in set(alone))], 0
        number = np.full(len(given), len(alone), dtype=np.int64)
        number[alone] = np.arange(len(alone))
        names = [str(given[one]) for one in alone] + ([f"{rest} others"] if rest else [])
        caught = flagged & target
        lost = np.where(target, value, 0.0)
        values = np.column_stack(
            [
                np.ones(len(target)),
                target,
                flagged,
                caught,
                lost,
                lost * flagged,
                (probability - target) ** 2,
            ]
        ).astype(np.float64)
        group = number[place]
        return cls(
            names,
            [1] * len(alone) + ([rest] if rest else []),
            group,
            values,
            Ranked.of(target, score, group, len(names)),
            np.column_stack(
                [
                    subjects_in(outcomes.subject, np.where(column > 0, group, -1), len(names))
                    for column in values.T
                ]
            ),
        )

    def sums(self, weight: Floats) -> Floats:
        """Return each group's sums, in the order of the columns of `values`."""
        found: Floats = passes.sums(weight, self.group, self.values, len(self.names))
        return found

    def figures(self, weight: Floats) -> Floats:
        """Return each group's ratios, float64[groups, 7], in the order of the constants above."""
        sums = self.sums(weight)
        honest = sums[:, _EVENTS] - sums[:, _FRAUDS]
        false = sums[:, _FLAGGED] - sums[:, _FOUND]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.column_stack(
                [
                    sums[:, _FOUND] / sums[:, _FLAGGED],
                    sums[:, _FOUND] / sums[:, _FRAUDS],
                    sums[:, _VALUE_FOUND] / sums[:, _VALUE],
                    false / sums[:, _FOUND],
                    1000 * sums[:, _FLAGGED] / sums[:, _EVENTS],
                    1000 * false / honest,
                    sums[:, _SQUARES] / sums[:, _EVENTS],
                ]
            )

    def precisions(self, weight: Floats) -> Floats:
        """Return each group's average precision."""
        return self.ranked.areas(weight)[:, AVERAGE_PRECISION]


def figures(grouped: Grouped, ratios: Redrawn, precisions: Redrawn) -> list[Group]:
    """Return each group's figures with intervals from its redrawn ratios and precisions."""
    counts = grouped.sums(np.ones(len(grouped.group)))
    found = []
    for place, name in enumerate(grouped.names):
        events, frauds, flagged = (int(counts[place, column]) for column in range(3))
        enough = frauds >= ENOUGH_FRAUDS and events - frauds >= ENOUGH_FRAUDS
        found.append(
            Group(
                name,
                grouped.pooled[place],
                events,
                frauds,
                flagged,
                precisions.at(place) if enough else Interval(None),
                ratios.share_at(int(grouped.subjects[place, _FLAGGED]), place, PRECISION),
                ratios.share_at(int(grouped.subjects[place, _FRAUDS]), place, RECALL),
                ratios.share_at(int(grouped.subjects[place, _VALUE]), place, VALUE),
                ratios.at(place, FALSE_PER_TRUE),
                _rate(ratios, grouped, place, FLAGS),
                _rate(ratios, grouped, place, FALSE_FLAGS),
                ratios.at(place, BRIER),
            )
        )
    return found


def _rate(ratios: Redrawn, grouped: Grouped, place: int, column: int) -> Interval:
    """Return a rate per thousand; none of many is not never, so it keeps an upper end."""
    found = ratios.at(place, column)
    subjects = int(grouped.subjects[place, _EVENTS])
    if found.value != 0 or not subjects:
        return found
    high = share(0.0, np.zeros(1), subjects).high
    return Interval(0.0, 0.0, None if high is None else round(1000 * high, 6))


@dataclass(frozen=True)
class Disparity:
    """How unevenly false flags fall: the group with the most against all events together."""

    group: str
    false_flags_per_1000: Interval
    overall: float
    ratio: Interval
    """The group's rate over the overall rate."""


def disparity(grouped: Grouped, ratios: Redrawn, overall: Redrawn) -> Disparity | None:
    """Return the group with the highest rate of false flags, among those that stand alone.

    Groups of fewer than 200 events are passed over. `overall` holds the redrawn rate of all events;
    None when no group is large enough, or nothing is flagged falsely.
    """
    counts = grouped.sums(np.ones(len(grouped.group)))[:, _EVENTS]
    own = [
        place
        for place in range(len(grouped.names))
        if grouped.pooled[place] == 1
        and counts[place] >= ENOUGH_EVENTS
        and grouped.names[place] != UNKNOWN
    ]
    rate = float(overall.value[0])
    if not own or not rate > 0:
        return None
    worst = max(own, key=lambda place: (ratios.value[place, FALSE_FLAGS], -place))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = Redrawn(
            ratios.value[worst, FALSE_FLAGS] / overall.value,
            ratios.draws[:, worst, FALSE_FLAGS][:, None] / overall.draws,
        )
    return Disparity(
        grouped.names[worst], ratios.at(worst, FALSE_FLAGS), round(rate, 6), share.at(0)
    )
