"""The contenders: each in a process of its own on core 0, asked until it is ready."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from features.errors import CrossflagError

ROOT = Path(__file__).parents[2]
_PATIENCE = 180.0
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Server:
    """A process that listens, and how long it took from its start until it answered."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    ready_after: float

    def processor(self) -> float:
        """Return the user and system seconds of the process and of those that it started."""
        return sum(_seconds(one) for one in _family(self.process.pid))

    def memory(self) -> int:
        """Return the resident bytes of the process and of those that it started."""
        return sum(
            int(Path(f"/proc/{one}/statm").read_text().split()[1]) * _PAGE
            for one in _family(self.process.pid)
        )


def pin(core: int) -> None:
    """Let this process run on one core, where there are several."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[core % len(cores)]})


@contextmanager
def running(
    name: str,
    command: Sequence[str | Path],
    port: int,
    ready: str = "/readyz",
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Run a server until the block ends.

    Raises CrossflagError with the end of its log when it stops or does not become ready.
    """
    told = {key: value for key, value in os.environ.items() if not key.startswith("CROSSFLAG_")}
    # MLflow looks for the programs of its server on the path.
    told["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{told.get('PATH', '')}"
    told |= {"PYTHONPATH": str(ROOT)} | dict(environment or {})
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            [*map(str, command)],
            cwd=ROOT,
            env=told,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=lambda: pin(0),
        )
        try:
            while not _is_ready(port, ready):
                if process.poll() is not None or time.perf_counter() - started > _PATIENCE:
                    log.seek(0)
                    said = log.read().decode(errors="replace")[-2000:]
                    raise CrossflagError(f"{name} did not become ready; its log ends: {said}")
                time.sleep(0.02)
            yield Server(name, port, process, time.perf_counter() - started)
        finally:
            for one in reversed(_family(process.pid)):
                _ask_to_end(one)
            process.wait(timeout=60)


def crossflag(home: Path, port: int) -> list[str]:
    """Return the command that serves the API alone."""
    program = "from serving.cli import app; app()"
    options = ["serve", "--port", str(port), "--home", str(home), "--no-console"]
    return [sys.executable, "-c", program, *options]


def echo(port: int) -> list[str]:
    """Return the command of the bare echo."""
    return [sys.executable, "-m", "bench.scoring.echo", str(port)]


def mlflow(model: Path, port: int) -> list[str]:
    """Return the command of MLflow's own server of a model in a folder."""
    program = Path(sys.executable).with_name("mlflow")
    options = ["-m", str(model), "-p", str(port), "--env-manager", "local"]
    return [str(program), "models", "serve", *options]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_ready(port: int, path: str) -> bool:
    # Nothing heavier: the asking would take the processor from the starting.
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _family(first: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [first]
    for one in found:
        try:
            for thread in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
        except OSError:
            continue
    return found


def _seconds(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _ask_to_end(process: int) -> None:
    try:
        os.kill(process, 15)
    except ProcessLookupError:
        return
