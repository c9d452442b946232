"""`crossflag history load`: files of earlier events into the service's log."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from features.errors import Problem
from serving.errors import Invalid
from serving.settings import Settings

if TYPE_CHECKING:
    from serving import history

if TYPE_CHECKING:
    from features.table import EventTable

app = typer.Typer(no_args_is_help=True, help="Events from before the service.")
_SAID_EVERY = 20_000


@app.command("load")
def load(
    payments: Annotated[Path | None, typer.Option(help="Payments: CSV, Parquet, XML.")] = None,
    access: Annotated[
        Path | None, typer.Option(help="Access events: CSV, Parquet, OCSF, log.")
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="Labels: CSV or Parquet.")] = None,
    statuses: Annotated[
        Path | None, typer.Option(help="Payment statuses: CSV, Parquet, XML.")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="Column mapping of the payments.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Leave out what arrived from this time on (RFC 3339).")
    ] = None,
    member: Annotated[str, typer.Option(help="Organisation whose events these are.")] = "local",
    home: Annotated[Path | None, typer.Option(help="Folder of the store [./.crossflag].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Load earlier events, labels and statuses as history, so that the first scores know the past.

    They get no assessment and open no case. The service must not be running; loading the same
    files again changes nothing.
    """
    from serving import history
    from serving.store.database import Database

    arrivals = read_arrivals(payments, access, labels, mapping, until, statuses)
    database = Database(Settings.from_environment(home=home).database, exclusive=True)
    try:
        loaded = history.load(database, member, arrivals, _say)
    finally:
        database.close()
    if as_json:
        print(orjson.dumps(vars(loaded), option=orjson.OPT_INDENT_2).decode())
    else:
        print(
            f"loaded {loaded.payments:,} payments, {loaded.access_events:,} access events and "
            f"{loaded.labels:,} labels as history of {member}; {loaded.known:,} were there before, "
            f"{loaded.labels_without_event:,} labels had no event; "
            f"{loaded.payment_statuses:,} payment statuses, "
            f"{loaded.statuses_without_payment:,} more were of no one payment",
            file=sys.stderr,
        )


def read_arrivals(
    payments: Path | None,
    access: Path | None,
    labels: Path | None,
    mapping: Path | None = None,
    until: str | None = None,
    statuses: Path | None = None,
) -> Iterator[history.Arrival]:
    """Yield what the files hold in order of arrival, before `until` (RFC 3339).

    The order is that of training (`features.timeline`). Raises CrossflagError for what cannot be
    read.
    """
    from features.fields import microseconds
    from features.formats.mapping import read_mapping
    from features.formats.readers import read_events
    from features.table import concatenate
    from features.timeline import in_order

    end = microseconds(_time(until)) if until else None
    tables: dict[str, EventTable] = {}
    given = {"payment": payments, "access": access, "label": labels, "payment_status": statuses}
    for stream, path in given.items():
        if path is None:
            continue
        own = read_mapping(mapping) if mapping and stream == "payment" else None
        read = read_events(path, stream, own)
        print(f"{path}: {read.summary()}", file=sys.stderr)
        tables[stream] = read.table
        if read.labels is not None:
            tables["label"] = concatenate([*filter(None, [tables.get("label")]), read.labels])
    for at, event in in_order(*(tables.get(stream) for stream in given)):
        if end is None or at < end:
            yield at, event


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = datetime.min
    if time.tzinfo is None:
        fix = "give an RFC 3339 time with its zone, such as 2026-06-01T00:00:00Z"
        raise Invalid([Problem("until", text, "not a time with a zone", fix)])
    return time


def _say(done: int) -> None:
    if done % _SAID_EVERY == 0:
        print(f"{done:,} loaded", file=sys.stderr)
