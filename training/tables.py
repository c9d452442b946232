"""What the commands print for a person, as rich tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from training.decision_tables import decision_tables

if TYPE_CHECKING:
    from features.definitions import Catalogue, F
    from models.promotions import Promotion
    from training.backfill import Backfilled
    from training.evaluation import Evaluation
    from training.evidence import Evidence
    from training.metrics import Found
    from training.pipeline import TrainingResult
    from training.promote import Forward
    from training.score import Scored
    from training.stability import Stability

WORDS = {
    "average_precision": "average precision",
    "roc_auc": "AUC ROC",
    "card_precision_at_100": "card precision@100",
    "user_precision_at_100": "user precision@100",
    "precision_at_capacity": "precision at capacity",
    "recall_at_capacity": "recall at capacity",
    "average_precision_fraud": "the same, fraud alone",
    "average_precision_laundering": "the same, laundering alone",
    "average_precision_intrusion": "the same, intrusion alone",
    "unbiased_average_precision": "average precision, unbiased",
    "unbiased_roc_auc": "AUC ROC, unbiased",
    "brier": "Brier score",
    "flagged_per_day": "subjects flagged a day",
    "novel_per_day": "subjects a day by novelty alone",
    "novel_precision": "share of those with fraud",
}
UNIT_WORDS = {"EUR": "EUR (cents)"}


def training_tables(result: TrainingResult) -> list[Table]:
    """Return the figures beside the baselines', and what the model is made of."""
    figures = Table(title=f"{result.stream} model {result.version} on the test slice")
    figures.add_column("figure", no_wrap=True)
    columns = {"xgboost": result.metrics, **result.baselines}
    for name in columns:
        figures.add_column(name.replace("_", " "), justify="right")
    for key, words in WORDS.items():
        if key in result.metrics:
            figures.add_row(words, *(_number(values.get(key)) for values in columns.values()))
    made = Table(title="What it is made of", show_header=False)
    for name, count in result.counts.items():
        made.add_row(name, f"{count.span}: {count.events:,} events, {count.frauds:,} fraud")
    made.add_row("trees, features", f"{result.trees:,} trees, {len(result.features)} features")
    if result.absent:
        made.add_row("left out", f"{len(result.absent)} features without their inputs")
    made.add_row("calibration", _calibration(result))
    limits = result.thresholds
    made.add_row(
        "thresholds",
        f"review from {limits.review:.6f}, urgent from {limits.urgent:.6f} "
        f"({limits.reviews_per_day:g} reviews a day)",
    )
    made.add_row("bundle", str(result.bundle))
    made.add_row("champion", _champion(result))
    labels = evidence_table(result.evidence["test"])
    decided = decision_tables(result.decision)
    return [figures, *decided, recall_table(result.recall_by_typology), labels, made]


def _champion(result: TrainingResult) -> str:
    if result.promoted:
        return "yes"
    if result.forward.get("refusal"):
        return "no: it did not pass the gates"
    if result.forward:
        return "not yet: it waits for a second person (crossflag approve)"
    return "no (crossflag promote makes it so)"


def _calibration(result: TrainingResult) -> str:
    if not result.calibration_brier:
        return result.calibration
    scores = sorted(result.calibration_brier.items(), key=lambda item: item[1])
    told = ", ".join(f"{kind} {score:.6f}" for kind, score in scores)
    return f"{result.calibration} (Brier under cross-fitting: {told})"


def recall_table(recall: dict[str, Found]) -> Table:
    """Return how much of each typology the review threshold flags."""
    table = Table(title="What the review threshold finds of each typology")
    table.add_column("typology")
    for name in ("subject days", "found", "events", "flagged", "recall"):
        table.add_column(name, justify="right")
    for name, found in recall.items():
        counts = (found.subject_days, found.found_subject_days, found.events, found.flagged_events)
        table.add_row(name.replace("_", " "), *map(str, counts), f"{found.recall:.2f}")
    return table


def evidence_table(evidence: Evidence) -> Table:
    """Return which labels the figures of the test slice rest on."""
    table = Table(title="Which labels these figures rest on")
    table.add_column("events of the test slice")
    table.add_column("count", justify="right")
    for source, count in evidence.positives.items():
        table.add_row(f"crime, says {source.replace('_', ' ')}", f"{count:,}")
    for source, count in evidence.reviewed_negatives.items():
        table.add_row(f"honest, says {source.replace('_', ' ')}", f"{count:,}")
    table.add_row("honest, reviewed by nobody", f"{evidence.unreviewed_negatives:,}")
    for why, count in evidence.left_out.items():
        table.add_row(f"left out: {why.replace('_', ' ')}", f"{count:,}")
    drawn = f"{evidence.drawn:,}, {evidence.drawn_at_random:,} of them by lot"
    table.add_row("labelled, with a known chance of review", drawn)
    table.add_row("share of labels that is unbiased", f"{evidence.unbiased_share:.1%}")
    return table


def evaluation_tables(result: Evaluation) -> list[Table]:
    """Return a model's figures on a slice of time."""
    table = Table(
        title=f"{result.stream} model {result.version}, {result.span}: "
        f"{result.events:,} events, {result.frauds:,} fraud"
    )
    table.add_column("figure")
    table.add_column("value", justify="right")
    for key, words in WORDS.items():
        if key in result.metrics:
            table.add_row(words, _number(result.metrics[key]))
    return [
        table,
        *decision_tables(result.decision),
        recall_table(result.recall_by_typology),
        evidence_table(result.evidence),
        *([stability_table(result.stability)] if result.stability else []),
    ]


def stability_table(found: Stability) -> Table:
    """Return how far models of other seeds give the same reasons."""
    table = Table(
        title=f"Reasons of {found.events:,} events by {found.seeds} models of other seeds",
        show_header=False,
    )
    table.add_row("the same strongest group", f"{found.same_first:.0%}")
    table.add_row("of the three strongest, named by both", f"{found.shared_of_three:.0%}")
    table.add_row("rank correlation of the groups", f"{found.rank_correlation:.2f}")
    table.add_row("learnt from", f"{found.rows:,} events each")
    return table


def score_tables(done: Scored) -> list[Table]:
    """Return who stands out, by each field that names a subject, and the counts."""
    tables = []
    for name, items in done.top.items():
        table = Table(title=f"First by {name.replace('_', ' ')}")
        numbers = ("events", "flagged", "expected crimes", "highest probability")
        for column in ("subject", *numbers, "reasons"):
            table.add_column(column, justify="right" if column in numbers else "left")
        for item in items:
            table.add_row(
                item.subject,
                f"{item.events:,}",
                f"{item.flagged:,}",
                f"{item.expected:,.1f}",
                f"{item.probability:.6f}",
                "; ".join([*item.reasons[:2], *filter(None, [item.counterfactual])]),
            )
        tables.append(table)
    counts = Table(title=f"{done.stream} model {done.version}", show_header=False)
    counts.add_row("events scored", f"{done.events:,}")
    counts.add_row("rows refused", f"{done.rejected:,}")
    if done.skipped:
        counts.add_row("lines without an event", f"{done.skipped:,}")
    for advice, count in done.advice.items():
        counts.add_row(advice, f"{count:,}")
    counts.add_row("written to", str(done.out))
    return [*tables, counts]


def gates_table(done: Forward) -> Table:
    """Return each gate with its result, value and bound."""
    table = Table(title=f"Gates of {done.stream} model {done.version}")
    table.add_column("gate")
    table.add_column("result")
    for name in ("value", "bound"):
        table.add_column(name, justify="right")
    table.add_column("what was found")
    for gate in done.gates:
        result = "pass" if gate.passed else "FAIL"
        table.add_row(gate.name, result, f"{gate.value:.3f}", f"{gate.bound:.3g}", gate.text)
    if not done.gates:
        table.add_row("none", "", "", "", "it is the champion already")
    return table


ACTS = {
    "propose": "waits for approval",
    "reject": "was turned down",
    "promote": "is champion",
    "rollback": "is champion again",
    "challenge": "challenges the champion",
    "dismiss": "challenges no more",
}


def promotion_table(done: Promotion) -> Table:
    """Return the record of one act."""
    table = Table(
        title=f"{done.stream} model {done.version} {ACTS[done.action]}", show_header=False
    )
    beside = "beside" if done.action in ("challenge", "dismiss") else "in place of"
    table.add_row(beside, done.previous or "none")
    table.add_row("by", by_whom(done))
    if len(done.approvers) > 1:
        table.add_row("proposed by", done.approvers[0])
    table.add_row("why", done.why)
    if done.override:
        table.add_row("gates passed over", f"{', '.join(g['name'] for g in done.failed)}")
        table.add_row("because", done.override)
    table.add_row("at", done.at)
    table.add_row("bundle", f"sha256 {done.bundle_hash}")
    return table


def by_whom(act: Promotion) -> str:
    """Return who acted and how the name is known."""
    if act.known_by == "said" and act.account:
        return f"{act.by} (as typed, by account {act.account})"
    return f"{act.by} ({act.known_by})"


def history_table(stream: str, acts: Sequence[Promotion], waiting: Promotion | None) -> Table:
    """Return the book of promotions, the newest first."""
    title = f"Promotions of the {stream} model"
    if waiting is not None:
        title += f"; {waiting.version} waits for approval"
    table = Table(title=title)
    for name in ("at (UTC)", "act", "version", "in place of", "by", "why"):
        table.add_column(name, no_wrap=name in ("act", "version"))
    for act in reversed(acts):
        why = f"{act.why} (gates passed over: {act.override})" if act.override else act.why
        table.add_row(
            act.at[:16].replace("T", " "),
            act.action,
            act.version,
            act.previous or "none",
            by_whom(act),
            why,
        )
    return table


def backfill_table(done: Backfilled) -> Table:
    """Return what a folder of features holds."""
    table = Table(title=f"Features in {done.out}, by the {done.engine} engine")
    table.add_column("stream")
    for name in ("events", "days", "features left out"):
        table.add_column(name, justify="right")
    for stream, rows in done.rows.items():
        left_out = len(done.absent[stream])
        table.add_row(stream, f"{rows:,}", f"{done.days[stream]:,}", str(left_out))
    return table


def catalogue_table(catalogue: Catalogue) -> Table:
    """Return the catalogue: each feature's name, unit, meaning and purpose."""
    table = Table(title=f"{catalogue.version}: {len(catalogue.features)} features")
    for column in ("feature", "version", "unit", "family", "reason", "why it is looked at"):
        table.add_column(column)
    for feature in catalogue.features:
        table.add_row(
            feature.name,
            str(feature.version),
            UNIT_WORDS.get(feature.unit, feature.unit),
            feature.family,
            feature.reason,
            feature.why,
        )
    return table


def catalogue_document(catalogue: Catalogue) -> dict[str, Any]:
    """Return the catalogue as JSON-able values."""
    return {
        "version": catalogue.version,
        "features": [_feature(catalogue, feature) for feature in catalogue.features],
    }


def _feature(catalogue: Catalogue, feature: F) -> dict[str, Any]:
    return {
        "name": feature.name,
        "version": feature.version,
        "unit": feature.unit,
        "family": feature.family,
        "reason": feature.reason,
        "why": feature.why,
        "techniques": list(feature.techniques),
        "missing": feature.missing,
        "usual": feature.usual,
        "inputs": list(feature.inputs(catalogue.stream)),
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
