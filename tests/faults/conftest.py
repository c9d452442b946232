from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.nursery import Nursery, nursery_of
from tests.serving.conftest import new_home, trained

__all__ = ["new_home", "nursery", "trained"]


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Starts services that are processes of their own."""
    with nursery_of() as one:
        yield one
