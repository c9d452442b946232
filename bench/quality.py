"""`crossflag bench quality`: the Fraud Detection Handbook's protocol, beside what was published.

Four folds, each a model that learns from one week and is judged on the week that begins fourteen
days later, without the cards already known as compromised (Le Borgne and others, 2022, chapters 5
and 7). The first fold's split is also that of chapter 3. Recipe `handbook` says which data, which
days and how many reviews; every other setting is a default, and the scenario column is not read.
"""

from __future__ import annotations

import resource
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from features.catalog import CATALOGUES
from features.errors import UnreadableFile
from features.reference import Reference
from training import data, folds, prepare, recipe
from training.progress import Teller
from training.recipe import Recipe, Weeks

FIGURES = {
    "average_precision": "average precision",
    "card_precision_at_100": "card precision@100",
    "roc_auc": "AUC ROC",
}
FIRST_WEEK, FOLDS = date(2018, 7, 25), 4
_HANDBOOK = "Fraud Detection Handbook, "


@dataclass(frozen=True)
class Published:
    """A figure that somebody printed: AUC ROC, average precision, card precision@100."""

    model: str
    roc_auc: float
    average_precision: float
    card_precision_at_100: float
    source: str


ONE_SPLIT = (
    Published("logistic regression", 0.871, 0.606, 0.291, _HANDBOOK + "chapter 3"),
    Published("random forest", 0.867, 0.658, 0.287, _HANDBOOK + "chapter 3"),
    Published("XGBoost", 0.862, 0.639, 0.273, _HANDBOOK + "chapter 3"),
)
PREQUENTIAL = (
    Published("XGBoost, tuned", 0.869, 0.687, 0.303, _HANDBOOK + "chapter 5"),
    Published("LSTM", 0.876, 0.665, 0.297, _HANDBOOK + "chapter 7"),
)


@dataclass(frozen=True)
class Measured:
    """What the folds gave, on which file, under which settings."""

    source: str
    recipe: Recipe
    first_week: date
    results: list[folds.Fold]
    seconds: dict[str, float]
    peak_megabytes: float

    @property
    def is_published_protocol(self) -> bool:
        """Tell whether these are the weeks that the published figures stand on."""
        return self.first_week == FIRST_WEEK and len(self.results) == FOLDS

    @property
    def models(self) -> list[str]:
        """Our model and the baselines that ran."""
        return list(self.results[0].figures)


def measure(file: Path, first_week: date, count: int, baselines: bool, teller: Teller) -> Measured:
    """Run `count` folds, the first of which learns from the week that begins at `first_week`.

    Raises UnreadableFile for a file that is not there, and what reading and training raise.
    """
    if not file.is_file():
        raise UnreadableFile(f"--data {str(file)!r}: no such file; give the handbook's payments")
    chosen = _recipe(file, first_week, count, baselines)
    with teller.stage("reading"):
        inputs = data.read(chosen.data, teller.say)
    with teller.stage("building features") as advance:
        line = prepare.timeline(chosen, "payment", inputs, Reference(), advance)
    weeks = [folds.shifted(chosen, 7 * number) for number in range(count)]
    with teller.stage(f"{count} folds") as advance:
        results = list(folds.run_all(weeks, "payment", CATALOGUES["payment"], line, advance))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(file.name, chosen, first_week, results, dict(teller.seconds), peak)


def _recipe(file: Path, first_week: date, count: int, baselines: bool) -> Recipe:
    """Return recipe `handbook` over this file, up to the last day that a fold is judged on."""
    given = recipe.load("handbook")
    plan = given.split
    assert isinstance(plan, Weeks)
    length = plan.train_days + plan.delay_days + plan.test_days
    last = first_week + timedelta(days=7 * (count - 1) + length - 1)
    read = given.data.model_copy(update={"payments": file, "last_day": last})
    split = plan.model_copy(update={"train_from": first_week})
    return given.model_copy(update={"data": read, "split": split, "baselines": baselines})


def document(measured: Measured) -> dict[str, Any]:
    """Return the figures, ours at the top level, as JSON-able values."""
    means = {name: folds.mean(measured.results, name) for name in measured.models}
    first = measured.results[0].figures
    body: dict[str, Any] = {
        "data": measured.source,
        "published_protocol": measured.is_published_protocol,
        **{f"prequential_{key}": means[folds.OWN][key] for key in FIGURES},
        "one_split": _chosen(first[folds.OWN]) if measured.is_published_protocol else None,
        "folds": [
            {
                "train": asdict(fold.train),
                "test": asdict(fold.test),
                "trees": fold.trees,
                **_chosen(fold.figures[folds.OWN]),
            }
            for fold in measured.results
        ],
        "baselines": {name: _chosen(means[name]) for name in measured.models[1:]},
        "settings": measured.recipe.boosting.model_dump(),
        "seed": measured.recipe.seed,
        "seconds": measured.seconds,
        "peak_megabytes": measured.peak_megabytes,
    }
    if measured.is_published_protocol:
        body["published"] = {
            "prequential": [asdict(item) for item in PREQUENTIAL],
            "one_split": [asdict(item) for item in ONE_SPLIT],
        }
    return body


def _chosen(figures: dict[str, float]) -> dict[str, float]:
    return {key: figures[key] for key in FIGURES}


def show(measured: Measured) -> None:
    """Print the figures for a person."""
    console = Console()
    weeks = len(measured.results)
    means = {name: folds.mean(measured.results, name) for name in measured.models}
    published = PREQUENTIAL if measured.is_published_protocol else ()
    console.print(_side_by_side(f"{weeks} folds, the mean of their test weeks", means, published))
    if measured.is_published_protocol:
        first = measured.results[0].figures
        console.print(_side_by_side("One split (chapter 3), the first fold", first, ONE_SPLIT))
    table = Table(title="Fold by fold, Crossflag")
    for name in ("week learnt", "week judged", "payments", "frauds", "trees", *FIGURES.values()):
        table.add_column(name, justify="right")
    for fold in measured.results:
        figures = (f"{fold.figures[folds.OWN][key]:.4f}" for key in FIGURES)
        counts = (f"{fold.test.events:,}", f"{fold.test.frauds:,}", str(fold.trees))
        table.add_row(fold.train.span[:10], fold.test.span[:10], *counts, *figures)
    console.print(table)
    spent = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in measured.seconds.items())
    console.print(f"{spent}; at most {measured.peak_megabytes:,.0f} MB.", highlight=False)


def _side_by_side(
    title: str, ours: dict[str, dict[str, float]], published: tuple[Published, ...]
) -> Table:
    table = Table(title=title)
    table.add_column("model")
    for words in FIGURES.values():
        table.add_column(words, justify="right")
    table.add_column("source")
    for name, figures in ours.items():
        words = "Crossflag" if name == folds.OWN else name.replace("_", " ")
        told = "here" if name == folds.OWN else "here, on our features"
        table.add_row(words, *(f"{figures[key]:.4f}" for key in FIGURES), told)
    for item in published:
        figures = (f"{getattr(item, key):.3f}" for key in FIGURES)
        table.add_row(item.model, *figures, item.source)
    return table
