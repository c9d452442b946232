"""Services that are processes of their own, without each one's seconds of imports.

Run as a program it loads and warms everything once, and forks a service for each line that it
reads: a JSON object of `port`, `home` and `environment`. It answers with the service's number.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.serving.harness import ROOT, free_port


@dataclass
class Server:
    """A service: its address, and the number of its process."""

    url: str
    number: int

    def signal(self, which: signal.Signals) -> None:
        """Send a signal, and wait for the end of the process if it is one that ends it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.number, which)
        if which in (signal.SIGKILL, signal.SIGTERM):
            self.wait()

    def alive(self) -> bool:
        """Tell whether the process is there."""
        try:
            os.kill(self.number, 0)
        except ProcessLookupError:
            return False
        return True

    def wait(self, seconds: float = 120) -> None:
        """Wait until the process has ended."""
        end = time.monotonic() + seconds
        while self.alive():
            assert time.monotonic() < end, "the service did not end"
            time.sleep(0.002)

    def ready(self) -> bool:
        """Tell whether it takes events."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def wait_ready(self, seconds: float = 90) -> None:
        """Wait until it takes events by itself."""
        end = time.monotonic() + seconds
        while not self.ready():
            assert self.alive(), "the service has ended by itself"
            if time.monotonic() > end:
                # Where each of its threads stands, into the captured log.
                os.kill(self.number, signal.SIGUSR1)
                said = httpx.get(f"{self.url}/readyz", timeout=30).text
                raise AssertionError(f"the service did not come back by itself: {said}")
            time.sleep(0.05)


class Nursery:
    """Starts services; every one of them has ended when it is left."""

    def __init__(self, **environment: str) -> None:
        kept = {name: at for name, at in os.environ.items() if not name.startswith("CROSSFLAG_")}
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT,
            env=kept | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._servers: list[Server] = []
        self._read()

    def start(self, home: Path, port: int | None = None, **settings: Any) -> Server:
        """Start a service; its settings are those of `serving.settings`."""
        port = port or free_port()
        environment = {f"CROSSFLAG_{name.upper()}": str(one) for name, one in settings.items()}
        environment.setdefault("CROSSFLAG_RANDOM_REVIEW_SHARE", "0")
        wanted = {"home": str(home), "port": port, "environment": environment}
        assert self._program.stdin is not None
        self._program.stdin.write(json.dumps(wanted) + "\n")
        self._program.stdin.flush()
        self._servers.append(Server(f"http://127.0.0.1:{port}", int(self._read())))
        return self._servers[-1]

    def close(self) -> None:
        """Kill what still runs."""
        for server in self._servers:
            server.signal(signal.SIGCONT)
            server.signal(signal.SIGKILL)
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.close()
        self._program.wait(30)
        self._program.stdout.close()

    def _read(self) -> str:
        assert self._program.stdout is not None
        line = self._program.stdout.readline()
        assert line, "the nursery has ended"
        return line.strip()


@contextlib.contextmanager
def nursery_of(**environment: str) -> Iterator[Nursery]:
    """Run a nursery whose services have these variables too."""
    one = Nursery(**environment)
    try:
        yield one
    finally:
        one.close()


def _main() -> None:
    from features.reference import Reference
    from serving.cli import serve
    from serving.pools import Pools

    Pools(Reference()).warm()
    # Whoever is killed leaves at once, and nobody waits for it.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("warm", flush=True)
    for line in sys.stdin:
        wanted = json.loads(line)
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.environ.update(wanted["environment"])
            faulthandler.register(signal.SIGUSR1)
            try:
                serve(port=wanted["port"], home=Path(wanted["home"]), console=False)
            finally:
                sys.stderr.flush()
                os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    _main()
