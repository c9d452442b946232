"""`crossflag promote`: which model serves."""

from __future__ import annotations

from typing import Annotated

import typer

from training.cli import options

app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def promote(
    model: options.Model = "payment",
    version: Annotated[
        str | None, typer.Option(help="Trained version; the newest when not given.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who promotes; your user name.")] = None,
    why: Annotated[str, typer.Option(help="Why; kept in the promotion record.")] = "promoted",
    home: options.Home = options.HOME,
    as_json: options.AsJson = False,
) -> None:
    """Make a trained model its stream's champion; a running service follows."""
    from dataclasses import asdict

    from training import promote as promotion
    from training import tables

    options.check_stream(model)
    chosen = version or promotion.newest(home, model)
    done = promotion.promote(home, model, chosen, by or options.user(), why)
    options.show(as_json, asdict(done), tables.promotion_table(done))
