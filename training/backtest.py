"""`crossflag backtest`: had we trained every week, what would each model have found the week after?

Each week is a fold: a model learns from everything up to the gap before that week, and is judged on
the week alone (a prequential backtest). A week's figure has an interval over redrawn subjects, the
mean one over weeks (Student's t). Models of neighbouring weeks learn from nearly the same days, so
the mean's interval tells of the weeks, less of the data that was learnt from.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training import folds, inner, metrics, prepare, splits
from training.errors import NotEnoughData
from training.metrics import Interval
from training.recipe import Recipe

if TYPE_CHECKING:
    from features.definitions import Catalogue
    from training.progress import Teller

LEVEL = 0.95


@dataclass(frozen=True)
class Week:
    """One week: what was learnt from and judged on, and each model's figures."""

    train: prepare.Counts
    test: prepare.Counts
    trees: int
    average_precision: Interval
    figures: dict[str, dict[str, float]]


@dataclass(frozen=True)
class Backtest:
    """The weeks, oldest first, those that were left out and why, and means over weeks."""

    stream: str
    weeks: list[Week]
    left_out: list[str]
    means: dict[str, dict[str, Interval]]
    """By model and figure, the mean with its interval over weeks."""

    def document(self) -> dict[str, Any]:
        """Return everything as JSON-able values, the model's own means at the top level."""
        body = asdict(self)
        own = self.means[folds.OWN]
        return {**{name: asdict(found) for name, found in own.items()}, **body}


def backtest(
    recipe: Recipe,
    stream: str,
    catalogue: Catalogue,
    line: prepare.Timeline,
    count: int,
    teller: Teller,
) -> Backtest:
    """Train and judge one model a week, up to `count` weeks back from the end of the data.

    Weeks without a fraud, or without enough to learn from, are left out and named. Raises
    NotEnoughData when none is left.
    """
    whole = splits.of(recipe, line.events.integers("time"), line.known_by)
    plans = splits.weekly(recipe, whole, count)
    weeks, left_out = [], []
    with teller.stage(f"{len(plans)} weeks") as advance:
        for done, split in enumerate(plans):
            advance(done, len(plans))
            try:
                prepared = prepare.prepare(recipe, catalogue, line, split)
            except NotEnoughData as error:
                left_out.append(str(error))
                continue
            weeks.append(_week(recipe, folds.run(recipe, stream, prepared)))
        advance(len(plans), len(plans))
    if not weeks:
        raise NotEnoughData(
            f"no week can be judged; the last one: "
            f"{left_out[-1] if left_out else 'the data is too short for a week after training'}"
        )
    names = {model: list(figures) for model, figures in weeks[0].figures.items()}
    means = {
        model: {key: mean([week.figures[model][key] for week in weeks]) for key in keys}
        for model, keys in names.items()
    }
    return Backtest(stream, weeks, left_out, means)


def _week(recipe: Recipe, fold: folds.Fold) -> Week:
    draws = inner.precision_draws(fold.outcomes, fold.scores[folds.OWN], recipe.seed)
    band = metrics.interval(float(draws[0]), draws[1:])
    return Week(fold.train, fold.test, fold.trees, band, fold.figures)


def mean(values: list[float]) -> Interval:
    """Return the mean of the weeks' figures with its 95 per cent interval, none for one week."""
    from scipy.stats import t

    usable = np.array([value for value in values if math.isfinite(value)])
    if not len(usable):
        return Interval(None)
    centre = float(usable.mean())
    if len(usable) < 2:
        return Interval(centre)
    half = float(t.ppf((1 + LEVEL) / 2, len(usable) - 1) * usable.std(ddof=1)) / len(usable) ** 0.5
    # Every figure of a ranking is a share, which few weeks do not know.
    return Interval(centre, max(centre - half, 0.0), min(centre + half, 1.0))


def draw(done: Backtest, path: Path) -> None:
    """Draw the weeks' average precision with its band, and the baselines' (png or svg)."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(done.weeks))
    bands = [week.average_precision for week in done.weeks]
    own = [float("nan") if band.value is None else band.value for band in bands]
    low = [own[place] if band.low is None else band.low for place, band in enumerate(bands)]
    high = [own[place] if band.high is None else band.high for place, band in enumerate(bands)]
    axes.fill_between(places, low, high, alpha=0.2, label="95 % of redrawn subjects")
    for model in done.means:
        values = [week.figures[model]["average_precision"] for week in done.weeks]
        style = "-o" if model == folds.OWN else "--"
        axes.plot(places, values, style, label=model.replace("_", " "))
    axes.set_xticks(places, [week.test.span[:10] for week in done.weeks], rotation=45, ha="right")
    axes.set(ylabel="average precision", ylim=(0, 1.02), xlabel="week from")
    axes.set_title("Trained anew each week, judged on the week after the gap")
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)
