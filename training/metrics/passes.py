"""Compiled passes over sorted rows: each takes the rows' weights, so that redrawing is cheap.

A row of weight w counts as w rows. A bootstrap draw is then nothing but other weights: how often
each row's subject was drawn.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from training.metrics.outcomes import Floats, Integers, Mask


@njit(cache=True)
def areas(weight: Floats, target: Mask, last: Mask, starts: Integers) -> Floats:
    """Return average precision and AUC ROC of each group, float64[groups, 2].

    Rows stand by group and falling score; `last` marks the last of equal scores, `starts` where
    each group begins and the end. NaN without a fraud, and for the AUC without an honest event.
    """
    groups = len(starts) - 1
    found = np.full((groups, 2), np.nan)
    for group in range(groups):
        frauds = honest = before = before_honest = precision = pairs = 0.0
        for row in range(starts[group], starts[group + 1]):
            if target[row]:
                frauds += weight[row]
            else:
                honest += weight[row]
            if last[row]:
                if frauds > before:
                    precision += (frauds - before) * frauds / (frauds + honest)
                pairs += (honest - before_honest) * (before + frauds) / 2
                before, before_honest = frauds, honest
        if frauds > 0:
            found[group, 0] = precision / frauds
            if honest > 0:
                found[group, 1] = pairs / (frauds * honest)
    return found


@njit(cache=True)
def reviews(
    weight: Floats,
    fraud: Mask,
    value: Floats,
    subject: Integers,
    starts: Integers,
    capacity: float,
    leave: bool,
) -> Floats:
    """Return each day's reviews, the frauds they find and those frauds' value, float64[days, 3].

    Rows are subject days by day and falling score; each day's first are reviewed until `capacity`
    is used up. With `leave` a subject that was found is not reviewed again.
    """
    days = len(starts) - 1
    done = np.zeros((days, 3))
    known = np.zeros(subject.max() + 1 if leave and len(subject) else 1, dtype=np.bool_)
    for day in range(days):
        room = capacity
        for row in range(starts[day], starts[day + 1]):
            if room <= 0:
                break
            if leave and known[subject[row]]:
                continue
            taken = min(room, weight[row])
            room -= taken
            done[day, 0] += taken
            if fraud[row] and taken > 0:
                done[day, 1] += taken
                done[day, 2] += taken * value[row]
                if leave:
                    known[subject[row]] = True
    return done


@njit(cache=True)
def sums(weight: Floats, group: Integers, values: Floats, groups: int) -> Floats:
    """Return the weighted sum of each column of `values` by group, float64[groups, columns].

    The order of adding is the rows', so that the result is the same on every machine.
    """
    totals = np.zeros((groups, values.shape[1]))
    for row in range(len(group)):
        for column in range(values.shape[1]):
            totals[group[row], column] += weight[row] * values[row, column]
    return totals
