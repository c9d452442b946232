"""The model card: what a bundle is, learnt from, is good at and must not be used for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from features.definitions import Catalogue
from models.bundle import Bundle
from models.explain import in_words

RECALL = "recall_by_typology"
_DEMANDED = ("owner", "intended_use", "data_licence")


def card(bundle: Bundle, catalogue: Catalogue | None = None) -> str:
    """Return the card of `bundle` as Markdown; with its catalogue, features come with their why.

    Raises `FeatureMismatch` when the catalogue is not the bundle's.
    """
    if catalogue is not None:
        bundle.columns(catalogue)
        catalogue = bundle.served(catalogue)
    thresholds = bundle.thresholds
    parts = [
        f"# {bundle.name} {bundle.version}",
        f"Scores the {bundle.stream} stream. Made {bundle.created_at}. Gradient-boosted trees "
        f"({bundle.forest.roots.size} trees, {len(bundle.features)} features); "
        f"calibration: {bundle.calibrator.kind}.",
        "## Use",
        "It advises people: `clear`, `review` or `urgent`. It does not block, and a flag is no "
        "finding: a person decides, with the reasons in view. It was not made to judge persons, "
        "and is not to be used beyond the kind of data it was trained on.",
        f"An event is for review from probability {thresholds.review:.6f} and urgent from "
        f"{thresholds.urgent:.6f}, set for {thresholds.reviews_per_day:g} reviews a day.",
        "## Results on held-back time",
        _table(("metric", "value"), [(key, f"{bundle.metrics[key]:.4f}") for key in bundle.metrics])
        if bundle.metrics
        else "None were recorded.",
        "## What is found of each typology",
        _recall(bundle.training.get(RECALL, {})),
        "## Training data",
        _table(
            ("what", "value"),
            [(key, _plain(value)) for key, value in bundle.training.items() if key != RECALL],
        )
        if bundle.training
        else "None was recorded.",
        "## Features",
        _features(bundle, catalogue),
    ]
    return "\n\n".join(parts) + "\n"


def lacking(bundle: Bundle, production: bool = False) -> list[str]:
    """Return what the card of `bundle` cannot say; in production people's words count, too."""
    training, said = bundle.training, bundle.training.get("recipe", {}).get("card", {})
    wanted = {
        "results on held-back time": bool(bundle.metrics),
        "the hash of its data": bool(training.get("data_hash")),
        "the span of its data": bool(training.get("span")),
        "the profile of its features": bool(bundle.profile),
        "the git revision": bool(training.get("git_revision")),
    }
    if production:
        wanted |= {f"the recipe's card.{name}": bool(said.get(name)) for name in _DEMANDED}
    return [what for what, there in wanted.items() if not there]


def _recall(recall: dict[str, dict[str, float]]) -> str:
    if not recall:
        return "None was recorded."
    return (
        "Days of subjects with a crime on which the review threshold flags the subject.\n\n"
        + _table(
            ("typology", "found", "of", "recall"),
            [
                (
                    name.replace("_", " "),
                    f"{found['found_subject_days']:.0f}",
                    f"{found['subject_days']:.0f}",
                    f"{found['recall']:.2f}",
                )
                for name, found in recall.items()
            ],
        )
    )


def _features(bundle: Bundle, catalogue: Catalogue | None) -> str:
    rows = []
    for name, version in bundle.features:
        profile = bundle.profile.get(name)
        unit = "count" if catalogue is None else catalogue.feature(name).unit
        median = (
            "" if profile is None or not profile.quantiles else _median(profile.quantiles, unit)
        )
        missing = "" if profile is None else in_words(profile.missing, "share")
        why = "" if catalogue is None else catalogue.feature(name).why
        rows.append((name, str(version), median, missing, why))
    return _table(("feature", "version", "median", "missing", "what it may mean"), rows)


def _median(quantiles: tuple[float, ...], unit: str) -> str:
    middle = quantiles[len(quantiles) // 2]
    return f"{middle:.4g}" if unit == "count" else in_words(middle, unit)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )
