"""`crossflag screen`: a file of names against the lists in force."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from features.errors import UnreadableFile
from models.names import Subject
from serving.cli.administration import Home, opened, print_rows
from serving.watchlists.pairs import KINDS
from serving.watchlists.properties import country_code
from serving.watchlists.vocabulary import NAME_LEAST

if TYPE_CHECKING:
    from serving.watchlists.screener import Screener

_SAID_EVERY = 10_000


def screen(
    file: Annotated[Path, typer.Argument(help="CSV with the column name, and perhaps others.")],
    least: Annotated[
        float, typer.Option(min=0.3, max=1.0, help="Score from which a record is a hit.")
    ] = NAME_LEAST,
    member: Annotated[str, typer.Option(help="For whom: lists may be closed to some.")] = "local",
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Screen a file of names against every list in force; rows with a hit are printed.

    Columns: name, and where you have them kind (person or organisation), birth_date, country and
    identifier, which weigh in.
    """
    from serving.watchlists.keeping import Screening

    with opened(home) as database:
        screening = Screening(database)
        screening.refresh()
    print(f"{len(screening.screener):,} records in force", file=sys.stderr)
    rows: list[dict[str, Any]] = []
    asked = 0
    for line, subjects in _read(file):
        asked += 1
        if asked % _SAID_EVERY == 0:
            print(f"{asked:,} names screened", file=sys.stderr)
        rows += _hits(screening.screener, line, subjects, member, least)
    if as_json:
        document = {
            "asked": asked,
            "lists": {one.row.name: one.row.version for one in screening.screener.lists},
            "hits": rows,
        }
        print(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        return
    print_rows(f"Hits of {file}", rows, False)
    print(f"{asked:,} names, {len(rows):,} hits", file=sys.stderr)


def _hits(
    screener: Screener, line: int, subjects: list[Subject], member: str, least: float
) -> list[dict[str, Any]]:
    found = [pair for one in subjects for pair in screener.subject(one, member, least)]
    found.sort(key=lambda pair: -pair[0].score)
    return [
        {
            "line": line,
            "name": subjects[0].names[0],
            "score": round(hit.score, 3),
            "record": hit.entity_id,
            "called": hit.caption,
            "by": hit.by,
            "list": f"{hit.list_name} {hit.version}",
            "topics": " ".join(hit.topics),
            "because": "; ".join(reasons),
        }
        for hit, reasons in found
    ]


def _read(file: Path) -> Iterator[tuple[int, list[Subject]]]:
    from serving.watchlists.readers.files import csv_rows
    from serving.watchlists.screener import kinds_of

    rows = csv_rows(file)
    header = next(rows, (0, []))[1]
    if "name" not in header:
        raise UnreadableFile(f"{file}: no column name; give a first line that names the columns")
    for line, row in rows:
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        name = cells.get("name", "")
        if not name:
            continue
        kind = KINDS.get(cells.get("kind", "").lower())
        country = country_code(cells["country"]) if cells.get("country") else None
        yield (
            line,
            [
                Subject(
                    each,
                    (name,),
                    (cells["birth_date"],) if cells.get("birth_date", "")[:4].isdigit() else (),
                    frozenset({country} if country else ()),
                    frozenset({cells["identifier"]} if cells.get("identifier") else ()),
                )
                for each in ((kind,) if kind else kinds_of(name))
            ],
        )
