"""Judge scores of a slice by everything that people decide on; training and evaluation alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.circumstances import Circumstances, circumstances
from training.metrics.alerts import Worth
from training.metrics.decision import Decision, Settings, decide

if TYPE_CHECKING:
    from features.reference import Reference
    from models.decision import Thresholds
    from training.metrics import Floats
    from training.prepare import Slice, Timeline
    from training.recipe import Recipe


@dataclass(frozen=True)
class Judged:
    """What stood around the events of a slice, and the figures of a model's scores of them."""

    around: Circumstances
    decision: Decision


def judge(
    recipe: Recipe,
    line: Timeline,
    rows: Slice,
    reference: Reference,
    margin: Floats,
    probability: Floats,
    thresholds: Thresholds,
) -> Judged:
    """Return the figures of these scores of a slice's events, at the thresholds of their model."""
    around = circumstances(recipe, line, rows, reference)
    told = recipe.figures
    settings = Settings(
        thresholds.review,
        sorted(told.capacities),
        Worth(told.cost_per_review, told.recovered_share),
        recipe.seed,
        told.draws,
    )
    return Judged(around, decide(rows.outcomes, around, margin, probability, settings))
