"""A member has one owner: two real services on one PostgreSQL store, killed, frozen and woken."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from serving import history
from serving.cli import app
from serving.errors import Invalid, Unavailable
from serving.ownership.shared import Shared
from serving.store.database import Database
from tests.serving.harness import (
    PATHS,
    Running,
    assert_log_is_one_story,
    make_key,
    process,
    running,
    stored,
    wait_for,
)
from tests.serving.test_durability import script, send
from tests.serving.worlds import START, payment

PATIENCE = 2


def score(client: httpx.Client, number: int) -> httpx.Response:
    return client.post(PATHS["payment"], json=payment(number, number % 7, START))


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def freeze_the_owner(services: list[tuple[Running, subprocess.Popen[bytes]]]) -> None:
    """Freeze whichever owns the members until the other does, and wake it up."""
    wait_until(lambda: any(each.client.get("/readyz").is_success for each, _ in services))
    owner, child = next(one for one in services if one[0].client.get("/readyz").is_success)
    standby = next(each for each, _ in services if each is not owner)
    time.sleep(0.5)
    child.send_signal(signal.SIGSTOP)
    wait_for(standby.client, ready=True)
    child.send_signal(signal.SIGCONT)
    wait_until(lambda: "standing by" in owner.client.get("/readyz").text)


def test_a_frozen_owner_is_taken_over_and_steps_back_when_it_wakes(
    new_home: Callable[..., Path], postgresql: str
) -> None:
    home, sent = new_home(), script()
    settings = {"database_url": postgresql, "owner_patience": PATIENCE}
    late: list[httpx.Response] = []
    with (
        process(home, **settings) as (first, frozen),
        process(home, ready=False, **settings) as (second, other),
    ):
        for one in sent[:80]:
            send(first.client, one)
        wait_until(lambda: "another service owns" in second.client.get("/readyz").text)
        assert second.client.get("/readyz").status_code == 503

        frozen.send_signal(signal.SIGSTOP)
        client = httpx.Client(base_url=first.url, headers=first.client.headers, timeout=120)
        asking = threading.Thread(target=lambda: late.append(score(client, 99_999)))
        asking.start()
        wait_for(second.client, ready=True)
        for one in sent[80:130]:
            send(second.client, one)

        frozen.send_signal(signal.SIGCONT)
        asking.join()
        client.close()
        assert late[0].status_code == 503
        assert late[0].headers["retry-after"]
        wait_until(lambda: "standing by" in first.client.get("/readyz").text)
        answer = score(first.client, 99_998)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert f"another service ({os.uname().nodename}, process {other.pid})" in answer.text
        for one in sent[130:150]:
            send(second.client, one)

        other.send_signal(signal.SIGTERM)
        other.wait(30)
        wait_for(first.client, ready=True)
        for one in sent[:150]:
            assert send(first.client, one)["duplicate"] is True
        for one in sent[150:]:
            send(first.client, one)
    assert stored(postgresql, "SELECT count(*) FROM events") == [(len(sent),)]
    assert_log_is_one_story(first)


@pytest.mark.parametrize(
    "freezes", [1, pytest.param(8, marks=pytest.mark.full)], ids=["once", "often"]
)
def test_under_load_the_frozen_and_the_new_owner_never_both_commit(
    new_home: Callable[..., Path], postgresql: str, freezes: int
) -> None:
    settings = {"database_url": postgresql, "owner_patience": PATIENCE}
    home, over = new_home(), threading.Event()
    answered: list[tuple[str, bool]] = []
    with (
        process(home, **settings) as (first, one),
        process(home, ready=False, **settings) as (second, two),
    ):
        services = [(first, one), (second, two)]

        def play(start: int) -> None:
            """Send one event after another, each to either service until one has accepted it."""
            clients = [
                httpx.Client(base_url=each.url, headers=each.client.headers, timeout=1)
                for each in (first, second)
            ]
            number = start
            while not over.is_set():
                for client in clients:
                    try:
                        answer = score(client, number)
                    except httpx.TransportError:
                        continue
                    # 409: what an earlier try sent is still being worked on.
                    assert answer.status_code in (200, 409, 503), answer.text
                    if answer.status_code == 200:
                        answered.append((answer.json()["event_id"], answer.json()["duplicate"]))
                        number += 1
                        break
            for client in clients:
                client.close()

        players = [threading.Thread(target=play, args=(n * 100_000,)) for n in range(1, 4)]
        for player in players:
            player.start()
        for _ in range(freezes):
            freeze_the_owner(services)
            seen = len(answered)
            wait_until(lambda seen=seen: len(answered) > seen + 20)  # type: ignore[misc]
        over.set()
        for player in players:
            player.join()
    logged = stored(postgresql, "SELECT event_id, count(*) FROM events GROUP BY event_id")
    assert {event_id for event_id, _ in answered} <= {event_id for event_id, _ in logged}
    assert {count for _, count in logged} == {1}
    # A client that got no answer may have left one event unasked for; nothing else is unanswered.
    assert len(logged) <= len({event_id for event_id, _ in answered}) + len(players)
    assert_log_is_one_story(first)


def test_a_killed_owner_is_followed_at_once(new_home: Callable[..., Path], postgresql: str) -> None:
    home = new_home()
    settings = {"database_url": postgresql, "owner_patience": 600}
    with (
        process(home, **settings) as (first, child),
        running(home, ready=False, console=False, **settings) as second,
    ):
        assert score(first.client, 1).status_code == 200
        wait_until(lambda: "standing by" in second.client.get("/readyz").text)
        child.send_signal(signal.SIGKILL)
        wait_for(second.client, ready=True)
        assert score(second.client, 1).json()["duplicate"] is True
        assert score(second.client, 2).json()["duplicate"] is False
    assert_log_is_one_story(second)


def test_services_share_the_members_that_they_are_given(
    new_home: Callable[..., Path], postgresql: str
) -> None:
    home = new_home()
    with (
        running(home, console=False, database_url=postgresql, members=("bank-a",)) as a,
        running(home, console=False, database_url=postgresql, members=("bank-b",)) as b,
    ):
        of_b = make_key(home, "bank-b", database_url=postgresql)
        assert score(a.client, 1).status_code == 200
        assert score(b.client_of(of_b), 1).status_code == 200
        refused = score(a.client_of(of_b), 2)
        assert refused.status_code == 503
        assert "not among CROSSFLAG_MEMBERS" in refused.text
        assert a.client.get("/readyz").is_success
        assert b.client.get("/readyz").is_success


def test_history_is_not_loaded_under_a_running_service(
    new_home: Callable[..., Path], postgresql: str
) -> None:
    with running(new_home(), console=False, database_url=postgresql) as service:
        assert score(service.client, 1).status_code == 200
        database = Database(postgresql)
        with pytest.raises(Unavailable, match="the events of bank-a are taken by another service"):
            history.load(database, "bank-a", [])
        assert history.load(database, "bank-b", []) == history.Loaded()
        database.close()
        assert score(service.client, 2).status_code == 200


@pytest.fixture
def two(postgresql: str) -> Iterator[tuple[Shared, Database, Shared, Database]]:
    """Two owners that look after their members only when told."""
    databases = Database(postgresql), Database(postgresql)
    owners = [Shared(database, (), patience=600) for database in databases]
    yield owners[0], databases[0], owners[1], databases[1]
    for one in owners:
        one.stop()
    for database in databases:
        database.close()


Two = tuple[Shared, Database, Shared, Database]


def test_an_owner_that_lost_its_lock_finishes_its_commit_and_makes_no_other(two: Two) -> None:
    first, database, second, _ = two
    first.claim("bank-a")
    fences = {"bank-a": first.fence("bank-a")}
    with database.unit() as unit:
        assert first.lost(unit, fences) == set()
        lose_connection(first)
        with pytest.raises(Unavailable):
            second.claim("bank-a")
    second.claim("bank-a")
    with database.unit() as unit:
        assert first.lost(unit, fences) == {"bank-a"}
    assert first.fence("bank-a") is None


def test_a_member_taken_twice_by_one_process_has_two_numbers(two: Two) -> None:
    first, _, second, _ = two
    first.claim("bank-a")
    number = first.fence("bank-a")
    lose_connection(first)
    second.claim("bank-a")
    lose_connection(second)
    first._held.clear()
    first.claim("bank-a")
    assert (number, first.fence("bank-a")) == (1, 3)


def test_a_broken_connection_gives_up_every_member_and_takes_them_again(two: Two) -> None:
    first, database, _, _ = two
    first.claim("bank-a")
    with database.unit() as unit:
        query = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory'"
        assert unit.connection.exec_driver_sql(query).scalar() == 1
    first._look()
    assert first.fence("bank-a") is None
    assert first.standing_by() == "unable to reach its database"
    first._look()
    assert first.fence("bank-a") == 2
    assert first.standing_by() is None


def lose_connection(owner: Shared) -> None:
    """As when the network lets the lock's connection go, and its owner does not know."""
    assert owner._connection is not None
    owner._connection.close()
    owner._connection = None


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "one process writes a SQLite store"),
        ({"CROSSFLAG_DATABASE_URL": "postgresql://nobody@/none"}, "one process owns a member's"),
    ],
    ids=["sqlite", "postgresql"],
)
def test_more_workers_are_refused_with_the_reason(
    tmp_path: Path, environment: dict[str, str], said: str
) -> None:
    command = ["serve", "--home", str(tmp_path), "--workers", "2"]
    refusal = CliRunner().invoke(app, command, env=environment).exception
    assert isinstance(refusal, Invalid)
    (problem,) = refusal.problems
    assert (problem.field, problem.value) == ("workers", "2")
    assert said in problem.problem
    assert "CROSSFLAG_MEMBERS" in problem.fix
    assert list(tmp_path.iterdir()) == []
