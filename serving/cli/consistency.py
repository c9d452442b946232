"""`crossflag features verify`: served vectors against the log; the front door mounts it there."""

from __future__ import annotations

import secrets
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from features.errors import Problem
from serving.errors import Invalid
from serving.settings import Settings

if TYPE_CHECKING:
    from serving.verifying import Difference, Verified

app = typer.Typer()

_EXAMPLES = 5


@app.command("verify")
def verify(
    sample: Annotated[int, typer.Option(min=1, help="How many served vectors.")] = 1_000,
    seed: Annotated[int | None, typer.Option(help="Which ones; told, to repeat it.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only of events received from this time on (RFC 3339).")
    ] = None,
    member: Annotated[
        str | None, typer.Option(help="Only this member's; all when not given.")
    ] = None,
    home: Annotated[Path | None, typer.Option(help="Folder of the store [./.crossflag].")] = None,
    database: Annotated[
        str | None, typer.Option(help="PostgreSQL store [CROSSFLAG_DATABASE_URL].")
    ] = None,
    shared: Annotated[
        Path | None, typer.Option("--agreements", help="Sharing agreements (TOML).")
    ] = None,
    ip_overlay: Annotated[Path | None, typer.Option(help="CSV of networks and countries.")] = None,
    mmdb: Annotated[Path | None, typer.Option(help="Geolocation file, MaxMind DB form.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Compute a sample of served vectors again from the event log; fail if any bit differs.

    The service may run meanwhile. Give the settings that it has: they are read from the same
    CROSSFLAG_* variables.
    """
    from features.reference import Reference
    from serving import agreements, verifying
    from serving.store.database import Database

    settings = Settings.from_environment(
        home=home, database_url=database, agreements=shared, ip_overlay=ip_overlay, mmdb=mmdb
    )
    start = 0 if since is None else _time(since)
    every = agreements.read(settings.agreements)
    reference = Reference(settings.ip_overlay, settings.mmdb, settings.reference_data)
    seed = secrets.randbelow(1 << 32) if seed is None else seed
    store = Database(settings.database)
    try:
        done = verifying.verify(
            store,
            reference,
            every,
            sample=sample,
            seed=seed,
            since=start,
            member=member,
            progress=_say,
        )
    finally:
        store.close()
    if as_json:
        document = {**done.document(), "seed": seed}
        print(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
    else:
        _print(done)
    print(
        f"{done.sampled:,} served vectors ({done.features_compared:,} values) compared with "
        f"{done.entries:,} entries of the log, seed {seed}: "
        f"{'differences found' if done.differences else 'all equal'}",
        file=sys.stderr,
    )
    if done.differences:
        raise typer.Exit(1)


def _print(done: Verified) -> None:
    from rich.console import Console
    from rich.table import Table

    from serving import verifying

    if done.left_out:
        names = ", ".join(sorted(done.left_out))
        print(f"not compared, because the catalogue has them no more: {names}", file=sys.stderr)
    if not done.differences:
        return
    table = Table(title="Served vectors that the log does not give")
    for name in ("feature", "family", "cause", "count", "ring version"):
        table.add_column(name, no_wrap=name in ("feature", "count"))
    for one in done.differences:
        table.add_row(
            one.feature or "(the vector)",
            one.family or "",
            one.cause,
            f"{one.count:,}",
            _versions(one),
        )
    console = Console()
    console.print(table)
    for one in done.differences[:_EXAMPLES]:
        console.print(f"{one.feature or 'vector'}: {_example(one)}", soft_wrap=True)
    if any(one.cause == verifying.REFERENCE for one in done.differences):
        console.print(
            "Served with other reference data than this run's: give the service's own --ip-overlay "
            "and --mmdb, or --since their change.",
            soft_wrap=True,
        )


def _versions(one: Difference) -> str:
    if one.first is None:
        return "not kept"
    return str(one.first) if one.first == one.last else f"{one.first} to {one.last}"


def _example(one: Difference) -> str:
    if one.feature is None:
        return one.event
    values = ["missing" if value is None else repr(value) for value in (one.served, one.recomputed)]
    return f"{one.event}: served {values[0]}, the log gives {values[1]}"


def _time(text: str) -> int:
    from features.fields import microseconds

    try:
        return microseconds(datetime.fromisoformat(text))
    except (ValueError, TypeError):
        fix = "give an RFC 3339 time with its zone, such as 2026-06-01T00:00:00Z"
        problem = Problem("since", text, "not a time with a zone", fix)
        raise Invalid([problem]) from None


def _say(done: int, total: int) -> None:
    print(f"{done:,} of {total:,} entries of the log read", file=sys.stderr)
