"""A start reads a snapshot and the log's tail, and later scores are those of the whole log."""

from __future__ import annotations

import logging
import re
import shutil
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.serving.harness import Running, assert_log_is_one_story, process, running
from tests.serving.test_durability import script, send
from tests.serving.worlds import START, payment

READ = re.compile(r"history of 1 members in memory: (\d) from snapshots, and (\d+) entries")


@pytest.fixture
def read(caplog: pytest.LogCaptureFixture) -> Callable[[], tuple[int, int]]:
    """Give how many snapshots the last start used, and how many entries of the log it read."""
    caplog.set_level(logging.INFO)

    def last() -> tuple[int, int]:
        told = [READ.search(record.getMessage()) for record in caplog.records]
        found = [match for match in told if match]
        return int(found[-1][1]), int(found[-1][2])

    return last


def snapshots(home: Path) -> list[Path]:
    """The home's snapshots, the oldest first."""
    return sorted((home / "snapshots").glob("*/*"), key=lambda path: int(path.name))


def play(service: Running, sent: list[Any]) -> None:
    for one in sent:
        send(service.client, one)


def test_a_killed_service_starts_from_a_snapshot_and_changes_no_later_score(
    new_home: Callable[..., Path], read: Callable[[], tuple[int, int]]
) -> None:
    home, sent = new_home(), script()
    with process(home, snapshot_events=40) as (service, child):
        play(service, sent[:130])
        child.send_signal(signal.SIGKILL)
        child.wait()
    kept = [int(path.name) for path in snapshots(home)]
    assert len(kept) == 2
    with running(home, console=False) as service:
        assert read() == (1, 130 - kept[-1])
        play(service, sent[130:])
    assert_log_is_one_story(service)


def test_a_stopped_service_starts_without_reading_the_log(
    new_home: Callable[..., Path], read: Callable[[], tuple[int, int]]
) -> None:
    home = new_home()
    with running(home, console=False) as service:
        play(service, script()[:20])
    with running(home, console=False) as service:
        assert read() == (1, 0)
        service.score("payment", payment(1, 1, START))
    assert_log_is_one_story(service)


def test_what_was_said_before_a_snapshot_counts_after_it(
    new_home: Callable[..., Path], read: Callable[[], tuple[int, int]]
) -> None:
    home = new_home()

    def label(service: Running, name: str, is_fraud: bool, **more: str) -> None:
        fields = {"label_id": name, "stream": "payment", "event_id": "p1", "is_fraud": is_fraud}
        fields |= {"known_at": START.isoformat(), "source": "import", **more}
        send(service.client, ("label", fields))

    def returned(service: Running, name: str) -> None:
        fields = {"event_id": name, "time": START.isoformat(), "payment_event_id": "p2"}
        answer = service.client.post(
            "/v1/payment-statuses", json={"statuses": [{**fields, "status": "returned"}]}
        )
        assert answer.json()["items"][0]["status"] < 400, answer.text

    with running(home, console=False) as service:
        for number in (1, 2):
            service.score("payment", payment(number, 1, START))
        label(service, "l1", True)
        returned(service, "s1")
        service.score("payment", payment(3, 1, START))
    with running(home, console=False) as service:
        label(service, "l2", False, supersedes="l1")
        returned(service, "s2")
        service.score("payment", payment(4, 1, START))
    # So that the next start reads the second label and the second return from the log.
    shutil.rmtree(snapshots(home)[-1])
    with running(home, console=False) as service:
        assert read() == (1, 3)
        service.score("payment", payment(5, 1, START))
    assert_log_is_one_story(service)


def damaged(home: Path) -> None:
    """One bit of the newest snapshot is another."""
    (path,) = snapshots(home)[-1].iterdir()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_short(home: Path) -> None:
    (path,) = snapshots(home)[-1].iterdir()
    path.write_bytes(path.read_bytes()[:-100])


def empty(home: Path) -> None:
    (path,) = snapshots(home)[-1].iterdir()
    path.unlink()


def of_another_log(home: Path) -> None:
    """The store was put back from an earlier copy, and went on differently."""
    connection = sqlite3.connect(home / "crossflag.db")
    connection.execute(
        "UPDATE events SET body_hash = zeroblob(32) "
        "WHERE sequence = (SELECT max(sequence) FROM events)"
    )
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (damaged, "its checksum does not fit"),
        (cut_short, "its checksum does not fit"),
        (empty, "a part of it is missing"),
        (of_another_log, "the log does not hold the entry that it ends with"),
    ],
)
def test_a_snapshot_that_does_not_fit_is_named_and_the_log_is_read(
    new_home: Callable[..., Path],
    read: Callable[[], tuple[int, int]],
    caplog: pytest.LogCaptureFixture,
    harm: Callable[[Path], None],
    said: str,
) -> None:
    home = new_home()
    with running(home, console=False) as service:
        play(service, script()[:20])
    harm(home)
    with running(home, console=False) as service:
        assert said in caplog.text
        assert read() == (0, 20)
        service.score("payment", payment(1, 1, START))
    assert_log_is_one_story(service)


def test_snapshots_are_for_the_service_alone(new_home: Callable[..., Path]) -> None:
    home = new_home()
    with running(home, console=False) as service:
        service.score("payment", payment(1, 1, START))
    assert (home / "snapshots").stat().st_mode & 0o077 == 0
    assert [path.name for path in snapshots(home)] == ["1"]
