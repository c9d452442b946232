"""PostgreSQL stopped, crashed and frozen under load: the service comes back by itself."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from bench.postgresql import PrivateServer, programs, restartable_server
from tests.conftest import lacking
from tests.faults.checks import assert_kept_once, assert_rings_as_replayed
from tests.faults.load import Load
from tests.faults.nursery import Nursery
from tests.serving.harness import free_port, make_key


@pytest.fixture(scope="module")
def server() -> Iterator[PrivateServer]:
    """A PostgreSQL server that may be harmed."""
    found = programs()
    if found is None:
        lacking("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    with restartable_server(found) as one:
        yield one


def until_refused(url: str, key: str, seconds: float = 60) -> httpx.Response:
    """Wait for the answer of a service that knows that its database is gone."""
    end = time.monotonic() + seconds
    headers = {"Authorization": f"Bearer {key}"}
    while time.monotonic() < end:
        answer = httpx.get(f"{url}/readyz", headers=headers, timeout=30)
        if answer.status_code == 503:
            return answer
        time.sleep(0.05)
    raise AssertionError("the service still says that it is ready")


@pytest.mark.full
@pytest.mark.parametrize("fault", ["stopped", "crashed", "frozen"])
@pytest.mark.timeout(600)
def test_the_service_outlives_its_database(
    nursery: Nursery,
    new_home: Callable[..., Path],
    tmp_path: Path,
    server: PrivateServer,
    fault: str,
) -> None:
    url = f"postgresql://postgres@/{fault}?host={server.folder}"
    with psycopg.connect(host=str(server.folder), user="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {fault}")  # type: ignore[arg-type]
    home, port = new_home(), free_port()
    key = make_key(home, database_url=url)
    service = nursery.start(home, port, database_url=url, owner_patience=2)
    service.wait_ready()
    with Load(service.url, key) as load:
        for _ in range(2):
            load.wait_for_more(40)
            if fault == "frozen":
                server.freeze()
            else:
                server.stop(signal.SIGINT if fault == "stopped" else signal.SIGQUIT)
            try:
                said = until_refused(service.url, key).json()["reasons"][0]
                assert "database" in said or "log" in said, said
                refused = load.statuses[503]
                end = time.monotonic() + 10
                while load.statuses[503] == refused:
                    assert time.monotonic() < end, "callers are not told"
                    time.sleep(0.05)
            finally:
                if fault == "frozen":
                    server.thaw()
                else:
                    server.start()
            service.wait_ready()
        load.wait_for_more(40)
    assert_kept_once(url, load.acknowledged)
    service.signal(signal.SIGTERM)
    assert_rings_as_replayed(home, url, tmp_path)
