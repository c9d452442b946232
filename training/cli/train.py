"""`crossflag train` and `crossflag evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli import options

app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def train(
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="Stream of the model: payment, access, or all; else as the mapping says, or "
            "payment.",
        ),
    ] = None,
    recipe: options.RecipeName = "default",
    file: options.OneFile = None,
    test_data: options.TestData = None,
    payments: options.Payments = None,
    access: options.Access = None,
    labels: options.Labels = None,
    statuses: options.Statuses = None,
    mapping: options.Mapping = None,
    ip_overlay: options.IpOverlay = None,
    reviews_per_day: Annotated[
        float | None, typer.Option(help="Subjects that reviewers can look at in a day.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random.")] = None,
    baselines: Annotated[
        bool | None,
        typer.Option(help="Compare with three other models; else as the recipe says."),
    ] = None,
    features: Annotated[
        Path | None, typer.Option(help="Folder that `crossflag features build` wrote.")
    ] = None,
    engine: options.Engine = "local",
    master: options.Master = "local[*]",
    promote: Annotated[
        bool, typer.Option("--promote", help="Make it the champion, if it passes the gates.")
    ] = False,
    by: options.By = None,
    mlflow: Annotated[bool, typer.Option(help="Log the run to MLflow.")] = True,
    production: options.Production = False,
    home: options.Home = options.HOME,
    as_json: options.AsJson = False,
) -> None:
    """Train a model on events and labels, judge it on held-back time and keep it.

    Data files given here replace all those of the recipe; its mapping stays unless one is given.
    --features saves building the features of these same files again; the model is the same.
    --engine spark builds the features and fits on a cluster, whose workers must see --home.
    """
    from features.events import STREAMS
    from training import backfill, data, pipeline, tables
    from training.errors import BadRecipe, GatesFailed
    from training.progress import Teller

    model = model or options.stream_of(mapping)
    if model != "all":
        options.check_stream(model)
    elif file is not None:
        raise BadRecipe(
            f"--data {str(file)!r} holds one stream's events; with --model all give --payments "
            f"and --access"
        )
    chosen = options.recipe_of(
        recipe,
        options.files(model, file, payments, access, labels, statuses, ip_overlay, test_data),
        mapping,
        seed,
        reviews_per_day,
        baselines,
    )
    teller = Teller()
    with backfill.built_for(engine, master, chosen, home, features, teller) as kept:
        with teller.stage("reading"):
            inputs = data.read(chosen.data, teller.say)
        results = [
            pipeline.train(
                chosen,
                stream,
                home,
                teller=teller if model != "all" else Teller(),
                inputs=inputs,
                kept=kept,
                master=master if engine == "spark" else None,
                log=mlflow,
                promote_by=options.person(by) if promote else None,
                production=production,
            )
            for stream in (STREAMS if model == "all" else (model,))
        ]
    documents = [result.document() for result in results]
    shown = [table for result in results for table in tables.training_tables(result)]
    document = {"models": documents} if model == "all" else documents[0]
    options.show(as_json, document, *shown)
    refused = [said for result in results if (said := result.forward.get("refusal"))]
    if refused:
        raise GatesFailed(" | ".join(refused))


@app.command()
def evaluate(
    model: options.OptionalModel = None,
    recipe: options.RecipeName = "default",
    file: options.OneFile = None,
    test_data: options.TestData = None,
    payments: options.Payments = None,
    access: options.Access = None,
    labels: options.Labels = None,
    statuses: options.Statuses = None,
    mapping: options.Mapping = None,
    ip_overlay: options.IpOverlay = None,
    version: Annotated[
        str | None, typer.Option(help="Trained version; the champion when not given.")
    ] = None,
    stability: Annotated[
        bool,
        typer.Option("--stability", help="Also refit under other seeds and compare the reasons."),
    ] = False,
    home: options.Home = options.HOME,
    as_json: options.AsJson = False,
) -> None:
    """Judge a trained model on the test slice that the recipe cuts from these events."""
    from training import evaluation, tables
    from training.progress import Teller

    model = model or options.stream_of(mapping)
    options.check_stream(model)
    files = options.files(model, file, payments, access, labels, statuses, ip_overlay, test_data)
    chosen = options.recipe_of(recipe, files, mapping)
    result = evaluation.evaluate(chosen, model, home, version, teller=Teller(), stable=stability)
    options.show(as_json, result.document(), *tables.evaluation_tables(result))
