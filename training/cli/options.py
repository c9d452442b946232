"""What the training commands share: options, the recipe they add up to, and how they print."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from models.promotions import Person
    from training.recipe import Recipe

Home = Annotated[
    Path,
    typer.Option("--home", envvar="CROSSFLAG_HOME", help="Folder of models, bundles and MLflow."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Model = Annotated[str, typer.Option("--model", help="Stream of the model: payment or access.")]
OptionalModel = Annotated[
    str | None,
    typer.Option("--model", help="Stream of the model; else as the mapping says, or payment."),
]
RecipeName = Annotated[
    str, typer.Option("--recipe", help="default, handbook, or the path of a TOML file.")
]
OneFile = Annotated[
    Path | None, typer.Option("--data", help="Events of the model's stream, one file.")
]
Payments = Annotated[Path | None, typer.Option(help="Payments: CSV, Parquet, XML.")]
Access = Annotated[Path | None, typer.Option(help="Access events: CSV, Parquet, OCSF, log.")]
TestData = Annotated[
    Path | None,
    typer.Option("--test-data", help="Events to judge on, in a file of their own, later ones."),
]
Labels = Annotated[Path | None, typer.Option(help="Labels: CSV or Parquet.")]
Statuses = Annotated[Path | None, typer.Option(help="Payment statuses: CSV, Parquet, XML.")]
Mapping = Annotated[Path | None, typer.Option(help="Column mapping (TOML).")]
IpOverlay = Annotated[Path | None, typer.Option(help="Table of networks (CSV).")]
Engine = Annotated[str, typer.Option("--engine", help="local, or spark (extra [spark], Java).")]
Master = Annotated[
    str, typer.Option("--master", help="With --engine spark: local[N], or spark://HOST:PORT.")
]
Production = Annotated[
    bool,
    typer.Option(
        "--production",
        envvar="CROSSFLAG_PRODUCTION",
        help="A promotion takes two people, and every gate.",
    ),
]
By = Annotated[str | None, typer.Option(help="Who you are; the account's name when not given.")]
HOME = Path(".crossflag")


def files(
    model: str,
    file: Path | None,
    payments: Path | None,
    access: Path | None,
    labels: Path | None,
    statuses: Path | None,
    ip_overlay: Path | None,
    test: Path | None = None,
) -> dict[str, Path | None]:
    """Return the data files of the command line, empty when it names none."""
    from training.errors import BadRecipe

    if file is not None and model == "payment":
        payments = payments or file
    elif file is not None:
        access = access or file
    given = {
        "payments": payments,
        "access": access,
        "labels": labels,
        "statuses": statuses,
        "ip_overlay": ip_overlay,
        "test": test,
    }
    if test is not None and payments and access:
        raise BadRecipe(
            f"--test-data {str(test)!r} holds one stream's events, and files of both are given; "
            f"give those of one"
        )
    return given if any((payments, access, labels)) else {}


def recipe_of(
    name: str,
    files: dict[str, Path | None],
    mapping: Path | None,
    seed: int | None = None,
    reviews_per_day: float | None = None,
    baselines: bool | None = None,
) -> Recipe:
    """Return the recipe with what the command line says instead."""
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


def stream_of(mapping: Path | None) -> str:
    """Return the stream that a mapping names, payment when it names none."""
    from features.formats.mapping import read_mapping
    from training import data

    if mapping is None:
        return "payment"
    return read_mapping(data.present("mapping", mapping)).stream or "payment"


def check_stream(name: str) -> None:
    """Raise BadRecipe unless `name` is a stream that has a model."""
    from features.events import STREAMS
    from training.errors import BadRecipe

    if name not in STREAMS:
        raise BadRecipe(f"--model {name!r}: use one of {', '.join(STREAMS)}")


def person(by: str | None = None) -> Person:
    """Return who runs this command: as they say, or as the operating system names the account.

    The account is kept in either case, since anybody may type any name.
    """
    from models.promotions import Person

    account = _account()
    return Person(account, "account", account) if by is None else Person(by, "said", account)


def _account() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def show(as_json: bool, document: dict[str, Any], *tables: Any) -> None:
    """Print one JSON document, or tables for a person."""
    if as_json:
        print(json.dumps(document, default=str, allow_nan=False))
        return
    from rich.console import Console

    console = Console()
    for table in tables:
        console.print(table)
