from __future__ import annotations

import pytest

from features.reference import Reference


@pytest.fixture(scope="session")
def reference() -> Reference:
    return Reference()
