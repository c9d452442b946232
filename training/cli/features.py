"""`crossflag features`: the catalogue, and features computed once for many runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli import options

app = typer.Typer(pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def features(
    context: typer.Context,
    model: Annotated[
        str | None, typer.Option("--model", help="payment or access; both when not given.")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Print the catalogue of features: what each means and why it is looked at."""
    if context.invoked_subcommand is not None:
        return
    from features.catalog import CATALOGUES
    from training import tables

    if model is not None:
        options.check_stream(model)
    chosen = {name: item for name, item in CATALOGUES.items() if model in (None, name)}
    document = {name: tables.catalogue_document(item) for name, item in chosen.items()}
    options.show(as_json, document, *(tables.catalogue_table(item) for item in chosen.values()))


@app.command()
def build(
    out: Annotated[Path, typer.Option(help="Folder to write: Parquet by stream and day.")],
    model: Annotated[
        str, typer.Option("--model", help="Stream of --data: payment or access.")
    ] = "payment",
    recipe: options.RecipeName = "default",
    file: options.OneFile = None,
    payments: options.Payments = None,
    access: options.Access = None,
    labels: options.Labels = None,
    statuses: options.Statuses = None,
    mapping: options.Mapping = None,
    ip_overlay: options.IpOverlay = None,
    engine: options.Engine = "local",
    master: options.Master = "local[*]",
    as_json: options.AsJson = False,
) -> None:
    """Compute the features of every event once, into a folder that `train --features` reads.

    Files given here replace all those of the recipe, as in `crossflag train`.
    """
    from training import backfill, tables
    from training.progress import Teller

    options.check_stream(model)
    files = options.files(model, file, payments, access, labels, statuses, ip_overlay)
    chosen = options.recipe_of(recipe, files, mapping)
    done = backfill.build_folder(chosen, out, Teller(), engine, master)
    options.show(as_json, done.document(), tables.backfill_table(done))
