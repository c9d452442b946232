"""One training run, from files to a bundle: read, build, rehearse, fit, judge, log, promote.

`train` is what `crossflag train` calls; it can be imported and called without the command line.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training import (
    calibration,
    data,
    fit,
    metrics,
    prepare,
    promote,
    provenance,
    report,
    thresholds,
)
from training.progress import Teller
from training.recipe import Recipe

if TYPE_CHECKING:
    from models.bundle import Bundle
    from models.decision import Thresholds

PARITY_ROWS = 2000


@dataclass(frozen=True)
class Counts:
    """One slice: its days, events and frauds."""

    span: str
    events: int
    frauds: int


@dataclass(frozen=True)
class TrainingResult:
    """What a training run gave; `document()` is what `--json` prints."""

    stream: str
    version: str
    bundle: Path
    metrics: dict[str, float]
    baselines: dict[str, dict[str, float]]
    thresholds: Thresholds
    counts: dict[str, Counts]
    trees: int
    features: list[str]
    absent: list[str]
    feature_set: str
    data_hash: str
    seed: int
    plots: list[Path]
    mlflow: dict[str, str | None] = field(default_factory=dict)
    promoted: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return everything as JSON-able values, the model's own figures at the top level."""
        body = asdict(self)
        figures = body.pop("metrics")
        body["bundle"] = str(self.bundle)
        body["plots"] = [str(path) for path in self.plots]
        return {**figures, **body}


@dataclass(frozen=True)
class Fitted:
    """A model with its calibration and thresholds, not yet written."""

    booster: Any
    trees: int
    calibrator: Any
    thresholds: Thresholds


def train(
    recipe: Recipe,
    stream: str,
    home: Path,
    *,
    teller: Teller | None = None,
    inputs: data.Inputs | None = None,
    log: bool = True,
    promote_by: str | None = None,
    why: str = "trained with --promote",
) -> TrainingResult:
    """Train one stream's model as the recipe says and keep its bundle in `home`.

    `inputs` saves reading the files again; `log` writes the run to MLflow; `promote_by` names who
    makes the model champion, None leaves the champion as it is. The same recipe, seed and data
    give the same bundle version. Raises TrainingError, and what readers and models raise.
    """
    from features.catalog import CATALOGUES
    from features.reference import Reference

    teller = teller or Teller(quiet=True)
    if inputs is None:
        with teller.stage("reading"):
            inputs = data.read(recipe.data, teller.say)
    with teller.stage("building features") as advance:
        reference = Reference(recipe.data.ip_overlay, recipe.data.geolocation)
        line = prepare.timeline(recipe, stream, inputs, reference, advance)
        prepared = prepare.prepare(recipe, CATALOGUES[stream], line)
    with teller.stage("fitting"):
        fitted = fit_model(recipe, prepared)
    with teller.stage("judging"):
        scores, figures, probability = _judge(recipe, stream, prepared, fitted)
    with teller.stage("writing"):
        bundle = _write(recipe, stream, prepared, fitted, figures["xgboost"], inputs, home)
        plots = report.plots(
            bundle.directory.parent / f"{bundle.version}.plots",
            prepared.test.outcomes.target,
            scores,
            probability,
            _importance(fitted.booster),
        )
    result = TrainingResult(
        stream=stream,
        version=bundle.version,
        bundle=bundle.directory,
        metrics=figures.pop("xgboost"),
        baselines=figures,
        thresholds=bundle.thresholds,
        counts=_counts(prepared),
        trees=fitted.trees,
        features=prepared.names,
        absent=prepared.absent,
        feature_set=prepared.catalogue.version,
        data_hash=inputs.data_hash,
        seed=recipe.seed,
        plots=plots,
    )
    if log:
        with teller.stage("logging to MLflow"):
            result = replace(result, mlflow=_log(recipe, result, bundle, home))
    _keep_record(result)
    if promote_by is not None:
        promote.promote(home, stream, bundle.version, promote_by, why)
        result = replace(result, promoted=True)
    result = replace(result, seconds=dict(teller.seconds))
    _keep_record(result)
    return result


def fit_model(recipe: Recipe, prepared: prepare.Prepared) -> Fitted:
    """Rehearse for trees, calibration and thresholds; then fit on everything up to the gap."""
    from models.decision import Thresholds

    names, held_back = prepared.names, prepared.calibration
    limit = recipe.boosting.n_estimators
    rehearsed = fit.boost(recipe, names, prepared.rehearsal.rows, held_back.rows, limit)
    trees = int(rehearsed.num_boosted_rounds())
    booster = fit.boost(recipe, names, prepared.train.rows, None, trees)
    margin = fit.margins(rehearsed, held_back.rows.features, names)
    calibrator = calibration.fit(margin, held_back.outcomes.target)
    probability = calibrator.apply(margin)
    review = thresholds.review_threshold(
        held_back.outcomes, probability, recipe.review.reviews_per_day
    )
    urgent = thresholds.urgent_threshold(
        held_back.outcomes, probability, review, recipe.review.urgent_precision
    )
    return Fitted(
        booster, trees, calibrator, Thresholds(review, urgent, recipe.review.reviews_per_day)
    )


def _judge(
    recipe: Recipe, stream: str, prepared: prepare.Prepared, fitted: Fitted
) -> tuple[dict[str, metrics.Floats], dict[str, dict[str, float]], metrics.Floats]:
    """Return each model's scores and figures on the test slice, and our probabilities there."""
    test, capacity = prepared.test, recipe.review.reviews_per_day
    margin = fit.margins(fitted.booster, test.rows.features, prepared.names)
    probability = fitted.calibrator.apply(margin)
    scores = {"xgboost": margin}
    if recipe.baselines:
        for name, estimator in fit.baselines(recipe, prepared.train.rows).items():
            scores[name] = np.asarray(estimator.predict_proba(test.rows.features)[:, 1])
    figures = {
        name: metrics.ranking(test.outcomes, score, stream, capacity)
        for name, score in scores.items()
    }
    flagged = thresholds.flagged_per_day(test.outcomes, probability, fitted.thresholds.review)
    figures["xgboost"]["brier"] = metrics.brier(test.outcomes.target, probability)
    figures["xgboost"]["flagged_per_day"] = flagged
    return scores, figures, probability


def _write(
    recipe: Recipe,
    stream: str,
    prepared: prepare.Prepared,
    fitted: Fitted,
    figures: dict[str, float],
    inputs: data.Inputs,
    home: Path,
) -> Bundle:
    """Write the bundle under its version; the same version again is the same bundle."""
    from models.bundle import Bundle, profile_of

    room = promote.bundles_dir(home, stream)
    room.mkdir(parents=True, exist_ok=True)
    rows = prepared.test.rows.features[:PARITY_ROWS]
    versions = {item.name: item.version for item in prepared.catalogue.features}
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=room) as folder:
        written = Bundle.write(
            Path(folder) / "bundle",
            name=f"crossflag-{stream}",
            stream=stream,
            features=[(name, versions[name]) for name in prepared.names],
            model=bytes(fitted.booster.save_raw("json")),
            calibrator=fitted.calibrator,
            thresholds=fitted.thresholds,
            metrics=figures,
            profile=profile_of(prepared.train.rows.features, prepared.names),
            training={
                "data_hash": inputs.data_hash,
                "files": {source.role: source.sha256 for source in inputs.sources},
                "feature_set": prepared.catalogue.version,
                "absent": prepared.absent,
                "slices": {name: asdict(count) for name, count in _counts(prepared).items()},
                "recipe": _plain_recipe(recipe),
                "git_revision": provenance.git_revision(),
                "lock_hash": provenance.lock_hash(),
            },
            parity_rows=rows.astype(np.float32),
            parity_margins=fit.margins(fitted.booster, rows, prepared.names).astype(np.float32),
        )
        target = room / written.version
        if not target.exists():
            shutil.move(written.directory, target)
    return Bundle.load(target)


def _plain_recipe(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe without the places of its files: they change nothing of the model."""
    body = recipe.model_dump(mode="json")
    body["data"] = {
        key: value
        for key, value in body["data"].items()
        if key in ("first_day", "last_day", "time_zone")
    }
    return body


def _counts(prepared: prepare.Prepared) -> dict[str, Counts]:
    return {
        name: Counts(str(part.span), part.events, part.frauds)
        for name, part in (
            ("rehearsal", prepared.rehearsal),
            ("calibration", prepared.calibration),
            ("train", prepared.train),
            ("test", prepared.test),
        )
    }


def _importance(booster: Any) -> dict[str, float]:
    gains = booster.get_score(importance_type="total_gain")
    total = sum(gains.values()) or 1.0
    return {name: float(gain) / total for name, gain in gains.items()}


def _log(recipe: Recipe, result: TrainingResult, bundle: Bundle, home: Path) -> dict[str, Any]:
    from features.catalog import CATALOGUES
    from models import registry
    from models.card import card

    figures = dict(result.metrics)
    for name, values in result.baselines.items():
        figures |= {f"{name}.{key}": value for key, value in values.items()}
    with tempfile.TemporaryDirectory() as folder:
        listed, described = Path(folder) / "features.json", Path(folder) / "model_card.md"
        listed.write_text(json.dumps(bundle.features, indent=1))
        described.write_text(card(bundle, CATALOGUES[result.stream]))
        logged = registry.log_run(
            home,
            experiment=f"crossflag-{result.stream}",
            run_name=f"{result.stream}-{result.version}",
            params={**_flat(_plain_recipe(recipe)), "trees": result.trees},
            metrics=figures,
            tags={
                "stream": result.stream,
                "bundle_version": result.version,
                "feature_set": result.feature_set,
                "git_revision": bundle.training["git_revision"],
                "lock_hash": bundle.training["lock_hash"],
            },
            artifacts=[*result.plots, listed, described],
            bundle_dir=bundle.directory,
        )
    return {
        "run_id": logged.run_id,
        "model_name": logged.model_name,
        "model_version": logged.model_version,
    }


def _flat(body: dict[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in body.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{before}{key}.")
        else:
            flat[f"{before}{key}"] = value
    return flat


def _keep_record(result: TrainingResult) -> None:
    path = promote.record_path(result.bundle)
    incoming = path.with_suffix(".incoming")
    incoming.write_text(json.dumps(result.document(), indent=1) + "\n")
    incoming.replace(path)
