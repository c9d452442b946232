"""Slice lengths that fit the data, wherever the recipe leaves them open.

The label delay is measured. The slices take shares of the time that the events span, up to a
length beyond which more would only be taken from training: so two days and two years both give a
model. Where events or frauds are so unevenly spread that a slice would be all but empty, the cuts
go by counts instead. What was chosen is part of the recipe that a bundle keeps, and is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training import data, splits, truth
from training.errors import BadRecipe
from training.recipe import Latest, Recipe

if TYPE_CHECKING:
    import numpy.typing as npt

    from features.table import EventTable
    from training.data import Inputs

_DAY = data.MICROSECONDS_PER_DAY
# Shorter data is cut by the minute, not by the day.
_WHOLE_DAYS = 20.0
_SILENCE_DAYS = 14.0
_SHARES = {"warm_up_days": 0.175, "calibration_days": 0.117, "test_days": 0.175}
_MOST = {"warm_up_days": 30.0, "calibration_days": 60.0, "test_days": 90.0}
# Labels never come at once, and the events they are missing for are what sets a threshold.
_LEAST_GAP_SHARE, _LEAST_GAP_DAYS = 0.03, 2.0
_FEW_EVENTS, _FEW_FRAUDS = 0.05, 30
_COUNTED = {"test": 0.175, "gap": 0.02, "calibration": 0.12}


@dataclass(frozen=True)
class _Known:
    """Times of the events in order (days since the first), which were fraud, and label delays."""

    days: npt.NDArray[np.float64]
    fraud: npt.NDArray[np.bool_]
    delay: float | None


def settle(recipe: Recipe, stream: str, inputs: Inputs) -> tuple[Recipe, list[str]]:
    """Return the recipe with every length of time filled in, and what was chosen, in words.

    A recipe that leaves nothing open comes back as it is. Raises BadRecipe where a file to test on
    and the recipe's split contradict each other.
    """
    plan = recipe.split
    if recipe.data.test is not None and (not isinstance(plan, Latest) or plan.test_days):
        raise BadRecipe(
            f"--test-data {str(recipe.data.test)!r} says what to test on, and so does the recipe's "
            f"[split]; leave out the split's protocol and test_days"
        )
    if not isinstance(plan, Latest):
        return recipe, []
    names = [name for name in _SHARES if getattr(plan, name) is None]
    if not names and recipe.labels.maturity_days is not None:
        return recipe, []
    start, end = splits.bounds(recipe)
    events = data.cut(inputs.events(stream), start, end)
    if events is None or len(events) == 0 or inputs.labels is None:
        return recipe, []
    known = _known(events, inputs.labels, recipe)
    span = float(known.days[-1])
    whole = span >= _WHOLE_DAYS
    gap = recipe.labels.maturity_days
    if gap is None:
        gap = _gap(known, span, whole)
    alone = stream in inputs.alone
    chosen = {name: _share(name, span, whole) for name in names}
    if alone and "warm_up_days" in chosen:
        chosen["warm_up_days"] = 0.0
    if inputs.test_days is not None and "test_days" in chosen:
        chosen["test_days"] = inputs.test_days
    by_count = False
    lengths = {name: chosen.get(name, getattr(plan, name)) for name in _SHARES}
    if set(names) == set(_SHARES) and inputs.test_days is None and _thin(known, lengths, gap):
        fixed = recipe.labels.maturity_days
        chosen, gap = _by_count(known, _waiting(known, span) if fixed is None else fixed, alone)
        by_count = True
    settled = recipe.model_copy(
        update={
            "split": plan.model_copy(update=chosen),
            "labels": recipe.labels.model_copy(update={"maturity_days": gap}),
        }
    )
    return settled, [_said(settled, span, by_count)]


def _known(events: EventTable, labels: EventTable, recipe: Recipe) -> _Known:
    time = events.integers("time")
    found = truth.known_by(events, labels, data.NEVER, 0, recipe.labels)
    fraud = found.target == 1
    delay = None
    if (found.label >= 0).all():
        waited = (labels.integers("known_at")[found.label] - time) / _DAY
        delay = float(np.quantile(waited, 0.99))
    order = np.argsort(time, kind="stable")
    return _Known((time[order] - time[order[0]]) / _DAY, fraud[order], delay)


def _gap(known: _Known, span: float, whole: bool) -> float:
    least = min(_LEAST_GAP_SHARE * span, _LEAST_GAP_DAYS)
    gap = max(_waiting(known, span), least)
    return float(max(np.ceil(gap - 1e-9), 1)) if whole else _minutes(gap)


def _waiting(known: _Known, span: float) -> float:
    """Return how many days labels take: as measured, or as long as silence has to last."""
    silence = _SILENCE_DAYS if span >= 80 else 0.12 * span
    return silence if known.delay is None else known.delay


def _share(name: str, span: float, whole: bool) -> float:
    length = min(_SHARES[name] * span, _MOST[name])
    return float(max(round(length), 1)) if whole else _minutes(length)


def _minutes(days: float) -> float:
    return max(round(days * 1440), 1) / 1440


def _thin(known: _Known, lengths: dict[str, float], gap: float) -> bool:
    """Tell whether one of the slices would hold too few events or frauds to go by."""
    test = known.days[-1] - lengths["test_days"]
    calibration = test - gap - lengths["calibration_days"]
    slices = (
        (known.days > test),
        (known.days > calibration) & (known.days <= test - gap),
        (known.days > lengths["warm_up_days"]) & (known.days <= calibration - gap),
        (known.days > test - gap) & (known.days <= test),
    )
    frauds = int(known.fraud.sum())
    few = min(_FEW_FRAUDS, 0.05 * frauds)
    *judged, waiting = slices
    return not waiting.any() or any(
        inside.mean() < _FEW_EVENTS or known.fraud[inside].sum() < few for inside in judged
    )


def _by_count(known: _Known, gap: float, alone: bool) -> tuple[dict[str, float], float]:
    """Return slice lengths and gap that give each slice its share of the events and frauds."""
    count, end = len(known.days), float(known.days[-1])
    frauds = np.cumsum(known.fraud[::-1].astype(np.float64))[::-1]
    enough = min(_FEW_FRAUDS, 0.1 * float(frauds[0]))

    def begin(last: int, share: float) -> int:
        """Return the row where a slice that ends before row `last` begins."""
        wanted = last - max(int(share * count), 1)
        beyond = float(frauds[last]) if last < count else 0.0
        with_frauds = int(np.searchsorted(-frauds, -(beyond + enough), "right")) - 1
        return max(min(wanted, with_frauds), 0)

    test = begin(count, _COUNTED["test"])
    waiting = max(test - max(int(_COUNTED["gap"] * count), 1), 0)
    gap = max(gap, _minutes(float(known.days[test] - known.days[waiting])))
    last = int(np.searchsorted(known.days, known.days[test] - gap))
    calibration = begin(last, _COUNTED["calibration"])
    lengths = {
        "warm_up_days": 0.0 if alone else _minutes(float(known.days[int(0.1 * count)])),
        "calibration_days": _minutes(float(known.days[test] - gap - known.days[calibration])),
        "test_days": _minutes(end - float(known.days[test])),
    }
    return lengths, gap


def _said(recipe: Recipe, span: float, by_count: bool) -> str:
    plan = recipe.split
    assert isinstance(plan, Latest)  # noqa: S101  (settle has looked)
    lengths = (
        ("warm-up", plan.warm_up_days),
        ("calibration", plan.calibration_days),
        ("gap for labels", recipe.labels.maturity_days),
        ("test", plan.test_days),
    )
    told = ", ".join(f"{name} {_in_words(days)}" for name, days in lengths)
    how = " (cut by counts: events or frauds come unevenly)" if by_count else ""
    return f"events span {_in_words(span)}: {told}{how}"


def _in_words(days: float | None) -> str:
    if days is None:
        return "open"
    if days >= 2:
        return f"{days:.0f} days" if days >= 20 or float(days).is_integer() else f"{days:.1f} days"
    return f"{days * 24:.1f} h" if days * 24 >= 2 else f"{days * 1440:.0f} min"
