"""A PostgreSQL server of the tests' own, in a temporary folder, on a socket there."""

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

# Nothing of it outlives the tests, so it need not wait for the disk.
_OPTIONS = ("listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=60")


@contextmanager
def private_server(programs: Path) -> Iterator[str]:
    """Run a server from the folder of its programs; yield the folder of its socket."""
    folder = Path(tempfile.mkdtemp(prefix="crossflag-pg-"))
    rights: dict[str, Any] = {"cwd": folder}
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root; its package brings this user.
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        rights |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    data = folder / "data"
    making = ["initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    making += ["--no-locale", "--no-sync"]
    try:
        subprocess.run(
            [programs / making[0], *making[1:]], check=True, stdout=subprocess.DEVNULL, **rights
        )
        options = [part for option in _OPTIONS for part in ("-c", option)]
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
