"""Labels as the file that training reads: the label's own field names as columns."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from features.errors import Problem
from features.events import Label
from serving.errors import Invalid

COLUMNS = tuple(Label.model_fields)
_PARTS = 50_000


def write_labels(labels: Iterable[Label], out: Path) -> int:
    """Write labels to a CSV or Parquet file, by its ending, and return how many they are.

    The file appears whole or not at all. Raises `Invalid` for another ending or a folder that is
    not there.
    """
    writers = {".csv": _write_csv, ".parquet": _write_parquet}
    writer = writers.get(out.suffix.lower())
    if writer is None:
        fix = "give a file that ends in .csv or .parquet"
        raise Invalid([Problem("out", str(out), "unknown ending", fix)])
    incoming = out.with_name(f".{out.name}.incoming")
    try:
        count = writer(map(_row, labels), incoming)
        incoming.replace(out)
    except OSError as error:
        fix = "give a file in a folder that you may write to"
        raise Invalid([Problem("out", str(out), f"cannot be written ({error})", fix)]) from error
    finally:
        incoming.unlink(missing_ok=True)
    return count


def _row(label: Label) -> dict[str, Any]:
    row: dict[str, Any] = orjson.loads(label.canonical())
    return row


def _write_csv(rows: Iterator[dict[str, Any]], path: Path) -> int:
    count = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        for row in rows:
            writer.writerow({**row, "is_fraud": str(row["is_fraud"]).lower()})
            count += 1
    return count


def _write_parquet(rows: Iterator[dict[str, Any]], path: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"is_fraud": pa.bool_(), "review_propensity": pa.float64()}
    fields = [(name, kinds.get(name, pa.string())) for name in COLUMNS]
    schema = pa.schema(fields)
    count = 0
    with pq.ParquetWriter(path, schema) as writer:
        part: list[dict[str, Any]] = []
        for row in rows:
            part.append(row)
            if len(part) == _PARTS:
                writer.write_table(pa.Table.from_pylist(part, schema=schema))
                part = []
            count += 1
        writer.write_table(pa.Table.from_pylist(part, schema=schema))
    return count
