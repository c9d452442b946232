from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest
import xgboost
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.attribution import Attribution
from models.forest import Forest


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 1000), depth=st.integers(1, 9), rounds=st.integers(1, 30))
def test_contributions_are_xgboosts_and_add_up_to_the_margin(train, seed, depth, rounds):
    trained = train(seed=seed, count=300, rounds=rounds, max_depth=depth, min_child_weight=0)
    attribution = Attribution.of(Forest.from_json(trained.json))
    ours = attribution.contributions(trained.rows)
    theirs = trained.booster.predict(xgboost.DMatrix(trained.rows), pred_contribs=True)
    np.testing.assert_allclose(ours, theirs[:, :-1], atol=1e-5)
    np.testing.assert_allclose(attribution.bias, theirs[:, -1], atol=1e-5)
    added = ours.sum(axis=1) + attribution.bias
    np.testing.assert_allclose(added, trained.margins(), atol=1e-5)


def conditional_margin(forest: Forest, row: np.ndarray, known: tuple[int, ...]) -> float:
    """The margin when only some features are known: elsewhere the training weight decides."""

    def value(index: int) -> float:
        node = forest.nodes[index]
        left = int(node["left"])
        if left < 0:
            return float(node["threshold"])
        if node["feature"] in known:
            given_value = row[node["feature"]]
            right = node["missing_right"] if np.isnan(given_value) else given_value >= node[0]
            return value(left + int(right))
        shares = forest.cover[left : left + 2] / forest.cover[index]
        return float(shares[0] * value(left) + shares[1] * value(left + 1))

    return float(forest.base_margin) + sum(value(int(root)) for root in forest.roots)


def test_contributions_are_shapley_values_by_their_definition(train):
    trained = train(rounds=4, max_depth=5, width=4)
    forest = Forest.from_json(trained.json)
    attribution = Attribution.of(forest)
    width = forest.feature_count
    for row in trained.rows[:4]:
        expected = np.zeros(width)
        for feature in range(width):
            others = [other for other in range(width) if other != feature]
            for size in range(width):
                weight = factorial(size) * factorial(width - size - 1) / factorial(width)
                for known in combinations(others, size):
                    with_it = conditional_margin(forest, row, (*known, feature))
                    expected[feature] += weight * (with_it - conditional_margin(forest, row, known))
        np.testing.assert_allclose(attribution.contributions(row[None])[0], expected, atol=1e-12)
        assert attribution.bias == pytest.approx(conditional_margin(forest, row, ()), abs=1e-12)


def test_a_feature_that_no_tree_asks_contributes_nothing(train):
    trained = train(rounds=3, width=6, interaction_constraints="[[0, 1]]")
    forest = Forest.from_json(trained.json)
    asked = set(forest.nodes["feature"][forest.nodes["left"] >= 0])
    contributions = Attribution.of(forest).contributions(trained.rows)
    for feature in set(range(6)) - asked:
        assert not contributions[:, feature].any()
    assert asked and asked != set(range(6))


def test_branches_without_training_weight_stay_finite_and_additive(train):
    trained = train(rounds=3, max_depth=4)
    forest = Forest.from_json(trained.json)
    forest.cover[2] = 0.0
    attribution = Attribution.of(forest)
    contributions = attribution.contributions(trained.rows)
    assert np.isfinite(contributions).all()
