"""`crossflag bench`: how fast and how good this is on your machine."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from training.cli import options

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def bench() -> None:
    """Measure speed and quality on this machine, side by side with what else there is."""


@app.command()
def features(
    data: Annotated[
        Path | None,
        typer.Option("--data", help="The Fraud Detection Handbook's transactions; else made up."),
    ] = None,
    rows: Annotated[
        int | None,
        typer.Option(min=1000, help="Payments: all of the file, or 400,000 made up."),
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Turns of each engine.")] = 3,
    curve_to: Annotated[
        int, typer.Option(min=1000, help="Most events of the curve; 10,000,000 take 20 GB.")
    ] = 1_000_000,
    plot: Annotated[Path | None, typer.Option(help="Draw the curve here (png or svg).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """The handbook's features against pandas, polars and DuckDB; then the whole catalogue."""
    from bench import report
    from training.progress import Teller

    measured = report.measure(data, rows, repeats, curve_to, Teller())
    if plot is not None:
        report.draw(measured, plot)
    if as_json:
        print(json.dumps(report.document(measured)))
    else:
        report.show(measured)


@app.command()
def strangers(
    table: Annotated[
        str | None, typer.Option(help="One table, such as cross_border; else all.")
    ] = None,
    rows: Annotated[
        int | None, typer.Option(min=5000, help="Rows of each table; else 120,000 to 300,000.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Strangers' tables inspected and trained on by default, beside XGBoost tuned by hand."""
    from bench import strange_tables

    found = strange_tables.document(rows, table)
    if as_json:
        print(json.dumps({"tables": found}))
    else:
        strange_tables.show(found)


@app.command()
def quality(
    data: Annotated[
        Path, typer.Option("--data", help="The Fraud Detection Handbook's transactions.")
    ],
    first_week: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%d"], help="First day that the first fold learns from."),
    ] = datetime(2018, 7, 25),
    folds: Annotated[int, typer.Option(min=1, help="Folds, each a week later.")] = 4,
    baselines: Annotated[bool, typer.Option(help="Also fit the baselines in each fold.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """How well the default settings find the handbook's frauds, beside what was published.

    Each fold learns from one week and is judged on the week fourteen days later. Earlier weeks
    (--first-week 2018-05-02 --folds 9) are those that settings are chosen on.
    """
    from bench import quality as measuring
    from training.progress import Teller

    measured = measuring.measure(data, first_week.date(), folds, baselines, Teller())
    if as_json:
        print(json.dumps(measuring.document(measured)))
    else:
        measuring.show(measured)


@app.command()
def training(
    model: options.Model = "payment",
    recipe: options.RecipeName = "default",
    file: options.OneFile = None,
    as_json: options.AsJson = False,
) -> None:
    """What a training run costs beside the feature build and one bare XGBoost fit."""
    from bench import training as measuring
    from training.progress import Teller

    options.check_stream(model)
    files = options.files(model, file, None, None, None, None, None)
    measured = measuring.measure(options.recipe_of(recipe, files, None), model, Teller())
    if as_json:
        print(json.dumps(measured.document()))
    else:
        measuring.show(measured)


@app.command()
def sample() -> None:
    """How fast the sample's events are checked, looked at and recorded."""
    from bench.sample import main

    main()


@app.command()
def row() -> None:
    """What one row costs in the model, beside the XGBoost library."""
    from bench.model_row import main

    main()


@app.command()
def world(
    folder: Annotated[Path | None, typer.Argument(help="Simulated files; else the sample.")] = None,
) -> None:
    """How hard the simulated world is for three models."""
    from rich.console import Console

    from bench.world_difficulty import SAMPLE, measure

    Console().print(measure(folder or SAMPLE))


@app.command()
def scoring(
    home: Annotated[
        Path | None,
        typer.Option("--home", help="Folder with promoted models; else one is trained first."),
    ] = None,
    postgresql: Annotated[
        str | None,
        typer.Option(help="URL of an empty PostgreSQL database; else one of the bench's own."),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each server.")] = 5,
    singles: Annotated[int, typer.Option(min=10, help="Single events a turn.")] = 1_000,
    batches: Annotated[int, typer.Option(min=1, help="Batches of 100 a turn.")] = 10,
    past: Annotated[int, typer.Option(min=0, help="Events of history.")] = 40_000,
    mlflow: Annotated[bool, typer.Option(help="Also MLflow's own server.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """What a durable answer over HTTP costs, beside a bare echo and `mlflow models serve`."""
    from bench.scoring.command import run

    run(home, postgresql, rounds, singles, batches, past, mlflow, as_json)


@app.command()
def scale(
    home: Annotated[Path, typer.Option("--home", help="Folder with promoted models.")],
    processes: Annotated[
        list[int] | None, typer.Option(min=1, max=8, help="May be repeated [1, 2].")
    ] = None,
    events: Annotated[int, typer.Option(min=100, help="Events of each of 8 members.")] = 2_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """How throughput grows when members are spread over processes on one PostgreSQL."""
    from bench.scale import run, show

    measured = run(home, processes or [1, 2], events)
    if as_json:
        print(json.dumps(measured))
    else:
        show(measured)


@app.command()
def recovery(
    events: Annotated[
        int,
        typer.Option(min=100, help="Payments before the snapshot; these make a million histories."),
    ] = 550_000,
    tail: Annotated[int, typer.Option(min=1, help="Payments after it.")] = 10_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """How long a service takes to come back, from a snapshot and from the log alone."""
    from bench.recovery import run, show

    measured = run(events, tail)
    if as_json:
        print(json.dumps(measured))
    else:
        show(measured)


@app.command()
def screening(
    lists: Annotated[
        Path | None,
        typer.Option("--lists", help="Folder with ofac_sdn.csv (alt and add) and the UN's XML."),
    ] = None,
    records: Annotated[
        int, typer.Option(min=0, help="Made-up records of a second, large list; 0 leaves it out.")
    ] = 100_000,
    asked: Annotated[int, typer.Option(min=100, help="Names that are asked.")] = 5_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """How fast names and numbers are screened, what is found, and how often for nothing."""
    from bench.screening import measure, show
    from training.progress import Teller

    measured = measure(lists, records, asked, Teller())
    if as_json:
        print(json.dumps(measured, ensure_ascii=False))
    else:
        show(measured)


@app.command()
def names(
    lists: Annotated[
        Path | None,
        typer.Option("--lists", help="Folder with ofac_sdn.csv (alt and add) and the UN's XML."),
    ] = None,
    beside: Annotated[
        Path | None,
        typer.Option(
            "--beside",
            help="A Python that has nomenklatura, measured side by side: "
            "python3 -m venv nk && nk/bin/pip install nomenklatura, then --beside nk/bin/python.",
        ),
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the curves here (svg).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """How well names are matched, by kind of difference and script, on labelled pairs."""
    from bench import names as measuring
    from training.progress import Teller

    measured = measuring.measure(lists, beside, Teller())
    if plot is not None:
        measuring.draw(measured, plot)
    if as_json:
        print(json.dumps(measured, ensure_ascii=False))
    else:
        measuring.show(measured)


@app.command()
def console(
    cases: Annotated[int, typer.Option(min=100, help="Cases of the store.")] = 100_000,
    events: Annotated[int, typer.Option(min=1_000, help="Events of the log.")] = 5_000_000,
    database_url: Annotated[
        str | None, typer.Option(help="An empty PostgreSQL database; without it SQLite.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Server time and number of queries of each page of the console, on a full store."""
    from bench.console import measure, show
    from training.progress import Teller

    measured = measure(cases, events, database_url, Teller())
    if as_json:
        print(json.dumps(measured))
    else:
        show(measured)
