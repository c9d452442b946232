"""`crossflag bench scale`: members spread over one process and over more, on one PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from bench.postgresql import database, programs
from bench.scoring.servers import ROOT, Server, crossflag, free_port
from features.errors import CrossflagError
from serving import keys
from serving.settings import Settings
from serving.store.database import Database

MEMBERS = 8
_BATCH = 100
_PATIENCE = 120.0
_ACCOUNTS = 2_000


def run(home: Path, processes: Sequence[int], events: int) -> dict[str, Any]:
    """Return events a second by number of processes; `events` is for each member.

    Every turn starts with an empty store. Raises CrossflagError without PostgreSQL's programs, or
    when a service does not answer as it should.
    """
    found = programs()
    if found is None:
        raise CrossflagError(
            "no PostgreSQL server is installed (Debian: apt-get install postgresql)"
        )
    turns = []
    for count in processes:
        with database(found) as url:
            turns.append(_turn(home, url, count, events))
    first = turns[0]["events_per_second"]
    for turn in turns:
        turn["ratio"] = turn["events_per_second"] / first
    return {"members": MEMBERS, "cores": len(os.sched_getaffinity(0)), "turns": turns}


def show(measured: dict[str, Any]) -> None:
    """Print what was measured as a table."""
    cores, members = measured["cores"], measured["members"]
    table = Table(title=f"{members} members, batches of {_BATCH}, PostgreSQL, {cores} cores in all")
    for name in ("processes", "events a second", "ratio", "processor ms an event"):
        table.add_column(name, justify="right")
    for turn in measured["turns"]:
        table.add_row(
            str(turn["processes"]),
            f"{turn['events_per_second']:,.0f}",
            f"{turn['ratio']:.2f}",
            f"{turn['processor_ms']:.2f}",
        )
    Console().print(table)


def _turn(home: Path, url: str, count: int, events: int) -> dict[str, Any]:
    settings = Settings(home=home, database_url=url)
    names = [f"member-{number}" for number in range(MEMBERS)]
    store = Database(url)
    made = {
        name: keys.create(
            store,
            settings.pepper,
            name="scale",
            member=name,
            country="BE",
            scopes=["score"],
            days=1,
        )
        for name in names
    }
    store.close()
    bodies = {name: _bodies(number, events) for number, name in enumerate(names)}
    failed: list[str] = []
    with ExitStack() as stack:
        servers = [
            stack.enter_context(_serving(home, url, names[shard::count])) for shard in range(count)
        ]
        senders = [
            Thread(target=_send, args=(servers[place % count], made[name], bodies[name], failed))
            for place, name in enumerate(names)
        ]
        before = sum(one.processor() for one in servers)
        started = time.perf_counter()
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        seconds = time.perf_counter() - started
        processor = sum(one.processor() for one in servers) - before
    if failed:
        raise CrossflagError(f"a service answered otherwise than it should: {failed[0]}")
    total = MEMBERS * events
    return {
        "processes": count,
        "events_per_second": total / seconds,
        "processor_ms": processor / total * 1_000,
    }


@contextmanager
def _serving(home: Path, url: str, members: Sequence[str]) -> Iterator[Server]:
    """Run a service on no core of its own: where it runs is the machine's to choose."""
    port = free_port()
    told = {name: value for name, value in os.environ.items() if not name.startswith("CROSSFLAG_")}
    told |= {
        "CROSSFLAG_DATABASE_URL": url,
        "CROSSFLAG_MEMBERS": ",".join(members),
        "PYTHONPATH": str(ROOT),
    }
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        child = subprocess.Popen(crossflag(home, port), cwd=ROOT, env=told, stdout=log, stderr=log)
        try:
            while not _ready(port):
                if child.poll() is not None or time.perf_counter() - started > _PATIENCE:
                    raise CrossflagError("a service did not become ready")
                time.sleep(0.05)
            yield Server(members[0], port, child, time.perf_counter() - started)
        finally:
            child.terminate()
            child.wait(60)


def _ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _send(server: Server, key: str, bodies: Sequence[bytes], failed: list[str]) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    for body in bodies:
        connection.request("POST", "/v1/payments/score-batch", body, headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 200 or said.count(b'"status":200') != _BATCH:
            failed.append(f"{answer.status} {said[:200]!r}")
            return
    connection.close()


def _bodies(seed: int, events: int) -> list[bytes]:
    chance = Random(seed)
    start = datetime(2026, 3, 2, tzinfo=UTC)
    made = [
        {
            "event_id": f"p{number}",
            "time": (start + timedelta(seconds=number)).isoformat(),
            "currency": "EUR",
            "amount": f"{chance.randrange(5, 900)}.00",
            "debtor_account": f"{chance.randrange(_ACCOUNTS):010d}",
            "creditor_account": f"{chance.randrange(_ACCOUNTS):010d}",
            "debtor_account_country": "BE",
            "creditor_account_country": chance.choice(("BE", "FR", "DE")),
            "channel": "mobile",
        }
        for number in range(events)
    ]
    return [
        orjson.dumps({"events": made[place : place + _BATCH]}) for place in range(0, events, _BATCH)
    ]
