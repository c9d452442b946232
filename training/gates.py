"""The gates to promotion: what a model must show, beside the champion, on the same events.

Each gate gives a figure, its bound from the recipe's [gates], and a sentence. Where a figure rests
on samples it is redrawn over subjects, and the gate refuses only when the 95 % interval lies wholly
beyond the bound. Latency is a ratio to a forest of fixed size, timed in turns with the model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from training import metrics
from training.fit import Floats
from training.judged import Judged
from training.metrics import Interval

if TYPE_CHECKING:
    from models.bundle import Bundle
    from models.forest import Forest
    from models.runtime import Scorer, Scores
    from training.recipe import Gates

PARTS = 10
SEED = 1
REFERENCE_TREES = 300
REFERENCE_DEPTH = 6
_ROUNDS, _CALLS = 9, 100
_Z = 1.959964


@dataclass(frozen=True)
class Gate:
    """One gate: what was found, how far it may go, and both in a sentence."""

    name: str
    passed: bool
    value: float
    bound: float
    text: str
    low: float | None = None
    high: float | None = None

    @property
    def said(self) -> str:
        """The gate in a sentence, with value and bound."""
        return f"{self.name} is {self.value:.3f} and its bound {self.bound:.3g}: {self.text}"

    def document(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {
            key: round(value, 6) if isinstance(value, float) else value
            for key, value in asdict(self).items()
        }


def check(
    scorer: Scorer, champion: Scorer | None, judged: Judged, settings: Gates, lacking: Sequence[str]
) -> list[Gate]:
    """Return every gate's result for a model on judged events.

    `champion` is scored on the same events, None when there is none that can be; `lacking` names
    what the model's card still lacks.
    """
    ours = scorer.score(judged.rows(scorer))
    theirs = None if champion is None else champion.score(judged.rows(champion))
    return [
        _average_precision(judged, ours, theirs, settings),
        _brier(judged, ours, theirs, settings),
        _calibration(judged, ours, settings),
        *_disparity(judged, ours, scorer.bundle, settings),
        _latency(scorer, judged, settings),
        _card(lacking),
    ]


def _average_precision(
    judged: Judged, ours: Scores, theirs: Scores | None, settings: Gates
) -> Gate:
    name, outcomes = "average_precision", judged.outcomes
    if theirs is None:
        chance = float(np.average(outcomes.target, weights=outcomes.weights))
        alone = metrics.average_precision(outcomes.target, ours.margin, outcomes.weight)
        return Gate(
            name,
            alone > chance,
            alone,
            chance,
            "no champion to compare with; must be above chance",
        )
    found = metrics.paired_difference(outcomes, ours.margin, theirs.margin, SEED)
    gap, bound = found.difference, -settings.max_average_precision_drop
    value, low, high = _ends(gap)
    passed = low >= bound if settings.strict else value >= bound or high >= 0
    rule = "the lower end counts" if settings.strict else "unless it may be chance"
    return Gate(
        name,
        passed,
        value,
        bound,
        f"{found.challenger:.3f} less the champion's {found.champion:.3f} on the same "
        f"{len(outcomes.target):,} events ({low:+.3f} to {high:+.3f}; {rule})",
        low,
        high,
    )


def _brier(judged: Judged, ours: Scores, theirs: Scores | None, settings: Gates) -> Gate:
    target = judged.outcomes.target.astype(np.float64)
    constant = np.full(len(target), np.average(target, weights=judged.outcomes.weights))
    other = constant if theirs is None else theirs.probability
    wrong, usual = (ours.probability - target) ** 2, (other - target) ** 2

    def ratio(weight: Floats) -> Floats:
        return np.asarray(np.dot(weight, wrong) / max(float(np.dot(weight, usual)), 1e-12))

    beside = "a constant probability's" if theirs is None else "the champion's"
    return _at_most(
        "brier",
        _redrawn(judged, ratio),
        settings.max_brier_ratio,
        f"Brier score by {beside}",
    )


def _calibration(judged: Judged, ours: Scores, settings: Gates) -> Gate:
    """Expected calibration error (Naeini and others, 2015) over parts of equal size."""
    order = np.argsort(ours.probability, kind="stable")
    part = np.empty(len(order), dtype=np.int64)
    part[order] = np.arange(len(order)) * PARTS // max(len(order), 1)
    target = judged.outcomes.target.astype(np.float64)
    gap = ours.probability - target

    def error(weight: Floats) -> Floats:
        parts = np.bincount(part, weight * gap, minlength=PARTS)
        return np.asarray(np.abs(parts).sum() / max(float(np.dot(weight, target)), 1e-12))

    return _at_most(
        "calibration",
        _redrawn(judged, error),
        settings.max_calibration_error,
        "calibration error by the rate of fraud",
    )


def _disparity(judged: Judged, ours: Scores, bundle: Bundle, settings: Gates) -> list[Gate]:
    """Rate of false flags of the worst group by that of all; Wilson's lower end counts."""
    honest = ~judged.outcomes.target
    flagged = honest & (ours.probability >= bundle.thresholds.review)
    overall = flagged.sum() / max(honest.sum(), 1)
    gates = []
    for kind, names in judged.groups.items():
        labels, group = np.unique(np.asarray(names, dtype=object), return_inverse=True)
        counts = np.bincount(group, honest, minlength=len(labels))
        flags = np.bincount(group, flagged, minlength=len(labels))
        seen = np.flatnonzero(counts >= settings.min_group_events)
        bound, name = settings.max_disparity, f"disparity by {kind}"
        if len(seen) < 2 or overall == 0:
            text = f"too few honest events of more than one {kind}, or none flagged, to compare"
            gates.append(Gate(name, True, 1.0, bound, text))
            continue
        low = np.array([_wilson_low(flags[place], counts[place]) for place in seen]) / overall
        worst = seen[int(np.argmax(low))]
        rate = flags[worst] / counts[worst]
        gates.append(
            Gate(
                name,
                bool(low.max() <= bound),
                float(rate / overall),
                bound,
                f"{rate:.2%} of the honest events of {kind} {labels[worst]} are flagged, "
                f"{overall:.2%} of all (at least {low.max():.1f} times as many)",
                float(low.max()),
            )
        )
    return gates


def _latency(scorer: Scorer, judged: Judged, settings: Gates) -> Gate:
    from features.catalog import CATALOGUES
    from models.runtime import Scorer

    forest = reference_forest(len(scorer.bundle.features))
    reference = Scorer(replace(scorer.bundle, forest=forest), CATALOGUES[scorer.bundle.stream])
    some = judged.rows(scorer)[:50]
    rows = [some[place : place + 1] for place in range(len(some))]
    best = {scorer: np.inf, reference: np.inf}
    for _ in range(_ROUNDS):
        # In turns, so that another program's work falls on both.
        for one in best:
            started = time.perf_counter()
            for call in range(_CALLS):
                one.score(rows[call % len(rows)])
            best[one] = min(best[one], (time.perf_counter() - started) / _CALLS)
    ratio, bound = best[scorer] / best[reference], settings.max_latency_ratio
    return Gate(
        "latency",
        ratio <= bound,
        ratio,
        bound,
        f"{best[scorer] * 1e6:.0f} µs a row, by {REFERENCE_TREES} trees of depth {REFERENCE_DEPTH}",
    )


def reference_forest(features: int) -> Forest:
    """Return complete trees with seeded splits: what one row's latency is measured by."""
    from models.forest import NODE, Forest

    chance = np.random.default_rng(SEED)
    size, inner = 2 ** (REFERENCE_DEPTH + 1) - 1, 2**REFERENCE_DEPTH - 1
    nodes = np.zeros(REFERENCE_TREES * size, dtype=NODE)
    place = np.arange(size)
    for tree in range(REFERENCE_TREES):
        one = nodes[tree * size : (tree + 1) * size]
        one["feature"] = chance.integers(0, features, size)
        one["threshold"] = chance.normal(scale=10, size=size)
        one["left"] = np.where(place < inner, tree * size + 2 * place + 1, -1)
        one["missing_right"] = chance.integers(0, 2, size)
    cover = np.tile(2.0 ** (REFERENCE_DEPTH - np.floor(np.log2(place + 1))), REFERENCE_TREES)
    roots = np.arange(REFERENCE_TREES, dtype=np.int32) * size
    return Forest(nodes, cover, roots, np.float32(0), features)


def _card(lacking: Sequence[str]) -> Gate:
    text = f"the card lacks: {', '.join(lacking)}" if lacking else "the card is complete"
    return Gate("card", not lacking, float(len(lacking)), 0.0, text)


def _redrawn(judged: Judged, statistic: Callable[[Floats], Floats]) -> Interval:
    drawn = metrics.Resampling(judged.outcomes, SEED).over(statistic)
    return metrics.interval(float(statistic(judged.outcomes.weights)), drawn)


def _at_most(name: str, found: Interval, bound: float, text: str) -> Gate:
    value, low, high = _ends(found)
    said = f"{text} ({low:.2f} to {high:.2f})"
    return Gate(name, low <= bound, value, bound, said, low, high)


def _ends(found: Interval) -> tuple[float, float, float]:
    value = float("nan") if found.value is None else found.value
    return (
        value,
        value if found.low is None else found.low,
        value if found.high is None else found.high,
    )


def _wilson_low(hits: float, count: float) -> float:
    """Return the lower end of Wilson's 95 % interval of a share (Wilson, 1927)."""
    share = hits / count
    spread = _Z * np.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    return float((share + _Z**2 / (2 * count) - spread) / (1 + _Z**2 / count))
