"""Spark itself: what must be there, and the same bytes from two cores and from a real cluster."""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from event_worlds import World, random_world

from features import batch, days, folder
from features.catalog import PROGRAM
from features.errors import NoCluster
from features.reference import Reference
from features.spark import job, session

REFERENCE = Reference()
PATIENCE = 90


def build_both(world: World, room: Path, master: str) -> tuple[Path, Path]:
    """Build the same world on this machine and with Spark."""
    payments, access, labels = world.tables
    origin = folder.Origin.of(PROGRAM, REFERENCE.version, {}, 0, 2**62)
    built = batch.build(payments, access, labels, REFERENCE)
    tables = [payments, access]
    description = folder.describing(
        origin, tables, {t.stream: built.absent[t.stream] for t in tables}
    )
    with folder.writing(room / "local", description) as fresh:
        for table in tables:
            days.write_days(
                fresh,
                origin.schema(table.stream),
                table,
                built.features[table.stream],
                lambda done, total: None,
            )
    job.build_folder(
        payments, access, labels, None, REFERENCE, origin, room / "spark", master, quiet
    )
    return room / "local", room / "spark"


@contextmanager
def quiet(name: str) -> Iterator[object]:
    yield lambda done, total: None


def assert_same_bytes(first: Path, second: Path) -> None:
    files = {str(path.relative_to(first)) for path in first.rglob("*") if path.is_file()}
    assert files == {str(path.relative_to(second)) for path in second.rglob("*") if path.is_file()}
    assert len(files) > 10
    _, differing, missing = filecmp.cmpfiles(first, second, sorted(files), shallow=False)
    assert (differing, missing) == ([], [])


@pytest.mark.full
@pytest.mark.spark
def test_two_cores_write_the_same_bytes(tmp_path: Path) -> None:
    assert_same_bytes(*build_both(random_world(5, size=300), tmp_path, "local[2]"))


def daemon(log: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start one of Spark's own daemons, all its output in a file."""
    import pyspark

    home = Path(pyspark.__file__).parent
    logging = log.with_suffix(".properties")
    logging.write_text(session._LOGGING.replace("level = error", "level = info"))
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "512m",
        "SPARK_DAEMON_JAVA_OPTS": f"-Dlog4j2.configurationFile={logging.as_uri()}",
    }
    with log.open("wb") as file:
        return subprocess.Popen(
            [str(home / "bin" / "spark-class"), *arguments],
            stdout=file,
            stderr=file,
            env=environment,
            cwd=log.parent,
            start_new_session=True,
        )


def said(log: Path, pattern: str) -> re.Match[str]:
    """Wait until a daemon has said something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = re.search(pattern, log.read_text(errors="replace"))
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"{log.name} never said {pattern}: {log.read_text()[-2000:]}")


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A standalone master and two workers of one core each: its address and the workers' room."""
    room = tmp_path_factory.mktemp("cluster")
    deploy = "org.apache.spark.deploy"
    running = []
    try:
        here = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        running.append(daemon(room / "master.log", f"{deploy}.master.Master", *here))
        address = said(room / "master.log", r"Starting Spark master at (spark://\S+)")[1]
        for number in range(2):
            size = ("--cores", "1", "--memory", "1g", "--work-dir", str(room / f"work{number}"))
            log = room / f"worker{number}.log"
            running.append(daemon(log, f"{deploy}.worker.Worker", *here, *size, address))
            said(log, "Successfully registered with master")
        yield address, room
    finally:
        for process in running:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.full
@pytest.mark.spark
@pytest.mark.timeout(900)
def test_a_master_and_two_workers_write_the_same_bytes(
    cluster: tuple[str, Path], tmp_path: Path
) -> None:
    address, room = cluster
    assert_same_bytes(*build_both(random_world(6, size=600), tmp_path, address))
    # Each worker ran an executor, with our code as it was sent to it.
    for number in range(2):
        sent = list((room / f"work{number}").glob("app-*/*/crossflag/features/kernel.py"))
        assert len(sent) == 1
        caches = list(sent[0].parent.glob("__pycache__/kernel*"))
        assert caches, "the kernel that ran is not the one that was sent"


@pytest.mark.full
@pytest.mark.spark
def test_a_master_that_is_not_there_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        master = f"spark://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(NoCluster, match=r"nothing answers there .* start the master"):
            session.check(master)


@pytest.mark.parametrize("master", ["yarn", "local[0]", "spark://host", "local[two]"])
def test_an_unknown_master_is_refused(master: str) -> None:
    with pytest.raises(NoCluster, match=r"use local\[2\], local\[\*\] or spark://HOST:PORT"):
        session.check(master)


def test_missing_pyspark_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(NoCluster, match=r"pyspark is not installed; .* crossflag\[spark\]"):
        session.check()


def pretend_java(folder: Path, version: str) -> None:
    program = folder / "java"
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    program.chmod(0o755)


def test_missing_or_old_java_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoCluster, match="no Java on the path; Spark needs Java 17 or newer"):
        session.check()
    for version, told in (("1.8.0_392", "Java 8"), ("11.0.2", "Java 11")):
        pretend_java(tmp_path, version)
        with pytest.raises(NoCluster, match=f"{told} on the path; Spark needs Java 17"):
            session.check()
    pretend_java(tmp_path, "21.0.1")
    session.check()


def test_the_code_that_is_sent_is_the_whole_package(tmp_path: Path) -> None:
    archive = tmp_path / "crossflag.tar.gz"
    session.pack_code(archive)
    shutil.unpack_archive(archive, tmp_path / "there", filter="data")
    told = subprocess.run(
        [sys.executable, "-c", "import features.spark.job; print(features.__file__)"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "there"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == str(tmp_path / "there" / "features" / "__init__.py")
