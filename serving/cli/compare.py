"""`crossflag compare`: the challenger beside the champion, on what the service has scored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from features.errors import Problem
from serving.errors import Invalid, NotFound
from serving.settings import Settings

if TYPE_CHECKING:
    from rich.table import Table

    from serving.comparing import Comparison

app = typer.Typer()
_STREAMS = ("payment", "access")
_NEWEST = 200_000


@app.command("compare")
def compare_models(
    model: Annotated[str, typer.Option("--model", help="payment or access.")] = "payment",
    version: Annotated[
        str | None, typer.Option(help="Challenger; the latest when not given.")
    ] = None,
    member: Annotated[str | None, typer.Option(help="One member's events; all if not given.")] = (
        None
    ),
    newest: Annotated[int, typer.Option(min=1, help="Events at most, the newest.")] = _NEWEST,
    home: Annotated[Path | None, typer.Option(help="Folder of store [./.crossflag].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Compare the challenger's scores with the champion's answers, as the service kept both."""
    from rich.console import Console

    from serving.comparing import compare
    from serving.store.database import Database

    if model not in _STREAMS:
        raise Invalid([Problem("model", model, "unknown", f"use {' or '.join(_STREAMS)}")])
    database = Database(Settings.from_environment(home=home).database)
    try:
        with database.reading() as view:
            found = compare(view, model, version, member, newest)
    finally:
        database.close()
    if found is None:
        raise NotFound(
            f"no {model} event was scored by {version or 'a challenger'} yet: name one with "
            f"crossflag challenge, and let the running service score events"
        )
    if as_json:
        print(orjson.dumps(found.document()).decode())
        return
    console = Console()
    for table in _tables(found):
        console.print(table)


def _tables(found: Comparison) -> list[Table]:
    from rich.table import Table

    champions = ", ".join(f"{name} ({count:,})" for name, count in found.champions.items())
    table = Table(title=f"{found.stream}: challenger {found.challenger} beside {champions}")
    table.add_column("")
    for name in ("champion", "challenger"):
        table.add_column(name, justify="right")
    for key in found.scores["champion"]:
        both = (found.scores[who][key] for who in ("champion", "challenger"))
        word = "mean probability" if key == "mean" else f"probability, {float(key[1:]):.1%} below"
        table.add_row(word, *(f"{value:.6f}" for value in both))
    pair = (found.champion_flags, found.challenger_flags)
    table.add_row("flags, as many of each", *(f"{one.flags:,}" for one in pair))
    table.add_row("of them labelled", *(f"{one.labelled:,}" for one in pair))
    table.add_row("of them fraud", *(f"{one.frauds:,}" for one in pair))
    table.add_row(
        "precision among the labelled",
        *("not known" if one.precision is None else f"{one.precision:.3f}" for one in pair),
    )
    table.add_row("frauds that only it flags", str(found.only_champion), str(found.only_challenger))
    both_say = Table(title="What both say of the same events", show_header=False)
    both_say.add_row("events", f"{found.events:,} ({found.missed:,} not scored in the shadow)")
    both_say.add_row("from, to", f"{found.first[:19]}, {found.last[:19]}")
    both_say.add_row("same advice", f"{found.agreement:.2%}")
    for flip, count in sorted(found.flips.items()):
        both_say.add_row(flip, f"{count:,}")
    correlation = found.rank_correlation
    both_say.add_row("rank correlation", "none" if correlation is None else f"{correlation:.4f}")
    return [table, both_say]
