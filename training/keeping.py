"""What stays of a training run: its bundle, its run in MLflow, and a document beside the bundle."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training import fit, novelty, promote, provenance, validation_pack
from training.recipe import Recipe

if TYPE_CHECKING:
    from models.bundle import Bundle
    from models.drift import Baseline
    from training.data import Inputs
    from training.metrics import Found
    from training.metrics.decision import Decision
    from training.pipeline import Fitted, TrainingResult
    from training.prepare import Prepared

PARITY_ROWS = 2000


def write_bundle(
    recipe: Recipe,
    stream: str,
    prepared: Prepared,
    fitted: Fitted,
    figures: dict[str, float],
    recall: dict[str, Found],
    decision: Decision,
    inputs: Inputs,
    home: Path,
    baseline: Baseline,
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
                "span": str(prepared.train.span),
                "recall_by_typology": {name: asdict(found) for name, found in recall.items()},
                "decision": decision.compact(),
                "slices": {name: asdict(count) for name, count in prepared.counts.items()},
                "evidence": {name: asdict(one) for name, one in prepared.evidence.items()},
                "recipe": _plain_recipe(recipe),
                "git_revision": provenance.git_revision(),
                "lock_hash": provenance.lock_hash(),
            },
            parity_rows=rows.astype(np.float32),
            raw=prepared.raw,
            parity_margins=fit.margins(fitted.booster, rows, prepared.names).astype(np.float32),
            novelty=fitted.novelty,
            baseline=baseline,
            parity_novelty=novelty.plain_score(fitted.novelty, rows.astype(np.float32)),
        )
        target = room / written.version
        if target.exists():
            return Bundle.load(target)
        shutil.move(written.directory, target)
    return replace(written, directory=target)


def _plain_recipe(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe without what changes nothing of the model: places of files, the search."""
    body = recipe.model_dump(mode="json", exclude={"search"})
    body["data"] = {
        key: value
        for key, value in body["data"].items()
        if key in ("first_day", "last_day", "time_zone")
    }
    return body


def log_run(
    recipe: Recipe, result: TrainingResult, bundle: Bundle, home: Path
) -> dict[str, str | None]:
    """Log the run to MLflow with its bundle, card and plots; return where it is found there."""
    from features.catalog import CATALOGUES
    from models import registry
    from models.card import card

    figures = {**result.metrics, **_ends(result.decision)}
    for name, found in result.recall_by_typology.items():
        figures[f"recall.{name}"] = found.recall
    for name, values in result.baselines.items():
        figures |= {f"{name}.{key}": value for key, value in values.items()}
    with tempfile.TemporaryDirectory() as folder:
        listed, described = Path(folder) / "features.json", Path(folder) / "model_card.md"
        listed.write_text(json.dumps(bundle.features, indent=1))
        described.write_text(card(bundle, CATALOGUES[result.stream]))
        packed = validation_pack.path_of(result.bundle)
        read = [Path(shutil.copy(packed, Path(folder) / validation_pack.NAME))]
        if result.report is not None:
            read.append(Path(shutil.copy(result.report, Path(folder) / "report.html")))
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
            artifacts=[*result.plots, listed, described, *read],
            bundle_dir=bundle.directory,
        )
    return {
        "run_id": logged.run_id,
        "model_name": logged.model_name,
        "model_version": logged.model_version,
    }


def _ends(decision: Decision) -> dict[str, float]:
    """Return the ends of the intervals that MLflow should plot beside the figures."""
    told = {
        "average_precision": decision.average_precision,
        "recall_at_threshold": decision.at_threshold.recall,
        "value_detection": decision.at_threshold.value_detection,
    }
    return {
        f"{name}.{end}": value
        for name, one in told.items()
        for end, value in (("low", one.low), ("high", one.high))
        if value is not None
    }


def _flat(body: dict[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in body.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{before}{key}.")
        else:
            flat[f"{before}{key}"] = value
    return flat


def keep_record(result: TrainingResult) -> None:
    """Write the run's document beside its bundle, in one step."""
    path = promote.record_path(result.bundle)
    incoming = path.with_suffix(".incoming")
    incoming.write_text(json.dumps(result.document(), indent=1) + "\n")
    incoming.replace(path)
