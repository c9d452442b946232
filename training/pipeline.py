"""One training run, from files to a bundle: read, build, rehearse, fit, judge, log, promote.

`train` is what `crossflag train` calls; it can be imported and called without the command line.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training import (
    adapt,
    baseline,
    boosted,
    calibration,
    countries,
    data,
    drift_section,
    evidence,
    fit,
    judged,
    judging,
    keeping,
    metrics,
    novelty,
    prepare,
    promote,
    report,
    spark_fit,
    thinning,
    thresholds,
    validation_pack,
)
from training.evidence import Evidence
from training.metrics import Found
from training.progress import Teller
from training.recipe import Recipe

if TYPE_CHECKING:
    from models.decision import Thresholds
    from models.forest import Forest
    from models.novelty import Novelty
    from models.promotions import Person
    from training.metrics.decision import Decision


@dataclass(frozen=True)
class TrainingResult:
    """What a training run gave; `document()` is what `--json` prints."""

    stream: str
    version: str
    bundle: Path
    metrics: dict[str, float]
    recall_by_typology: dict[str, Found]
    decision: Decision
    baselines: dict[str, dict[str, float]]
    thresholds: Thresholds
    counts: dict[str, prepare.Counts]
    evidence: dict[str, Evidence]
    trees: int
    calibration: str
    calibration_brier: dict[str, float]
    """Brier score of each kind of curve under cross-fitting; empty where it was not compared."""
    features: list[str]
    absent: list[str]
    feature_set: str
    data_hash: str
    seed: int
    plots: list[Path]
    report: Path | None = None
    mlflow: dict[str, str | None] = field(default_factory=dict)
    promoted: bool = False
    forward: dict[str, Any] = field(default_factory=dict)
    """What came of putting it forward to be champion, the gates among it; empty when nobody did."""
    seconds: dict[str, float] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return everything as JSON-able values, the model's own figures at the top level."""
        body = asdict(self)
        figures = body.pop("metrics")
        body["bundle"] = str(self.bundle)
        body["plots"] = [str(path) for path in self.plots]
        body["report"] = None if self.report is None else str(self.report)
        return {**figures, **body}


@dataclass(frozen=True)
class Fitted:
    """A model with its calibration and thresholds, not yet written."""

    booster: Any
    trees: int
    calibrator: Any
    thresholds: Thresholds
    novelty: Novelty
    calibration_brier: dict[str, float]

    @cached_property
    def forest(self) -> Forest:
        """The model as it will be served."""
        from models.forest import Forest

        return Forest.from_json(bytes(self.booster.save_raw("json")))


def train(
    recipe: Recipe,
    stream: str,
    home: Path,
    *,
    teller: Teller | None = None,
    inputs: data.Inputs | None = None,
    kept: Path | None = None,
    master: str | None = None,
    log: bool = True,
    promote_by: Person | None = None,
    why: str = "trained with --promote",
    production: bool = False,
) -> TrainingResult:
    """Train one stream's model as the recipe says and keep its bundle in `home`.

    `inputs` saves reading the files again; `kept` is a folder of features that saves building them
    (see `training.backfill`); with `master` Spark fits on that folder, see `training.spark_fit`;
    `log` writes the run to MLflow; `promote_by` names who puts the model
    forward to be champion, None leaves the champion as it is. What the gates refuse stays trained:
    the result's `forward` says so. In `production` a second person must approve. The same recipe,
    seed and data give the same bundle version. Raises TrainingError, and what readers and models
    raise.
    """
    from features.catalog import CATALOGUES
    from features.reference import Reference
    from models.runtime import Scorer

    teller = teller or Teller(quiet=True)
    if inputs is None:
        with teller.stage("reading"):
            inputs = data.read(recipe.data, teller.say)
    recipe, chosen = adapt.settle(recipe, stream, inputs)
    for note in chosen:
        teller.say(note)
    with teller.stage("reading features" if kept else "building features") as advance:
        reference = Reference(
            recipe.data.ip_overlay, recipe.data.geolocation, recipe.data.reference_data
        )
        line = prepare.timeline(recipe, stream, inputs, reference, advance, kept)
        prepared = prepare.prepare(recipe, CATALOGUES[stream], line)
        # Attributes are the sender's own: what comes without them is no log of the same system.
        thins = recipe.thin_share and not len(prepared.raw) and master is None
        thin = thinning.thinned(line, reference) if thins else None
    with teller.stage("fitting"), fit.bounded(recipe):
        if master is None or kept is None:
            fitted = fit_model(recipe, prepared, thin)
        else:
            with spark_fit.cluster(recipe, prepared, line, kept, master) as cluster:
                fitted = fit_model(recipe, prepared, cluster=cluster)
    with teller.stage("judging"), fit.bounded(recipe), ThreadPoolExecutor(1) as aside:
        scores, figures, probability = _judge(recipe, stream, prepared, fitted)
        spreading = aside.submit(baseline.of, line, prepared, fitted, probability)
        kinds = prepare.typologies_of(line, prepared.test, recipe)
        recall = metrics.recall_by_typology(
            prepared.test.outcomes, kinds, probability >= fitted.thresholds.review
        )
        figures["xgboost"] |= evidence.by_offence(
            prepared.test.outcomes, kinds, scores["xgboost"], recipe.labels
        )
        judgement = judging.judge(
            recipe,
            line,
            prepared.test,
            reference,
            scores["xgboost"],
            probability,
            fitted.thresholds,
        )
        decision = judgement.decision
        if recipe.baselines:
            without = countries.without_countries(recipe, prepared, fitted.trees, scores["xgboost"])
            decision = replace(decision, without_countries=without)
    with teller.stage("writing"), fit.bounded(recipe):
        spread = spreading.result()
        bundle = keeping.write_bundle(
            recipe,
            stream,
            prepared,
            fitted,
            figures["xgboost"],
            recall,
            decision,
            inputs,
            home,
            spread,
        )
        everything = np.arange(len(CATALOGUES[stream].names))
        test = prepare.slice_of(line, recipe, prepared.split, "test", everything)
        judged.keep(bundle.directory, CATALOGUES[stream], prepared.raw, line, test)
        plots = report.plots(
            bundle.directory.parent / f"{bundle.version}.plots",
            prepared.test.outcomes,
            scores,
            decision,
            _importance(fitted.booster),
        )
    result = TrainingResult(
        stream=stream,
        version=bundle.version,
        bundle=bundle.directory,
        metrics=figures.pop("xgboost"),
        recall_by_typology=recall,
        decision=decision,
        baselines=figures,
        thresholds=bundle.thresholds,
        counts=prepared.counts,
        evidence=prepared.evidence,
        trees=fitted.trees,
        calibration=fitted.calibrator.kind,
        calibration_brier=fitted.calibration_brier,
        features=prepared.names,
        absent=prepared.absent,
        feature_set=prepared.catalogue.version,
        data_hash=inputs.data_hash,
        seed=recipe.seed,
        plots=plots,
    )
    with teller.stage("writing the report"):
        run = report.Run(
            result,
            recipe,
            prepared,
            judgement,
            scores,
            probability,
            _importance(fitted.booster),
            Scorer(bundle, CATALOGUES[stream]),
            [drift_section.section(spread, prepared, line)],
        )
        result = replace(result, report=report.write(promote.report_path(bundle.directory), run))
    validation_pack.write(bundle, result, CATALOGUES[stream])
    if log:
        with teller.stage("logging to MLflow"):
            result = replace(result, mlflow=keeping.log_run(recipe, result, bundle, home))
    keeping.keep_record(result)
    if promote_by is not None:
        forward = promote.put_forward(
            home, stream, bundle.version, promote_by, why, production=production, teller=teller
        )
        result = replace(result, promoted=forward.in_force, forward=forward.document())
    result = replace(result, seconds=dict(teller.seconds))
    keeping.keep_record(result)
    return result


def fit_model(
    recipe: Recipe,
    prepared: prepare.Prepared,
    thin: prepare.Timeline | None = None,
    cluster: spark_fit.Booster | None = None,
) -> Fitted:
    """Rehearse for trees and calibration, fit on everything up to the gap, then set thresholds.

    `thin` are the same events as a plain log tells them; see `training.thinning`. `cluster` fits
    on Spark; see `training.spark_fit`.
    """
    from models.decision import Thresholds

    names, held_back, gap = prepared.names, prepared.calibration, prepared.gap
    learnt = prepared.train.rows
    if cluster is None:
        learnt = boosted.learnt_from(recipe, prepared, "train", thin)
    with ThreadPoolExecutor(1) as aside:
        detecting = aside.submit(novelty.learn_from, recipe, prepared, learnt)
        made = boosted.boosted(recipe, prepared, learnt, thin, cluster)
    rehearsed, booster = made.rehearsed, made.model
    margin = fit.margins(rehearsed, held_back.rows.features, names)
    calibrated = calibration.fit(margin, held_back.outcomes, recipe.calibration.method, recipe.seed)
    rehearsed_calibrator = calibrated.calibrator
    gap_margin = fit.margins(booster, gap.rows.features, names)
    calibrator = calibration.carry(
        rehearsed_calibrator, fit.margins(rehearsed, gap.rows.features, names), gap_margin
    )
    capacity = recipe.review.reviews_per_day
    review = thresholds.review_threshold(
        gap.outcomes, calibrator.apply(gap_margin), capacity * gap.day_share
    )
    urgent = thresholds.urgent_threshold(
        held_back.outcomes,
        rehearsed_calibrator.apply(margin),
        review,
        recipe.review.urgent_precision,
    )
    detector = novelty.with_quota(
        detecting.result(), recipe, prepared, calibrator.apply(gap_margin), review
    )
    limits = Thresholds(review, urgent, capacity)
    return Fitted(booster, made.trees, calibrator, limits, detector, calibrated.brier)


def _judge(
    recipe: Recipe, stream: str, prepared: prepare.Prepared, fitted: Fitted
) -> tuple[dict[str, metrics.Floats], dict[str, dict[str, float]], metrics.Floats]:
    """Return each model's scores and figures on the test slice, and our probabilities there."""
    test, capacity = prepared.test, recipe.review.reviews_per_day
    margin = fit.margins(fitted.booster, test.rows.features, prepared.names)
    probability = fitted.calibrator.apply(margin)
    scores = {"xgboost": margin}
    if recipe.baselines:
        scores |= fit.baseline_scores(recipe, prepared.train.rows, test.rows.features)
    figures = {
        name: metrics.ranking(test.outcomes, score, stream, capacity)
        for name, score in scores.items()
    }
    flagged = thresholds.flagged_per_day(test.outcomes, probability, fitted.thresholds.review)
    figures["xgboost"]["brier"] = metrics.brier(test.outcomes.target, probability)
    figures["xgboost"]["flagged_per_day"] = flagged / test.day_share
    figures["xgboost"] |= novelty.figures(
        test.outcomes,
        fitted.novelty.score(test.rows.features.astype(np.float32)),
        probability >= fitted.thresholds.review,
        fitted.novelty,
    )
    figures["xgboost"] |= evidence.unbiased(test.outcomes, margin, test.weight, stream, capacity)
    return scores, figures, probability


def _importance(booster: Any) -> dict[str, float]:
    gains = booster.get_score(importance_type="total_gain")
    total = sum(gains.values()) or 1.0
    return {name: float(gain) / total for name, gain in gains.items()}
