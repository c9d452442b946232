"""What `crossflag tune` and its neighbours print for a person, as rich tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from training.tables import WORDS

if TYPE_CHECKING:
    from training.ablation import Ablation
    from training.backtest import Backtest
    from training.learning_curve import Curve
    from training.tune import Tuned

_SHOWN = 10


def tuning_tables(tuned: Tuned, out: Path) -> list[Table]:
    """Return the best trials beside the recipe's own settings, and what was searched."""
    complete = sorted((t for t in tuned.trials if t.complete), key=lambda t: (-t.value, t.number))
    shown = complete[:_SHOWN]
    if tuned.own not in shown:
        shown.append(tuned.own)
    words = tuned.metric.replace("_", " ")
    table = Table(title=f"{tuned.stream}: {words} within the training span")
    table.add_column("setting")
    for trial in shown:
        table.add_column(f"trial {trial.number}" if trial.number else "own", justify="right")
    table.add_row("mean", *(f"{trial.value:.4f}" for trial in shown), style="bold")
    for place, (_, judged) in enumerate(tuned.spans):
        table.add_row(judged, *(f"{trial.folds[place]:.4f}" for trial in shown))
    table.add_row("trees", *(", ".join(map(str, trial.trees)) for trial in shown))
    for name in tuned.own.settings:
        table.add_row(name, *(f"{trial.settings[name]:g}" for trial in shown))
    made = Table(title="The search", show_header=False)
    made.add_row("trials", f"{len(tuned.trials)}, of which {len(complete)} on every fold")
    made.add_row("ended by", f"its number of {tuned.stopped}")
    made.add_row("gain", f"{tuned.best.value - tuned.own.value:+.4f} on the recipe's own settings")
    made.add_row("recipe", f"{out} (crossflag train --recipe {out})")
    return [table, made]


def backtest_tables(done: Backtest) -> list[Table]:
    """Return the weeks one below another, and the means over weeks beside the baselines'."""
    weeks = Table(title=f"{done.stream}: a model a week")
    for name in ("week from", "learnt", "events", "fraud", "trees", "average precision", "AUC"):
        weeks.add_column(name, justify="right")
    for week in done.weeks:
        weeks.add_row(
            week.test.span[:10],
            f"{week.train.events:,}",
            f"{week.test.events:,}",
            f"{week.test.frauds:,}",
            str(week.trees),
            str(week.average_precision),
            f"{week.figures['xgboost']['roc_auc']:.3f}",
        )
    means = Table(title=f"Mean of {len(done.weeks)} weeks (95 % interval over weeks)")
    means.add_column("figure", no_wrap=True)
    for model in done.means:
        means.add_column(model.replace("_", " "), justify="right")
    for key in next(iter(done.means.values())):
        found = [figures.get(key) for figures in done.means.values()]
        told = ("" if one is None else str(one) for one in found)
        means.add_row(WORDS.get(key, key.replace("_", " ")), *told)
    tables = [weeks, means]
    if done.left_out:
        tables.append(Table("weeks left out"))
        for reason in done.left_out:
            tables[-1].add_row(reason)
    return tables


def ablation_tables(done: Ablation) -> list[Table]:
    """Return what the model loses without each family, the dearest first."""
    table = Table(
        title=f"{done.stream}: average precision {done.average_precision} with all "
        f"{done.features} features, {len(done.folds)} folds within the training span"
    )
    table.add_column("without")
    for name in ("features", "average precision", "loss (95 % interval)"):
        table.add_column(name, justify="right")
    for row in done.families:
        found = (f"{row.average_precision:.4f}", f"{row.loss}")
        table.add_row(row.family, str(row.features), *found)
    return [table]


def curve_tables(done: Curve) -> list[Table]:
    """Return the points of a learning curve, and what the last step brought."""
    table = Table(
        title=f"{done.stream}: learnt from shares of {done.learnt}, judged on {done.judged}",
        caption=f"The last step brings {done.last_step}.",
    )
    for name in ("share", "events", "fraud", "trees", "average precision"):
        table.add_column(name, justify="right")
    for point in done.points:
        table.add_row(
            f"{point.share:.0%}",
            f"{point.events:,}",
            f"{point.frauds:,}",
            str(point.trees),
            str(point.average_precision),
        )
    return [table]
