"""Evidence: what a figure rests on is counted, and what was drawn by lot stands for its kind."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from features.table import EventTable
from training import data, evidence, truth
from training.metrics import Outcomes, average_precision
from training.recipe import Labels

DAY = data.MICROSECONDS_PER_DAY


def payments(count: int, day: int = 1) -> EventTable:
    columns = {"event_id": [f"p{place}" for place in range(count)], "time": [day * DAY] * count}
    return EventTable("payment", pa.table(columns))


def labels(**columns: list[object]) -> EventTable:
    count = len(columns["event_id"])
    given = {"stream": ["payment"] * count, "known_at": [2 * DAY] * count, **columns}
    return EventTable("label", pa.table(given))


def test_positives_negatives_and_what_is_left_out_are_counted_by_source() -> None:
    old, young = payments(8), payments(1, day=88)
    table = pa.concat_tables([old.table, young.table.set_column(0, "event_id", [["y0"]])])
    events = EventTable("payment", table)
    told = labels(
        event_id=["p0", "p1", "p2", "p3", "p4", "p5"],
        is_fraud=[True, True, True, False, False, True],
        source=["police", "customer", "reviewer", "reviewer", "random_review", "reviewer"],
        subject_role=["complicit", "victim", "unknown", "unknown", "unknown", "unknown"],
        typology=["mule_chain", None, None, None, None, None],
        status=["confirmed"] * 5 + ["suspected"],
        review_propensity=[None, None, 1.0, 1.0, 0.01, 1.0],
    )
    known = truth.known_by(events, told, 90 * DAY, 30 * DAY, Labels(target="fraud"))
    found = evidence.of(known, np.ones(9, dtype=bool))
    assert found.positives == {"customer": 1, "reviewer": 1}
    assert found.victims == 1
    assert found.reviewed_negatives == {"random_review": 1, "reviewer": 1}
    assert found.unreviewed_negatives == 2
    assert found.left_out == {"another_offence": 1, "suspected": 1, "too_young": 1}
    assert (found.drawn, found.drawn_at_random) == (3, 1)
    assert found.unbiased_share == 3 / 4
    assert evidence.weights(known).tolist() == [0, 0, 1, 1, 100, 0, 0, 0, 0]
    taken = truth.known_by(events, told, 90 * DAY, 30 * DAY, Labels(suspicions="positive"))
    assert evidence.of(taken, np.ones(9, dtype=bool)).positives["suspected"] == 1


def test_a_chance_of_review_outlives_the_label_that_told_it() -> None:
    told = labels(
        event_id=["p0", "p0"],
        is_fraud=[False, True],
        source=["random_review", "chargeback"],
        review_propensity=[0.5, None],
    )
    known = truth.known_by(payments(1), told, 90 * DAY, 30 * DAY, Labels())
    assert known.target.tolist() == [1]
    assert evidence.weights(known).tolist() == [2]


def test_weighed_by_its_inverse_chance_a_biased_sample_gives_the_whole_populations_figure() -> None:
    chance = np.random.default_rng(11)
    count = 200_000
    fraud = chance.random(count) < 0.02
    score = chance.normal(size=count) + 2.0 * fraud
    propensity = np.where(score > 2.5, 1.0, 0.05)
    seen = chance.random(count) < propensity
    weight = np.where(seen, 1 / propensity, 0.0)
    everything = Outcomes(fraud, np.arange(count), np.zeros(count, dtype=np.int64))
    found = evidence.unbiased(everything, score, weight, "payment", 100)
    truth_of_all = average_precision(fraud, score)
    naive = average_precision(fraud[seen], score[seen])
    assert found["unbiased_average_precision"] == pytest.approx(truth_of_all, abs=0.02)
    assert abs(naive - truth_of_all) > 0.05
    assert found["unbiased_events"] == seen.sum() > found["unbiased_effective_events"]


def test_without_enough_that_was_drawn_there_is_no_unbiased_figure() -> None:
    outcomes = Outcomes(np.array([True, False]), np.arange(2), np.zeros(2, dtype=np.int64))
    assert evidence.unbiased(outcomes, np.zeros(2), np.ones(2), "payment", 1) == {}


def test_each_offence_is_judged_against_the_honest_alone() -> None:
    target = np.array([True] * 10 + [False] * 10)
    kinds = ["account_takeover"] * 5 + ["mule_chain"] * 5 + [""] * 10
    # Fraud scores above the honest, laundering below.
    score = np.array([3.0] * 5 + [1.0] * 5 + [2.0] * 10)
    outcomes = Outcomes(target, np.arange(20), np.zeros(20, dtype=np.int64))
    found = evidence.by_offence(outcomes, kinds, score, Labels())
    assert found == {
        "average_precision_fraud": pytest.approx(1.0),
        "average_precision_laundering": pytest.approx(5 / 15),
    }
    assert evidence.by_offence(outcomes, kinds, score, Labels(target="fraud")) == {}
    strange = ["smurfing"] * 5 + kinds[5:]
    assert "average_precision_fraud" not in evidence.by_offence(outcomes, strange, score, Labels())
