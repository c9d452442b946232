"""A PostgreSQL server of one's own, for bench and tests: a temporary folder, a socket there."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

_OPTIONS = ("listen_addresses=", "max_connections=60")
# Nothing of it outlives the tests, so it need not wait for the disk.
_CARELESS = ("fsync=off", "full_page_writes=off")
_PROGRAMS = "usr/lib/postgresql/*/bin/initdb"


def programs() -> Path | None:
    """Return the folder of PostgreSQL's server programs; Debian keeps them off the path."""
    path = shutil.which("initdb")
    found = [Path(path)] if path else sorted(Path("/").glob(_PROGRAMS))
    return found[-1].parent if found else None


class PrivateServer:
    """A server that can be stopped, started again, frozen and thawed; `folder` has its socket."""

    def __init__(self, programs: Path, durable: bool) -> None:
        self._settings = _OPTIONS if durable else _OPTIONS + _CARELESS
        self.folder = Path(tempfile.mkdtemp(prefix="crossflag-pg-"))
        self._programs = programs
        self._rights: dict[str, Any] = {"cwd": self.folder}
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root; its package brings this user.
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._rights |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._data = self.folder / "data"
        making = [programs / "initdb", "-D", self._data, "-U", "postgres", "-A", "trust"]
        making += ["-E", "UTF8", "--no-locale", "--no-sync"]
        subprocess.run(making, check=True, stdout=subprocess.DEVNULL, **self._rights)

    def start(self) -> None:
        """Start the server, and wait until it takes connections."""
        options = [part for option in self._settings for part in ("-c", option)]
        with (self.folder / "server.log").open("a") as said:
            self._server = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, "-k", self.folder, *options],
                stderr=said,
                **self._rights,
            )
        _wait(self.folder, self._server)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT ends every connection, SIGQUIT is a crash that the log must repair."""
        self._server.send_signal(how)
        self._server.wait(30)

    def freeze(self) -> None:
        """Stop every process of it where it stands; whoever asks gets no answer."""
        for number in (self._server.pid, *self._children()):
            os.kill(number, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let every process go on."""
        for number in (self._server.pid, *self._children()):
            os.kill(number, signal.SIGCONT)

    def _children(self) -> list[int]:
        found = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children").read_text()
        return [int(number) for number in found.split()]


@contextmanager
def private_server(programs: Path, durable: bool = False) -> Iterator[str]:
    """Run a server from the folder of its programs; yield the folder of its socket.

    Unless it is `durable` it waits for no disk.
    """
    with restartable_server(programs, durable) as server:
        yield str(server.folder)


@contextmanager
def restartable_server(programs: Path, durable: bool = False) -> Iterator[PrivateServer]:
    """Run a server from the folder of its programs, for tests that do harm to it."""
    server = PrivateServer(programs, durable)
    try:
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(server.folder)


@contextmanager
def database(programs: Path) -> Iterator[str]:
    """Run a durable server; yield the URL of an empty database on it."""
    with private_server(programs, durable=True) as folder:
        with psycopg.connect(host=folder, user="postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE crossflag")
        yield f"postgresql://postgres@/crossflag?host={folder}"


def _wait(folder: Path, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return
