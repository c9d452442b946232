"""Features kept in a folder, by stream and day of event, with everything they were computed from.

```
OUT/crossflag-features.json
OUT/stream=payment/day=2026-01-05/part-0.parquet
```

A day is one of UTC; its rows stand in order of arrival: `event_id`, `time`, `received_at`, then the
features in catalogue order. Every file carries the same origin in its Parquet metadata, under the
key `crossflag`. The bytes of the files depend on the data and the program alone, not on who wrote
them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset

from features.errors import BadFeatureFolder
from features.program import Program
from features.table import EventTable

DESCRIPTION = "crossflag-features.json"
INCOMING = ".part-"
"""How the names of files begin that are not complete."""
_FORMAT = 1
_OWN = [
    pa.field("event_id", pa.string(), nullable=False),
    pa.field("time", pa.timestamp("us", "UTC"), nullable=False),
    pa.field("received_at", pa.timestamp("us", "UTC"), nullable=False),
]
_EPOCH = date(1970, 1, 1)
_TOLD = 5


def digest_of(program: Program) -> str:
    """Return a digest of the compiled program: features, versions, and what the kernel is told."""
    digest = hashlib.sha256(f"format {_FORMAT}".encode())
    for stream, catalogue in sorted(program.catalogues.items()):
        listing = [f"{feature.name}@{feature.version}" for feature in catalogue.features]
        digest.update(f"{stream}:{','.join(listing)};".encode())
    for name, table in zip(program.tables._fields, program.tables, strict=True):
        digest.update(f"{name}{table.shape}{table.dtype}".encode())
        digest.update(np.ascontiguousarray(table).tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Origin:
    """What the features of a folder were computed from; equal origins mean equal features.

    `features[stream]` lists (name, version) in column order; `data` holds a hash by role of each
    source; `start` and `end` bound the time of the events (microseconds, end excluded).
    """

    features: dict[str, list[tuple[str, int]]]
    program: str
    reference: str
    data: dict[str, str]
    start: int
    end: int

    @classmethod
    def of(
        cls, program: Program, reference: str, data: dict[str, str], start: int, end: int
    ) -> Origin:
        """Return the origin of what this program makes of these data."""
        listed = {
            stream: [(feature.name, feature.version) for feature in catalogue.features]
            for stream, catalogue in program.catalogues.items()
        }
        return cls(listed, digest_of(program), reference, dict(data), start, end)

    def schema(self, stream: str) -> pa.Schema:
        """Return the columns of a stream's files, with the origin in the metadata."""
        columns = [
            pa.field(name, pa.float64(), nullable=False) for name, _ in self.features[stream]
        ]
        text = json.dumps({**asdict(self), "stream": stream}, sort_keys=True)
        return pa.schema([*_OWN, *columns], metadata={"crossflag": text})

    def difference(self, other: Origin) -> str | None:
        """Say in a clause how `other` was computed otherwise, None when it was not."""
        for stream in sorted({*self.features, *other.features}):
            mine = dict(self.features.get(stream, ()))
            theirs = dict(other.features.get(stream, ()))
            named = [name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name)]
            if named:
                more = f" and {len(named) - _TOLD} more" if len(named) > _TOLD else ""
                shown = ", ".join(named[:_TOLD]) + more
                return f"its {stream} features differ in name or version ({shown})"
        if self.features != other.features or self.program != other.program:
            return "it was computed by another program"
        if self.reference != other.reference:
            return f"it was computed with reference data {other.reference}, not {self.reference}"
        changed = [
            role
            for role in sorted({*self.data, *other.data})
            if self.data.get(role) != other.data.get(role)
        ]
        if changed:
            return f"it was computed from other {' and '.join(changed)}"
        if (self.start, self.end) != (other.start, other.end):
            return "it was computed from other days"
        return None


@dataclass(frozen=True)
class Description:
    """What `crossflag-features.json` says: the origin, rows by stream, and absent features."""

    origin: Origin
    rows: dict[str, int]
    absent: dict[str, list[str]]


def describing(
    origin: Origin, tables: Sequence[EventTable], absent: dict[str, list[str]]
) -> Description:
    """Return the description of a folder that will hold the features of these events."""
    return Description(origin, {table.stream: len(table) for table in tables}, absent)


def describe(folder: Path) -> Description:
    """Return what a folder of features says of itself; raises BadFeatureFolder when it is none."""
    path = folder / DESCRIPTION
    try:
        found = json.loads(path.read_bytes())
        given = found["origin"]
        listed = {
            stream: [(str(name), int(version)) for name, version in pairs]
            for stream, pairs in given["features"].items()
        }
        return Description(Origin(**{**given, "features": listed}), found["rows"], found["absent"])
    except FileNotFoundError:
        raise BadFeatureFolder(
            f"{folder}: holds no {DESCRIPTION}; give a folder that `crossflag features build` wrote"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadFeatureFolder(
            f"{path}: cannot be read ({error}); build the folder again"
        ) from None


def refuse_other(out: Path, origin: Origin) -> None:
    """Raise BadFeatureFolder unless `out` may be written: new, empty, or of the same program."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / DESCRIPTION).is_file():
        raise BadFeatureFolder(
            f"{out} is there already and is no folder of features; choose another --out"
        )
    there = describe(out).origin
    same_data = replace(there, data=origin.data, start=origin.start, end=origin.end)
    difference = origin.difference(same_data)
    if difference is not None:
        raise BadFeatureFolder(
            f"{out} holds features of another program: {difference}; choose another --out, or "
            f"remove that folder"
        )


@contextmanager
def writing(out: Path, description: Description) -> Iterator[Path]:
    """Give a folder to write files into; it becomes `out`, with its description, if all went well.

    A folder of the same program that was there is replaced; after an error it stays as it was.
    """
    refuse_other(out, description.origin)
    out.parent.mkdir(parents=True, exist_ok=True)
    room = Path(tempfile.mkdtemp(prefix=f".{out.name}.writing-", dir=out.parent))
    try:
        fresh = room / "fresh"
        fresh.mkdir()
        yield fresh
        # A worker that was killed and replaced may have left the beginning of a file.
        for left in fresh.rglob(f"{INCOMING}*"):
            left.unlink()
        (fresh / DESCRIPTION).write_text(json.dumps(asdict(description), indent=1) + "\n")
        if out.exists():
            out.replace(room / "before")
        fresh.replace(out)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def day_room(folder: Path, stream: str, day: int) -> Path:
    """Return where the files of one stream's day (counted from 1970-01-01) lie."""
    return folder / f"stream={stream}" / f"day={_date(day).isoformat()}"


def _date(day: int) -> date:
    return _EPOCH + timedelta(days=day)


def read_days(folder: Path, stream: str, days: Collection[int]) -> pa.Table:
    """Return a stream's rows of some days (counted from 1970-01-01), in the order of the days.

    Files of other days are not opened. Raises BadFeatureFolder when the files cannot be read.
    """
    room = folder / f"stream={stream}"
    schema = describe(folder).origin.schema(stream)
    if not days:
        return schema.empty_table()
    partition = pa.schema([("day", pa.date32())])
    wanted = pyarrow.dataset.field("day").isin([_date(day) for day in days])
    try:
        kept = pyarrow.dataset.dataset(
            room,
            schema=pa.unify_schemas([schema, partition]),
            format="parquet",
            partitioning=pyarrow.dataset.partitioning(partition, flavor="hive"),
        )
        return kept.to_table(columns=schema.names, filter=wanted)
    except (OSError, pa.ArrowException, KeyError) as error:
        raise BadFeatureFolder(
            f"{room}: cannot be read ({error}); build the folder again"
        ) from None
