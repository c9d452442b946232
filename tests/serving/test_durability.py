"""What was accepted survives `kill -9` and failed commits; the next score is as if nothing was."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import sqlalchemy as sa

from features.batch import build
from features.events import MODELS, parse
from features.reference import Reference
from features.table import from_events
from serving import restoring
from serving.errors import StoreError
from serving.store.records import moment
from tests.serving.harness import (
    PATHS,
    Running,
    beside,
    feature_rows,
    process,
    running,
    stored,
    wait_for,
)
from tests.serving.worlds import START, history, payment

Sent = tuple[str, dict[str, Any]]


def script() -> list[Sent]:
    """Events of both streams in time's order, and labels that became known between them."""
    sent: list[Sent] = []
    for place, (stream, fields, is_fraud) in enumerate(history(days=5)[-220:]):
        sent.append((stream, fields))
        if is_fraud or place % 9 == 0:
            label = {
                "label_id": f"l{place}",
                "stream": stream,
                "event_id": fields["event_id"],
                "is_fraud": is_fraud,
                "known_at": fields["time"],
                "source": "import",
            }
            sent.append(("label", label))
            if place % 18 == 0:
                flipped = {"label_id": f"m{place}", "is_fraud": not is_fraud}
                sent.append(("label", {**label, **flipped, "supersedes": f"l{place}"}))
    return sent


def send(client: httpx.Client, one: Sent) -> dict[str, Any]:
    stream, fields = one
    if stream == "label":
        answer = client.post("/v1/labels", json={"labels": [fields]})
        document = answer.json()["items"][0] if answer.status_code == 200 else {}
        answer_status = document.get("status", answer.status_code)
    else:
        answer = client.post(PATHS[stream], json=fields)
        document, answer_status = answer.json(), answer.status_code
    assert answer_status == 200, answer.text
    result: dict[str, Any] = document
    return result


@pytest.fixture(scope="module")
def uninterrupted(
    trained: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], bytes]:
    """The feature values of the whole script, played without any mishap."""
    home = tmp_path_factory.mktemp("uninterrupted")
    (home / "models").symlink_to(trained / "models")
    with running(home, console=False) as service:
        for one in script():
            send(service.client, one)
        return feature_rows(service)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> dict[str, str]:
    """The setting that chooses the store, for tests that must hold on both."""
    if request.param == "sqlite":
        return {}
    return {"database_url": request.getfixturevalue("postgresql")}


@pytest.mark.parametrize(
    "kills",
    [
        (110,),
        pytest.param(
            range(10, 210, 10),
            # Twenty starts, on a machine that does other work.
            marks=[pytest.mark.full, pytest.mark.timeout(900)],
        ),
    ],
    ids=["once", "often"],
)
def test_kill_and_restart_lose_nothing_and_change_no_later_score(
    new_home: Callable[..., Path],
    store: dict[str, str],
    uninterrupted: dict[tuple[str, str], bytes],
    kills: Iterable[int],
) -> None:
    home, sent = new_home(), script()
    answered: list[dict[str, Any]] = []
    for kill_after in kills:
        with process(home, **store) as (service, child):
            start = len(answered)
            player = threading.Thread(target=play, args=(service.client, sent[start:], answered))
            player.start()
            while len(answered) < kill_after:
                time.sleep(0.001)
            child.send_signal(signal.SIGKILL)
            player.join()
        assert len(answered) < len(sent)

    with process(home, **store) as (service, _):
        for one, first in zip(sent, answered, strict=False):
            again = send(service.client, one)
            assert again == {**first, "duplicate": True}
        for one in sent[len(answered) :]:
            send(service.client, one)
        assert feature_rows(service) == uninterrupted
    place = store.get("database_url", home)
    assert stored(place, "SELECT count(*) FROM events") == [(len(sent),)]
    if not store:
        assert stored(place, "PRAGMA integrity_check") == [("ok",)]


def play(client: httpx.Client, sent: list[Sent], answered: list[dict[str, Any]]) -> None:
    for one in sent:
        try:
            answered.append(send(client, one))
        except httpx.TransportError:
            return


def test_the_log_in_batch_gives_the_served_features_bit_by_bit(
    new_home: Callable[..., Path], uninterrupted: dict[tuple[str, str], bytes]
) -> None:
    with running(new_home(), console=False) as service:
        for one in script():
            send(service.client, one)
        rows = service.stored("SELECT stream, event_id, received_at, body FROM events")
    tables, names = {}, {}
    for stream in ("payment", "access", "label"):
        own = [row for row in rows if row[0] == stream]
        events: list[Any] = [
            restoring.label(row[3]) if stream == "label" else restoring.event(stream, row[3])
            for row in own
        ]
        tables[stream] = from_events(stream, events, [row[2] for row in own])
        names[stream] = [row[1] for row in own]
    built = build(tables["payment"], tables["access"], tables["label"], Reference())
    offline = {
        (stream, name): np.ascontiguousarray(features).tobytes()
        for stream in ("payment", "access")
        for name, features in zip(names[stream], built.features[stream], strict=True)
    }
    assert offline == uninterrupted


def test_a_failed_commit_is_answered_503_and_leaves_no_trace_in_the_history(
    new_home: Callable[..., Path],
    store: dict[str, str],
    uninterrupted: dict[tuple[str, str], bytes],
) -> None:
    sent = script()
    with running(new_home(), console=False, **store) as service:
        for one in sent[:120]:
            send(service.client, one)
        with failing_store(service):
            for number in range(3):
                fields = payment(9_000 + number, 3, START, amount="9999.00")
                answer = service.client.post("/v1/payments/score", json=fields)
                assert answer.status_code == 503
                assert answer.headers["retry-after"]
                assert not any(name in answer.text.lower() for name in ("sqlite", "psycopg"))
                wait_for(service.client, ready=True)
        for one in sent[120:]:
            send(service.client, one)
        assert feature_rows(service) == uninterrupted
        assert "crossflag_failed_commits_total 3.0" in service.client.get("/metrics").text


def test_a_failed_commit_refuses_everybody_in_its_group_and_nobody_after_it(
    new_home: Callable[..., Path],
) -> None:
    with running(new_home(), console=False) as service:
        service.score("payment", payment(1, 1, START))
        with failing_store(service):
            events = [payment(number, 1, START) for number in (2, 3)]
            refused = service.client.post("/v1/payments/score-batch", json={"events": events})
            assert refused.status_code == 503
            wait_for(service.client, ready=True)
        assert service.stored("SELECT event_id FROM events") == [("p1",)]
        assert service.score("payment", payment(1, 1, START))["duplicate"] is True
        assert service.score("payment", payment(2, 1, START))["duplicate"] is False


def test_a_fault_in_one_event_is_500_for_it_and_void_for_its_group(
    new_home: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with running(new_home(), console=False) as service:
        service.score("payment", payment(1, 1, START))
        before = feature_rows(service)

        def fault(*_: Any) -> Any:
            raise ZeroDivisionError("Customer 1 paid 0000000001")

        with monkeypatch.context() as patch:
            patch.setattr("serving.scoring.decide", fault)
            answer = service.client.post("/v1/payments/score", json=payment(2, 1, START))
            assert answer.status_code == 500
            assert answer.headers["content-type"] == "application/problem+json"
            assert "Customer" not in answer.text + caplog.text
            assert "ZeroDivisionError" in caplog.text
            wait_for(service.client, ready=True)
        assert feature_rows(service) == before
        assert service.score("payment", payment(2, 1, START))["duplicate"] is False


def test_two_services_on_one_home_are_refused(new_home: Callable[..., Path]) -> None:
    home = new_home()
    with (
        running(home, console=False),
        pytest.raises(StoreError, match="another service already runs"),
        running(home, console=False),
    ):
        pass


def test_restoring_an_event_gives_it_back_whole() -> None:
    for stream, fields, _ in history(days=5):
        event = parse(MODELS[stream], fields)
        again = restoring.event(stream, event.canonical())
        assert again.canonical() == event.canonical()
        assert vars(again) == vars(event)


def test_moments_keep_microseconds() -> None:
    assert moment(1).isoformat() == "1970-01-01T00:00:00.000001+00:00"


class failing_store:  # noqa: N801 - reads as a state where it is used
    """Within the block no assessment can be written, as on a full disk."""

    def __init__(self, service: Running) -> None:
        self._place = service.database_url or service.home

    def __enter__(self) -> None:
        if isinstance(self._place, Path):
            self._run(
                "CREATE TRIGGER full_disk BEFORE INSERT ON assessments "
                "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
            )
            return
        self._run(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RAISE disk_full; END$$",
            "CREATE TRIGGER full_disk BEFORE INSERT ON assessments EXECUTE FUNCTION full_disk()",
        )

    def __exit__(self, *_: object) -> None:
        if isinstance(self._place, Path):
            self._run("DROP TRIGGER full_disk")
        else:
            self._run("DROP TRIGGER full_disk ON assessments", "DROP FUNCTION full_disk")

    def _run(self, *statements: str) -> None:
        with beside(self._place) as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
