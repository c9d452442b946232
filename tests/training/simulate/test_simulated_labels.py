"""Labels come late, are partly missing and partly wrong, and are corrected by other labels."""

from __future__ import annotations

from datetime import date

import pytest

from features.events import Label, parse
from training.simulate.calendars import DAY
from training.simulate.export import labels_table, truth_table
from training.simulate.labels import Verdict, judge
from training.simulate.world import World, simulate


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(5, 420, date(2026, 3, 3), 70, ["account_takeover", "mule_chain", "structuring"])


@pytest.fixture(scope="module")
def verdicts(world: World) -> list[Verdict]:
    return judge(5, world.transfers, world.accesses, world.span.end + 400 * DAY)


def test_every_label_is_known_after_its_event(world: World, verdicts: list[Verdict]) -> None:
    times = {("payment", item.key): item.time for item in world.transfers}
    times |= {("access", item.key): item.time for item in world.accesses}
    delays = [verdict.known_at - times[verdict.stream, verdict.event_key] for verdict in verdicts]
    assert min(delays) > 0
    frauds = sorted(
        delay for delay, verdict in zip(delays, verdicts, strict=True) if verdict.is_fraud
    )
    median = frauds[len(frauds) // 2]
    assert DAY < median < 20 * DAY
    assert frauds[-1] > 3 * median


def test_some_crime_never_comes_to_light(world: World, verdicts: list[Verdict]) -> None:
    criminal = {item.key for item in (*world.transfers, *world.accesses) if item.mark}
    known = {verdict.event_key for verdict in verdicts}
    missing = len(criminal - known) / len(criminal)
    assert 0.05 < missing < 0.35


def test_some_labels_are_wrong_and_some_are_corrected(
    world: World, verdicts: list[Verdict]
) -> None:
    criminal = {item.key for item in (*world.transfers, *world.accesses) if item.mark}
    first = [verdict for verdict in verdicts if verdict.supersedes is None]
    wrong = [verdict for verdict in first if verdict.is_fraud != (verdict.event_key in criminal)]
    assert 0 < len(wrong) / len(first) < 0.06
    named = {verdict.key: verdict for verdict in verdicts}
    corrections = [verdict for verdict in verdicts if verdict.supersedes]
    assert corrections
    for correction in corrections:
        earlier = named[correction.supersedes or ""]
        assert earlier.is_fraud != correction.is_fraud
        assert earlier.known_at < correction.known_at
        assert correction.is_fraud == (correction.event_key in criminal)


def test_honest_oddities_are_reviewed_and_cleared(verdicts: list[Verdict]) -> None:
    cleared = [verdict for verdict in verdicts if not verdict.is_fraud]
    assert len(cleared) > 20
    assert {verdict.source for verdict in cleared} == {"reviewer"}


def test_what_is_known_later_is_left_out(world: World, verdicts: list[Verdict]) -> None:
    now = world.span.end
    early = judge(5, world.transfers, world.accesses, now)
    assert early == [verdict for verdict in verdicts if verdict.known_at < now]
    assert len(early) < len(verdicts)


def test_exported_labels_name_each_other_and_the_truth_only_the_guilty(
    world: World, verdicts: list[Verdict]
) -> None:
    rows = labels_table(verdicts).to_pylist()
    identifiers = {row["label_id"] for row in rows}
    for row in rows:
        parse(Label, {name: value for name, value in row.items() if value is not None})
        assert row["supersedes"] is None or row["supersedes"] in identifiers
    truth = truth_table(world).to_pylist()
    assert len(truth) == sum(item.mark is not None for item in (*world.transfers, *world.accesses))
    assert all(row["is_fraud"] for row in truth)
