"""`crossflag drift`: what has changed since a model learnt."""

from __future__ import annotations

from typing import Annotated

import typer

from training.cli import options

app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def drift(
    model: options.Model = "payment",
    recipe: options.RecipeName = "default",
    file: options.OneFile = None,
    payments: options.Payments = None,
    access: options.Access = None,
    labels: options.Labels = None,
    statuses: options.Statuses = None,
    mapping: options.Mapping = None,
    ip_overlay: options.IpOverlay = None,
    days: Annotated[int, typer.Option(min=1, help="Last days to compare; before is history.")] = 7,
    version: Annotated[
        str | None, typer.Option(help="Trained version; the champion when not given.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many shifts to show.")] = 15,
    home: options.Home = options.HOME,
    as_json: options.AsJson = False,
) -> None:
    """Compare the last days of events with what a model learnt from: features, scores, reasons.

    Give the whole files: what comes before the last days is their history. A running service
    compares what it stores by itself, and shows it on the console's page Watch.
    """
    from training import drift as drifting
    from training import tables_of_drift
    from training.progress import Teller

    options.check_stream(model)
    files = options.files(model, file, payments, access, labels, statuses, ip_overlay)
    chosen = options.recipe_of(recipe, files, mapping)
    done = drifting.measure(chosen, model, home, version, days, teller=Teller())
    options.show(as_json, done.document(), *tables_of_drift.tables(done, top))
