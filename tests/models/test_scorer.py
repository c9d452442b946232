from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from features.definitions import Catalogue
from models.errors import BadRows, FeatureMismatch
from models.runtime import Scorer


def test_scores_are_the_boosters_margins_calibrated(scorer, trained, catalogue_rows):
    scores = scorer.score(catalogue_rows)
    assert scores.margin.dtype == np.float64
    assert scores.margin.tolist() == trained.margins().astype(np.float64).tolist()
    expected = np.interp(scores.margin, [-2.0, 0.0, 1.5], [0.01, 0.2, 0.9])
    np.testing.assert_allclose(scores.probability, expected, atol=6e-7)


def test_one_row_scores_bitwise_as_in_a_batch(scorer, catalogue_rows):
    batch = scorer.score(catalogue_rows)
    for place in range(0, len(catalogue_rows), 7):
        single = scorer.score(catalogue_rows[place : place + 1])
        assert single.margin.view(np.uint64)[0] == batch.margin.view(np.uint64)[place]
        assert single.probability.view(np.uint64)[0] == batch.probability.view(np.uint64)[place]


def test_features_outside_the_bundle_do_not_matter(scorer, catalogue, catalogue_rows):
    changed = catalogue_rows.copy()
    changed[:, catalogue.index("unused")] = 7
    changed[:, catalogue.index("average")] = 7
    assert scorer.score(changed).margin.tolist() == scorer.score(catalogue_rows).margin.tolist()
    moved = catalogue_rows.copy()
    moved[:, catalogue.index("payments_1h")] += 1
    assert scorer.score(moved).margin.tolist() != scorer.score(catalogue_rows).margin.tolist()


def test_no_rows_give_no_scores(scorer):
    assert scorer.score(np.empty((0, scorer.width))).probability.shape == (0,)


def test_rows_of_another_shape_are_refused(scorer):
    with pytest.raises(BadRows, match=r"\(n, 8\)"):
        scorer.score(np.zeros((1, 6)))


def test_a_catalogue_that_does_not_serve_the_bundle_is_refused(bundle):
    with pytest.raises(FeatureMismatch):
        Scorer(bundle, Catalogue("tests", "payment", ()))


def test_one_row_costs_little_beyond_the_trees(scorer, catalogue_rows):
    row = catalogue_rows[:1]
    picked = scorer.rows(row)

    def best(call, rounds=20, times=200):
        def once():
            start = time.perf_counter()
            for _ in range(times):
                call()
            return (time.perf_counter() - start) / times

        return min(once() for _ in range(rounds))

    beyond = best(lambda: scorer.score(row)) - best(lambda: scorer.bundle.forest.margin(picked))
    assert beyond < 30e-6


def test_scoring_and_explaining_import_no_training_library():
    program = (
        "import sys, models.runtime, models.explain, models.decision, models.champion, "
        "models.card, models.registry\n"
        "heavy = {'xgboost', 'sklearn', 'pandas', 'mlflow', 'matplotlib', 'onnxruntime'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
