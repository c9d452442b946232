"""Sent again, at once, twice, late or changed: each event counts once, and each answer says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.test_deadlines import held
from tests.serving.harness import PATHS, Running, running
from tests.serving.worlds import START, payment

BATCH = PATHS["payment"] + "-batch"
PROBLEM = "urn:crossflag:problem:"


@pytest.fixture(scope="module")
def lone(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service of this module's own."""
    home = tmp_path_factory.mktemp("idempotent")
    (home / "models").symlink_to(trained / "models")
    with running(home, console=False) as one:
        yield one


def post(lone: Running, body: Any, path: str = PATHS["payment"], **headers: str) -> httpx.Response:
    """Send on a connection of its own, so that several can be under way."""
    sent = {**lone.client.headers, **{name.replace("_", "-"): at for name, at in headers.items()}}
    return httpx.post(lone.url + path, json=body, headers=sent, timeout=60)


def counted(lone: Running, metric: str) -> float:
    """Return what a metric stands at, all its labels together."""
    lines = lone.client.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(metric))


def test_an_event_that_is_being_worked_on_is_409_with_retry_after(lone: Running) -> None:
    fields = payment(1, 1, START)
    with ThreadPoolExecutor(8) as threads, held(lone.home):
        asking = [threads.submit(post, lone, fields) for _ in range(8)]
        refused = [one.result() for one in asking if _early(one)]
        assert len(refused) == 7
    for answer in refused:
        assert answer.status_code == 409
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["type"] == PROBLEM + "in-flight"
        assert "'p1'" in answer.json()["detail"]
    (accepted,) = [one.result() for one in asking if one.result().status_code == 200]
    assert accepted.json()["duplicate"] is False
    assert post(lone, fields).json() == {**accepted.json(), "duplicate": True}


def _early(asking: Any) -> bool:
    """Tell whether it is answered while the database is held."""
    try:
        asking.result(timeout=1)
    except TimeoutError:
        return False
    return True


def test_in_a_batch_only_the_item_that_is_being_worked_on_waits(lone: Running) -> None:
    with ThreadPoolExecutor(2) as threads, held(lone.home):
        first = threads.submit(post, lone, payment(11, 1, START))
        assert not _early(first)
        events = [payment(number, 1, START) for number in (11, 12)]
        second = threads.submit(post, lone, {"events": events}, BATCH)
        assert not _early(second)
    items = second.result().json()["items"]
    assert [item["status"] for item in items] == [409, 200]
    assert items[0]["problem"]["retry_after"] == 1
    assert first.result().status_code == 200


def test_the_same_identifier_with_another_body_is_422_and_named(lone: Running) -> None:
    post(lone, payment(20, 1, START))
    answer = post(lone, payment(20, 1, START, amount="77.00"))
    assert answer.status_code == 422
    assert answer.json()["type"] == PROBLEM + "reused"
    assert "'p20'" in answer.json()["detail"]


def test_an_idempotency_key_names_one_request(lone: Running) -> None:
    one, other = payment(30, 1, START), payment(31, 1, START)
    first = post(lone, one, Idempotency_Key='"key-1"')
    assert first.status_code == 200
    again = post(lone, {**one, "amount": "50.000"[:5]}, Idempotency_Key="key-1")
    assert again.json() == {**first.json(), "duplicate": True}
    refused = post(lone, other, Idempotency_Key="key-1")
    assert refused.status_code == 422
    assert refused.json()["type"] == PROBLEM + "reused"
    assert "'key-1'" in refused.json()["detail"]
    assert lone.stored("SELECT count(*) FROM events WHERE event_id = 'p31'") == [(0,)]
    assert post(lone, other).status_code == 200


def test_a_batch_under_a_key_counts_once_whole(lone: Running) -> None:
    events = {"events": [payment(number, 1, START) for number in (35, 36)]}
    first = post(lone, events, BATCH, Idempotency_Key="batch-1").json()["items"]
    again = post(lone, events, BATCH, Idempotency_Key="batch-1").json()["items"]
    assert [item["assessment"]["duplicate"] for item in first + again] == [False] * 2 + [True] * 2
    more = {"events": [*events["events"], payment(37, 1, START)]}
    assert post(lone, more, BATCH, Idempotency_Key="batch-1").status_code == 422


def test_a_key_whose_request_is_being_worked_on_is_409(lone: Running) -> None:
    with ThreadPoolExecutor(2) as threads, held(lone.home):
        first = threads.submit(post, lone, payment(40, 1, START), Idempotency_Key="key-2")
        assert not _early(first)
        second = post(lone, payment(41, 1, START), Idempotency_Key="key-2")
    assert second.status_code == 409
    assert second.headers["retry-after"] == "1"
    assert "'key-2'" in second.json()["detail"]
    assert first.result().status_code == 200


@pytest.mark.parametrize("key", ["", '""', "k" * 256])
def test_a_key_that_is_none_is_422(lone: Running, key: str) -> None:
    answer = post(lone, payment(45, 1, START), Idempotency_Key=key)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


def test_late_and_repeated_events_are_answered_and_counted(lone: Running) -> None:
    late, twice = (
        counted(lone, f"crossflag_{name}_events_total") for name in ("late", "duplicate")
    )
    post(lone, payment(50, 2, START + timedelta(days=4)))
    answer = post(lone, payment(51, 2, START)).json()
    assert answer["late"] is True
    assert post(lone, payment(51, 2, START)).json() == {**answer, "duplicate": True}
    assert counted(lone, "crossflag_late_events_total") == late + 1
    assert counted(lone, "crossflag_duplicate_events_total") == twice + 1


Sends = st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=4), min_size=2, max_size=8)


@pytest.fixture(scope="module")
def next_number() -> Callable[[], int]:
    """Give numbers that no event has yet."""
    numbers = iter(range(1_000, 100_000, 10))
    return lambda: next(numbers)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sends=Sends)
def test_however_often_and_at_once_it_is_sent_an_event_counts_once(
    lone: Running, next_number: Callable[[], int], sends: list[list[int]]
) -> None:
    """Batches of a few events, again and again and at the same time, each retried until 200."""
    first = next_number()

    def send(places: list[int]) -> list[dict[str, Any]]:
        got: list[dict[str, Any]] = []
        left = places
        while left:
            events = {"events": [payment(first + place, place, START) for place in left]}
            answer = post(lone, events, BATCH)
            items = answer.json()["items"]
            assert {item["status"] for item in items} <= {200, 409}
            got += [item["assessment"] for item in items if item["status"] == 200]
            left = [place for place, item in zip(left, items, strict=True) if item["status"] == 409]
        return got

    with ThreadPoolExecutor(4) as threads:
        answers = [one for some in threads.map(send, sends) for one in some]
    wanted = sorted({f"p{first + place}" for places in sends for place in places})
    placed = ", ".join(f"'{name}'" for name in wanted)
    query = f"SELECT event_id FROM events WHERE event_id IN ({placed}) ORDER BY event_id"
    assert lone.stored(query) == [(name,) for name in wanted]
    assert len(answers) == sum(map(len, sends))
    for name in wanted:
        of_it = [one for one in answers if one["event_id"] == name]
        assert [one["duplicate"] for one in of_it].count(False) == 1
        assert len({one["assessment_id"] for one in of_it}) == 1
