"""The disk full, and the clock stepped, under load."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import lacking
from tests.faults.checks import assert_kept_once, assert_rings_as_replayed
from tests.faults.load import Load
from tests.faults.nursery import Nursery, nursery_of
from tests.serving.harness import free_port, make_key, stored
from tests.serving.worlds import START, payment

_FAKETIME = "usr/lib/*/faketime/libfaketimeMT.so.1"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 MB in memory, where the service's home is."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "none", str(place)]
    try:
        made = subprocess.run(mount, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("no mount command: a full disk cannot be made")
    if made.returncode:
        pytest.skip(f"a small file system cannot be mounted: {made.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(ballast: Path) -> None:
    """Write until the file system has no room."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65_536))
        except OSError:
            pass
    # The last bytes too, which a large write leaves.
    with ballast.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(512))
        except OSError:
            return


@pytest.mark.full
@pytest.mark.timeout(600)
def test_a_full_disk_refuses_events_and_loses_none(
    nursery: Nursery, new_home: Callable[..., Path], small_disk: Path, tmp_path: Path
) -> None:
    home, port = small_disk / "home", free_port()
    new_home().rename(tmp_path / "made")
    (home).mkdir()
    (home / "models").symlink_to(tmp_path / "made" / "models")
    key = make_key(home)
    service = nursery.start(home, port, snapshot_events=60)
    service.wait_ready()
    headers = {"Authorization": f"Bearer {key}"}
    with Load(service.url, key) as load:
        for number in range(2):
            load.wait_for_more(60)
            fill(small_disk / "ballast")
            end = time.monotonic() + 60
            one = payment(90_000_000 + number, 3, START)
            # What is left of the log's last pages may still take some.
            while True:
                path = f"{service.url}/v1/payments/score"
                answer = httpx.post(path, json=one, headers=headers, timeout=30)
                if answer.status_code != 200:
                    break
                one = payment(int(one["event_id"][1:]) + 100, 3, START)
                assert time.monotonic() < end, "the disk is not full"
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
            assert httpx.get(f"{service.url}/healthz").status_code == 200
            time.sleep(0.5)
            (small_disk / "ballast").unlink()
            service.wait_ready()
        load.wait_for_more(60)
    assert_kept_once(home, load.acknowledged)
    service.signal(signal.SIGTERM)
    assert_rings_as_replayed(home, home, tmp_path)


@pytest.mark.full
@pytest.mark.timeout(600)
def test_a_clock_that_steps_changes_no_order_and_loses_nothing(
    new_home: Callable[..., Path], tmp_path: Path
) -> None:
    library = next(Path("/").glob(_FAKETIME), None)
    if library is None:
        lacking("no libfaketime is installed (Debian: apt-get install libfaketime)")
    home, port, clock = new_home(), free_port(), tmp_path / "clock"
    key = make_key(home)
    clock.write_text("+0")
    faked = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        # As an operating system does: a step moves the wall clock only.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        # A file keeps its time, or every compiled kernel would look changed and be made anew.
        "NO_FAKE_STAT": "1",
    }
    with nursery_of(**faked) as nursery:
        service = nursery.start(home, port, snapshot_events=60)
        service.wait_ready()
        with Load(service.url, key) as load:
            for step in ("+3h", "-2h", "+0", "-1d", "+0"):
                load.wait_for_more(30)
                beside = clock.with_suffix(".new")
                beside.write_text(step)
                beside.replace(clock)
                if step == "-2h":
                    # A start that finds entries from the future in its log.
                    service.signal(signal.SIGKILL)
                    service = nursery.start(home, port, snapshot_events=60)
            load.wait_for_more(30)
        assert service.ready()
        service.signal(signal.SIGTERM)
    assert_kept_once(home, load.acknowledged)
    times = [row[0] for row in stored(home, "SELECT received_at FROM events ORDER BY sequence")]
    assert times == sorted(set(times))
    assert max(times) - min(times) > 3 * 3_600 * 1_000_000
    assert_rings_as_replayed(home, home, tmp_path)
