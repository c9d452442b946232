"""What would have un-flagged an event: the fewest changes of what may have been otherwise.

A bounded, deterministic search over `features.catalog.alternatives`: every single one, then pairs
in the order of what they lower alone, `LIMIT` evaluations in all. The line is true of the model:
the changed row is scored, falls below the review threshold, and is not novel. It is a statement
about the model, not about the world.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from features.catalog.alternatives import ALTERNATIVES, Alternative
from models.explain import in_words
from models.forest import Float64
from models.runtime import Scorer, Scores

LIMIT = 64
"""Rows that are scored at most in search of a line."""
_START = "would not have been flagged had "


@dataclass(frozen=True)
class Counterfactual:
    """One line: what would have left the event clear, in words, and its probability then.

    `changes` are the features that would have been otherwise, with their values then, None for
    missing.
    """

    text: str
    probability: float
    changes: dict[str, float | None]


def counterfactual(scorer: Scorer, row: Float64) -> Counterfactual | None:
    """Return what would have left one flagged row (float64[width]) below the review threshold.

    None when the row is below it anyway, or when nothing that was tried suffices: not every flag
    hangs on one or two things.
    """
    review = scorer.bundle.thresholds.review
    if scorer.score(row[None, :]).probability[0] < review:
        return None
    names = scorer.catalogue.names
    values = dict(zip(names, row.tolist(), strict=True))
    used = {name for name, _ in scorer.bundle.features}
    singles: list[Chosen] = [
        (one,)
        for one in ALTERNATIVES.get(scorer.bundle.stream, ())
        if not used.isdisjoint(one.of(values))
    ]
    if not singles:
        return None
    scores = _scores(scorer, row, values, singles)
    found = _best(scorer, singles, scores)
    if found is None:
        alone = dict(zip(singles, scores.margin.tolist(), strict=True))
        pairs: list[Chosen] = [(first, second) for (first,), (second,) in combinations(singles, 2)]
        pairs.sort(key=lambda pair: sum(alone[one,] for one in pair))
        pairs = pairs[: LIMIT - len(singles)]
        if pairs:
            found = _best(scorer, pairs, _scores(scorer, row, values, pairs))
    if found is None:
        return None
    chosen, probability = found
    changed = _changed(values, chosen)
    return Counterfactual(
        _START + " and had ".join(_say(scorer, one, values) for one in chosen),
        probability,
        {name: None if np.isnan(value) else value for name, value in sorted(changed.items())},
    )


Chosen = tuple[Alternative, ...]


def _changed(values: dict[str, float], chosen: Chosen) -> dict[str, float]:
    """Return what some alternatives, one after another, change of a row."""
    now: dict[str, float] = dict(values)
    changed: dict[str, float] = {}
    for one in chosen:
        change = one.of(now)
        now |= change
        changed |= change
    return changed


def _scores(
    scorer: Scorer, row: Float64, values: dict[str, float], tried: Sequence[Chosen]
) -> Scores:
    rows = np.repeat(row[None, :], len(tried), axis=0)
    for place, chosen in enumerate(tried):
        for name, value in _changed(values, chosen).items():
            rows[place, scorer.catalogue.index(name)] = value
    return scorer.score(rows)


def _best(scorer: Scorer, tried: Sequence[Chosen], scores: Scores) -> tuple[Chosen, float] | None:
    """Return what lowers the margin most of those that leave the event clear, first of equals."""
    flagged = scores.probability >= scorer.bundle.thresholds.review
    if scores.novel is not None:
        flagged |= scores.novel
    if flagged.all():
        return None
    place = int(np.argmin(np.where(flagged, np.inf, scores.margin)))
    return tried[place], float(scores.probability[place])


def _say(scorer: Scorer, one: Alternative, values: dict[str, float]) -> str:
    shown = {
        name: in_words(values[name], scorer.catalogue.feature(name).unit)
        for name in scorer.catalogue.names
        if f"{{{name}}}" in one.words
    }
    return one.words.format(**shown)
