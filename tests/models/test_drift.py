from __future__ import annotations

import json

import numpy as np
import pytest

from models import drift
from models.bundle import Bundle
from models.drift import ANY, MARGIN, Baseline, Sample, Shift
from models.errors import BadBaseline

NAMES = ["amount", "flag", "gone"]


def sample(seed: int = 1, count: int = 4000, shift: float = 0.0, flags: float = 0.1) -> Sample:
    random = np.random.default_rng(seed)
    rows = random.normal(shift, 1, size=(count, 3)).astype(np.float32)
    rows[:, 1] = random.random(count) < flags
    rows[:, 2] = np.nan
    corridors = random.choice(["BE>RO", "BE>BE", ""], count, p=[0.3, 0.6, 0.1]).tolist()
    reasons = random.choice(["amount", "velocity"], 300).tolist()
    return Sample(rows, corridors, random.normal(shift, 1, count), corridors, reasons)


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return drift.baseline_of(NAMES, sample(), watched=NAMES, within=["amount"])


def by_name(shifts: list[Shift]) -> dict[tuple[str, str], Shift]:
    return {(one.name, one.corridor): one for one in shifts}


def test_the_index_is_that_of_the_formula() -> None:
    then, now = [0.2, 0.3, 0.5], [0.3, 0.3, 0.4]
    expected = 0.1 * np.log(0.3 / 0.2) - 0.1 * np.log(0.4 / 0.5)
    assert drift.psi(then, now, 10**9, 10**9) == pytest.approx(expected, rel=1e-6)
    assert drift.psi(then, then, 500, 500) == 0


def test_an_empty_bin_counts_by_what_it_could_hold() -> None:
    assert 0 < drift.psi([1.0, 0.0], [0.99, 0.01], 100, 100) < 0.1


def test_chance_is_what_chance_does() -> None:
    random, shares = np.random.default_rng(1), np.full(10, 0.1)
    found = [
        drift.psi(*(random.multinomial(1000, shares) / 1000 for _ in range(2)), 1000, 1000)
        for _ in range(2000)
    ]
    assert np.quantile(found, 0.95) == pytest.approx(drift.by_chance(10, 1000, 1000), rel=0.06)


@pytest.mark.parametrize(
    ("index", "events", "word"),
    [
        (0.05, 10_000, "stable"),
        (0.1, 10_000, "moved"),
        (0.25, 10_000, "far"),
        (0.15, 100, "stable"),
        (0.9, 30, "too few"),
    ],
)
def test_an_index_in_a_word(index: float, events: int, word: str) -> None:
    assert drift.in_a_word(index, 10, 100_000, events) == word


def test_ten_bins_of_one_size_as_far_as_ties_let() -> None:
    values = np.arange(1000, dtype=np.float32)
    assert drift.shares_of(values, drift.edges_of(values)) == pytest.approx(
        [*[0.1] * 10, 0], abs=0.002
    )
    rare = np.array([0.0] * 97 + [1.0] * 2 + [np.nan])
    assert drift.edges_of(rare) == (0,)
    assert drift.shares_of(rare, (0,)) == (0.97, 0.02, 0.01)
    assert drift.edges_of(np.full(3, np.nan)) == ()
    assert drift.shares_of(np.full(3, np.nan), ()) == (0, 1)


def test_nothing_changed_and_all_is_stable(baseline: Baseline) -> None:
    shifts = drift.compare(baseline, NAMES, sample(seed=2))
    assert {one.word for one in shifts} == {"stable"}
    assert {(one.of, one.corridor) for one in shifts} >= {("score", "BE>RO"), ("reason", ANY)}


def test_what_changed_is_far_in_all_and_in_each_corridor(baseline: Baseline) -> None:
    shifts = drift.compare(baseline, NAMES, sample(seed=2, shift=1.5, flags=0.6))
    found = by_name(shifts)
    for key in ((MARGIN, ANY), ("amount", ANY), ("amount", "BE>RO"), ("flag", ANY)):
        assert found[key].word == "far"
    assert ("flag", "BE>RO") not in found
    assert found["gone", ANY].word == "stable"
    assert [one.psi for one in shifts] == sorted((one.psi for one in shifts), reverse=True)


def test_a_corridor_that_is_new_moves_the_corridors(baseline: Baseline) -> None:
    now = sample(seed=2)
    elsewhere = ["BE>CY"] * 2000 + list(now.corridors[2000:])
    shifts = drift.compare(
        baseline, NAMES, Sample(now.rows, elsewhere, now.margins, elsewhere, now.reasons)
    )
    assert by_name(shifts)["corridors", ANY].word == "far"
    assert by_name(shifts)["corridors", ANY].bins == ("BE>BE", "BE>RO", "other")


def test_other_reasons_than_then_are_far(baseline: Baseline) -> None:
    now = sample(seed=2)
    shifts = drift.compare(
        baseline,
        NAMES,
        Sample(now.rows, now.corridors, now.margins, now.scored_corridors, ["device"] * 200),
    )
    assert by_name(shifts)["first reason", ANY].word == "far"


def test_features_that_are_not_there_now_are_left_out(baseline: Baseline) -> None:
    now = sample(seed=2)
    narrow = Sample(now.rows[:, :1], now.corridors, now.margins, now.scored_corridors, [])
    found = by_name(drift.compare(baseline, ["amount"], narrow))
    assert ("amount", ANY) in found
    assert ("flag", ANY) not in found


def test_nothing_to_compare_is_no_error(baseline: Baseline) -> None:
    nothing = Sample(np.zeros((0, 3), np.float32), [], np.zeros(0), [], [])
    assert drift.compare(baseline, NAMES, nothing) == []


def test_a_baseline_is_read_back(baseline: Baseline) -> None:
    again = Baseline.from_json(baseline.to_json())
    assert again == baseline
    assert again.to_json() == baseline.to_json()


@pytest.mark.parametrize("name", ["edges", "parts", "reasons"])
def test_what_is_no_baseline_is_refused(baseline: Baseline, name: str) -> None:
    body = json.loads(baseline.to_json())
    del body[name]
    with pytest.raises(BadBaseline, match="cannot be read"):
        Baseline.from_json(json.dumps(body).encode())


def test_shares_that_do_not_fit_the_bins_are_refused(baseline: Baseline) -> None:
    body = json.loads(baseline.to_json())
    body["parts"][ANY]["margin"] = [1.0]
    with pytest.raises(BadBaseline, match="margin has 1 shares"):
        Baseline.from_json(json.dumps(body).encode())


def test_a_bundle_keeps_it(write_bundle, baseline: Baseline, tmp_path) -> None:
    written = write_bundle(tmp_path / "bundle", baseline=baseline)
    assert Bundle.load(written.directory).baseline == baseline
