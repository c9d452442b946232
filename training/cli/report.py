"""`crossflag report`: the report of a training run, for people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli import options

app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def report(
    model: options.Model = "payment",
    version: Annotated[
        str | None, typer.Option(help="Trained version; the newest when not given.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Also write it here (HTML).")] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    home: options.Home = options.HOME,
    as_json: options.AsJson = False,
) -> None:
    """Say where the report of a training run lies; copy it, or open it.

    Every `crossflag train` writes one: a single HTML file that needs no network.
    """
    from rich.table import Table

    from training import promote as promotion
    from training.report import finding

    options.check_stream(model)
    chosen = version or promotion.newest(home, model)
    path = finding.report_of(home, model, chosen)
    if out is not None:
        path = finding.copied(path, out)
    if show:
        typer.launch(path.resolve().as_uri())
    table = Table(title=f"{model} model {chosen}", show_header=False)
    table.add_row("report", str(path))
    table.add_row("size", f"{path.stat().st_size:,} bytes")
    document = {
        "stream": model,
        "version": chosen,
        "report": str(path),
        "bytes": path.stat().st_size,
    }
    options.show(as_json, document, table)
