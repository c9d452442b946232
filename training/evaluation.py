"""Judge a model that was trained before, on events of a recipe's test slice."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training import (
    adapt,
    data,
    evidence,
    judging,
    metrics,
    novelty,
    prepare,
    promote,
    splits,
    stability,
    thresholds,
)
from training.errors import NoChampion
from training.evidence import Evidence
from training.metrics import Found
from training.recipe import Recipe
from training.stability import Stability

if TYPE_CHECKING:
    from models.runtime import Scorer
    from training.metrics.decision import Decision
    from training.progress import Advance, Teller


@dataclass(frozen=True)
class Evaluation:
    """A model's figures on a slice of time."""

    stream: str
    version: str
    span: str
    events: int
    frauds: int
    metrics: dict[str, float]
    evidence: Evidence
    recall_by_typology: dict[str, Found]
    decision: Decision
    stability: Stability | None = None
    """How far models of other seeds give the same reasons; None when nobody asked."""

    def document(self) -> dict[str, Any]:
        """Return everything as JSON-able values, the figures at the top level."""
        body = asdict(self)
        return {**body.pop("metrics"), **body}


def evaluate(
    recipe: Recipe,
    stream: str,
    home: Path,
    version: str | None,
    *,
    teller: Teller,
    stable: bool = False,
) -> Evaluation:
    """Return the figures of the champion, or of a trained version, on the recipe's test slice.

    `stable` also measures how far the reasons hold under other seeds (`training.stability`).

    Raises NoChampion when there is no such model, and TrainingError for data that cannot be used.
    """
    from features.catalog import CATALOGUES
    from features.reference import Reference
    from models.bundle import Bundle
    from models.runtime import Scorer

    directory = directory_of(home, stream, version)
    catalogue = CATALOGUES[stream]
    scorer = Scorer(Bundle.load(directory, catalogue), catalogue)
    with teller.stage("reading"):
        inputs = data.read(recipe.data, teller.say)
    recipe, _ = adapt.settle(recipe, stream, inputs)
    with teller.stage("building features") as advance:
        reference = Reference(
            recipe.data.ip_overlay, recipe.data.geolocation, recipe.data.reference_data
        )
        line = prepare.timeline(recipe, stream, inputs, reference, advance)
    with teller.stage("judging"):
        split = splits.of(recipe, line.events.integers("time"), line.known_by)
        line = replace(line, raw=scorer.bundle.raw.of_table(line.events))
        everything = np.arange(scorer.width)
        test = prepare.slice_of(line, recipe, split, "test", everything)
        scores = scorer.score(test.rows.features)
        capacity = scorer.bundle.thresholds.reviews_per_day
        figures = metrics.ranking(test.outcomes, scores.margin, stream, capacity)
        figures["brier"] = metrics.brier(test.outcomes.target, scores.probability)
        figures |= evidence.unbiased(test.outcomes, scores.margin, test.weight, stream, capacity)
        figures["flagged_per_day"] = thresholds.flagged_per_day(
            test.outcomes, scores.probability, scorer.bundle.thresholds.review
        )
        if (detector := scorer.bundle.novelty) is not None:
            figures |= novelty.figures(
                test.outcomes,
                detector.score(scorer.rows(test.rows.features)),
                scores.probability >= scorer.bundle.thresholds.review,
                detector,
            )
        kinds = prepare.typologies_of(line, test, recipe)
        recall = metrics.recall_by_typology(
            test.outcomes, kinds, scores.probability >= scorer.bundle.thresholds.review
        )
        figures |= evidence.by_offence(test.outcomes, kinds, scores.margin, recipe.labels)
        limits = scorer.bundle.thresholds
        judged = judging.judge(
            recipe, line, test, reference, scores.margin, scores.probability, limits
        )
    found = None
    if stable:
        with teller.stage("refitting under other seeds") as advance:
            found = _stability(recipe, line, split, scorer, test, scores.margin, advance)
    counts = test.counts
    return Evaluation(
        stream,
        scorer.bundle.version,
        counts.span,
        counts.events,
        counts.frauds,
        figures,
        test.evidence,
        recall,
        judged.decision,
        found,
    )


def _stability(
    recipe: Recipe,
    line: prepare.Timeline,
    split: splits.Split,
    scorer: Scorer,
    test: prepare.Slice,
    margin: metrics.Floats,
    advance: Advance,
) -> Stability:
    """Return how far models of other seeds agree on the reasons of the highest test events."""
    from models.groups import Grouping

    names = [name for name, _ in scorer.bundle.features]
    columns = np.array([scorer.catalogue.index(name) for name in names])
    train = prepare.slice_of(line, recipe, split, "train", columns)
    highest = np.argsort(-margin, kind="stable")[: stability.EVENTS]
    explained = test.rows.features[np.ix_(highest, columns)]
    grouping = Grouping.of(scorer.catalogue, tuple(names))
    trees = scorer.bundle.forest.roots.size
    return stability.measure(recipe, names, grouping, train.rows, explained, trees, advance)


def directory_of(home: Path, stream: str, version: str | None) -> Path:
    """Return where the champion lies, or a trained version; raises NoChampion for neither."""
    if version is None:
        return promote.champion_dir(home, stream)
    directory = promote.bundles_dir(home, stream) / version
    if not directory.is_dir():
        raise NoChampion(f"version={version!r}: no such {stream} model in {home}")
    return directory
