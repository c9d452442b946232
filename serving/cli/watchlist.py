"""`crossflag watchlist`: the lists of who and what is wanted, and the matcher of names."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from features.errors import Problem
from models.names import THRESHOLD
from serving.cli.administration import Home, opened, print_rows
from serving.errors import Invalid
from serving.watchlists.pairs import agreement, compare_pairs, read_pairs
from serving.watchlists.readers import FORMATS, Reading, guess, read

if TYPE_CHECKING:
    from serving.watchlists.importing import Changes, Imported

app = typer.Typer(no_args_is_help=True, help="Watchlists: records, search and name matching.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
ListName = Annotated[str, typer.Argument(help="Name of the list.")]
_SHOWN = 10


@app.command("compare")
def compare_names(
    file: Annotated[Path, typer.Argument(help="CSV with the columns a, b and kind.")],
    as_json: Json = False,
) -> None:
    """Score pairs of names: how surely both are one person's or one organisation's.

    The file is CSV in UTF-8; `kind` is person or organisation. A further column `match` (yes or
    no) says what a person thinks, and gives precision and recall. Scores run from 0 to 1.
    """
    from rich.console import Console
    from rich.table import Table

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


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="The list; OFAC's sdn.csv takes alt and add along.")],
    name: Annotated[str, typer.Option("--list", help="Name of the list here, such as un.")],
    form: Annotated[
        str | None, typer.Option("--format", help=f"{', '.join(FORMATS)} [by the file].")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="Mapping of a CSV file (TOML).")] = None,
    title: Annotated[str | None, typer.Option(help="What people call the list.")] = None,
    owner_country: Annotated[
        str | None, typer.Option(help="Alpha-2 country of its owner [BE].")
    ] = None,
    purpose: Annotated[str | None, typer.Option(help="What it may be used for.")] = None,
    handling: Annotated[str | None, typer.Option(help="Handling code [PMC].")] = None,
    audience: Annotated[
        str | None, typer.Option(help="Members that may learn of its hits [*, everyone].")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Import a list that shrinks by half or more.")
    ] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Put a list in force, as its next version: all of it in one transaction, or nothing.

    Records that are wrong are refused one by one, each with its field and the reason. A list that
    shrinks by half or more is held back until --confirm.
    """
    from serving.watchlists.importing import Terms, import_list

    chosen = form or guess(file)
    if chosen not in FORMATS:
        fix = f"give one of {', '.join(FORMATS)}"
        raise Invalid([Problem("format", chosen, "not a format of lists", fix)])
    reading = read(file, chosen, mapping)
    terms = Terms(title, owner_country, purpose, handling, audience)
    with opened(home) as database:
        done = import_list(database, name, reading, file, terms, dry_run=dry_run, confirmed=confirm)
    if as_json:
        _print_json({**_imported(done), **_read(reading)})
        return
    print(f"{file}: read as {chosen}", file=sys.stderr)
    for what, count in sorted(reading.counts.items()):
        print(f"  {count:>9,} {what}", file=sys.stderr)
    for refused in reading.refused[:_SHOWN]:
        print(
            f"  refused {refused.place}: {'; '.join(map(str, refused.problems))}", file=sys.stderr
        )
    if len(reading.refused) > _SHOWN:
        print(f"  and {len(reading.refused) - _SHOWN:,} more; --json names them", file=sys.stderr)
    _say(done)


@app.command("revert")
def revert_command(
    name: ListName,
    to: Annotated[int, typer.Option("--to", help="Version whose records come in force again.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Put an earlier version's records in force again, as a new version."""
    from serving.watchlists.importing import revert

    with opened(home) as database:
        done = revert(database, name, to)
    if as_json:
        _print_json(_imported(done))
    else:
        _say(done)


@app.command("list")
def list_command(home: Home = None, as_json: Json = False) -> None:
    """Show the lists, their versions and what each import changed."""
    from serving.store.records import moment
    from serving.watchlists import looking

    with opened(home) as database:
        rows: list[dict[str, Any]] = [
            {
                "list": row.name,
                "version": version.version,
                "in force": "yes" if version.version == row.version else "",
                "imported": moment(version.imported_at).date(),
                "records": version.records,
                "added": version.added,
                "changed": version.changed,
                "withdrawn": version.withdrawn,
                "refused": version.refused,
                "source": version.source,
            }
            for row in looking.lists(database)
            for version in looking.history(database, row.name)
        ]  # fmt: skip
    print_rows("Watchlists", rows, as_json)


@app.command("diff")
def diff_command(
    name: ListName,
    first: Annotated[int | None, typer.Option("--from", help="Version [the last but one].")] = None,
    second: Annotated[int | None, typer.Option("--to", help="Version [the one in force].")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show what was added, changed and withdrawn between two versions of a list."""
    from serving.watchlists import looking

    with opened(home) as database:
        newest = looking.history(database, name)[-1].version
        end = newest if second is None else second
        start = max(1, end - 1) if first is None else first
        changes = looking.difference(database, name, start, end)
    if as_json:
        _print_json({"list": name, "from": start, "to": end, **_changes(changes)})
        return
    print(f"{name}, version {start} to {end}:")
    for word, found in (("added", changes.added), ("changed", changes.changed)):
        for entity_id, caption in found:
            print(f"  {word} {entity_id}: {caption}")
    for entity_id in changes.withdrawn:
        print(f"  withdrawn {entity_id}")
    print(_sentence(changes), file=sys.stderr)


@app.command("export")
def export_command(
    name: ListName,
    version: Annotated[int | None, typer.Option(help="Version [the one in force].")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write [standard output].")] = None,
    home: Home = None,
) -> None:
    """Write a list as FollowTheMoney entities, one JSON document a line."""
    from serving.watchlists import looking

    written = 0
    with opened(home) as database:
        found = looking.records(database, name, version)
        with out.open("wb") if out else nullcontext(sys.stdout.buffer) as file:
            for entity in found:
                file.write(entity.body() + b"\n")
                written += 1
    print(f"{written:,} records of {name}", file=sys.stderr)


@app.command("search")
def search_command(
    text: Annotated[str, typer.Argument(help="A name in any script, or a number.")],
    name: Annotated[str | None, typer.Option("--list", help="Only this list [all].")] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Only what holds just this text.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many of the best.")] = 20,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Find records by a name, an alias or a number, the likeliest first."""
    from serving.watchlists import looking

    with opened(home) as database:
        found = looking.search(database, text, name, limit, exact)
    if as_json:
        _print_json(
            [
                {"score": one.score, "by": one.by, "list": one.list_name, "version": one.version,
                 "entity": one.entity.document()}
                for one in found
            ]
        )  # fmt: skip
        return
    rows = [
        {
            "score": f"{one.score:.3f}", "list": one.list_name, "id": one.entity.entity_id,
            "kind": one.entity.schema, "name": one.entity.caption, "found by": one.by,
            "born": " ".join(one.entity.properties.get("birthDate", ())),
            "topics": " ".join(one.entity.handling.topics),
        }
        for one in found
    ]  # fmt: skip
    print_rows(f"Records like {text!r}", rows, False)


@app.command("verify")
def verify_command(name: ListName, home: Home = None, as_json: Json = False) -> None:
    """Recompute every version of a list from its records; status 1 when one is not as imported."""
    from serving.watchlists import looking

    with opened(home) as database:
        versions = len(looking.history(database, name))
        wrong = looking.verify(database, name)
    if as_json:
        _print_json({"list": name, "versions": versions, "wrong": wrong})
    else:
        for sentence in wrong:
            print(sentence)
        print(f"{name}: {versions} versions, {len(wrong)} things wrong", file=sys.stderr)
    if wrong:
        raise typer.Exit(1)


def _imported(done: Imported) -> dict[str, Any]:
    return {"list": done.name, "version": done.version, **_changes(done.changes)}


def _changes(changes: Changes) -> dict[str, Any]:
    return {
        "before": changes.before,
        "after": changes.after,
        "added": [{"id": one, "caption": caption} for one, caption in changes.added],
        "changed": [{"id": one, "caption": caption} for one, caption in changes.changed],
        "withdrawn": list(changes.withdrawn),
    }


def _read(reading: Reading) -> dict[str, Any]:
    return {
        "counts": dict(sorted(reading.counts.items())),
        "refused": [
            {"place": one.place, "id": one.entity_id, "problems": [vars(p) for p in one.problems]}
            for one in reading.refused
        ],
    }


def _say(done: Imported) -> None:
    said = "preview" if done.version is None else f"version {done.version} in force"
    print(f"{done.name}: {said}; {_sentence(done.changes)}", file=sys.stderr)


def _sentence(changes: Changes) -> str:
    return (
        f"{changes.before:,} records before, {changes.after:,} after: "
        f"{len(changes.added):,} added, {len(changes.changed):,} changed, "
        f"{len(changes.withdrawn):,} withdrawn"
    )


def _print_json(document: Any) -> None:
    print(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
