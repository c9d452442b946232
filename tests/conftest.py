"""What every room's tests share: what this machine lacks, and what to do about it.

A test that needs something the machine lacks is skipped with the reason. With
CROSSFLAG_TEST_REQUIRE=all, as continuous integration sets it, the gap is a failure instead.
CROSSFLAG_TEST_DATA names a folder of public data sets that are too large to commit.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn
from uuid import uuid4

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def lacking(what: str) -> NoReturn:
    """Skip the running test, or fail it where nothing may be left out."""
    if os.environ.get("CROSSFLAG_TEST_REQUIRE") == "all":
        pytest.fail(f"{what}; CROSSFLAG_TEST_REQUIRE=all leaves nothing out", pytrace=False)
    pytest.skip(what)


def browser_path() -> str | None:
    """The first Chromium on the path."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and browser_path() is None:
        lacking("no Chromium is installed (Debian: apt-get install chromium)")
    if item.get_closest_marker("spark") and importlib.util.find_spec("pyspark") is None:
        lacking("pyspark is not installed (Crossflag's extra [spark])")
    if item.get_closest_marker("spark") and shutil.which("java") is None:
        lacking("no Java is installed (Debian: apt-get install default-jre-headless)")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the Chromium that drives the console, for Playwright's `executable_path`."""
    path = browser_path()
    if path is None:
        lacking("no Chromium is installed (Debian: apt-get install chromium)")
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Run a PostgreSQL server of this session's own; gives the folder of its socket."""
    from bench.postgresql import private_server, programs

    folder_of_programs = programs()
    if folder_of_programs is None:
        lacking("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    with private_server(folder_of_programs) as folder:
        yield folder


@pytest.fixture
def postgresql(postgresql_server: str) -> str:
    """The URL of an empty PostgreSQL database."""
    import psycopg

    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(host=postgresql_server, user="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    return f"postgresql://postgres@/{name}?host={postgresql_server}"


@pytest.fixture(scope="session")
def public_data() -> Callable[[str], Path]:
    """Give the path of a file under CROSSFLAG_TEST_DATA; the test is left out where it is unset."""

    def find(name: str) -> Path:
        folder = os.environ.get("CROSSFLAG_TEST_DATA")
        if not folder:
            pytest.skip("CROSSFLAG_TEST_DATA names no folder of public data sets")
        path = Path(folder) / name
        if not path.exists():
            lacking(f"{name} is missing from CROSSFLAG_TEST_DATA")
        return path

    return find
