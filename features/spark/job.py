"""The features of a whole data set by a Spark cluster, to the same bytes as on one machine.

This process reads and encodes the events and lays their rows beside the output, which every worker
must see under the same path. Then workers send each event to the buckets of its keys, run the
kernel in each bucket, bring an event's statistics together and write its day's file.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet

from features.arrivals import Arrivals, arrivals_of
from features.catalog import PROGRAM
from features.compiling import compile_program
from features.errors import NoCluster
from features.folder import Origin, describing, writing
from features.reference import Reference
from features.roles import TIME, Plan, plan_of
from features.spark import assembling, buckets
from features.spark.packing import pack
from features.spark.session import session
from features.spark.slices import Slices, slices_of
from features.table import EventTable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Integers = npt.NDArray[np.int64]
Stage = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]
MICROSECONDS_PER_DAY = 86_400_000_000
_ROWS_PER_FILE = 262_144
_ROWS_PER_GROUP = 65_536
_TOUCHES_PER_BUCKET = 400_000
_NO_DAY = -(2**31)
_MOST_SLICES = 64


def build_folder(
    payments: EventTable | None,
    access: EventTable | None,
    labels: EventTable | None,
    statuses: EventTable | None,
    reference: Reference,
    origin: Origin,
    out: Path,
    master: str,
    stage: Stage,
) -> dict[str, list[str]]:
    """Write the features of all events to `out`; return by stream what is wholly absent.

    `out` must be a path that every worker sees. Raises NoCluster when the cluster is out of reach
    or a worker fails, and what `features.batch.build` raises.
    """
    tables = {
        number: table
        for number, table in enumerate((payments, access))
        if table is not None and len(table)
    }
    with stage("encoding") as advance:
        arrivals = arrivals_of(payments, access, labels, reference, statuses=statuses, lean=True)
        program = compile_program(PROGRAM.catalogues, arrivals.names)
        advance(1, 1)
    absent = {
        table.stream: arrivals.absent(PROGRAM.catalogues[table.stream]) for table in tables.values()
    }
    plan = plan_of(program, {number: table.stream for number, table in tables.items()})
    slices = slices_of(plan, arrivals, _MOST_SLICES)
    with writing(out, describing(origin, list(tables.values()), absent)) as fresh:
        rows = fresh.parent / "rows"
        with stage("laying out") as advance:
            _lay_out(arrivals, tables, rows, advance)
        touches = len(arrivals.streams) * max(len(plan.of(stream)) for stream in tables)
        with stage("running on Spark"), session(master, _partitions(touches)) as spark:
            written = _run(spark, plan, slices, rows, fresh, origin, tables, _partitions(touches))
        wanted = {number: len(table) for number, table in tables.items()}
        if written != wanted:
            raise NoCluster(
                f"the workers wrote {written} rows of {wanted} to {fresh}: --out must be a folder "
                f"that this machine and every worker see under the same path"
            )
    return absent


def _partitions(touches: int) -> int:
    return max(4, -(-touches // _TOUCHES_PER_BUCKET))


def _lay_out(
    arrivals: Arrivals,
    tables: dict[int, EventTable],
    folder: Path,
    advance: Callable[[int, int], None],
) -> None:
    """Write every event's row to Parquet, in order of arrival."""
    folder.mkdir()
    schema = pa.schema(
        [
            ("number", pa.int64()),
            ("stream", pa.int32()),
            ("day", pa.int32()),
            ("event_id", pa.string()),
            ("received_at", pa.int64()),
            ("row", pa.binary()),
        ]
    )
    names = {number: table.column("event_id").combine_chunks() for number, table in tables.items()}
    arrived = {number: table.received_at for number, table in tables.items()}
    total = len(arrivals.streams)
    for first in range(0, total, _ROWS_PER_FILE):
        path = folder / f"rows-{first // _ROWS_PER_FILE:06}.parquet"
        with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
            last = min(first + _ROWS_PER_FILE, total)
            for begin in range(first, last, _ROWS_PER_GROUP):
                end = min(begin + _ROWS_PER_GROUP, last)
                streams, rows = arrivals.streams[begin:end], arrivals.rows[begin:end]
                for stream in np.unique(streams).tolist():
                    chosen = np.flatnonzero(streams == stream)
                    own = rows[chosen]
                    matrix = arrivals.matrices[stream][own]
                    wanted = stream in tables
                    day = matrix[:, TIME] // MICROSECONDS_PER_DAY
                    columns = [
                        pa.array(begin + chosen),
                        pa.array(np.full(len(own), stream, np.int32)),
                        pa.array((day if wanted else np.full(len(own), _NO_DAY)).astype(np.int32)),
                        names[stream].take(pa.array(own)).cast(pa.string())
                        if wanted
                        else pa.nulls(len(own), pa.string()),
                        pa.array(arrived[stream][own] if wanted else np.zeros(len(own), np.int64)),
                        pack(matrix),
                    ]
                    writer.write_table(pa.Table.from_arrays(columns, schema=schema))
                advance(end, total)


def _run(
    spark: SparkSession,
    plan: Plan,
    slices: Slices,
    rows: Path,
    fresh: Path,
    origin: Origin,
    tables: dict[int, EventTable],
    partitions: int,
) -> dict[int, int]:
    """Run the job; return how many rows of each stream were written."""
    from pyspark.sql import functions as f

    events = spark.read.parquet(rows.as_uri())
    touches = events.mapInArrow(
        lambda batches: buckets.fan_out(plan, slices, partitions, batches), buckets.TOUCHES
    )
    blocks = touches.groupBy("bucket").applyInArrow(
        lambda bucket: buckets.run_bucket(plan, bucket), buckets.BLOCKS
    )
    streams = f.array([f.lit(role.stream) for role in plan.roles])
    parts: DataFrame = blocks.select(
        f.get(streams, "role").alias("stream"),
        "day",
        "number",
        "role",
        f.lit("").alias("event_id"),
        f.lit(0).cast("long").alias("received_at"),
        "row",
    )
    own = events.where(f.col("stream").isin(list(tables))).select(
        "stream",
        "day",
        "number",
        f.lit(assembling.OWN).alias("role"),
        "event_id",
        "received_at",
        "row",
    )
    schemas = {
        number: (table.stream, origin.schema(table.stream)) for number, table in tables.items()
    }
    folder = str(fresh)
    written = (
        own.unionByName(parts)
        .repartition(partitions, "stream", "day")
        .sortWithinPartitions("stream", "day", "number", "role")
        .mapInArrow(
            lambda batches: assembling.write_features(plan, folder, schemas, batches),
            assembling.WRITTEN,
        )
        .groupBy("stream")
        .agg(f.sum("rows").alias("rows"))
        .collect()
    )
    return {int(item["stream"]): int(item["rows"]) for item in written}
