"""`crossflag bench scale` measures real processes on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.scale import MEMBERS, run


@pytest.mark.full
def test_members_are_spread_and_every_answer_is_checked(new_home: Callable[..., Path]) -> None:
    measured = run(new_home(), [1, 2], 200)
    assert measured["members"] == MEMBERS
    one, two = measured["turns"]
    assert (one["processes"], two["processes"]) == (1, 2)
    assert one["ratio"] == 1
    assert two["events_per_second"] > 0
    assert 0.01 < one["processor_ms"] < 100
