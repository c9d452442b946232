"""The pictures of the report, each with the numbers behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from training.report import words
from training.report.svg import TOP, Chart, Point, Scale

if TYPE_CHECKING:
    from training.metrics import Floats, Outcomes
    from training.metrics.decision import Decision, TypologyFigures

SHARES = [(0.0, "0"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %")]
DRAWN_POINTS = 120
LOWEST = 1e-4
NAMES = {"xgboost": "this model"}


@dataclass(frozen=True)
class Table:
    """The numbers behind a picture."""

    head: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Picture:
    """A picture, what its lines are, and the numbers behind it."""

    title: str
    caption: str
    svg: Markup
    table: Table
    legend: Sequence[tuple[str, str]] = ()
    """Style and name of each line."""


def _styles(scores: dict[str, Floats]) -> list[tuple[str, str]]:
    return [
        (f"series s{place}", NAMES.get(name, words.spaced(name)))
        for place, name in enumerate(scores)
    ]


def precision_recall(outcomes: Outcomes, scores: dict[str, Floats]) -> Picture:
    """Draw precision over recall of the model and of its baselines."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    base = float(np.average(outcomes.target, weights=outcomes.weight))
    chart = Chart(
        "Precision and recall",
        "How clean the top of each ranking is, the further down one reads.",
        Scale(0, 1),
        Scale(0, 1),
    )
    chart.axes(SHARES, SHARES, "recall: share of the frauds found", "precision")
    chart.rule((0, base), (1, base), "chance")
    rows, names, grid = [], [], (0.1, 0.25, 0.5, 0.75, 0.9)
    for (style, name), score in reversed(list(zip(_styles(scores), scores.values(), strict=True))):
        precision, recall, _ = precision_recall_curve(
            outcomes.target, score, sample_weight=outcomes.weight
        )
        area = average_precision_score(outcomes.target, score, sample_weight=outcomes.weight)
        steps = _at_recalls(precision[::-1], recall[::-1])
        chart.line(steps, style)
        best = [max((p for r, p in steps if r >= one), default=0.0) for one in grid]
        rows.append((name, words.plain(area, 3), *(words.percent(one) for one in best)))
        names.append((style, f"{name} {area:.3f}"))
    return Picture(
        "Precision and recall",
        "Average precision behind each name. The dotted line is what a coin would get: the share "
        f"of fraud, {words.percent(base, 2)}.",
        chart.svg(),
        Table(
            ("model", "average precision", *(f"at recall {one:.0%}" for one in grid)), rows[::-1]
        ),
        names[::-1],
    )


def _at_recalls(precision: Floats, recall: Floats) -> list[Point]:
    """Return the curve at evenly spread recalls: the last precision that reaches each."""
    places = np.searchsorted(recall, np.linspace(0, 1, DRAWN_POINTS), side="left")
    places = np.unique(np.minimum(places, len(recall) - 1))
    return [(float(recall[place]), float(precision[place])) for place in places]


def roc(outcomes: Outcomes, scores: dict[str, Floats]) -> Picture:
    """Draw the ROC curves, false alarms on a logarithmic axis: there the work is."""
    from sklearn.metrics import roc_auc_score, roc_curve

    low = 1e-4
    chart = Chart(
        "ROC curve",
        "Frauds found against honest events flagged.",
        Scale(low, 1, log=True),
        Scale(0, 1),
    )
    ticks = [(low, "0.01 %"), (0.001, "0.1 %"), (0.01, "1 %"), (0.1, "10 %"), (1.0, "100 %")]
    chart.axes(ticks, SHARES, "honest events flagged (logarithmic)", "frauds found")
    even = np.geomspace(low, 1, 40)
    chart.line([(float(one), float(one)) for one in even], "chance")
    rows, names, grid = [], [], (0.001, 0.005, 0.01, 0.05)
    for (style, name), score in reversed(list(zip(_styles(scores), scores.values(), strict=True))):
        false, true, _ = roc_curve(outcomes.target, score, sample_weight=outcomes.weight)
        area = roc_auc_score(outcomes.target, score, sample_weight=outcomes.weight)
        places = np.searchsorted(false, np.geomspace(low, 1, DRAWN_POINTS), side="right") - 1
        steps = zip(np.geomspace(low, 1, DRAWN_POINTS).tolist(), true[places], strict=True)
        chart.line([(x, float(y)) for x, y in steps], style)
        found = [float(true[false <= one].max(initial=0.0)) for one in grid]
        rows.append((name, words.plain(area, 3), *(words.percent(one) for one in found)))
        names.append((style, f"{name} {area:.3f}"))
    return Picture(
        "ROC",
        "Area under the curve behind each name. The dotted line is a coin.",
        chart.svg(),
        Table(("model", "AUC", *(f"at {one:.1%} flagged" for one in grid)), rows[::-1]),
        names[::-1],
    )


def gain(decision: Decision, threshold: float) -> Picture:
    """Draw what more reviews a day would find: the alert-capacity curve."""
    points = decision.curve
    most = max((one.alerts_per_day for one in points), default=1.0)
    least = max(min((one.alerts_per_day for one in points), default=0.1), 0.01)
    chart = Chart(
        "Gain by capacity",
        "Recall, value found and precision by the number of subjects looked at in a day.",
        Scale(least, max(most, least * 10), log=True),
        Scale(0, 1),
        width=1120,
        height=360,
    )
    steps = [one for one in (0.1, 1, 10, 100, 1000, 10_000, 100_000) if least <= one <= most]
    chart.axes([(one, f"{one:,g}") for one in steps], SHARES, "alerts a day (logarithmic)")
    has_value = any(one.value_detection is not None for one in points)
    lines = [("series s0", "recall", "recall"), ("series s2", "precision", "precision")]
    if has_value:
        lines.insert(1, ("series s1", "money found", "value_detection"))
    for style, _, field in reversed(lines):
        chart.line([(one.alerts_per_day, getattr(one, field) or 0.0) for one in points], style)
    now = decision.at_threshold.alerts_per_day
    if now > 0:
        chart.rule((now, 0), (now, 1), "marker")
        chart.note((now, 1), f"threshold: {now:.1f} a day", right=8)
    rows = [
        (
            f"{one.threshold:.6f}",
            words.plain(one.alerts_per_day),
            words.percent(one.recall),
            words.percent(one.precision, 1),
            words.percent(one.value_detection),
            words.plain(one.net_value, 0),
        )
        for one in points[:: max(len(points) // 16, 1)]
    ]
    return Picture(
        "Gain by capacity",
        f"Each point is a threshold. The upright line is the review threshold, {threshold:.6f}.",
        chart.svg(),
        Table(
            ("threshold", "alerts a day", "recall", "precision", "money found", "net value, EUR"),
            rows,
        ),
        [(style, name) for style, name, _ in lines],
    )


def reliability(decision: Decision) -> Picture:
    """Draw bins of probability against the share of fraud in them."""
    chart = Chart(
        "Reliability",
        "Mean probability of each bin against the share of its events that were fraud.",
        Scale(LOWEST, 1, log=True),
        Scale(LOWEST, 1, log=True),
    )
    ticks = [(LOWEST, "0.01 %"), (0.001, "0.1 %"), (0.01, "1 %"), (0.1, "10 %"), (1.0, "100 %")]
    chart.axes(ticks, [(LOWEST, "0"), *ticks[1:]], "probability that the model gave", "came true")
    chart.rule((LOWEST, LOWEST), (1, 1), "chance")
    rows = []
    for one in decision.reliability.bins:
        share = one.share_of_fraud
        if share.low is not None and share.high is not None:
            chart.rule(
                (one.mean_probability, share.low), (one.mean_probability, share.high), "span"
            )
        tip = f"{one.events:,} events, {one.frauds} fraud"
        chart.dot((one.mean_probability, share.value or 0.0), "dot", tip)
        rows.append(
            (
                f"{words.percent(one.lowest, 1)} to {words.percent(one.highest, 1)}",
                f"{one.events:,}",
                f"{one.frauds:,}",
                words.percent(one.mean_probability, 2),
                words.share(share) if (share.value or 0) >= 0.1 else words.percent(share.value, 2),
            )
        )
    return Picture(
        "Can a probability be taken at its word?",
        "On the dotted line it can. Expected calibration error "
        f"{decision.reliability.expected_calibration_error:.4f}, Brier score "
        f"{words.plain(decision.brier.value, 4)}.",
        chart.svg(),
        Table(("probability", "events", "fraud", "mean probability", "came true"), rows),
    )


def typologies(decision: Decision) -> Picture:
    """Draw the recall of each typology with its interval, the best found first."""
    found = sorted(
        decision.by_typology.items(),
        key=lambda item: (-(item[1].recall.value or 0), -item[1].subject_days, item[0]),
    )
    height = TOP + 26 * max(len(found), 1) + 44
    chart = Chart(
        "Recall by typology",
        "Share of the subject days with each kind of crime that the review threshold finds.",
        Scale(0, 1),
        Scale(0, max(len(found), 1)),
        width=1120,
        height=height,
        left=250,
    )
    chart.axes(SHARES, [], "recall, with its 95 % interval")
    for place, (name, one) in enumerate(found):
        level = len(found) - place - 0.5
        _, down = chart.at((0, level))
        chart.text((238, down + 4), words.spaced(name), "tick end")
        chart.rule((0, level), (1, level), "grid")
        recall = one.recall
        if recall.low is not None and recall.high is not None:
            chart.rule((recall.low, level), (recall.high, level), "span")
        tip = f"{one.found} of {one.subject_days}"
        chart.dot((recall.value or 0.0, level), "dot", tip, 5)
    return Picture(
        "Recall by typology",
        "A subject's day counts once, and is found when any event of the subject on that day is "
        "flagged. Few days make long bars: look at them before you compare.",
        chart.svg(),
        Table(
            ("typology", "subject days", "found", "recall", "money found", "first flag after"),
            [_typology(decision, name, one) for name, one in found],
        ),
    )


def _typology(decision: Decision, name: str, one: TypologyFigures) -> tuple[Any, ...]:
    delay = decision.time_to_detect_by_typology.get(name)
    return (
        words.spaced(name),
        one.subject_days,
        one.found,
        words.share(one.recall),
        words.share(one.value_detection),
        words.hours(None if delay is None else delay.median_hours),
    )


def alerts(decision: Decision) -> Picture:
    """Draw the alerts of each day, those with a fraud below those without."""
    stable = decision.alerts_a_day
    days = stable.days
    most = max((count for _, count, _ in days), default=1) or 1
    chart = Chart(
        "Alerts a day",
        "Subjects flagged on each day of the test slice, with and without a fraud.",
        Scale(0, max(len(days), 1)),
        Scale(0, most * 1.08),
        width=1120,
        height=260,
    )
    step = max(most // 4, 1)
    every = max(len(days) // 7, 1)
    chart.axes(
        [
            (place + 0.5, words.day(day)[5:])
            for place, (day, _, _) in enumerate(days)
            if place % every == 0
        ],
        [(float(one), str(one)) for one in range(0, most + 1, step)],
        "day",
    )
    for place, (day, count, false) in enumerate(days):
        left, right = place + 0.14, place + 0.86
        true = count - false
        tip = f"{words.day(day)}: {count} alerts, {true} with a fraud"
        if true:
            chart.bar((left, 0), (right, true), "true", tip)
        if false:
            chart.bar((left, true), (right, count), "false", tip)
    chart.rule((0, stable.mean), (len(days), stable.mean), "marker")
    return Picture(
        "Alerts a day",
        f"{stable.mean:.1f} a day on average (the line), standard deviation "
        f"{stable.deviation:.1f}, from {stable.least} to {stable.most}; most on "
        f"{words.day(stable.worst_day)}.",
        chart.svg(),
        Table(
            ("day", "alerts", "with a fraud", "without"),
            [(words.day(day), count, count - false, false) for day, count, false in days],
        ),
        [("box true", "with a fraud"), ("box false", "without")],
    )
