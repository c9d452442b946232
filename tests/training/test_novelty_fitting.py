from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.catalog import CATALOGUES
from models.bundle import Bundle
from training import novelty, pipeline, recipe, score
from training.metrics import Outcomes
from training.novelty import OUT_OF_REACH

from .conftest import Bank


def outcomes(days: int = 10, subjects: int = 50) -> Outcomes:
    day, subject = (grid.ravel() for grid in np.mgrid[:days, :subjects])
    return Outcomes(np.zeros(day.size, dtype=bool), subject, day)


def test_the_quota_counts_subjects_a_day_that_are_not_flagged() -> None:
    held_back, score_ = outcomes(), np.round(np.random.default_rng(1).random(500) * 50, 6)
    flagged = score_ > 45
    threshold = novelty.quota_threshold(held_back, score_, flagged, 2)
    assert ((score_ >= threshold) & ~flagged).sum() == 20
    detector = replace(novelty.learn(np.zeros((30, 1)), [0], 1), threshold=threshold)
    figures = novelty.figures(held_back, score_, flagged, detector)
    assert figures == {"novel_per_day": 2.0, "novel_precision": 0.0}


def test_a_subject_that_is_flagged_that_day_takes_no_place() -> None:
    held_back = Outcomes(np.zeros(4, dtype=bool), np.array([1, 1, 2, 3]), np.zeros(4, np.int64))
    flagged = np.array([True, False, False, False])
    assert novelty.quota_threshold(held_back, np.array([0.0, 9, 5, 3]), flagged, 1) == 5


def test_no_quota_is_out_of_reach() -> None:
    nobody = np.zeros(500, dtype=bool)
    assert novelty.quota_threshold(outcomes(), np.ones(500), nobody, 0) == OUT_OF_REACH
    assert novelty.quota_threshold(outcomes(), np.ones(500), ~nobody, 2) == OUT_OF_REACH


def test_labels_and_the_calendar_are_not_looked_at() -> None:
    catalogue = CATALOGUES["payment"]
    names = [*catalogue.names, "a_raw_column"]
    seen = {names[place] for place in novelty.looked_at(names, catalogue)}
    families = {catalogue.feature(name).family for name in seen - {"a_raw_column"}}
    assert "a_raw_column" in seen
    assert not families & set(novelty.LEFT_OUT)
    assert set(novelty.LEFT_OUT) <= {feature.family for feature in catalogue.features}


def test_long_ago_surprises_nobody_and_just_now_does() -> None:
    catalogue = CATALOGUES["payment"]
    names = list(catalogue.names)
    ages = novelty.ages_of(names, catalogue)
    assert names.index("debtor_history_seconds") in ages
    assert names.index("amount") not in ages
    rows = np.random.default_rng(1).uniform(1e6, 2e6, size=(3000, 1))
    one_sided, both = (novelty.learn(rows, [0], 1, side) for side in ({0}, set[int]()))
    now, ago = np.float32([[1.0]]), np.float32([[9e9]])
    assert one_sided.rank(one_sided.score(now))[0] > 0.99
    assert one_sided.score(ago)[0] == 0
    assert both.rank(both.score(ago))[0] > 0.99


def test_many_rows_are_drawn_by_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(novelty, "ROWS", 200)
    rows = np.random.default_rng(1).normal(size=(1000, 3))
    first, again, other = (novelty.learn(rows, [0, 1, 2], seed) for seed in (1, 1, 2))
    assert first.to_json() == again.to_json() != other.to_json()


def test_a_run_keeps_a_detector_with_its_quota_and_a_file_is_scored_with_it(
    bank: Bank, tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    small = recipe.load(bank.recipe).model_copy(update={"baselines": False})
    small = small.model_copy(
        update={"review": small.review.model_copy(update={"novelty_reviews_per_day": 1.0})}
    )
    trained = pipeline.train(small, "payment", tmp_path, log=False, promote_by="tester")
    detector = Bundle.load(trained.bundle).novelty
    assert detector is not None
    assert detector.reviews_per_day == 1
    assert 0 < trained.metrics["novel_per_day"] <= 4
    assert 0 <= trained.metrics["novel_precision"] <= 1
    done = score.score_file(bank.payments, tmp_path / "scored.parquet", tmp_path)
    rows = pq.read_table(done.out).to_pylist()
    novel = [row for row in rows if row["reasons"].startswith("novel: ")]
    assert novel
    assert all(row["advice"] == "review" and row["novelty"] > 0.9 for row in novel)
