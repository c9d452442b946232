from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.serving.harness import Running, make_key, running
from tests.serving.worlds import train


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a tiny real champion for both streams, and no store."""
    home = tmp_path_factory.mktemp("trained")
    train(home)
    return home


@pytest.fixture
def new_home(trained: Path, tmp_path: Path) -> Callable[..., Path]:
    """Give a home of its own with the tiny champions."""

    def make(name: str = "home") -> Path:
        shutil.copytree(trained / "models", tmp_path / name / "models")
        return tmp_path / name

    return make


@pytest.fixture(scope="session")
def shared(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One running service for all tests that need no more than a member of their own."""
    home = tmp_path_factory.mktemp("shared")
    shutil.copytree(trained / "models", home / "models")
    with running(home, console=False) as one:
        yield one


@pytest.fixture
def new_member(shared: Running) -> Iterator[Callable[[], Running]]:
    """Give the running service as a new member sees it: no history, no cases."""
    made: list[Running] = []

    def make() -> Running:
        member = f"member-{uuid4().hex[:8]}"
        client = shared.client_of(make_key(shared.home, member=member))
        made.append(Running(shared.url, shared.home, client, member, shared.service))
        return made[-1]

    yield make
    for one in made:
        one.client.close()
        one.close()


@pytest.fixture
def service(new_member: Callable[[], Running]) -> Running:
    """The running service as a new member sees it."""
    return new_member()
