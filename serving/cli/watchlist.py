"""`crossflag watchlist`: the lists of who and what is wanted, and the matcher of names."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from models.names import THRESHOLD
from serving.watchlists.pairs import agreement, compare_pairs, read_pairs

app = typer.Typer(no_args_is_help=True, help="Watchlists: records, search and name matching.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("compare")
def compare_names(
    file: Annotated[Path, typer.Argument(help="CSV with the columns a, b and kind.")],
    as_json: Json = False,
) -> None:
    """Score pairs of names: how surely both are one person's or one organisation's.

    The file is CSV in UTF-8; `kind` is person or organisation. A further column `match` (yes or
    no) says what a person thinks, and gives precision and recall. Scores run from 0 to 1.
    """
    pairs = read_pairs(file)
    found = compare_pairs(pairs)
    agreed = agreement(pairs, found)
    if as_json:
        document = {
            "threshold": THRESHOLD,
            "pairs": [
                {
                    "a": pair.a,
                    "b": pair.b,
                    "kind": pair.kind,
                    "score": one.score,
                    "match": one.match,
                    "parts": [vars(part) for part in one.parts],
                }
                for pair, one in zip(pairs, found, strict=True)
            ],
            "agreement": vars(agreed) if agreed else None,
        }
        print(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table(title=f"{len(pairs):,} pairs; match from {THRESHOLD}")
    for name in ("score", "match", "a", "b", "what was laid side by side"):
        table.add_column(name, justify="right" if name == "score" else "left", overflow="fold")
    for pair, one in zip(pairs, found, strict=True):
        said = ", ".join(
            f"{part.a}={part.b} {part.similarity:.2f}"
            if part.a and part.b
            else f"{part.a or part.b} alone"
            for part in one.parts
        )
        table.add_row(f"{one.score:.3f}", "yes" if one.match else "", pair.a, pair.b, said)
    Console().print(table)
    if agreed:
        print(
            f"{agreed.labelled:,} labelled: precision {agreed.precision:.3f}, "
            f"recall {agreed.recall:.3f}, F1 {agreed.f1:.3f}"
        )
