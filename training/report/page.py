"""The report of a training run: one HTML file that needs nothing else, for people who must decide.

It holds no clock and nothing random, so the same run gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.report import charts, words
from training.report.charts import Table
from training.report.corridors import heat_map
from training.report.examples import kinds
from training.report.section import Section

if TYPE_CHECKING:
    from models.runtime import Scorer
    from training.evidence import Evidence
    from training.judging import Judged
    from training.metrics import Floats
    from training.metrics.alerts import Reviewed
    from training.pipeline import TrainingResult
    from training.prepare import Prepared
    from training.recipe import Recipe

TEMPLATES = Path(__file__).parent / "templates"
SHOWN_FEATURES = 20
DIMENSIONS = {
    "corridor": "By corridor",
    "country": "By country of the address",
    "channel": "By channel",
    "segment": "By segment",
    "ramadan": "In Ramadan and outside",
    "holiday": "On public holidays and other days",
}


@dataclass(frozen=True)
class Run:
    """Everything of a training run that its report tells.

    `scores` are each model's scores of the test slice, ours (xgboost) first; `margin` and
    `probability` ours again, raw and calibrated; `importance` each feature's share of the gain.
    """

    result: TrainingResult
    recipe: Recipe
    prepared: Prepared
    judged: Judged
    scores: dict[str, Floats]
    probability: Floats
    importance: dict[str, float]
    scorer: Scorer
    sections: Sequence[Section] = field(default=())


def write(path: Path, run: Run) -> Path:
    """Write the report of a run to `path` and return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(run), encoding="utf-8")
    return path


def render(run: Run) -> str:
    """Return the report of a run as one HTML document."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "interval": words.interval,
        "share": words.share,
        "percent": words.percent,
        "plain": words.plain,
        "spaced": words.spaced,
        "hours": words.hours,
    }
    return environment.get_template("report.html").render(_contents(run))


def _contents(run: Run) -> dict[str, Any]:
    result, prepared, judged = run.result, run.prepared, run.judged
    decision, outcomes = result.decision, prepared.test.outcomes
    review = result.thresholds.review
    flagged = run.probability >= review
    return {
        "style": (TEMPLATES / "report.css").read_text(encoding="utf-8"),
        "result": result,
        "recipe": run.recipe,
        "decision": decision,
        "review": review,
        "test": prepared.test.counts,
        "verdict": verdict(decision.at_threshold, result.stream),
        "gain": charts.gain(decision, review),
        "precision_recall": charts.precision_recall(outcomes, run.scores),
        "roc": charts.roc(outcomes, run.scores),
        "reliability": charts.reliability(decision),
        "typologies": charts.typologies(decision),
        "alerts": charts.alerts(decision),
        "heat_map": (
            heat_map(judged.around.countries, outcomes.target, flagged)
            if result.stream == "payment"
            else None
        ),
        "groups": {DIMENSIONS.get(name, name): found for name, found in decision.by.items()},
        "segment_field": judged.around.segment_field,
        "features": _importance(run.importance),
        "families": _importance(_families(run)),
        "kinds": kinds(
            prepared, judged.around, run.scores["xgboost"], run.probability, review, run.scorer
        ),
        "sections": run.sections,
        "unbiased": _unbiased(result.metrics),
        "labels": _labels(prepared.test.evidence),
        "provenance": _provenance(run),
        "limits": limits(run),
    }


def verdict(found: Reviewed, stream: str) -> str:
    """Say in two sentences what the review threshold gives."""
    who = "subjects" if stream == "payment" else "users"
    first = f"At the review threshold people would look at {found.alerts_per_day:.1f} {who} a day."
    precision, recall = found.precision.value, found.recall.value
    if precision is None or recall is None:
        return first + " How much that finds cannot be told from this slice."
    value = found.value_detection.value
    money = f", and {value * 100:.0f} % of the money" if value is not None else ""
    return (
        f"{first} Of a hundred looks, {precision * 100:.0f} would find a fraud; together they "
        f"would find {recall * 100:.0f} % of the frauds{money}."
    )


def _importance(shares: dict[str, float]) -> list[tuple[str, float, int]]:
    """Return the largest shares, each with the length of its bar in per cent of the longest."""
    top = sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:SHOWN_FEATURES]
    most = top[0][1] if top else 1.0
    return [(name, share, round(100 * share / most)) for name, share in top]


def _families(run: Run) -> dict[str, float]:
    shares: dict[str, float] = {}
    for name, share in run.importance.items():
        family = run.prepared.catalogue.feature(name).family
        shares[family] = shares.get(family, 0.0) + share
    return shares


def _labels(evidence: Evidence) -> Table:
    """Return which labels the figures rest on, in events."""
    rows: list[tuple[str, str, str]] = [
        (words.spaced(source), "fraud", f"{count:,}")
        for source, count in evidence.positives.items()
    ]
    rows += [
        (words.spaced(source), "honest, looked at", f"{count:,}")
        for source, count in evidence.reviewed_negatives.items()
    ]
    rows.append(
        ("nobody", "honest, for nobody said otherwise", f"{evidence.unreviewed_negatives:,}")
    )
    rows += [
        (words.spaced(why), "left out", f"{count:,}") for why, count in evidence.left_out.items()
    ]
    return Table(("whose word", "what it makes the event", "events"), rows)


def _unbiased(metrics: dict[str, float]) -> str:
    """Say what events that were reviewed with a known chance give; empty where there are too few.

    Keys are those of `training.evidence.unbiased`.
    """
    if "unbiased_average_precision" not in metrics:
        return ""
    return (
        f"Over the {metrics['unbiased_events']:,.0f} events that were reviewed with a known "
        f"chance, each weighed by its inverse, average precision is "
        f"{metrics['unbiased_average_precision']:.3f}; they tell as much as "
        f"{metrics['unbiased_effective_events']:,.0f} of equal weight."
    )


def _provenance(run: Run) -> list[tuple[str, str]]:
    result, training = run.result, run.scorer.bundle.training
    rows = [
        ("bundle", result.version),
        ("data", f"SHA-256 {result.data_hash}"),
        *((f"file of {role}", f"SHA-256 {digest}") for role, digest in training["files"].items()),
    ]
    for name, count in result.counts.items():
        rows.append((name, f"{count.span}: {count.events:,} events, {count.frauds:,} fraud"))
    return [
        *rows,
        ("features", f"{len(result.features)} of {result.feature_set}"),
        ("left out", ", ".join(result.absent) or "none"),
        ("trees", f"{result.trees:,}"),
        ("calibration", run.scorer.bundle.calibrator.kind),
        ("seed", str(result.seed)),
        ("code", f"revision {training['git_revision']}"),
        ("libraries", f"lock SHA-256 {training['lock_hash']}"),
    ]


def limits(run: Run) -> list[str]:
    """Return what a reader must bear in mind, with the numbers of this run."""
    counts, decision = run.prepared.test.counts, run.result.decision
    labels = run.prepared.test.evidence
    found = [
        f"It rests on {counts.frauds:,} frauds of {counts.span}. Intervals say how far a figure "
        f"would move with other subjects, not with another season or another criminal.",
        "An event without a label counts as honest once it is "
        f"{run.recipe.gap_days} days old. A crime that nobody reported stands among the honest.",
        f"Reviewed cases are no fair sample: people look at what was flagged. Of the labelled "
        f"events {words.percent(labels.unbiased_share)} were reviewed with a known chance; the "
        f"others' labels came in by ways that may favour some crimes.",
        "A flag is no finding. The model advises; people decide, with the reasons in view.",
    ]
    if decision.without_countries is not None:
        without = decision.without_countries
        found.append(
            f"Fitted again without the {len(without.features_left_out)} features that a country "
            f"reaches, average precision is {without.average_precision}; the difference is "
            f"{without.difference}."
        )
    if "ramadan" not in decision.by:
        found.append("No day of the test slice lies in Ramadan: how the model does then is open.")
    return found
