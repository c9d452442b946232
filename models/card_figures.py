"""The figures on a model card, from what a training run left in its bundle, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NOT_KNOWN = "not known"
HEADLINES = {
    "average_precision": "average precision",
    "roc_auc": "AUC ROC",
    "brier": "Brier score",
}
REVIEWED = {
    "precision": ("precision", 2),
    "recall": ("recall", 2),
    "value_detection": ("value found", 2),
    "false_per_true": ("false for each true", 1),
    "net_value": ("net value, EUR", 0),
}
DIMENSIONS = {
    "corridor": "corridor",
    "country": "country of the address",
    "channel": "channel",
    "segment": "segment",
    "ramadan": "season",
    "holiday": "day",
}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [list(head), ["---" for _ in head], *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def figure(given: Mapping[str, float | None] | None, digits: int = 3) -> str:
    """Write a figure with its 95 % interval, as in "0.66 (0.51 to 0.78)"."""
    if not given or given.get("value") is None:
        return NOT_KNOWN
    value = f"{given['value']:,.{digits}f}"
    low, high = given.get("low"), given.get("high")
    if low is None or high is None:
        return value
    return f"{value} ({low:,.{digits}f} to {high:,.{digits}f})"


def results(metrics: Mapping[str, float], decision: Mapping[str, Any]) -> str:
    """Return the figures of held-back time, those with intervals first."""
    rows = [
        (words, figure(decision[key], 4)) for key, words in HEADLINES.items() if key in decision
    ]
    error = decision.get("reliability", {}).get("expected_calibration_error")
    if error is not None:
        rows.append(("expected calibration error", f"{error:.4f}"))
    without = decision.get("without_countries")
    if without:
        rows += [
            ("average precision without country features", figure(without["average_precision"], 4)),
            ("what those features add", figure(without["difference"], 4)),
        ]
    uneven = decision.get("disparity")
    if uneven:
        rate = figure(uneven["ratio"], 1)
        rows.append((f"false flags in {uneven['group']} by the rate of all", rate))
    told = set(HEADLINES) & set(decision)
    rows += [(key, f"{value:.4f}") for key, value in metrics.items() if key not in told]
    return table(("metric", "value"), rows)


def reviews(decision: Mapping[str, Any]) -> str:
    """Return what the threshold and each capacity find."""
    if not decision:
        return "None was recorded."
    found = [("at the threshold", decision["at_threshold"])]
    found += sorted(decision["at_capacity"].items(), key=lambda item: float(item[0]))
    rows = [
        (
            name,
            f"{one['alerts_per_day']:.1f}",
            *(figure(one[key], digits) for key, (_, digits) in REVIEWED.items()),
        )
        for name, one in found
    ]
    heads = [words for words, _ in REVIEWED.values()]
    return table(("reviews a day", "alerts a day", *heads), rows)


def sensitivity(decision: Mapping[str, Any]) -> str:
    """Return what other thresholds would flag and find."""
    rows = [
        (
            f"{one['threshold']:.6f}",
            f"{one['alerts_per_day']:.1f}",
            f"{one['precision']:.2f}",
            f"{one['recall']:.2f}",
        )
        for one in decision.get("sensitivity", [])
    ]
    return table(("threshold", "alerts a day", "precision", "recall"), rows) if rows else ""


def segments(decision: Mapping[str, Any]) -> str:
    """Return the figures of every group, by corridor, channel, segment and season."""
    rows = []
    by = decision.get("by", {})
    for dimension, name in DIMENSIONS.items():
        rows += [
            (
                f"{name}: {one['name'].replace('_', ' ')}",
                f"{one['events']:,}",
                f"{one['frauds']:,}",
                figure(one["average_precision"], 2),
                figure(one["recall"], 2),
                figure(one["false_flags_per_1000"], 1),
            )
            for one in by.get(dimension, [])
        ]
    if not rows:
        return "None was recorded."
    return table(
        ("group", "events", "fraud", "average precision", "recall", "false flags per 1,000"), rows
    )


def typologies(recall: Mapping[str, Any], decision: Mapping[str, Any]) -> str:
    """Return how much of each typology is found, by days of subjects."""
    if not recall:
        return "None was recorded."
    told, delays = decision.get("by_typology", {}), decision.get("time_to_detect_by_typology", {})
    rows = []
    for name, found in recall.items():
        hours = delays.get(name, {}).get("median_hours")
        rows.append(
            (
                name.replace("_", " "),
                f"{found['found_subject_days']:.0f}",
                f"{found['subject_days']:.0f}",
                figure(told.get(name, {}).get("recall") or {"value": found["recall"]}, 2),
                NOT_KNOWN if hours is None else f"{hours:.1f}",
            )
        )
    return (
        "Days of subjects with a crime on which the review threshold flags the subject, and hours "
        "from a case's first fraud to its first flag (median).\n\n"
        + table(("typology", "found", "of", "recall", "hours"), rows)
    )


def slices(given: Mapping[str, Any]) -> str:
    """Return the days, events and frauds of each slice of time, the earliest first."""
    rows = [
        (name, one["span"], f"{one['events']:,}", f"{one['frauds']:,}")
        for name, one in sorted(given.items(), key=lambda item: (item[1]["span"], item[0]))
    ]
    return table(("slice", "days", "events", "fraud"), rows) if rows else ""


def labels(evidence: Mapping[str, Any]) -> str:
    """Return whose word makes the events of the test slice fraud or honest."""
    test = evidence.get("test")
    if not test:
        return "None was recorded."
    rows = [(who.replace("_", " "), "fraud", f"{n:,}") for who, n in test["positives"].items()]
    rows += [
        (who.replace("_", " "), "honest, looked at", f"{n:,}")
        for who, n in test["reviewed_negatives"].items()
    ]
    rows.append(("nobody", "counted as honest", f"{test['unreviewed_negatives']:,}"))
    return (
        f"Of the labelled events {100 * test['unbiased_share']:.0f} % were reviewed with a known "
        "chance.\n\n" + table(("whose word", "what it says", "events"), rows)
    )
