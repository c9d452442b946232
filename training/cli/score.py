"""`crossflag score`: a file of events, and what the champion says of each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli import options

app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def score(
    file: Annotated[Path, typer.Argument(help="Events: CSV, Parquet, pacs.008 XML or sshd log.")],
    out: Annotated[Path, typer.Option(help="Where to write: .csv or .parquet.")],
    model: Annotated[
        str | None, typer.Option("--model", help="payment or access, where the file does not tell.")
    ] = None,
    mapping: options.Mapping = None,
    rejects: Annotated[Path | None, typer.Option(help="Write refused rows here (CSV).")] = None,
    year: Annotated[int | None, typer.Option(help="Year of a log without one.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Zone of times without one.")] = None,
    ip_overlay: options.IpOverlay = None,
    geolocation: Annotated[Path | None, typer.Option(help="Geolocation file (MMDB).")] = None,
    reference_data: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="Folder of your own dated reference files."
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many subjects to show.")] = 10,
    home: options.Home = options.HOME,
    as_json: options.AsJson = False,
) -> None:
    """Score a file with the champion: advice, probability and reasons for each event."""
    from dataclasses import asdict

    from training import score as scoring
    from training import tables
    from training.progress import Teller

    if model is not None:
        options.check_stream(model)
    chosen = scoring.FileOptions(
        model, mapping, rejects, year, time_zone, ip_overlay, geolocation, reference_data
    )
    done = scoring.score_file(file, out, home, chosen, limit=top, teller=Teller())
    options.show(as_json, {**asdict(done), "out": str(done.out)}, *tables.score_tables(done))
