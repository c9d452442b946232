"""How fast events become features on this machine: `crossflag bench sample`.

Everything is measured on the committed sample, after a first pass that compiles the kernel. Batch
is whole tables at once; online is what the service does for each event: parse, look at history,
record. A figure is the best of three passes, or a quantile over events where it says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as parquet
from rich.console import Console
from rich.table import Table

from features.batch import build
from features.engine import Engine
from features.events import MODELS, parse
from features.formats.readers import read_events
from features.reference import Reference

SAMPLE = Path(__file__).parent.parent / "data_samples"
FILES = {"payment": SAMPLE / "payments.parquet", "access": SAMPLE / "access.parquet"}
PASSES = 3
ONLINE_EVENTS = 20_000


def best_seconds(work: Callable[[], Any]) -> float:
    """Return the shortest of several passes, in seconds."""
    taken = []
    for _ in range(PASSES):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def bodies(stream: str) -> list[bytes]:
    """Return the sample's first events as the JSON that a sender would post."""
    rows = parquet.read_table(FILES[stream]).slice(0, ONLINE_EVENTS).to_pylist()
    for row in rows:
        if row.get("intermediary_agents"):
            row["intermediary_agents"] = row["intermediary_agents"].split()
    return [
        orjson.dumps({name: value for name, value in row.items() if value is not None})
        for row in rows
    ]


def quantiles(work: Callable[[Any], Any], items: list[Any]) -> tuple[float, float]:
    """Return the median and the 99th percentile of one call each, in microseconds."""
    taken = np.empty(len(items))
    for place, item in enumerate(items):
        start = time.perf_counter_ns()
        work(item)
        taken[place] = time.perf_counter_ns() - start
    median, high = np.quantile(taken, (0.5, 0.99)) / 1000
    return float(median), float(high)


def main() -> None:
    """Measure and print one table."""
    reference = Reference(ip_overlay=SAMPLE / "ip_overlay.csv")
    tables = {stream: read_events(path, stream).table for stream, path in FILES.items()}
    report = Table("what", "stream", "events", "figure", title=f"{datetime.now():%Y-%m-%d %H:%M}")

    def batch() -> None:
        build(tables["payment"], tables["access"], None, reference)

    batch()
    seconds, events = best_seconds(batch), sum(len(table) for table in tables.values())
    report.add_row("batch", "both", f"{events:,}", f"{events / seconds:,.0f} events a second")
    for stream in FILES:
        sent = bodies(stream)
        model: Any = MODELS[stream]
        parsed = [parse(model, body) for body in sent]
        engine = Engine(reference)
        for what, work, items in (
            ("parse and check", lambda body, model=model: parse(model, body), sent),
            ("look at history, record", engine.step, parsed),
        ):
            median, high = quantiles(work, items)
            report.add_row(
                what, stream, f"{len(items):,}", f"median {median:,.0f} µs, 99 % {high:,.0f} µs"
            )
    Console().print(report)
