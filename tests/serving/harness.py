"""Runs the real service for tests: in a thread of this process, or in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
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
import sqlalchemy as sa
import uvicorn

from features.reference import Reference
from serving import keys
from serving.app import create_app
from serving.pools import Pools
from serving.replaying import Replay
from serving.settings import Settings
from serving.store import log
from serving.store.database import Database

ROOT = Path(__file__).parents[2]
EVERY_SCOPE = ("score", "read", "review", "labels")
PATHS = {"payment": "/v1/payments/score", "access": "/v1/access-events/score"}


def make_key(
    home: Path,
    member: str = "bank-a",
    scopes: tuple[str, ...] = EVERY_SCOPE,
    days: int | None = 1,
    database_url: str | None = None,
) -> str:
    """Create an API key in a home, or in its store on PostgreSQL."""
    database = Database(database_url or home / "crossflag.db")
    try:
        pepper = Settings(home=home).pepper
        return keys.create(
            database, pepper, name="test", member=member, country="BE", scopes=scopes, days=days
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
    database_url: str | None = None
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
        return stored(self.database_url or self.home, query, {"member": self.member})

    def close(self) -> None:
        """Close the clients that `client_of` gave."""
        for client in self.others:
            client.close()


@contextmanager
def running(home: Path, ready: bool = True, **settings: Any) -> Iterator[Running]:
    """Run the service in a thread of this process until the block ends."""
    database_url = settings.get("database_url")
    key = make_key(home, database_url=database_url)
    # A lot that is drawn in one test of many would be a test that fails one time of many.
    usual = {"random_review_share": 0.0, "four_eyes": False}
    app = create_app(Settings(home=home, **{**usual, **settings}))
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
            one = Running(url, home, client, service=app.state.service, database_url=database_url)
            yield one
            one.close()
    finally:
        server.should_exit = True
        thread.join(30)


@contextmanager
def process(
    home: Path, ready: bool = True, member: str = "bank-a", **settings: Any
) -> Iterator[tuple[Running, subprocess.Popen[bytes]]]:
    """Run the command `serve` in a process of its own; it is killed at the end of the block."""
    database_url = settings.get("database_url")
    key = make_key(home, member, database_url=database_url)
    port = free_port()
    program = "from serving.cli import app; app()"
    options = ["--port", str(port), "--home", str(home), "--no-console"]
    command = [sys.executable, "-c", program, "serve", *options]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("CROSSFLAG_")
    }
    environment |= {"CROSSFLAG_RANDOM_REVIEW_SHARE": "0", "CROSSFLAG_FOUR_EYES": "false"}
    environment |= {f"CROSSFLAG_{name.upper()}": str(given) for name, given in settings.items()}
    child = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30
        ) as client:
            wait_for(client, ready)
            yield Running(url, home, client, member, database_url=database_url), child
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


def stored(store: Path | str, query: str, values: dict[str, Any] | None = None) -> list[Any]:
    """Read the store beside the service: of a home, or at a URL."""
    with beside(store) as connection:
        return [tuple(row) for row in connection.execute(sa.text(query), values or {})]


@contextmanager
def beside(store: Path | str) -> Iterator[sa.Connection]:
    """Open the store of a home, or at a URL, beside the service; commits at the end."""
    if isinstance(store, Path):
        url = f"sqlite:///{store / 'crossflag.db'}"
    else:
        url = store.replace("postgresql:", "postgresql+psycopg:")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        yield connection


def feature_rows(service: Running) -> dict[tuple[str, str], bytes]:
    """Return the stored feature values of the member's scored events, as bytes."""
    rows = service.stored(
        "SELECT stream, event_id, features FROM assessments WHERE member = :member"
    )
    return {(stream, event_id): features for stream, event_id, features in rows}


def assert_log_is_one_story(service: Running) -> None:
    """Each row of features that was served is what the log before it says, bit by bit."""
    place = service.database_url or service.home
    served = dict(stored(place, "SELECT sequence, features FROM assessments"))
    database = Database(service.database_url or service.home / "crossflag.db")
    with database.reading() as connection, database.reading() as aside:
        replay = Replay(Pools(Reference()), aside)
        for record in log.replay(connection):
            if record.sequence in served:
                again = replay.score(record).features
                assert again.tobytes() == served.pop(record.sequence), record.sequence
            else:
                replay.add(record)
    database.close()
    assert not served
