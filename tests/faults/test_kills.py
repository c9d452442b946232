"""`kill -9` at random points under load: nothing answered is lost, nothing counts twice."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.checks import assert_kept_once, assert_rings_as_replayed
from tests.faults.load import Load
from tests.faults.nursery import Nursery
from tests.serving.harness import free_port, make_key

TEN = 10
OFTEN = 100


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(TEN // 2, id="ten"),
        pytest.param(OFTEN, id="often", marks=[pytest.mark.full, pytest.mark.timeout(3600)]),
    ],
)
def test_killed_at_random_points_under_load(
    nursery: Nursery,
    new_home: Callable[..., Path],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    store: str,
    kills: int,
) -> None:
    """Half of the ten kills, and of the two hundred, are on each store."""
    home, chance = new_home(), random.Random(kills)
    # Small, so that some kills strike while a snapshot is written.
    settings = {"snapshot_events": "60"}
    place: Path | str = home
    if store == "postgresql":
        place = settings["database_url"] = request.getfixturevalue("postgresql")
    key = make_key(home, database_url=settings.get("database_url"))
    port = free_port()
    with Load(f"http://127.0.0.1:{port}", key) as load:
        for _ in range(kills):
            server = nursery.start(home, port, **settings)
            if chance.random() < 0.25:
                # While it opens the store, reads its history, or comes up.
                time.sleep(chance.uniform(0, 0.5))
            else:
                load.wait_for_more(chance.randrange(1, 60))
                time.sleep(chance.uniform(0, 0.01))
            server.signal(signal.SIGKILL)
            assert load.wrong == []
        server = nursery.start(home, port, **settings)
        load.wait_for_more(40)
    assert server.ready()
    assert_kept_once(place, load.acknowledged)
    server.signal(signal.SIGTERM)
    assert_rings_as_replayed(home, place, tmp_path)
