"""From files to tables: the events, labels and statuses that a model learns from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from training.errors import MissingInput

if TYPE_CHECKING:
    from features.formats.mapping import Mapping as Mapping_
    from features.formats.rejects import Read
    from features.table import EventTable
    from training.recipe import Data

Integers = npt.NDArray[np.int64]
Targets = npt.NDArray[np.int8]
MICROSECONDS_PER_DAY = 86_400_000_000
UNKNOWN = -1
UNTIMED_DAYS = 100
"""Days over which the rows of a file without times are spread."""
NEVER = 1 << 61
"""Later than any time: what is known by then is all that ever will be."""
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Source:
    """A file that was read: how many rows it gave and refused, and the hash of its bytes."""

    role: str
    path: Path
    rows: int
    rejected: int
    sha256: str


@dataclass(frozen=True)
class Inputs:
    """Everything that was read; a stream without a file is None."""

    payments: EventTable | None
    access: EventTable | None
    labels: EventTable | None
    sources: tuple[Source, ...]
    statuses: EventTable | None = None
    alone: Mapping[str, bool] = field(default_factory=dict)
    """Streams whose rows stand alone, without parties; true where their times are real."""
    test_days: float | None = None
    """Days at the end that hold the rows of a given split; None where there is none."""

    def events(self, stream: str) -> EventTable:
        """Return a stream's events; raises MissingInput when there are none."""
        table = self.payments if stream == "payment" else self.access
        if table is None or len(table) == 0:
            option = "--payments" if stream == "payment" else "--access"
            raise MissingInput(
                f"{option} is missing: a model of stream {stream} needs its events; "
                f"give a file of them or name it in the recipe's [data]"
            )
        return table

    @property
    def data_hash(self) -> str:
        """One hash over all files' bytes, in the order of their roles."""
        parts = sorted((source.role, source.sha256) for source in self.sources)
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def read(data: Data, tell: Callable[[str], None]) -> Inputs:
    """Read the files that a recipe names; `tell` hears of rows that were refused.

    Raises MissingInput for a file that is not there or when nothing says what was fraud.
    """
    from features.events import STREAMS
    from features.formats.mapping import read_mapping
    from features.statuses import recall_labels
    from features.table import concatenate

    mapping = read_mapping(present("mapping", data.mapping)) if data.mapping else None
    alone: dict[str, bool] = {}
    days: float | None = None
    tables: dict[str, EventTable] = {}
    labels: list[EventTable] = []
    sources: list[Source] = []
    for role, stream, path in (
        ("payments", "payment", data.payments),
        ("access", "access", data.access),
        ("labels", "label", data.labels),
        ("statuses", "payment_status", data.statuses),
    ):
        if path is None:
            continue
        # A mapping that names no stream is meant for every file of events.
        fits = mapping is not None and stream in (mapping.stream or "payment access").split()
        given, test_days = _file(data, role, stream, path, mapping if fits else None, sources, tell)
        if fits and mapping is not None and (mapping.parties or mapping.untimed):
            alone[stream] = mapping.untimed is None
            tell(f"{path}: {_standing_alone(mapping, data.test)}")
        if fits and mapping is not None and mapping.untimed:
            given, test_days = _spread(path, given, mapping)
        days = test_days if stream in STREAMS and test_days else days
        if stream == "label":
            labels.append(given.table)
        else:
            tables[role] = given.table
        if given.labels is not None:
            labels.append(given.labels)
    statuses, payments = tables.get("statuses"), tables.get("payments")
    if statuses is not None and payments is not None:
        recalls = recall_labels(payments, statuses)
        labels += [recalls] if recalls is not None else []
    known = concatenate(labels) if labels else None
    return Inputs(payments, tables.get("access"), known, tuple(sources), statuses, alone, days)


def _file(
    data: Data,
    role: str,
    stream: str,
    path: Path,
    mapping: Mapping_ | None,
    sources: list[Source],
    tell: Callable[[str], None],
) -> tuple[Read, float | None]:
    """Return a file's rows, with those of the file to test on behind them, and its test's days."""
    from features.events import STREAMS
    from features.formats.readers import read_events
    from training import test_file, usable

    files = [(role, path)]
    if stream in STREAMS and data.test is not None:
        files.append(("test", data.test))
    parts = []
    for name, file in files:
        part = read_events(present(name, file), stream=stream, mapping=mapping)
        _tell_of_refused(file, part, tell)
        if stream in STREAMS:
            usable.check(file, part, mapping, tell)
        sources.append(Source(name, file, part.rows, part.rejected, file_hash(file)))
        parts.append(part)
    if len(parts) == 1:
        return parts[0], None
    return test_file.joined(parts[0], parts[1], files[1][1], mapping)


def _tell_of_refused(path: Path, given: Read, tell: Callable[[str], None]) -> None:
    if given.rejected:
        first = given.problems[0]
        tell(
            f"{path}: {given.rejected} of {given.rows} rows refused, the first at line "
            f"{first.line}: {first.field}={first.value!r}: {first.problem}; {first.fix}"
        )


def _standing_alone(mapping: Mapping_, test_file: Path | None) -> str:
    """Say what a mapping without parties or times means for the model."""
    if mapping.untimed is None:
        return "no accounts or users, so no history: only features of the row itself are used"
    order = "in the file's order" if mapping.untimed == "rows" else "dealt out by a seed"
    given = mapping.split or test_file
    test = "the given split" if given else f"rows {order}, the last of them to test on"
    return (
        f"no time, so no history and no test on the future: only features of the row itself are "
        f"used, and the figures are those of {test} (its days are made up, {UNTIMED_DAYS} in all)"
    )


def _spread(path: Path, given: Read, mapping: Mapping_) -> tuple[Read, float | None]:
    from training import untimed

    if given.labels is None:
        raise MissingInput(f"{path} has no time and no labels: name their column under [labels]")
    events, labels, days = untimed.spread(given.table, given.labels, mapping.untimed or "rows")
    return replace(given, table=events, labels=labels), days


def present(role: str, path: Path) -> Path:
    """Return the path; raises MissingInput, with the role, when no file is there."""
    if not path.is_file():
        raise MissingInput(f"{role}={str(path)!r}: no such file; correct the path")
    return path


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cut(table: EventTable | None, start: int, end: int) -> EventTable | None:
    """Return the events with time in [start, end), in microseconds."""
    if table is None:
        return None
    time = table.integers("time")
    keep = (time >= start) & (time < end)
    return table if keep.all() else table.take(keep)


def day_numbers(time: Integers, zone: str) -> Integers:
    """Return the local day of each time (microseconds), counted from 1970-01-01."""
    if zone == "UTC":
        return time // MICROSECONDS_PER_DAY
    import pandas as pd

    local = pd.to_datetime(time, unit="us", utc=True).tz_convert(zone).tz_localize(None)
    return np.asarray(local).astype("datetime64[D]").astype(np.int64)


def midnight(day: int, zone: str) -> int:
    """Return the microsecond at which a local day (counted from 1970-01-01) begins."""
    if zone == "UTC":
        return day * MICROSECONDS_PER_DAY
    start = datetime.combine(date.fromordinal(day + _EPOCH), datetime.min.time(), ZoneInfo(zone))
    return int(start.timestamp()) * 1_000_000


def subjects(events: EventTable) -> Integers:
    """Return a number for each event's subject: the customer or user, else the debtor's account."""
    import pyarrow.compute as pc

    if events.stream == "access":
        names = events.column("user_id")
    else:
        parts = [
            events.column(name).fill_null("")
            for name in ("debtor_account_scheme", "debtor_agent", "debtor_account")
        ]
        account = pc.binary_join_element_wise("account", *parts, "\x1f")
        customer = pc.binary_join_element_wise("customer", events.column("customer_id"), "\x1f")
        names = pc.coalesce(customer, account)
    codes = names.combine_chunks().dictionary_encode().indices
    return np.asarray(codes.to_numpy(zero_copy_only=False), dtype=np.int64)
