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


@contextmanager
def private_server(programs: Path, durable: bool = False) -> Iterator[str]:
    """Run a server from the folder of its programs; yield the folder of its socket.

    Unless it is `durable` it waits for no disk.
    """
    folder = Path(tempfile.mkdtemp(prefix="crossflag-pg-"))
    rights: dict[str, Any] = {"cwd": folder}
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root; its package brings this user.
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        rights |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    data = folder / "data"
    making: list[str | Path] = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    making += ["--no-locale", "--no-sync"]
    try:
        subprocess.run(
            [programs / "initdb", *making], check=True, stdout=subprocess.DEVNULL, **rights
        )
        chosen = _OPTIONS if durable else _OPTIONS + _CARELESS
        options = [part for option in chosen for part in ("-c", option)]
        with (folder / "server.log").open("w") as said:
            server = subprocess.Popen(
                [programs / "postgres", "-D", data, "-k", folder, *options], stderr=said, **rights
            )
        try:
            _wait(folder, server)
            yield str(folder)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)
    finally:
        shutil.rmtree(folder)


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
