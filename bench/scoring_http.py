"""What one scored payment costs over HTTP: `crossflag bench scoring --home DIR`.

DIR holds promoted models (`crossflag train --promote`); the store is a new one beside them. The
service runs in a process of its own; a plain FastAPI echo of the same bodies runs in the same way
for comparison. Processor time is the server's, read from the kernel, so that the load generator
and a busy machine disturb little; latency is the wall clock's.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import numpy as np
import orjson
from rich.console import Console
from rich.table import Table

from serving import keys
from serving.settings import Settings
from serving.store.database import Database

ROOT = Path(__file__).parent.parent

EVENTS = 6_000
BATCH = 500
_ECHO = """
import sys, uvicorn
from fastapi import FastAPI, Request
app = FastAPI()
@app.get("/healthz")
async def health(): return {}
@app.post("/v1/payments/score")
async def echo(request: Request): return await request.json()
uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning")
"""


def bodies(offset: int) -> list[bytes]:
    """Return payments of many customers in time's order."""
    random = np.random.default_rng(offset)
    made = []
    for number in range(EVENTS):
        customer, payee = random.integers(0, 2_000), random.integers(0, 300)
        made.append(
            orjson.dumps(
                {
                    "event_id": f"p{offset}-{number}",
                    "time": f"2026-03-{1 + number * 27 // EVENTS:02d}T10:{number % 60:02d}:00Z",
                    "currency": "EUR",
                    "amount": f"{5 + random.integers(0, 90)}.50",
                    "debtor_account": f"{customer:010d}",
                    "debtor_account_scheme": "BBAN",
                    "debtor_account_country": "BE",
                    "debtor_name": f"Customer {customer}",
                    "creditor_account": f"{10_000 + payee:010d}",
                    "creditor_account_scheme": "BBAN",
                    "creditor_account_country": "BE" if payee % 5 else "FR",
                    "customer_id": f"c{customer}",
                    "device_id": f"d{customer}",
                    "ip_address": f"192.0.2.{customer % 250}",
                    "channel": "mobile",
                }
            )
        )
    return made


def processor_seconds(process: subprocess.Popen[bytes]) -> float:
    """Return user and system time that the process has used."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def load(port: int, key: str, path: str, sent: list[bytes], senders: int) -> list[float]:
    """Send every body over `senders` connections that are kept open; return each one's seconds."""
    queue = iter(sent)
    taken: list[float] = []
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    )

    async def sender() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for body in queue:
            start = time.perf_counter()
            writer.write(f"{head}{len(body)}\r\n\r\n".encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(answer.decode())
            length = answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            taken.append(time.perf_counter() - start)
        writer.close()

    await asyncio.gather(*(sender() for _ in range(senders)))
    return taken


def measure(name: str, command: list[str], port: int, key: str, batches: bool, out: Table) -> None:
    """Run a server, load it in several ways, and add a line for each."""
    process = subprocess.Popen(command, cwd=ROOT)
    ready = "/readyz" if batches else "/healthz"
    try:
        while process.poll() is None:
            try:
                if httpx.get(f"http://127.0.0.1:{port}{ready}").status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        path = "/v1/payments/score"
        asyncio.run(load(port, key, path, bodies(0)[:500], 8))
        for turn, senders in enumerate((1, 16, 64), start=1):
            report(name, f"{senders} senders", process, port, key, path, bodies(turn), senders, out)
        if batches:
            events = bodies(9)
            packs = [
                b'{"events":[' + b",".join(events[start : start + BATCH]) + b"]}"
                for start in range(0, EVENTS, BATCH)
            ]
            report(name, f"batches of {BATCH}", process, port, key, path + "-batch", packs, 2, out)
    finally:
        process.terminate()
        process.wait()


def report(
    name: str,
    how: str,
    process: subprocess.Popen[bytes],
    port: int,
    key: str,
    path: str,
    sent: list[bytes],
    senders: int,
    out: Table,
) -> None:
    """Send, and add one line of figures."""
    processor, wall = processor_seconds(process), time.perf_counter()
    taken = asyncio.run(load(port, key, path, sent, senders))
    wall, processor = time.perf_counter() - wall, processor_seconds(process) - processor
    median, high = np.quantile(taken, (0.5, 0.99)) * 1000
    out.add_row(
        name,
        how,
        f"{processor / EVENTS * 1e6:,.0f} µs",
        f"{EVENTS / wall:,.0f}",
        f"{median:,.1f} ms",
        f"{high:,.1f} ms",
    )


def measure_all(home: Path) -> None:
    """Measure service and echo, and print one table; `home` holds promoted models."""
    out = Table("server", "load", "processor per event", "events a second", "median", "99 %")
    models = home / "models"
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder)
        shutil.copytree(models, store / "models")
        database = Database(store / "crossflag.db")
        pepper = Settings(home=store).pepper
        key = keys.create(
            database, pepper, name="bench", member="bench", country="BE", scopes=["score"], days=1
        )
        database.close()
        serve = "from serving.cli import app; app()"
        options = ["serve", "--port", "8391", "--home", str(store), "--no-console"]
        service = [sys.executable, "-c", serve, *options]
        measure("crossflag", service, 8391, key, True, out)
        measure("echo", [sys.executable, "-c", _ECHO, "8392"], 8392, key, False, out)
    Console().print(out)
