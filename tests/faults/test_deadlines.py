"""A caller in a hurry gets an answer in time, and what it left out is scored later."""

from __future__ import annotations

import json
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from tests.faults.nursery import Nursery
from tests.serving.harness import PATHS, Running, beside, free_port, make_key, running, stored
from tests.serving.worlds import ACCOUNTS, START, login, payment

SOON = 0.4


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Within the block another process's transaction keeps the database from the service."""
    with beside(home) as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield
        connection.exec_driver_sql("COMMIT")


@pytest.fixture(scope="module")
def lone(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service whose store a test may hold."""
    home = tmp_path_factory.mktemp("lone")
    shutil.copytree(trained / "models", home / "models")
    with running(home, console=False) as one:
        yield one


def until_scored(place: Path | str, event_id: str, seconds: float = 60) -> tuple[Any, ...]:
    """Wait for an event's one assessment: its advice and case."""
    query = "SELECT advice, case_id FROM assessments WHERE event_id = :event_id"
    end = time.monotonic() + seconds
    while not (found := stored(place, query, {"event_id": event_id})):
        assert time.monotonic() < end, f"{event_id} was not scored later"
        time.sleep(0.05)
    (row,) = found
    assert isinstance(row, tuple)
    return row


def stolen(number: int) -> dict[str, Any]:
    """Return a payment that the tiny champion flags."""
    away = {"creditor_account": ACCOUNTS[250], "creditor_account_country": "LT"}
    return payment(number, 3, START, amount="2900.00", device_id="stolen", **away)


@pytest.mark.parametrize("how", ["field", "header"])
def test_an_answer_comes_in_time_while_the_database_is_held(lone: Running, how: str) -> None:
    number = 10 if how == "field" else 20
    fields = payment(number, 1, START)
    milliseconds = int(SOON * 1000)
    sent = {**fields, "deadline_ms": milliseconds} if how == "field" else fields
    headers = {} if how == "field" else {"Deadline-Ms": str(milliseconds)}
    with held(lone.home):
        started = time.monotonic()
        answer = lone.client.post(PATHS["payment"], json=sent, headers=headers)
        took = time.monotonic() - started
        document = answer.json()
        assert answer.status_code == 200
        assert document == {
            "degraded": True,
            "stream": "payment",
            "event_id": fields["event_id"],
            "kept": True,
            "left_out": ["history", "score", "novelty", "reasons", "case"],
            "because": "the answer was not there in time",
            "advice": None,
            "watchlist_hits": [],
        }
        assert took < SOON + 0.3
        again = lone.client.post(PATHS["payment"], json=fields)
        assert again.status_code == 409
        assert again.headers["retry-after"] == "1"
        assert again.json()["type"] == "urn:crossflag:problem:in-flight"
    until_scored(lone.home, fields["event_id"])
    end = time.monotonic() + 30
    while "crossflag_deferred_events 0.0" not in lone.client.get("/metrics").text:
        assert time.monotonic() < end, "the journal is not emptied"
        time.sleep(0.05)
    assert lone.score("payment", fields)["duplicate"] is True
    text = lone.client.get("/metrics").text
    assert 'crossflag_degraded_answers_total{reason="deadline",stream="payment"}' in text
    assert 'crossflag_rescored_events_total{advice="clear",stream="payment"}' in text
    assert list((lone.home / "deferred").iterdir()) == []


def test_who_is_in_time_is_answered_in_full(lone: Running) -> None:
    answer = lone.client.post(
        PATHS["payment"], json={**payment(30, 1, START), "deadline_ms": 30_000}
    )
    assert answer.json()["advice"] == "clear"
    # The deadline is no part of the event.
    again = lone.client.post(PATHS["payment"], json=payment(30, 1, START))
    assert again.json() == {**answer.json(), "duplicate": True}


@pytest.mark.parametrize("given", [0, -5, 1.5, "soon", 60_001, True])
def test_a_deadline_that_is_none_is_refused(lone: Running, given: Any) -> None:
    answer = lone.client.post(
        PATHS["payment"], json={**payment(31, 1, START), "deadline_ms": given}
    )
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == ["deadline_ms"]


def test_a_batch_in_a_hurry_says_of_each_event_what_became_of_it(lone: Running) -> None:
    events = [payment(40, 1, START), {"event_id": "nothing"}, payment(41, 2, START)]
    with held(lone.home):
        body = {"events": events, "deadline_ms": int(SOON * 1000)}
        items = lone.client.post(PATHS["payment"] + "-batch", json=body).json()["items"]
        assert [item["status"] for item in items] == [200, 422, 200]
        assert [items[place]["degraded"]["kept"] for place in (0, 2)] == [True, True]
    for name in ("p40", "p41"):
        until_scored(lone.home, name)


def test_a_full_queue_answers_who_is_in_a_hurry_and_refuses_the_rest(
    new_home: Callable[..., Path],
) -> None:
    home = new_home()
    with running(home, console=False, queue_capacity=2, group_size=1) as service:
        service.score("payment", payment(1, 1, START))
        # What the service notes of its own start goes through the same queue.
        noted = "SELECT count(*) FROM audit WHERE action = 'model.in_use'"
        until(lambda: service.stored(noted) == [(2,)])
        first: list[httpx.Response] = []
        with held(home):
            # One is at work, and two wait: the queue is full.
            waiting = []
            for number in (2, 3, 4):
                ask = threading.Thread(target=lambda n=number: first.append(_post(service, n)))
                ask.start()
                waiting.append(ask)
                until(lambda n=number: queued(service) == (True, n - 2))  # type: ignore[misc]
            refused = service.client.post(PATHS["payment"], json=payment(5, 1, START))
            assert refused.status_code == 503
            assert refused.headers["retry-after"]
            hurried = {**stolen(6), "deadline_ms": 2000}
            document = service.client.post(PATHS["payment"], json=hurried).json()
            assert (document["degraded"], document["kept"]) == (True, True)
            assert "too many events are waiting" in document["because"]
        for ask in waiting:
            ask.join()
        assert [answer.status_code for answer in first] == [200] * 3, [one.text for one in first]
        advice, case_id = until_scored(home, "p6")
        assert advice != "clear"
        assert service.client.get(f"/v1/cases/{case_id}").status_code == 200
        assert service.stored("SELECT count(*) FROM events WHERE event_id = 'p5'") == [(0,)]


def queued(service: Running) -> tuple[bool, int]:
    """Tell whether a group is at work, and how many events wait beside it."""
    sequencer = service.service.sequencer
    return sequencer._committing, sequencer._events_waiting


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def _post(service: Running, number: int) -> httpx.Response:
    with httpx.Client(base_url=service.url, headers=service.client.headers, timeout=60) as client:
        return client.post(PATHS["payment"], json=payment(number, 1, START))


def test_without_a_champion_the_event_is_kept_and_scored_once_there_is_one(
    new_home: Callable[..., Path],
) -> None:
    home = new_home()
    pointers = list((home / "models").glob("*access*"))
    aside = home / "aside"
    aside.mkdir()
    for one in pointers:
        one.rename(aside / one.name)
    with running(home, console=False) as service:
        fields = {**login(1, 1, START), "deadline_ms": 2000}
        document = service.client.post(PATHS["access"], json=fields).json()
        assert (document["degraded"], document["kept"]) == (True, True)
        assert "no champion for access" in document["because"]
        time.sleep(1.2)
        assert service.stored("SELECT count(*) FROM events") == [(0,)]
        for one in pointers:
            (aside / one.name).rename(one)
        until_scored(home, "a1")


def test_watchlists_that_cannot_be_read_are_said_and_made_up_for(
    new_home: Callable[..., Path],
) -> None:
    home = new_home()
    make_key(home)
    with beside(home) as connection:
        connection.execute(
            sa.text(
                "INSERT INTO watchlists (name, title, owner_country, purpose, handling, audience,"
                " version) VALUES ('bad', 'Bad', 'BE', 'risk', 'open', 'all', 1)"
            )
        )
        connection.execute(
            sa.text(
                "INSERT INTO watchlist_records (name, entity_id, first_version, digest, schema,"
                " caption, body) VALUES ('bad', 'x', 1, :digest, 'Person', 'X', :body)"
            ),
            {"digest": bytes(32), "body": b"{"},
        )
    with running(home, ready=False, console=False) as service:
        assert "the watchlists could not be read yet" in service.client.get("/readyz").text
        plain = service.client.post(PATHS["payment"], json=payment(1, 1, START))
        assert plain.status_code == 503
        hurried = {**payment(2, 1, START), "deadline_ms": 2000}
        document = service.client.post(PATHS["payment"], json=hurried).json()
        assert (document["degraded"], document["kept"]) == (True, True)
        assert "watchlists" in document["left_out"]
        with beside(home) as connection:
            connection.execute(sa.text("DELETE FROM watchlist_records"))
            connection.execute(sa.text("DELETE FROM watchlists"))
        until_scored(home, "p2")


@pytest.mark.parametrize("killed", [False, True], ids=["alive", "killed"])
def test_what_was_put_off_survives_a_kill(
    nursery: Nursery, new_home: Callable[..., Path], killed: bool
) -> None:
    home, port = new_home(), free_port()
    headers = {"Authorization": f"Bearer {make_key(home)}"}
    service = nursery.start(home, port)
    service.wait_ready()
    url = f"{service.url}{PATHS['payment']}"
    httpx.post(url, json=payment(1, 3, START), headers=headers, timeout=60)
    with held(home):
        hurried = {**stolen(2), "deadline_ms": int(SOON * 1000)}
        document = httpx.post(url, json=hurried, headers=headers, timeout=60).json()
        assert (document["degraded"], document["kept"]) == (True, True)
        (segment,) = (home / "deferred").iterdir()
        if killed:
            service.signal(signal.SIGKILL)
            # As a kill in the middle of a line leaves it.
            with segment.open("ab") as file:
                file.write(json.dumps({"member": "bank-a"}).encode())
    if killed:
        assert stored(home, "SELECT count(*) FROM events") == [(1,)]
        service = nursery.start(home, port)
    advice, case_id = until_scored(home, "p2")
    assert advice != "clear"
    assert case_id
    service.wait_ready()
    rescored = "SELECT count(*) FROM audit WHERE action = 'event.rescored'"
    end = time.monotonic() + 30
    while stored(home, rescored) == [(0,)]:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_disk_that_refuses_is_answered_for_honestly(lone: Running) -> None:
    folder = lone.home / "deferred"
    shutil.rmtree(folder, ignore_errors=True)
    folder.write_text("a file where the journal would be")
    try:
        with held(lone.home):
            hurried = {**payment(50, 1, START), "deadline_ms": int(SOON * 1000)}
            document = lone.client.post(PATHS["payment"], json=hurried).json()
            # It was under way, and may be stored yet.
            assert document["kept"] == "unknown"
    finally:
        folder.unlink()
    assert lone.score("payment", payment(51, 1, START))["advice"] == "clear"
