"""Runs the real service for tests: in a thread of this process, or in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from serving import keys
from serving.app import create_app
from serving.settings import Settings
from serving.store.database import Database

ROOT = Path(__file__).parents[2]
EVERY_SCOPE = ("score", "read", "review", "labels")
PATHS = {"payment": "/v1/payments/score", "access": "/v1/access-events/score"}


def make_key(
    home: Path, member: str = "bank-a", scopes: tuple[str, ...] = EVERY_SCOPE, days: int | None = 1
) -> str:
    """Create an API key in a home."""
    database = Database(home / "crossflag.db")
    try:
        return keys.create(
            database, name="test", member=member, country="BE", scopes=scopes, days=days
        )
    finally:
        database.close()


@dataclass
class Running:
    """A running service: its address and a client with a key of member bank-a."""

    url: str
    home: Path
    client: httpx.Client
    member: str = "bank-a"
    service: Any = None
    others: list[httpx.Client] = field(default_factory=list)

    def score(self, stream: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Score one event and return the answer."""
        answer = self.client.post(PATHS[stream], json=fields)
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def batch(self, stream: str, fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Score many events and return the answers' items."""
        answer = self.client.post(PATHS[stream] + "-batch", json={"events": fields})
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def client_of(self, key: str | None) -> httpx.Client:
        """Return a client that presents another key."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.others.append(httpx.Client(base_url=self.url, headers=headers, timeout=30))
        return self.others[-1]

    def stored(self, query: str) -> list[Any]:
        """Read the store beside the service; `:member` is the member of `client`."""
        return stored(self.home, query, {"member": self.member})

    def close(self) -> None:
        """Close the clients that `client_of` gave."""
        for client in self.others:
            client.close()


@contextmanager
def running(home: Path, ready: bool = True, **settings: Any) -> Iterator[Running]:
    """Run the service in a thread of this process until the block ends."""
    key = make_key(home)
    app = create_app(Settings(home=home, **settings))
    port = free_port()
    config = uvicorn.Config(app, port=port, access_log=False, log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30
        ) as client:
            wait_for(client, ready)
            one = Running(url, home, client, service=app.state.service)
            yield one
            one.close()
    finally:
        server.should_exit = True
        thread.join(30)


@contextmanager
def process(home: Path) -> Iterator[tuple[Running, subprocess.Popen[bytes]]]:
    """Run the command `serve` in a process of its own; it is killed at the end of the block."""
    key = make_key(home)
    port = free_port()
    program = "from serving.cli import app; app()"
    options = ["--port", str(port), "--home", str(home), "--no-console"]
    command = [sys.executable, "-c", program, "serve", *options]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("CROSSFLAG_")
    }
    child = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30
        ) as client:
            wait_for(client, ready=True)
            yield Running(url, home, client), child
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()


def wait_for(client: httpx.Client, ready: bool, seconds: float = 120) -> None:
    """Wait until the service answers, and takes events if `ready`."""
    path = "/readyz" if ready else "/healthz"
    end = time.monotonic() + seconds
    said = "nothing"
    while time.monotonic() < end:
        try:
            answer = client.get(path)
        except httpx.TransportError as error:
            said = repr(error)
        else:
            if answer.status_code == 200:
                return
            said = answer.text
        time.sleep(0.02)
    raise TimeoutError(f"the service did not come up: {said}")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def stored(home: Path, query: str, values: dict[str, Any] | None = None) -> list[Any]:
    """Read the store beside the service."""
    connection = sqlite3.connect(home / "crossflag.db")
    try:
        return connection.execute(query, values or {}).fetchall()
    finally:
        connection.close()


def feature_rows(service: Running) -> dict[tuple[str, str], bytes]:
    """Return the stored feature values of the member's scored events, as bytes."""
    rows = service.stored(
        "SELECT stream, event_id, features FROM assessments WHERE member = :member"
    )
    return {(stream, event_id): features for stream, event_id, features in rows}
