"""`crossflag tune` and its neighbours: what settings, features, weeks and rows change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from training.cli import options

if TYPE_CHECKING:
    from training.prepare import Timeline
    from training.progress import Teller
    from training.recipe import Recipe

app = typer.Typer(pretty_exceptions_enable=False)
Features = Annotated[
    Path | None, typer.Option(help="Folder that `crossflag features build` wrote.")
]
Seed = Annotated[int | None, typer.Option(help="Seed of everything random.")]


@app.command()
def tune(
    model: options.Model = "payment",
    recipe: options.RecipeName = "default",
    file: options.OneFile = None,
    payments: options.Payments = None,
    access: options.Access = None,
    labels: options.Labels = None,
    statuses: options.Statuses = None,
    mapping: options.Mapping = None,
    ip_overlay: options.IpOverlay = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="Most settings to try; else as the recipe says.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.001, help="No trial begins later than that.")
    ] = None,
    features: Features = None,
    seed: Seed = None,
    out: Annotated[Path, typer.Option(help="Write the recipe that was found here.")] = Path(
        "tuned.toml"
    ),
    mlflow: Annotated[bool, typer.Option(help="Log the search to MLflow.")] = True,
    home: options.Home = options.HOME,
    as_json: options.AsJson = False,
) -> None:
    """Search for settings of XGBoost within the training span; the test slice is not looked at.

    What is found is a recipe: `crossflag train --recipe tuned.toml` trains with it. The recipe's
    [search] holds the ranges. The recipe's own settings are the first trial, and stay if nothing
    is better.
    """
    from features.catalog import CATALOGUES
    from training import recipe_file, study_tables, tuning_record
    from training import tune as tuning
    from training.progress import Teller

    options.check_stream(model)
    files = options.files(model, file, payments, access, labels, statuses, ip_overlay)
    chosen = options.recipe_of(recipe, files, mapping, seed)
    given = {"trials": trials, "seconds": seconds}
    search = chosen.search.model_copy(
        update={key: value for key, value in given.items() if value is not None}
    )
    chosen = chosen.model_copy(update={"search": search})
    teller = Teller()
    settled, line = _line(chosen, model, features, teller)
    tuned = tuning.tune(settled, model, CATALOGUES[model], line, teller)
    # Lengths that the recipe leaves open stay open: the next data may be longer.
    found = tuning.with_settings(chosen, tuned.best.settings)
    recipe_file.write(found, out, tuning_record.note(tuned))
    document: dict[str, Any] = {**tuning_record.document(tuned), "recipe": str(out)}
    if mlflow:
        with teller.stage("logging to MLflow"):
            document["mlflow_run_id"] = tuning_record.log(tuned, out, home)
    options.show(as_json, document, *study_tables.tuning_tables(tuned, out))


@app.command()
def backtest(
    model: options.Model = "payment",
    recipe: options.RecipeName = "default",
    file: options.OneFile = None,
    payments: options.Payments = None,
    access: options.Access = None,
    labels: options.Labels = None,
    statuses: options.Statuses = None,
    mapping: options.Mapping = None,
    ip_overlay: options.IpOverlay = None,
    features: Features = None,
    seed: Seed = None,
    weeks: Annotated[int, typer.Option(min=1, help="Weeks back from the end of the data.")] = 8,
    baselines: Annotated[
        bool | None, typer.Option(help="Compare with three other models; else as the recipe says.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the weeks here (png or svg).")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Train a model for each of the last weeks and judge it on that week alone.

    Each learns from what was known up to the gap before its week. Bands are 95 % intervals.
    """
    from features.catalog import CATALOGUES
    from training import backtest as backtesting
    from training import study_tables
    from training.progress import Teller

    options.check_stream(model)
    files = options.files(model, file, payments, access, labels, statuses, ip_overlay)
    chosen = options.recipe_of(recipe, files, mapping, seed, None, baselines)
    teller = Teller()
    settled, line = _line(chosen, model, features, teller)
    done = backtesting.backtest(settled, model, CATALOGUES[model], line, weeks, teller)
    if plot is not None:
        backtesting.draw(done, plot)
    options.show(as_json, done.document(), *study_tables.backtest_tables(done))


@app.command()
def ablate(
    model: options.Model = "payment",
    recipe: options.RecipeName = "default",
    file: options.OneFile = None,
    payments: options.Payments = None,
    access: options.Access = None,
    labels: options.Labels = None,
    statuses: options.Statuses = None,
    mapping: options.Mapping = None,
    ip_overlay: options.IpOverlay = None,
    features: Features = None,
    seed: Seed = None,
    folds: Annotated[int, typer.Option(min=1, help="Folds within the training span.")] = 2,
    as_json: options.AsJson = False,
) -> None:
    """Leave out one family of features after another, within the training span.

    A loss whose interval holds zero may be chance: such a family does not earn its place here.
    """
    from features.catalog import CATALOGUES
    from training import ablation, study_tables
    from training.progress import Teller

    options.check_stream(model)
    files = options.files(model, file, payments, access, labels, statuses, ip_overlay)
    chosen = options.recipe_of(recipe, files, mapping, seed)
    teller = Teller()
    settled, line = _line(chosen, model, features, teller)
    with teller.stage("leaving out") as advance:
        done = ablation.ablate(settled, model, CATALOGUES[model], line, folds, advance)
    options.show(as_json, done.document(), *study_tables.ablation_tables(done))


@app.command("learning-curve")
def learning_curve(
    model: options.Model = "payment",
    recipe: options.RecipeName = "default",
    file: options.OneFile = None,
    payments: options.Payments = None,
    access: options.Access = None,
    labels: options.Labels = None,
    statuses: options.Statuses = None,
    mapping: options.Mapping = None,
    ip_overlay: options.IpOverlay = None,
    features: Features = None,
    seed: Seed = None,
    as_json: options.AsJson = False,
) -> None:
    """Learn from growing shares of the training span: would more data help?"""
    from features.catalog import CATALOGUES
    from training import learning_curve as curves
    from training import study_tables
    from training.progress import Teller

    options.check_stream(model)
    files = options.files(model, file, payments, access, labels, statuses, ip_overlay)
    chosen = options.recipe_of(recipe, files, mapping, seed)
    teller = Teller()
    settled, line = _line(chosen, model, features, teller)
    with teller.stage("learning") as advance:
        done = curves.curve(settled, model, CATALOGUES[model], line, advance)
    options.show(as_json, done.document(), *study_tables.curve_tables(done))


def _line(
    recipe: Recipe, model: str, features: Path | None, teller: Teller
) -> tuple[Recipe, Timeline]:
    """Read the recipe's data; return the recipe, its lengths settled, and events with features."""
    from features.reference import Reference
    from training import adapt, data, prepare

    with teller.stage("reading"):
        inputs = data.read(recipe.data, teller.say)
    recipe, chosen = adapt.settle(recipe, model, inputs)
    for note in chosen:
        teller.say(note)
    given = recipe.data
    with teller.stage("reading features" if features else "building features") as advance:
        reference = Reference(given.ip_overlay, given.geolocation, given.reference_data)
        return recipe, prepare.timeline(recipe, model, inputs, reference, advance, features)
