"""Fitting: seeded to the last bit, stopped in time, and refused where nothing can be learnt."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from training import boosted, fit, side_by_side
from training.errors import BadRecipe, NotEnoughData
from training.recipe import Boosting, Recipe

NAMES = ["one", "two", "three"]


def rows(seed: int, count: int = 1500) -> fit.Rows:
    chance = np.random.default_rng(seed)
    features = chance.normal(size=(count, 3))
    features[chance.random((count, 3)) < 0.1] = np.nan
    signal = np.nan_to_num(features[:, 0]) - np.nan_to_num(features[:, 1])
    return fit.Rows(features, signal + chance.normal(size=count) > 2)


def recipe(**changes: object) -> Recipe:
    return Recipe(boosting=Boosting(**{"n_estimators": 200, "learning_rate": 0.2, **changes}))


def test_one_seed_gives_one_model_to_the_last_bit() -> None:
    models = [
        bytes(fit.boost(recipe(), NAMES, rows(1), None, 20).save_raw("json")) for _ in range(2)
    ]
    assert models[0] == models[1]
    other = recipe().model_copy(update={"seed": 2})
    assert bytes(fit.boost(other, NAMES, rows(1), None, 20).save_raw("json")) != models[0]


def test_trees_stop_where_a_later_slice_gains_no_more() -> None:
    stopped = fit.boost(recipe(early_stopping_rounds=10), NAMES, rows(1), rows(2), 200)
    assert 1 <= stopped.num_boosted_rounds() < 150
    assert fit.boost(recipe(), NAMES, rows(1), None, 7).num_boosted_rounds() == 7


@pytest.mark.parametrize("method", ["hist", "exact", "approx"])
def test_every_method_fits(method: str) -> None:
    booster = fit.boost(recipe(tree_method=method), NAMES, rows(1), rows(2), 15)
    margin = fit.margins(booster, rows(3).features, NAMES)
    target = rows(3).target
    assert margin[target].mean() > margin[~target].mean() + 1


def test_fine_bins_find_an_exact_limit() -> None:
    amounts = np.arange(20_000, dtype=np.float64)[:, None]
    found = {}
    for bins in (16, 1024):
        train = fit.Rows(amounts, amounts[:, 0] > 19_900)
        booster = fit.boost(recipe(max_bin=bins, colsample_bytree=1), ["amount"], train, None, 30)
        margin = fit.margins(booster, amounts, ["amount"])
        found[bins] = np.count_nonzero((margin > 0) != train.target)
    assert found[1024] < 25 < found[16]


@pytest.mark.parametrize("method", ["hist", "exact"])
def test_side_by_side_gives_the_models_of_one_after_another(method: str) -> None:
    chosen = recipe(early_stopping_rounds=10, tree_method=method)
    # Of unlike sizes, so that either may be ahead.
    for rehearsal, train in ((rows(1, 4000), rows(3, 500)), (rows(1, 500), rows(3, 4000))):
        rehearsed, model = side_by_side.boost(chosen, NAMES, rehearsal, rows(2), train)
        expected = fit.boost(chosen, NAMES, rehearsal, rows(2), 200)
        trees = expected.num_boosted_rounds()
        assert rehearsed.num_boosted_rounds() == model.num_boosted_rounds() == trees
        alone = fit.boost(chosen, NAMES, train, None, trees)
        assert model.get_dump() == alone.get_dump()
        for one, other in ((rehearsed, expected), (model, alone)):
            found = fit.margins(one, rows(4).features, NAMES)
            np.testing.assert_array_equal(found, fit.margins(other, rows(4).features, NAMES))


def test_no_tree_is_grown_before_the_rehearsal_wants_it() -> None:
    pace = side_by_side._Pace()
    with ThreadPoolExecutor(1) as aside:
        waiting = aside.submit(pace.enough, 3)
        pace.want(3)
        assert not waiting.done()
        pace.want(4)
        assert waiting.result(timeout=10) is False
        ending = aside.submit(pace.enough, 4)
        pace.finish()
        assert ending.result(timeout=10) is True


def test_a_rehearsal_that_fails_says_so() -> None:
    wrong = fit.Rows(rows(1).features[:, :2], rows(1).target)
    with pytest.raises(ValueError, match="feature"):
        side_by_side.boost(recipe(), NAMES, wrong, rows(2), rows(3))


def test_a_constrained_feature_moves_the_score_one_way_only() -> None:
    grid = np.zeros((50, 3))
    grid[:, 0] = np.linspace(-3, 3, 50)
    free = fit.boost(recipe(), NAMES, rows(1), None, 30)
    bound = fit.boost(recipe(monotone={"one": "falling"}), NAMES, rows(1), None, 30)
    assert (np.diff(fit.margins(free, grid, NAMES)) > 0).any()
    assert (np.diff(fit.margins(bound, grid, NAMES)) <= 0).all()


def test_a_constraint_on_no_feature_is_refused_by_name() -> None:
    boosted.check_monotone(recipe(monotone={"amount_to_mean": "rising", "one": "rising"}), NAMES)
    with pytest.raises(BadRecipe, match=r"boosting.monotone.amount_ratio: no such feature"):
        boosted.check_monotone(recipe(monotone={"amount_ratio": "rising"}), NAMES)


def test_the_weight_of_a_fraud() -> None:
    target = np.array([True] + [False] * 100)
    assert fit.fraud_weight(3.0, target) == 3
    assert fit.fraud_weight("balanced", target) == 100
    assert fit.fraud_weight("root", target) == 10


def test_a_slice_without_frauds_is_refused_by_name() -> None:
    train = fit.Rows(np.zeros((5, 1)), np.zeros(5, dtype=bool))
    with pytest.raises(NotEnoughData, match=r"test slice holds 5 events .* 0 of them fraud"):
        train.check("test")


def test_baselines_learn_with_missing_and_empty_columns() -> None:
    train, later = rows(1), rows(3)
    for part in (train, later):
        part.features[:, 2] = np.nan
    for score in fit.baseline_scores(Recipe(), train, later.features).values():
        assert score[later.target].mean() > score[~later.target].mean() + 0.1


def test_baselines_keep_every_fraud_of_a_large_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "BASELINE_ROWS", 500)
    sampled = fit._sample(rows(1), seed=1)
    assert sampled.target.sum() == rows(1).target.sum()
    assert len(sampled.target) == 500 + rows(1).target.sum()
