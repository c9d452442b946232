"""Thresholds: as many subjects a day as can be reviewed, and urgent only when it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training import thresholds
from training.metrics import Outcomes


def slice_of(days: int, subjects: int, seed: int = 0) -> tuple[Outcomes, np.ndarray]:
    """Every subject has three events a day; probabilities all differ."""
    chance = np.random.default_rng(seed)
    count = days * subjects * 3
    day = np.repeat(np.arange(days), subjects * 3)
    subject = np.tile(np.repeat(np.arange(subjects), 3), days)
    probability = np.round((chance.permutation(count) + 1) / 1_000_000, 6)
    return Outcomes(np.zeros(count, dtype=bool), subject, day), probability


@given(st.integers(1, 6), st.integers(2, 40), st.integers(1, 30), st.integers(0, 5))
def test_about_as_many_subjects_a_day_as_asked(
    days: int, subjects: int, reviews: int, seed: int
) -> None:
    held_back, probability = slice_of(days, subjects, seed)
    threshold = thresholds.review_threshold(held_back, probability, reviews)
    flagged = thresholds.flagged_per_day(held_back, probability, threshold)
    assert flagged == pytest.approx(min(reviews, subjects))


def test_equal_scores_are_flagged_together_and_the_nearer_number_wins() -> None:
    held_back = Outcomes(np.zeros(4, dtype=bool), np.arange(4), np.zeros(4, dtype=np.int64))
    probability = np.array([0.9, 0.5, 0.5, 0.1])
    assert thresholds.review_threshold(held_back, probability, 1) == 0.9
    assert thresholds.review_threshold(held_back, probability, 2.5) == 0.5


def test_nothing_is_flagged_where_nothing_is_likely() -> None:
    held_back, probability = slice_of(2, 5)
    assert thresholds.review_threshold(held_back, probability * 0, 3) == 1.0


def test_urgent_begins_where_flags_were_right() -> None:
    probability = np.linspace(0.99, 0.01, 99).round(2)
    target = probability > 0.7
    held_back = Outcomes(target, np.arange(99), np.zeros(99, dtype=np.int64))
    urgent = thresholds.urgent_threshold(held_back, probability, 0.1, precision=1.0)
    assert urgent == 0.71
    assert target[probability >= urgent].all()


def test_urgent_is_the_top_tenth_where_no_score_is_sure_enough() -> None:
    probability = np.linspace(1.0, 0.01, 100).round(2)
    held_back = Outcomes(np.zeros(100, dtype=bool), np.arange(100), np.zeros(100, dtype=np.int64))
    urgent = thresholds.urgent_threshold(held_back, probability, 0.01, precision=0.9)
    assert (probability >= urgent).sum() == 10


def test_urgent_is_never_below_review() -> None:
    probability = np.array([0.2, 0.1])
    held_back = Outcomes(np.array([True, True]), np.arange(2), np.zeros(2, dtype=np.int64))
    assert thresholds.urgent_threshold(held_back, probability, 0.15, precision=0.5) >= 0.15
    assert thresholds.urgent_threshold(held_back, probability, 0.9, precision=0.5) == 1.0
