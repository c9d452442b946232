"""Weights count rows, areas are scikit-learn's, and intervals come from redrawn subjects."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from training import metrics
from training.metrics import Outcomes, Resampling
from training.metrics.areas import Ranked

pytestmark = pytest.mark.usefixtures("compiled")
ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 5), st.booleans(), st.integers(1, 3)),
    min_size=2,
    max_size=50,
)


def a_slice(seed: int, count: int = 2000, subjects: int = 200) -> tuple[Outcomes, metrics.Floats]:
    chance = np.random.default_rng(seed)
    target = chance.random(count) < 0.05
    score = chance.normal(size=count) + 2 * target
    subject = chance.integers(0, subjects, count)
    return Outcomes(target, subject, np.sort(chance.integers(0, 10, count))), score


@given(ROWS)
def test_a_weight_counts_a_row_so_often(rows: list[tuple[int, int, bool, int]]) -> None:
    day, subject, target, times = (np.array(column) for column in zip(*rows, strict=True))
    # Each row its own subject: a repeated row is then a repeated subject.
    subject = np.arange(len(rows))
    score = np.random.default_rng(len(rows)).random(len(rows))
    weighted = Outcomes(target, subject, day, times.astype(np.float64))
    again = np.repeat(np.arange(len(rows)), times)
    repeated = Outcomes(target[again], np.arange(len(again)), day[again])
    if target.all() or not target.any():
        return
    for capacity in (1, 3, 10):
        ours = metrics.at_capacity(weighted, score, capacity)
        assert ours == pytest.approx(metrics.at_capacity(repeated, score[again], capacity))
    ours = metrics.ranking(weighted, score, "payment", 2)
    theirs = metrics.ranking(repeated, score[again], "payment", 2)
    for key in ("average_precision", "roc_auc", "precision_at_capacity", "recall_at_capacity"):
        assert ours[key] == pytest.approx(theirs[key])
    assert metrics.brier(target, score, weighted.weight) == pytest.approx(
        metrics.brier(target[again], score[again])
    )


@given(ROWS)
def test_areas_are_those_of_scikit_learn_ties_and_weights_included(
    rows: list[tuple[int, int, bool, int]],
) -> None:
    group, score, target, weight = (np.array(column) for column in zip(*rows, strict=True))
    score, weight = score.astype(np.float64), weight.astype(np.float64)
    found = Ranked.of(target, score, group, 3).areas(weight)
    for one in range(3):
        own = group == one
        if not target[own].any():
            assert np.isnan(found[one]).all()
            continue
        wanted = average_precision_score(target[own], score[own], sample_weight=weight[own])
        assert found[one, 0] == pytest.approx(wanted)
        if target[own].all():
            assert np.isnan(found[one, 1])
        else:
            wanted = roc_auc_score(target[own], score[own], sample_weight=weight[own])
            assert found[one, 1] == pytest.approx(wanted)


def test_a_draw_repeats_whole_subjects_and_the_seed_repeats_the_draws() -> None:
    held_back, _ = a_slice(1, count=300, subjects=20)
    first, again = (list(Resampling(held_back, 7, 5).weights()) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert (one == other).all()
        for subject in range(20):
            assert len(set(one[held_back.subject == subject])) <= 1
    assert (first[0] != next(iter(Resampling(held_back, 8, 5).weights()))).any()


def test_given_weights_are_multiplied_by_the_draw() -> None:
    held_back, _ = a_slice(1, count=300, subjects=20)
    weighted = Outcomes(held_back.target, held_back.subject, held_back.day, np.full(300, 2.5))
    plain = next(iter(Resampling(held_back, 7, 1).weights()))
    assert next(iter(Resampling(weighted, 7, 1).weights())) == pytest.approx(plain * 2.5)
    part = weighted.take(np.arange(10))
    assert part.weight is not None and len(part.weight) == 10


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """The figure of very many subjects is the truth; small slices' intervals must hold it."""
    whole, score = a_slice(0, count=400_000, subjects=40_000)
    truth = metrics.average_precision(whole.target, score)
    covered = 0
    for seed in range(1, 61):
        held_back, score = a_slice(seed, count=3000, subjects=300)
        ranked = Ranked.of(held_back.target, score)

        def precision(weight: metrics.Floats, ranked: Ranked = ranked) -> metrics.Floats:
            return ranked.areas(weight)[0]

        drawn = Resampling(held_back, seed).over(precision)[:, 0]
        found = metrics.interval(metrics.average_precision(held_back.target, score), drawn)
        assert found.low is not None and found.high is not None
        covered += found.low <= truth <= found.high
    assert covered >= 51


def test_an_interval_without_meaning_says_so() -> None:
    assert metrics.interval(float("nan"), np.array([0.1, 0.2])) == metrics.Interval(None)
    assert metrics.interval(0.5, np.array([np.nan, np.nan, 0.5])) == metrics.Interval(0.5)
    assert str(metrics.Interval(None)) == "not known"
    assert str(metrics.Interval(0.5, 0.4, 0.6)) == "0.500 (0.400 to 0.600)"


def test_a_paired_difference_is_narrower_than_its_parts() -> None:
    held_back, score = a_slice(3, count=4000)
    better = score + 0.5 * held_back.target
    found = metrics.paired_difference(held_back, better, score)
    assert found.challenger > found.champion
    assert found.difference.value == pytest.approx(found.challenger - found.champion, abs=1e-6)
    assert found.share_worse == 0
    assert found.difference.low is not None and found.difference.low > 0
    turned = metrics.paired_difference(held_back, score, better)
    assert turned.share_worse == 1
    assert turned.difference.high == pytest.approx(-found.difference.low)
    same = metrics.paired_difference(held_back, score, score)
    assert same.difference == metrics.Interval(0.0, 0.0, 0.0)


def test_a_paired_difference_without_a_fraud_claims_nothing() -> None:
    held_back, score = a_slice(3, count=50)
    none = Outcomes(np.zeros(50, dtype=bool), held_back.subject, held_back.day)
    found = metrics.paired_difference(none, score, score)
    assert found.difference == metrics.Interval(None)
    assert np.isnan(found.share_worse)
