"""Histories come back from a snapshot bit for bit, or are refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from event_worlds import random_world

from features import snapshots
from features.engine import Engine
from features.errors import UnusableSnapshot
from features.events import AccessEvent, Payment
from features.reference import Reference

REFERENCE = Reference()


def events(seed: int, size: int = 300) -> list[Payment | AccessEvent]:
    arrivals = random_world(seed, size).arrivals
    return [event for _, event in arrivals if isinstance(event, Payment | AccessEvent)]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    engine = Engine(REFERENCE)
    for event in events(1):
        engine.record(event)
    path = tmp_path / "pool.rings"
    engine.snapshot(path, {"sequence": 300})
    return path


@pytest.mark.parametrize("seed", range(5))
def test_a_snapshot_and_the_tail_give_the_same_bits_as_going_on(seed: int, tmp_path: Path) -> None:
    past, tail = events(seed)[:200], events(seed)[200:]
    steady, restored = Engine(REFERENCE), Engine(REFERENCE)
    for event in past:
        steady.record(event)
    steady.snapshot(tmp_path / "pool.rings", {"sequence": len(past)})
    assert restored.restore(tmp_path / "pool.rings") == {"sequence": len(past)}
    for event in tail:
        assert steady.step(event).features.tobytes() == restored.step(event).features.tobytes()


def test_a_damaged_one_is_refused_and_changes_nothing(saved: Path) -> None:
    content = bytearray(saved.read_bytes())
    content[len(content) // 2] ^= 1
    saved.write_bytes(bytes(content))
    engine = Engine(REFERENCE)
    before = engine.state
    with pytest.raises(UnusableSnapshot, match="checksum does not fit"):
        engine.restore(saved)
    assert engine.state is before


def test_one_that_was_cut_short_is_refused(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:20])
    with pytest.raises(UnusableSnapshot, match="cut short"):
        Engine(REFERENCE).restore(saved)


def test_a_missing_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableSnapshot, match="cannot be read"):
        Engine(REFERENCE).restore(tmp_path / "none.rings")


def test_another_layout_is_refused(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "LAYOUT_VERSION", snapshots.LAYOUT_VERSION + 1)
    snapshots._digest.cache_clear()
    with pytest.raises(UnusableSnapshot, match="another layout"):
        Engine(REFERENCE).restore(saved)
    snapshots._digest.cache_clear()


def test_other_reference_data_are_refused(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Reference()
    other.version = "another"
    with pytest.raises(UnusableSnapshot, match="reference data"):
        Engine(other).restore(saved)
