"""How long a service takes to come back: `crossflag bench recovery`.

A log of made-up payments is written as history until so many accounts, devices and addresses have
one. Then the history is made in memory twice: from the log alone, and from a snapshot and the tail
of the log that came after it. Both must score further payments alike, bit by bit.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console
from rich.table import Table

from features import layout
from features.events import Payment, parse
from features.reference import Reference
from serving import history
from serving.pools import Place, Pools
from serving.replaying import rebuild
from serving.snapshots import Snapshots
from serving.store.database import Database

MEMBER = "bench"
START = datetime(2026, 1, 1, tzinfo=UTC)
CHECKED = 1_000
_NO_SNAPSHOT = 10**12


def payment(number: int, chance: Random, accounts: int) -> Payment:
    """Return a made-up payment between two of so many accounts, one minute after the one before."""
    debtor = chance.randrange(accounts)
    fields = {
        "event_id": f"p{number}",
        "time": (START + timedelta(minutes=number / 10)).isoformat(),
        "currency": "EUR",
        "amount": f"{chance.randrange(100, 500_000) / 100:.2f}",
        "debtor_account": f"{debtor:010d}",
        "creditor_account": f"{chance.randrange(accounts):010d}",
        "debtor_country": "BE",
        "creditor_country": chance.choice(("BE", "FR", "SG")),
        "device_id": f"d{debtor}",
    }
    return parse(Payment, fields)


def arrivals(first: int, count: int, accounts: int) -> Iterator[history.Arrival]:
    """Yield payments as they arrive, at their own times."""
    chance = Random(first)
    for number in range(first, first + count):
        event = payment(number, chance, accounts)
        yield event.time_us, event


def measure(events: int, tail: int, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Return entities, bytes and seconds; raises AssertionError where the two histories differ."""
    database = Database(folder / "crossflag.db", exclusive=True)
    reference = Reference()
    accounts = events
    try:
        say(f"writing a log of {events:,} payments")
        history.load(database, MEMBER, arrivals(0, events, accounts))
        say("reading it into memory, and writing a snapshot")
        entities, writing = _write_snapshot(database, reference, folder)
        say(f"writing {tail:,} more payments, and coming back in both ways")
        history.load(database, MEMBER, arrivals(events, tail, accounts))
        whole, quick = Pools(reference), Pools(reference)
        replay = _seconds(lambda: _rebuild(whole, database, folder / "none"))
        recovery = _seconds(lambda: _rebuild(quick, database, folder / "snapshots"))
    finally:
        database.close()
    chance = Random(-1)
    for number in range(events + tail, events + tail + CHECKED):
        event = payment(number, chance, accounts)
        place = Place(MEMBER, number + 1, event.time_us)
        one, other = whole.step(event, place), quick.step(event, place)
        assert one.features.tobytes() == other.features.tobytes(), number
    return {
        "events": events + tail,
        "tail": tail,
        "entities": entities,
        "snapshot_bytes": sum(f.stat().st_size for f in (folder / "snapshots").rglob("*.rings")),
        "seconds_to_write": round(writing, 2),
        "seconds_from_snapshot_and_tail": round(recovery, 2),
        "seconds_from_log": round(replay, 2),
        "ratio": round(replay / recovery, 1),
        "scores_checked": CHECKED,
    }


def run(events: int, tail: int) -> dict[str, Any]:
    """Measure in a temporary folder, and tell on the way what is being done."""
    folder = Path(tempfile.mkdtemp(prefix="crossflag-bench-"))
    try:
        return measure(events, tail, folder, Console(stderr=True).print)
    finally:
        shutil.rmtree(folder)


def show(measured: dict[str, Any]) -> None:
    """Print a table."""
    table = Table(title="Coming back after a stop", show_header=False)
    for name, value in measured.items():
        table.add_row(name.replace("_", " "), f"{value:,}")
    Console().print(table)


def _write_snapshot(database: Database, reference: Reference, folder: Path) -> tuple[int, float]:
    """Write the first snapshot; return how many have a history in it, and the seconds it took."""
    pools = Pools(reference)
    pools.warm()
    _rebuild(pools, database, folder / "none")
    kept = Snapshots(folder / "snapshots", _NO_SNAPSHOT)
    seconds = _seconds(lambda: kept.at_the_end(database, pools))
    (held,) = pools.of((MEMBER,))
    return int(held.engine.state.counters[layout.ENTITIES]), seconds


def _rebuild(pools: Pools, database: Database, folder: Path) -> None:
    rebuild(pools, database, {MEMBER: 0}, Snapshots(folder, _NO_SNAPSHOT))


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
