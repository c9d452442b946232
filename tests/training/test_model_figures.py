"""Figures of a ranking, checked against the handbook's own way and small cases by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training import metrics
from training.metrics import Outcomes

pytestmark = pytest.mark.usefixtures("compiled")
ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 6), st.integers(0, 1000), st.booleans()),
    min_size=1,
    max_size=60,
)


def outcomes(rows: list[tuple[int, int, int, bool]]) -> tuple[Outcomes, metrics.Floats]:
    days, subjects, scores, target = zip(*rows, strict=True)
    # Equal scores would leave the order to chance: each row gets its own.
    score = np.array(scores, dtype=np.float64) + np.arange(len(rows)) / 1000
    return (
        Outcomes(
            np.array(target, dtype=bool),
            np.array(subjects, dtype=np.int64),
            np.array(days, dtype=np.int64),
        ),
        score,
    )


def handbook_precision(given_rows: Outcomes, score: metrics.Floats, count: int) -> float:
    """The handbook's card_precision_top_k, in its own steps."""
    frame = pd.DataFrame(
        {
            "day": given_rows.day,
            "card": given_rows.subject,
            "fraud": given_rows.target,
            "score": score,
        }
    )
    found: list[int] = []
    shares = []
    for day in sorted(frame["day"].unique()):
        today = frame[(frame["day"] == day) & ~frame["card"].isin(found)]
        cards = today.groupby("card").max().sort_values("score", ascending=False).head(count)
        hits = list(cards[cards["fraud"]].index)
        found.extend(hits)
        shares.append(len(hits) / count)
    return float(np.mean(shares))


@given(ROWS, st.integers(1, 5))
def test_card_precision_is_the_handbooks(
    rows: list[tuple[int, int, int, bool]], count: int
) -> None:
    held_back, score = outcomes(rows)
    ours = metrics.subject_precision(held_back, score, count)
    assert np.isclose(ours, handbook_precision(held_back, score, count))


@given(ROWS)
def test_a_subject_has_one_row_a_day_with_its_highest_score(
    rows: list[tuple[int, int, int, bool]],
) -> None:
    held_back, score = outcomes(rows)
    found = metrics.subject_days(held_back, score)
    wanted: dict[tuple[int, int], tuple[float, bool]] = {}
    for day, subject, one, target in zip(
        held_back.day, held_back.subject, score, held_back.target, strict=True
    ):
        best, fraud = wanted.get((int(day), int(subject)), (-1.0, False))
        wanted[int(day), int(subject)] = (max(best, float(one)), bool(fraud or target))
    got = {
        (int(day), int(subject)): (float(one), bool(fraud))
        for day, subject, one, fraud in zip(
            found.day, found.subject, found.score, found.fraud, strict=True
        )
    }
    assert got == wanted
    assert len(found.day) == len(wanted)


def test_capacity_counts_reviews_and_what_they_find() -> None:
    held_back, _ = outcomes(
        [(0, 1, 9, True), (0, 2, 8, False), (0, 3, 7, True), (1, 1, 1, False), (1, 4, 5, True)]
    )
    score = np.array([9.0, 8.0, 7.0, 1.0, 5.0])
    assert metrics.at_capacity(held_back, score, 2) == (2 / 4, 2 / 3)
    assert metrics.at_capacity(held_back, score, 1) == (2 / 2, 2 / 3)


def test_more_reviews_than_subjects_are_not_counted() -> None:
    held_back, score = outcomes([(0, 1, 9, True), (0, 2, 8, False)])
    assert metrics.at_capacity(held_back, score, 50) == (1 / 2, 1.0)


def test_the_streams_name_their_subjects() -> None:
    held_back, score = outcomes([(0, 1, 9, True), (0, 2, 8, False)])
    assert "card_precision_at_100" in metrics.ranking(held_back, score, "payment", 5)
    assert "user_precision_at_100" in metrics.ranking(held_back, score, "access", 5)


def test_brier_is_the_mean_square_of_what_was_missed() -> None:
    assert metrics.brier(np.array([True, False]), np.array([0.8, 0.4])) == np.mean([0.04, 0.16])


def test_recall_of_a_typology_counts_subject_days_and_events() -> None:
    held_back = Outcomes(
        target=np.array([True, True, True, True, False, True]),
        subject=np.array([1, 1, 2, 1, 3, 4]),
        day=np.array([0, 0, 0, 1, 0, 1]),
    )
    flagged = np.array([False, True, False, False, True, True])
    kinds = ["mule_chain", "mule_chain", "mule_chain", "mule_chain", "structuring", ""]
    found = metrics.recall_by_typology(held_back, kinds, flagged)
    # Subject 1 is found on day 0 by one of two events, and missed on day 1; subject 2 is missed.
    assert found == {
        "mule_chain": metrics.Found(4, 1, 3, 1, 1 / 3),
        "unnamed": metrics.Found(1, 1, 1, 1, 1.0),
    }


def test_a_subject_is_found_by_any_of_its_events_of_the_day() -> None:
    held_back = Outcomes(np.array([True, False]), np.array([7, 7]), np.array([3, 3]))
    found = metrics.recall_by_typology(held_back, ["structuring", ""], np.array([False, True]))
    assert found == {"structuring": metrics.Found(1, 0, 1, 1, 1.0)}
