from __future__ import annotations

import json

import numpy as np
import pytest
import xgboost
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.errors import BadRows, ParityBroken, UnsupportedModel
from models.forest import Forest


def same_bits(first: np.ndarray, second: np.ndarray) -> bool:
    return np.array_equal(
        first.astype(np.float32).view(np.uint32), second.astype(np.float32).view(np.uint32)
    )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 1000),
    depth=st.integers(1, 8),
    rounds=st.integers(1, 40),
    weight=st.floats(0.1, 30),
    base_score=st.one_of(st.none(), st.floats(1e-5, 1 - 1e-5)),
    tree_method=st.sampled_from(["hist", "exact", "approx"]),
)
def test_margins_are_bitwise_the_boosters(
    train, seed, depth, rounds, weight, base_score, tree_method
):
    options = {} if base_score is None else {"base_score": base_score}
    trained = train(
        seed=seed,
        count=300,
        rounds=rounds,
        max_depth=depth,
        scale_pos_weight=weight,
        tree_method=tree_method,
        **options,
    )
    forest = Forest.from_json(trained.json)
    assert same_bits(forest.margin(trained.rows), trained.margins())


def test_values_on_a_threshold_go_right_and_missing_by_default(train):
    trained = train(rounds=5, max_depth=3)
    forest = Forest.from_json(trained.json)
    inner = forest.nodes[forest.nodes["left"] >= 0]
    rows = np.repeat(trained.rows[:1], 3 * inner.size, axis=0)
    for place, node in enumerate(inner):
        below = np.nextafter(node["threshold"], np.float32(-np.inf))
        for offset, value in enumerate((node["threshold"], below, np.nan)):
            rows[3 * place + offset, node["feature"]] = value
    expected = trained.booster.predict(xgboost.DMatrix(rows), output_margin=True)
    assert same_bits(forest.margin(rows), expected)


def test_other_growth_parallel_trees_and_raw_logits(train):
    for options in (
        {"grow_policy": "lossguide", "max_leaves": 40, "max_depth": 0},
        {"num_parallel_tree": 3, "subsample": 0.6},
        {"objective": "binary:logitraw", "base_score": 0.3},
        {"gamma": 5.0},
    ):
        trained = train(**options)
        assert same_bits(Forest.from_json(trained.json).margin(trained.rows), trained.margins())


def test_one_row_and_many_rows_give_the_same_bits(train):
    trained = train(count=200)
    forest = Forest.from_json(trained.json)
    singly = np.concatenate([forest.margin(trained.rows[i : i + 1]) for i in range(200)])
    assert same_bits(forest.margin(trained.rows), singly)


@pytest.mark.parametrize("text", ["5E-1", "[5E-1]", "0.5"])
def test_both_spellings_of_the_base_score_are_read(train, text):
    model = json.loads(train(base_score=0.5).json)
    model["learner"]["learner_model_param"]["base_score"] = text
    assert Forest.from_json(json.dumps(model).encode()).base_margin == 0


def test_an_early_stopped_model_is_refused_until_it_is_sliced(train):
    rows = train(count=300).rows
    labels = (np.random.default_rng(5).random(300) > 0.5).astype(int)
    matrix = xgboost.DMatrix(rows[:150], label=labels[:150])
    held_back = xgboost.DMatrix(rows[150:], label=labels[150:])
    booster = xgboost.train(
        {"objective": "binary:logistic", "max_depth": 4, "nthread": 1},
        matrix,
        50,
        evals=[(held_back, "held_back")],
        early_stopping_rounds=5,
        verbose_eval=False,
    )
    assert booster.num_boosted_rounds() > booster.best_iteration + 1
    with pytest.raises(UnsupportedModel, match=rf"booster\[: {booster.best_iteration + 1}\]"):
        Forest.from_json(bytes(booster.save_raw("json")))
    sliced = booster[: booster.best_iteration + 1]
    forest = Forest.from_json(bytes(sliced.save_raw("json")))
    assert same_bits(forest.margin(rows), sliced.predict(xgboost.DMatrix(rows), output_margin=True))


def test_what_the_kernel_does_not_compute_is_refused_by_name(train):
    rows = train(count=200).rows
    three = np.arange(200) % 3
    categories = xgboost.DMatrix(
        np.abs(np.nan_to_num(rows[:, :1])).astype(int),
        label=three == 1,
        feature_types=["c"],
        enable_categorical=True,
    )
    refused = {
        "binary:logistic": xgboost.train(
            {"objective": "reg:squarederror"}, xgboost.DMatrix(rows, label=three), 2
        ),
        "several outputs": xgboost.train(
            {"objective": "multi:softprob", "num_class": 3}, xgboost.DMatrix(rows, label=three), 2
        ),
        "gbtree": xgboost.train(
            {"objective": "binary:logistic", "booster": "dart"},
            xgboost.DMatrix(rows, label=three == 1),
            2,
        ),
        "category": xgboost.train({"objective": "binary:logistic"}, categories, 2),
    }
    for words, booster in refused.items():
        if words == "several outputs":
            words = "objective"
        with pytest.raises(UnsupportedModel, match=words):
            Forest.from_json(bytes(booster.save_raw("json")))


def test_several_outputs_of_one_objective_are_refused(train):
    rows = train(count=200).rows
    labels = np.stack([np.arange(200) % 2, np.arange(200) % 3 == 0], axis=1)
    for strategy in ("one_output_per_tree", "multi_output_tree"):
        booster = xgboost.train(
            {"objective": "binary:logistic", "multi_strategy": strategy, "tree_method": "hist"},
            xgboost.DMatrix(rows, label=labels),
            2,
        )
        with pytest.raises(UnsupportedModel, match="several outputs"):
            Forest.from_json(bytes(booster.save_raw("json")))


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"learner": {}}', b"\x80\x04pickle"])
def test_files_that_are_no_model_are_refused(data):
    with pytest.raises(UnsupportedModel, match="save_model"):
        Forest.from_json(data)


def test_damaged_trees_are_refused(train):
    model = json.loads(train(rounds=1).json)
    tree = model["learner"]["gradient_booster"]["model"]["trees"][0]
    tree["left_children"][1] = 0  # a loop
    with pytest.raises(UnsupportedModel, match="damaged"):
        Forest.from_json(json.dumps(model).encode())


def test_parity_check_names_the_first_row_that_differs(train):
    trained = train(rounds=3)
    forest = Forest.from_json(trained.json)
    margins = trained.margins()
    forest.check_parity(trained.rows, margins)
    margins[7] = np.nextafter(margins[7], np.float32(10))
    with pytest.raises(ParityBroken, match=r"1 of 800 margins.*row 7"):
        forest.check_parity(trained.rows, margins)
    with pytest.raises(ParityBroken, match="one each"):
        forest.check_parity(trained.rows, margins[:5])


def test_rows_of_another_width_are_refused(train):
    forest = Forest.from_json(train(rounds=1).json)
    with pytest.raises(BadRows, match=r"\(n, 6\)"):
        forest.margin(np.zeros((2, 5), dtype=np.float32))
