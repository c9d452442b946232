"""The commands of the service: serve, and what an operator administers.

A command imports what it needs when it runs, so that `--help` is quick.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Any

import typer

from features.errors import Problem
from serving.cli import compare, history, keeping, reconcile, watchlist, webhooks
from serving.cli.administration import PARTS, Home
from serving.cli.screen import screen
from serving.errors import Invalid
from serving.settings import Settings

app = typer.Typer(no_args_is_help=True)
_UVICORN: dict[str, Any] = {
    "access_log": False,
    "log_config": None,
    "server_header": False,
    "proxy_headers": False,
}
for _name, _part in {
    **PARTS,
    "history": history.app,
    "watchlist": watchlist.app,
    "webhooks": webhooks.app,
}.items():
    app.add_typer(_part, name=_name)
app.command("screen")(screen)
app.add_typer(compare.app)
app.add_typer(reconcile.app)
app.add_typer(keeping.app)


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Stop when the events are played.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    home: Annotated[
        Path, typer.Option(help="Folder of the demo's own store and models, made anew.")
    ] = Path(".crossflag/demo"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
) -> None:
    """Show the whole loop on the sample: train, serve, play its last days, explain a flag."""
    from serving import demo as demonstration

    demonstration.run(home, host, port, once, as_json)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    home: Home = None,
    ip_overlay: Annotated[Path | None, typer.Option(help="CSV of networks and countries.")] = None,
    mmdb: Annotated[Path | None, typer.Option(help="Geolocation file, MaxMind DB form.")] = None,
    agreements: Annotated[Path | None, typer.Option(help="Sharing agreements (TOML).")] = None,
    console: Annotated[bool | None, typer.Option(help="Serve the reviewers' console.")] = None,
    workers: Annotated[int, typer.Option(help="Processes: 1, see the documentation.")] = 1,
) -> None:
    """Run the scoring service, with the reviewers' console, until it is stopped."""
    import uvicorn

    from serving import logs
    from serving.app import create_app

    settings = Settings.from_environment(
        home=home, ip_overlay=ip_overlay, mmdb=mmdb, agreements=agreements, console=console
    )
    if workers != 1:
        raise Invalid([_one_process(workers, settings)])
    logs.begin(settings.log_form)
    uvicorn.run(create_app(settings), host=host, port=port, **_UVICORN)


@app.command()
def worker(
    kafka: Annotated[str | None, typer.Option(help="Brokers, as HOST:PORT.")] = None,
    host: Annotated[str, typer.Option(help="Address of health and metrics.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of health and metrics.")] = 8001,
    home: Home = None,
) -> None:
    """Score the events of a Kafka topic until it is stopped; run as many as there is work for."""
    import uvicorn

    from serving import logs
    from serving.worker import create_worker

    settings = Settings.from_environment(home=home, kafka=kafka)
    logs.begin(settings.log_form)
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    uvicorn.run(create_worker(settings), host=host, port=port, **_UVICORN)


def _one_process(workers: int, settings: Settings) -> Problem:
    if settings.database_url is None:
        return Problem(
            "workers",
            str(workers),
            "one process writes a SQLite store and holds every member's history",
            "use 1; for more, set CROSSFLAG_DATABASE_URL to a PostgreSQL database and run one "
            "service for each share of the members (CROSSFLAG_MEMBERS)",
        )
    return Problem(
        "workers",
        str(workers),
        "one process owns a member's history, and workers behind one port cannot choose who gets "
        "an event",
        "use 1, and run one service for each share of the members (CROSSFLAG_MEMBERS)",
    )
