"""`crossflag coverage`: what the models find of each simulated crime."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from training.coverage.measure import Measured
    from training.coverage.novel import Compared

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def coverage() -> None:
    """Red flags, the features that see them, and how much of each simulated crime is found."""


@app.command()
def measure(
    recipe: Annotated[
        str, typer.Option("--recipe", help="default, or the path of a TOML file.")
    ] = "default",
    customers: Annotated[
        int | None,
        typer.Option(min=20, help="Simulate so many; the recipe's own files when not given."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the figures here (JSON).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Train both models on simulated data and count what they find on the held-back days."""
    from rich.console import Console

    from training.coverage import measure as measuring
    from training.progress import Teller
    from training.recipe import load

    measured = measuring.measure(load(recipe), customers, Teller())
    if out is not None:
        measuring.write(measured, out)
    if as_json:
        print(json.dumps(measured.document()))
    else:
        Console().print(_table(measured))


@app.command()
def novelty(
    recipe: Annotated[
        str, typer.Option("--recipe", help="default, or the path of a TOML file.")
    ] = "default",
    customers: Annotated[
        int | None,
        typer.Option(min=20, help="Simulate so many; the recipe's own files when not given."),
    ] = None,
    typology: Annotated[
        list[str] | None, typer.Option(help="Hold out this one only; may be given again.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Keep each simulated crime from training in turn, and count what novelty finds of it."""
    from rich.console import Console

    from training.coverage import novel
    from training.progress import Teller
    from training.recipe import load

    compared = novel.compare(load(recipe), customers, typology or (), Teller())
    if as_json:
        print(json.dumps(compared.document()))
    else:
        Console().print(_novelty_table(compared))


def _novelty_table(compared: Compared) -> Table:
    from rich.table import Table

    from training.coverage.novel import METHODS

    table = Table(
        title=f"Found at {100 * compared.alerts:g} % alerts, {compared.span}: "
        f"events (incidents) of a crime that no label had seen"
    )
    table.add_column("kept from training")
    for name in ("events", *METHODS):
        table.add_column(name.replace("_", " "), justify="right")
    for typology, one in compared.typologies.items():
        table.add_row(
            typology.replace("_", " "),
            f"{one.events} ({one.incidents})",
            *(f"{one.found_events[name]} ({one.found_incidents[name]})" for name in METHODS),
        )
    table.add_row(
        "mean recall",
        "",
        *(f"{mean['events']:.2f} ({mean['incidents']:.2f})" for mean in compared.means().values()),
        style="bold",
    )
    return table


def _table(measured: Measured) -> Table:
    from rich.table import Table

    table = Table(title=f"Found on the held-back days, {measured.reviews_per_day:g} reviews a day")
    table.add_column("scenario")
    for name in ("incidents", *measured.spans):
        table.add_column(name, justify="right")
    for name, caught in measured.scenarios.items():
        shares = [f"{caught.found_incidents} of {caught.incidents}"]
        for stream in measured.spans:
            found = caught.streams.get(stream)
            shares.append(
                "" if found is None else f"{found.found_subject_days} of {found.subject_days}"
            )
        table.add_row(name.replace("_", " "), *shares)
    return table
