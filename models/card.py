"""The model card: what a bundle is, learnt from, is good at and must not be used for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from features.definitions import Catalogue
from models import card_figures as figures
from models.bundle import Bundle
from models.explain import in_words

RECALL = "recall_by_typology"
_ELSEWHERE = (RECALL, "decision", "evidence", "absent", "slices")
_UNSAID = "not said (the recipe's [card] says it)"
_DEMANDED = ("owner", "intended_use", "data_licence")


def card(bundle: Bundle, catalogue: Catalogue | None = None) -> str:
    """Return the card of `bundle` as Markdown; with its catalogue, features come with their why.

    Raises `FeatureMismatch` when the catalogue is not the bundle's.
    """
    if catalogue is not None:
        bundle.columns(catalogue)
        catalogue = bundle.served(catalogue)
    training = bundle.training
    decision, said = training.get("decision", {}), training.get("recipe", {}).get("card", {})
    parts = [
        f"# {bundle.name} {bundle.version}",
        f"Scores the {bundle.stream} stream. Made {bundle.created_at}. Gradient-boosted trees "
        f"({bundle.forest.roots.size} trees, {len(bundle.features)} features); "
        f"calibration: {bundle.calibrator.kind}. Figures in brackets are 95 % intervals over "
        f"redrawn subjects.",
        "## Intended use",
        *_use(said),
        "## Thresholds",
        *_thresholds(bundle, decision),
        "## Results on held-back time",
        figures.results(bundle.metrics, decision) if bundle.metrics else "None were recorded.",
        "### What reviews find",
        figures.reviews(decision),
        "### By corridor, channel, segment and season",
        "At the review threshold, counted by event; small groups are pooled.",
        figures.segments(decision),
        "### By typology",
        figures.typologies(training.get(RECALL, {}), decision),
        "## What no label has seen yet",
        _novelty(bundle),
        "## Limits",
        *_limits(bundle, said, decision),
        "## Training data",
        figures.slices(training.get("slices", {})),
        figures.table(
            ("what", "value"),
            [(key, _plain(value)) for key, value in training.items() if key not in _ELSEWHERE],
        )
        if training
        else "None was recorded.",
        "### Whose labels the figures rest on",
        figures.labels(training.get("evidence", {})),
        "## Licences",
        f"Data: {said.get('data_licence') or _UNSAID}",
        "Program: Apache 2.0. The model is its maker's own, under whatever licence the data allow.",
        "## Features",
        _features(bundle, catalogue),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _use(said: Mapping[str, str]) -> list[str]:
    return [
        said.get("intended_use") or _UNSAID,
        f"Who answers for it: {said.get('owner') or _UNSAID}",
        "It advises people: `clear`, `review` or `urgent`. It does not block, and a flag is no "
        "finding: a person decides, with the reasons in view. It was not made to judge persons, "
        "and is not to be used beyond the kind of data it was trained on.",
    ]


def _thresholds(bundle: Bundle, decision: Mapping[str, Any]) -> list[str]:
    thresholds = bundle.thresholds
    return [
        f"An event is for review from probability {thresholds.review:.6f} and urgent from "
        f"{thresholds.urgent:.6f}, set for {thresholds.reviews_per_day:g} reviews a day.",
        figures.sensitivity(decision),
    ]


def _novelty(bundle: Bundle) -> str:
    """Say what the detector of novelty looks at and what it added on held-back time."""
    detector = bundle.novelty
    if detector is None:
        return "No detector of novelty came with this model."
    looked_at = f"{len(detector.places)} of the {len(bundle.features)} features"
    if not detector.reviews_per_day:
        return f"A detector of odd events looks at {looked_at}; it has no quota, and flags nothing."
    found = (
        f"A detector of odd events looks at {looked_at} and at no label. It may bring "
        f"{detector.reviews_per_day:g} subjects a day to review, beside those that the "
        f"probability flags"
    )
    per_day = bundle.metrics.get("novel_per_day")
    share = bundle.metrics.get("novel_precision")
    if per_day is None or share is None:
        return f"{found}."
    return (
        f"{found}. On held-back time it brought {per_day:.1f} a day, of whom {share:.0%} had a "
        f"known fraud. What it is for, a crime that nobody has labelled, that figure cannot show: "
        f"`crossflag coverage novelty` measures it on simulated crimes."
    )


def _limits(bundle: Bundle, said: Mapping[str, str], decision: Mapping[str, Any]) -> list[str]:
    """Return what a reader must bear in mind, people's words first."""
    test = bundle.training.get("slices", {}).get("test")
    found = [said["limits"]] if said.get("limits") else []
    if test:
        found.append(
            f"Its figures rest on {test['frauds']:,} frauds of {test['span']}, no other season."
        )
    found.append(
        "A crime that nobody reported counts as honest, and labels of reviewed cases are no fair "
        "sample."
    )
    absent = bundle.training.get("absent")
    if absent:
        found.append(f"Left out, for the data had no inputs for them: {', '.join(absent)}.")
    if decision and "ramadan" not in decision.get("by", {}):
        found.append("No day of the test slice lies in Ramadan.")
    return ["\n".join(f"- {one}" for one in found)]


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
    return figures.table(("feature", "version", "median", "missing", "what it may mean"), rows)


def _median(quantiles: tuple[float, ...], unit: str) -> str:
    middle = quantiles[len(quantiles) // 2]
    return f"{middle:.4g}" if unit == "count" else in_words(middle, unit)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
