"""`crossflag reconcile`: a source's control totals beside what was ingested."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
import typer

from features.errors import Problem
from serving.errors import Invalid
from serving.settings import Settings

if TYPE_CHECKING:
    from serving.reconciling import Line, Reconciliation, Slot

app = typer.Typer()
T = TypeVar("T")
_STREAMS = ("payment", "access")
_SAID_EVERY = 50_000
_SHOWN = 20


@app.command("reconcile")
def reconcile_totals(
    file: Annotated[
        Path, typer.Argument(help="CSV of totals: day, currency, count, value; member, stream.")
    ],
    ids: Annotated[
        Path | None, typer.Option(help="CSV of the source's event_id; member, stream.")
    ] = None,
    member: Annotated[str | None, typer.Option(help="Whose, where the file has no member.")] = None,
    stream: Annotated[
        str, typer.Option(help="payment or access, where the file has no stream.")
    ] = "payment",
    time_zone: Annotated[str, typer.Option(help="Whose days they are.")] = "UTC",
    home: Annotated[Path | None, typer.Option(help="Folder of store [./.crossflag].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Compare a source's control totals with what was ingested; status 1 if anything differs."""
    from serving.reconciling import Expected, reconcile
    from serving.store.database import Database

    zone = _zone(time_zone)
    otherwise = {"member": member or "", "stream": stream}
    expected = Expected(
        _totals(file, otherwise), {} if ids is None else _identifiers(ids, otherwise)
    )
    database = Database(Settings.from_environment(home=home).database)
    try:
        with database.reading() as view:
            found = reconcile(view, expected, zone, _say)
    finally:
        database.close()
    if as_json:
        print(orjson.dumps(found.document()).decode())
    else:
        _show(found, ids is not None)
    if not found.agrees:
        raise typer.Exit(1)


def _say(read: int) -> None:
    if read % _SAID_EVERY == 0:
        print(f"{read:,} events of the log read", file=sys.stderr)


def _totals(file: Path, otherwise: dict[str, str]) -> dict[Slot, tuple[int, Decimal | None]]:
    from serving.reconciling import Slot

    found: dict[Slot, tuple[int, Decimal | None]] = {}
    for line, row in _rows(file, ("day", "count"), otherwise):
        stream = _stream(line, row)
        read = Reader(line, row)
        day = read("day", date.fromisoformat, "give a date such as 2026-05-01")
        count = read("count", _count, "give a whole number of events")
        currency, value = "", None
        if stream == "payment":
            currency = read("currency", _currency, "give three letters such as EUR")
            if row.get("value"):
                value = read("value", _decimal, "give a decimal such as 1250.00")
        slot = Slot(row["member"], stream, day, currency)
        if slot in found:
            shown = f"{slot.member} {day} {currency}".strip()
            fix = "give one total for each member, stream, day and currency"
            raise Invalid([Problem(f"line {line}", shown, "given twice", fix)])
        found[slot] = (count, value)
    return found


def _identifiers(file: Path, otherwise: dict[str, str]) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for line, row in _rows(file, ("event_id",), otherwise):
        found.setdefault((row["member"], _stream(line, row)), set()).add(row["event_id"])
    return found


def _rows(
    file: Path, needed: tuple[str, ...], otherwise: dict[str, str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row with its line, and what the file leaves out from the options."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            lacking = [name for name in needed if name not in (reader.fieldnames or ())]
            if lacking:
                fix = "give a CSV with a line of column names"
                raise Invalid([Problem(str(file), ", ".join(lacking), "no such column", fix)])
            for row in reader:
                read = {name: (at or "").strip() for name, at in row.items() if name is not None}
                whole = {**otherwise, **{name: at for name, at in read.items() if at}}
                if not whole["member"]:
                    fix = "add a column member, or give --member"
                    at = f"line {reader.line_num}"
                    raise Invalid([Problem(at, "", "nothing says whose it is", fix)])
                yield reader.line_num, whole
    except (OSError, UnicodeError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) else "not a CSV file in UTF-8"
        fix = "give a CSV file that can be read"
        raise Invalid([Problem("file", str(file), str(why), fix)]) from None


class Reader:
    """Reads the fields of one row; a wrong one is named with its line."""

    def __init__(self, line: int, row: dict[str, str]) -> None:
        self._line = line
        self._row = row

    def __call__(self, name: str, read: Callable[[str], T], fix: str) -> T:
        """Return a field's value; raises `Invalid`."""
        text = self._row.get(name, "")
        try:
            return read(text)
        except (ValueError, InvalidOperation):
            where = f"line {self._line}, {name}"
            raise Invalid([Problem(where, text[:40], "cannot be read", fix)]) from None


def _stream(line: int, row: dict[str, str]) -> str:
    if row["stream"] not in _STREAMS:
        fix = f"use {' or '.join(_STREAMS)}"
        raise Invalid([Problem(f"line {line}, stream", row["stream"], "unknown", fix)])
    return row["stream"]


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise ValueError(text)
    return int(text)


def _currency(text: str) -> str:
    if not text.isascii() or not text.isalpha() or len(text) != 3:
        raise ValueError(text)
    return text.upper()


def _decimal(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite():
        raise ValueError(text)
    return value


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fix = "give a name such as Europe/Brussels"
        raise Invalid([Problem("time_zone", name, "unknown", fix)]) from None


def _show(found: Reconciliation, by_identifier: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Control totals: the source's, and what was ingested")
    for name in ("member", "stream", "day", "currency"):
        table.add_column(name)
    for name in ("count", "ingested", "value", "ingested", ""):
        table.add_column(name, justify="right")
    for line in found.lines:
        table.add_row(*_cells(line))
    console = Console()
    console.print(table)
    differing = sum(not line.agrees for line in found.lines)
    console.print(f"{len(found.lines) - differing} of {len(found.lines)} totals agree")
    if not by_identifier:
        return
    for word, events in (("missing here", found.missing), ("not the source's", found.surplus)):
        shown = ", ".join(f"{member} {name}" for member, _, name in events[:_SHOWN])
        more = f" and {len(events) - _SHOWN} more (--json lists them)" * (len(events) > _SHOWN)
        console.print(f"events {word}: {len(events)}" + (f": {shown}{more}" if events else ""))


def _cells(line: Line) -> list[str]:
    slot, value = line.slot, line.expected_value
    return [
        slot.member,
        slot.stream,
        slot.day.isoformat(),
        slot.currency,
        f"{line.expected_count:,}",
        f"{line.ingested.count:,}",
        "" if value is None else f"{value:,f}",
        f"{line.ingested.value:,f}" if slot.currency else "",
        "" if line.agrees else "differs",
    ]
