"""Events from a real Kafka-compatible broker, over the wire, scored by a real worker process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from private_broker import Broker, broker

from tests.serving.harness import (
    PATHS,
    ROOT,
    Running,
    assert_log_is_one_story,
    free_port,
    make_key,
    stored,
    wait_for,
)
from tests.serving.harness import (
    running as running_alone,
)
from tests.serving.test_ownership import wait_until
from tests.serving.worlds import START, history, payment

TOPICS = ("crossflag.events", "crossflag.assessments", "crossflag.dead-letters")
EVENTS, RESULTS, DEAD = TOPICS


@pytest.fixture
def kafka() -> Iterator[Broker]:
    with broker() as one:
        one.make(8, *TOPICS)
        yield one


def record(
    stream: str, fields: dict[str, Any], member: str = "bank-a", **more: Any
) -> dict[str, Any]:
    return {
        "value": orjson.dumps(fields),
        "key": member.encode(),
        "headers": [("stream", stream.encode())],
    } | more


@contextmanager
def worker(
    home: Path, kafka: Broker, **settings: Any
) -> Iterator[tuple[Running, subprocess.Popen[bytes]]]:
    """Run the command `worker` in a process of its own until the block ends."""
    port = free_port()
    program = "from serving.cli import app; app()"
    command = [sys.executable, "-c", program, "worker", "--kafka", kafka.address]
    command += ["--port", str(port), "--home", str(home)]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("CROSSFLAG_")
    }
    environment["CROSSFLAG_RANDOM_REVIEW_SHARE"] = "0"
    environment |= {f"CROSSFLAG_{name.upper()}": str(given) for name, given in settings.items()}
    child = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, timeout=30) as client:
            yield Running(url, home, client, database_url=settings.get("database_url")), child
    finally:
        child.kill()
        child.wait()


def assessments(records: list[Any]) -> dict[str, dict[str, Any]]:
    """Return the data of CloudEvents on the topic of results by their identifier."""
    found: dict[str, dict[str, Any]] = {}
    for one in records:
        message = KafkaMessage(dict(one.headers), one.key, one.value)
        event = from_binary(message, JSONFormat(), CloudEvent)
        data = event.get_data()
        assert isinstance(data, dict)
        assert found.setdefault(event.get_id(), data) == data
    return found


def test_events_are_scored_results_come_out_and_poison_is_put_aside_with_its_reason(
    new_home: Callable[..., Path], kafka: Broker
) -> None:
    home = new_home()
    key = make_key(home)
    world = history(days=6)
    good = [record(stream, fields) for stream, fields, _ in world]
    stream, fields, _ = world[0]
    changed = record(stream, {**fields, "device_id": "another"})
    poison = [
        (record("payment", {}, value=b"{no json"), "invalid"),
        (record("payment", {**payment(1, 1, START), "amount": "-5.00"}), "invalid"),
        (record("payment", payment(2, 1, START), headers=[("stream", b"\xff\xfe")]), "no_stream"),
        (record("payment", payment(3, 1, START), key=None), "no_member"),
        (record("payment", payment(4, 1, START), member="stranger"), "unknown_member"),
        (record("payment", {}, value=b'{"event_id":"' + b"x" * 200_000), "too_large"),
        (record("payment", {}, value=None), "invalid"),
        (changed, "reused"),
    ]
    kafka.send(EVENTS, good[:100])
    kafka.send(EVENTS, [one for one, _ in poison])
    kafka.send(EVENTS, good[100:] + good[:50])
    with worker(home, kafka, body_limit=100_000) as (one, child):
        told = kafka.records(RESULTS, lambda found: len(found) >= len(good) + 50)
        letters = kafka.records(DEAD, lambda found: len(found) >= len(poison))
        results = assessments(told)
        assert len(results) == len(good)
        said = {(each["stream"], each["event_id"]): each for each in results.values()}
        assert said.keys() == {(stream, fields["event_id"]) for stream, fields, _ in world}
        assert any(each["advice"] != "clear" and each["reasons"] for each in results.values())

        reasons = sorted(dict(each.headers)["crossflag-error"].decode() for each in letters)
        assert reasons == sorted(kind for _, kind in poison)
        by_value = {each.value: dict(each.headers) for each in letters}
        why = by_value[b"{no json"]["crossflag-reason"].decode()
        assert "JSON" in why
        assert b"-5.00" not in by_value[poison[1][0]["value"]]["crossflag-reason"]
        assert by_value[b"{no json"]["crossflag-place"].startswith(b"crossflag.events/")

        headers = {"Authorization": f"Bearer {key}"}
        metrics = one.client.get("/metrics", headers=headers).text
        assert 'crossflag_dead_letters_total{reason="invalid"} 3.0' in metrics
        assert "crossflag_duplicate_events_total" in metrics
        assert one.client.get("/readyz").json()["ready"] is True

        child.send_signal(signal.SIGTERM)
        assert child.wait(60) == -signal.SIGTERM
    assert_log_is_one_story(one)
    assert stored(home, "SELECT count(*) FROM events") == [(len(good),)]


def test_the_workers_members_are_those_of_its_partitions(
    new_home: Callable[..., Path], kafka: Broker, postgresql: str
) -> None:
    """Two workers; one is killed: the other takes its members over and loses and doubles nothing.

    A service with the same members scores the same events over HTTP: every row of features and
    every score is the same to the bit.
    """
    spread(new_home(), kafka, postgresql, workers=2, members=4, days=5)


@pytest.mark.full
def test_four_workers_score_eight_members_as_one_service_would(
    new_home: Callable[..., Path], kafka: Broker, postgresql: str
) -> None:
    spread(new_home(), kafka, postgresql, workers=4, members=8, days=12)


def spread(
    home: Path, kafka: Broker, database_url: str, *, workers: int, members: int, days: int
) -> None:
    names = [f"bank-{number}" for number in range(members)]
    for name in names:
        make_key(home, name, database_url=database_url)
    worlds = {name: history(days, seed) for seed, name in enumerate(names)}
    sent = [
        record(stream, fields, name, partition=number * 8 // members)
        for number, (name, world) in enumerate(worlds.items())
        for stream, fields, _ in world
    ]
    # Each member's order is kept; members are mixed.
    sent.sort(key=lambda one: orjson.loads(one["value"])["time"])
    half = len(sent) // 2
    settings = {"database_url": database_url, "owner_patience": 2}
    with ExitStack() as stack:
        running = [stack.enter_context(worker(home, kafka, **settings)) for _ in range(workers)]
        for one, _ in running:
            wait_for(one.client, ready=True)
        kafka.send(EVENTS, sent[:half])
        owned = "SELECT count(DISTINCT instance), count(*) FROM owners"
        wait_until(lambda: stored(database_url, owned) == [(workers, members)])
        kafka.send(EVENTS, sent[half:])
        wait_until(lambda: stored(database_url, "SELECT count(*) FROM events")[0][0] > half)
        running[0][1].kill()
        told = kafka.records(
            RESULTS, lambda found: len(set(map(event_of, found))) >= len(sent), 120
        )
        assert len(assessments(told)) == len(sent)
        count = "SELECT count(*), count(DISTINCT (member, stream, event_id)) FROM events"
        assert stored(database_url, count) == [(len(sent), len(sent))]
        assert stored(database_url, "SELECT count(*) FROM assessments") == [(len(sent),)]

    alone = home.parent / "alone"
    shutil.copytree(home / "models", alone / "models")
    with running_alone(alone, console=False) as service:
        for name, world in worlds.items():
            client = service.client_of(make_key(alone, name))
            for stream, run in groupby(world, key=lambda one: one[0]):
                events = [fields for _, fields, _ in run]
                answer = client.post(PATHS[stream] + "-batch", json={"events": events})
                assert answer.status_code == 200
    query = (
        "SELECT member, stream, event_id, features, margin, probability, advice, because, reasons, "
        "novelty, unusual, contributions, case_id, pool_entries FROM assessments "
        "ORDER BY member, stream, event_id"
    )
    one, many = stored(alone, query), stored(database_url, query)
    assert len(one) == len(many) == len(sent)
    for left, right in zip(one, many, strict=True):
        assert left == right


def event_of(record: Any) -> tuple[bytes, bytes]:
    headers = dict(record.headers)
    return headers["ce_source"], headers["ce_id"]
