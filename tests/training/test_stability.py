"""Stability of reasons: agreement is counted right, and other seeds of one rule agree."""

from __future__ import annotations

import numpy as np
import pytest

from models.groups import Grouping
from training import fit, stability
from training.recipe import Boosting, Recipe


def test_agreement_counts_first_groups_shared_ones_and_ranks() -> None:
    one = np.array([[4.0, 3.0, 2.0, 1.0], [1.0, 0.0, -1.0, -2.0]])
    other = np.array([[4.0, 3.0, 2.0, 1.0], [-2.0, -1.0, 0.0, 1.0]])
    found = stability.agreement([one, other], rows=7)
    assert (found.seeds, found.events, found.rows) == (2, 2, 7)
    assert found.same_first == 0.5
    assert found.shared_of_three == pytest.approx((1 + 2 / 3) / 2)
    assert found.rank_correlation == pytest.approx((1 - 1) / 2)
    nothing = np.zeros((3, 4))
    assert stability.agreement([nothing, nothing], 1).rank_correlation == 1


def test_seeds_agree_on_what_the_data_says_and_not_on_noise() -> None:
    chance = np.random.default_rng(4)
    features = chance.normal(size=(3000, 6))
    clear = features[:, 0] + 0.6 * features[:, 1] > 1.2
    noise = chance.random(3000) < 0.1
    names = [f"f{place}" for place in range(6)]
    grouping = Grouping(tuple(names), tuple(range(6)))
    recipe = Recipe(boosting=Boosting(max_depth=3, learning_rate=0.2))
    steps: list[tuple[int, int]] = []

    def measured(target: np.ndarray) -> stability.Stability:
        shown = features[np.flatnonzero(clear)[:80]]
        train = fit.Rows(features, target)
        return stability.measure(
            recipe, names, grouping, train, shown, 30, lambda *step: steps.append(step)
        )

    sure, unsure = measured(clear), measured(noise)
    assert sure == measured(clear)
    assert steps[:3] == [(1, 3), (2, 3), (3, 3)]
    assert sure.same_first > 0.85 > unsure.same_first
    assert sure.rank_correlation > unsure.rank_correlation
    assert (sure.seeds, sure.events, sure.rows) == (3, 80, 3000)


def test_many_honest_rows_are_thinned_and_no_crime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stability, "ROWS", 100)
    target = np.arange(1000) % 50 == 0
    rows = fit.Rows(np.arange(1000.0)[:, None], target)
    sample = stability._sample(rows, 1)
    assert len(sample.target) == 100 and sample.target.sum() == 20
    assert np.all(np.diff(sample.features[:, 0]) > 0)
