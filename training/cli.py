"""The commands of the training side; `crossflag` mounts them.

Each prints a table for a person, or with `--json` one document on standard output; everything else
goes to standard error.
"""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from training.coverage.command import app as coverage

if TYPE_CHECKING:
    from training.recipe import Recipe

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(coverage, name="coverage")
features_app = typer.Typer(pretty_exceptions_enable=False)
app.add_typer(features_app, name="features")

Home = Annotated[
    Path,
    typer.Option("--home", envvar="CROSSFLAG_HOME", help="Folder of models, bundles and MLflow."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Model = Annotated[str, typer.Option("--model", help="Stream of the model: payment or access.")]
RecipeName = Annotated[
    str, typer.Option("--recipe", help="default, handbook, or the path of a TOML file.")
]
OptionalFile = Path | None
HOME = Path(".crossflag")


@app.command()
def train(
    model: Annotated[
        str, typer.Option("--model", help="Stream of the model: payment, access, or all.")
    ] = "payment",
    recipe: RecipeName = "default",
    file: Annotated[
        OptionalFile, typer.Option("--data", help="Events of the model's stream, one file.")
    ] = None,
    payments: Annotated[OptionalFile, typer.Option(help="Payments: CSV, Parquet, XML.")] = None,
    access: Annotated[
        OptionalFile, typer.Option(help="Access events: CSV, Parquet, OCSF, log.")
    ] = None,
    labels: Annotated[OptionalFile, typer.Option(help="Labels: CSV or Parquet.")] = None,
    statuses: Annotated[
        OptionalFile, typer.Option(help="Payment statuses: CSV, Parquet, XML.")
    ] = None,
    mapping: Annotated[OptionalFile, typer.Option(help="Column mapping (TOML).")] = None,
    ip_overlay: Annotated[OptionalFile, typer.Option(help="Table of networks (CSV).")] = None,
    reviews_per_day: Annotated[
        float | None, typer.Option(help="Subjects that reviewers can look at in a day.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random.")] = None,
    baselines: Annotated[
        bool | None,
        typer.Option(help="Compare with logistic regression and a random forest [as the recipe]."),
    ] = None,
    features: Annotated[
        OptionalFile, typer.Option(help="Folder that `crossflag features build` wrote.")
    ] = None,
    promote: Annotated[bool, typer.Option("--promote", help="Make it the champion.")] = False,
    mlflow: Annotated[bool, typer.Option(help="Log the run to MLflow.")] = True,
    home: Home = HOME,
    as_json: AsJson = False,
) -> None:
    """Train a model on events and labels, judge it on held-back time and keep it.

    Data files given here replace all those of the recipe; its mapping stays unless one is given.
    --features saves building the features of these same files again; the model is the same.
    """
    from features.events import STREAMS
    from training import data, pipeline, tables
    from training.errors import BadRecipe
    from training.progress import Teller

    if model != "all":
        _check_stream(model)
    elif file is not None:
        raise BadRecipe(
            f"--data {str(file)!r} holds one stream's events; with --model all give --payments "
            f"and --access"
        )
    chosen = _recipe(
        recipe,
        _files(model, file, payments, access, labels, statuses, ip_overlay),
        mapping,
        seed,
        reviews_per_day,
        baselines,
    )
    teller = Teller()
    with teller.stage("reading"):
        inputs = data.read(chosen.data, teller.say)
    results = [
        pipeline.train(
            chosen,
            stream,
            home,
            teller=teller if model != "all" else Teller(),
            inputs=inputs,
            kept=features,
            log=mlflow,
            promote_by=_user() if promote else None,
        )
        for stream in (STREAMS if model == "all" else (model,))
    ]
    documents = [result.document() for result in results]
    shown = [table for result in results for table in tables.training_tables(result)]
    _print(as_json, {"models": documents} if model == "all" else documents[0], *shown)


@app.command()
def evaluate(
    model: Model = "payment",
    recipe: RecipeName = "default",
    file: Annotated[
        OptionalFile, typer.Option("--data", help="Events of the model's stream, one file.")
    ] = None,
    payments: Annotated[OptionalFile, typer.Option(help="Payments: CSV, Parquet, XML.")] = None,
    access: Annotated[
        OptionalFile, typer.Option(help="Access events: CSV, Parquet, OCSF, log.")
    ] = None,
    labels: Annotated[OptionalFile, typer.Option(help="Labels: CSV or Parquet.")] = None,
    statuses: Annotated[
        OptionalFile, typer.Option(help="Payment statuses: CSV, Parquet, XML.")
    ] = None,
    mapping: Annotated[OptionalFile, typer.Option(help="Column mapping (TOML).")] = None,
    ip_overlay: Annotated[OptionalFile, typer.Option(help="Table of networks (CSV).")] = None,
    version: Annotated[
        str | None, typer.Option(help="Trained version; the champion when not given.")
    ] = None,
    home: Home = HOME,
    as_json: AsJson = False,
) -> None:
    """Judge a trained model on the test slice that the recipe cuts from these events."""
    from training import evaluation, tables
    from training.progress import Teller

    _check_stream(model)
    chosen = _recipe(
        recipe,
        _files(model, file, payments, access, labels, statuses, ip_overlay),
        mapping,
        None,
        None,
    )
    result = evaluation.evaluate(chosen, model, home, version, teller=Teller())
    _print(as_json, result.document(), *tables.evaluation_tables(result))


@app.command()
def score(
    file: Annotated[Path, typer.Argument(help="Events: CSV, Parquet, pacs.008 XML or sshd log.")],
    out: Annotated[Path, typer.Option(help="Where to write: .csv or .parquet.")],
    model: Annotated[
        str | None, typer.Option("--model", help="payment or access, where the file does not tell.")
    ] = None,
    mapping: Annotated[OptionalFile, typer.Option(help="Column mapping (TOML).")] = None,
    rejects: Annotated[OptionalFile, typer.Option(help="Write refused rows here (CSV).")] = None,
    year: Annotated[int | None, typer.Option(help="Year of a log without one.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Zone of times without one.")] = None,
    ip_overlay: Annotated[OptionalFile, typer.Option(help="Table of networks (CSV).")] = None,
    geolocation: Annotated[OptionalFile, typer.Option(help="Geolocation file (MMDB).")] = None,
    reference_data: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="Folder of your own dated reference files."
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many subjects to show.")] = 10,
    home: Home = HOME,
    as_json: AsJson = False,
) -> None:
    """Score a file with the champion: advice, probability and reasons for each event."""
    from dataclasses import asdict

    from training import score as scoring
    from training import tables
    from training.progress import Teller

    if model is not None:
        _check_stream(model)
    options = scoring.FileOptions(
        model, mapping, rejects, year, time_zone, ip_overlay, geolocation, reference_data
    )
    done = scoring.score_file(file, out, home, options, limit=top, teller=Teller())
    _print(as_json, {**asdict(done), "out": str(done.out)}, *tables.score_tables(done))


@app.command()
def promote(
    model: Model = "payment",
    version: Annotated[
        str | None, typer.Option(help="Trained version; the newest when not given.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who promotes; your user name.")] = None,
    why: Annotated[str, typer.Option(help="Why; kept in the promotion record.")] = "promoted",
    home: Home = HOME,
    as_json: AsJson = False,
) -> None:
    """Make a trained model its stream's champion; a running service follows."""
    from dataclasses import asdict

    from training import promote as promotion
    from training import tables

    _check_stream(model)
    chosen = version or promotion.newest(home, model)
    done = promotion.promote(home, model, chosen, by or _user(), why)
    _print(as_json, asdict(done), tables.promotion_table(done))


@features_app.callback(invoke_without_command=True)
def features(
    context: typer.Context,
    model: Annotated[
        str | None, typer.Option("--model", help="payment or access; both when not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the catalogue of features: what each means and why it is looked at."""
    if context.invoked_subcommand is not None:
        return
    from features.catalog import CATALOGUES
    from training import tables

    if model is not None:
        _check_stream(model)
    chosen = {name: item for name, item in CATALOGUES.items() if model in (None, name)}
    document = {name: tables.catalogue_document(item) for name, item in chosen.items()}
    _print(as_json, document, *(tables.catalogue_table(item) for item in chosen.values()))


@features_app.command("build")
def features_build(
    out: Annotated[Path, typer.Option(help="Folder to write: Parquet by stream and day.")],
    model: Annotated[
        str, typer.Option("--model", help="Stream of --data: payment or access.")
    ] = "payment",
    recipe: RecipeName = "default",
    file: Annotated[
        OptionalFile, typer.Option("--data", help="Events of one stream, one file.")
    ] = None,
    payments: Annotated[OptionalFile, typer.Option(help="Payments: CSV, Parquet, XML.")] = None,
    access: Annotated[
        OptionalFile, typer.Option(help="Access events: CSV, Parquet, OCSF, log.")
    ] = None,
    labels: Annotated[OptionalFile, typer.Option(help="Labels: CSV or Parquet.")] = None,
    statuses: Annotated[
        OptionalFile, typer.Option(help="Payment statuses: CSV, Parquet, XML.")
    ] = None,
    mapping: Annotated[OptionalFile, typer.Option(help="Column mapping (TOML).")] = None,
    ip_overlay: Annotated[OptionalFile, typer.Option(help="Table of networks (CSV).")] = None,
    engine: Annotated[str, typer.Option(help="local, or spark (extra [spark], Java).")] = "local",
    master: Annotated[
        str, typer.Option(help="With --engine spark: local[N], or spark://HOST:PORT.")
    ] = "local[*]",
    as_json: AsJson = False,
) -> None:
    """Compute the features of every event once, into a folder that `train --features` reads.

    Files given here replace all those of the recipe, as in `crossflag train`.
    """
    from training import backfill, tables
    from training.progress import Teller

    _check_stream(model)
    files = _files(model, file, payments, access, labels, statuses, ip_overlay)
    chosen = _recipe(recipe, files, mapping, None, None)
    done = backfill.build_folder(chosen, out, Teller(), engine, master)
    _print(as_json, done.document(), tables.backfill_table(done))


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def simulate(context: typer.Context) -> None:
    """Make the sample world: payments, access events and labels of a simulated population."""
    from training.simulate.command import simulate_command

    world = typer.Typer(pretty_exceptions_enable=False)
    world.command("simulate")(simulate_command)
    typer.main.get_command(world).main(
        args=context.args, prog_name=context.command_path, standalone_mode=False
    )


def _check_stream(name: str) -> None:
    from features.events import STREAMS
    from training.errors import BadRecipe

    if name not in STREAMS:
        raise BadRecipe(f"--model {name!r}: use one of {', '.join(STREAMS)}")


def _files(
    model: str,
    file: Path | None,
    payments: Path | None,
    access: Path | None,
    labels: Path | None,
    statuses: Path | None,
    ip_overlay: Path | None,
) -> dict[str, Path | None]:
    """Return the data files of the command line, empty when it names none."""
    if file is not None and model == "payment":
        payments = payments or file
    elif file is not None:
        access = access or file
    files = {
        "payments": payments,
        "access": access,
        "labels": labels,
        "statuses": statuses,
        "ip_overlay": ip_overlay,
    }
    return files if any((payments, access, labels)) else {}


def _recipe(
    name: str,
    files: dict[str, Path | None],
    mapping: Path | None,
    seed: int | None,
    reviews_per_day: float | None,
    baselines: bool | None = None,
) -> Recipe:
    from training.recipe import Recipe, load

    recipe = load(name)
    given: dict[str, Any] = recipe.model_dump()
    given["data"] |= files
    if mapping is not None:
        given["data"]["mapping"] = mapping
    if seed is not None:
        given["seed"] = seed
    if baselines is not None:
        given["baselines"] = baselines
    if reviews_per_day is not None:
        given["review"]["reviews_per_day"] = reviews_per_day
    return Recipe.model_validate(given)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _print(as_json: bool, document: dict[str, Any], *tables: Any) -> None:
    if as_json:
        print(json.dumps(document, default=str, allow_nan=False))
        return
    from rich.console import Console

    console = Console()
    for table in tables:
        console.print(table)
