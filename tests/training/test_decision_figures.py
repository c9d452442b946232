"""The figures people decide by, each against a case worked out by hand."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

import numpy as np
import pytest

from training import metrics
from training.metrics import Outcomes, alerts, delay, groups
from training.metrics.alerts import Days, Worth
from training.metrics.bootstrap import Interval, redraw, share
from training.metrics.decision import Settings, decide
from training.metrics.groups import Grouped
from training.metrics.reliability import BINS, Binned, reliability

HOUR = 3_600_000_000
NO_COST = Worth(0.0, 1.0)


@dataclass(frozen=True)
class Around:
    time: metrics.Integers
    value: metrics.Floats
    typology: list[str]
    dimensions: dict[str, list[str]]
    began_before: metrics.Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))


def one_day() -> tuple[Outcomes, metrics.Floats, metrics.Floats]:
    """Five subjects on day 7; subject 1 has two events, of which one is a fraud of 100 EUR."""
    held_back = Outcomes(
        target=np.array([True, False, False, True, False, False]),
        subject=np.array([1, 1, 2, 3, 4, 5]),
        day=np.full(6, 7),
    )
    score = np.array([0.2, 0.9, 0.5, 0.1, 0.05, 0.01])
    return held_back, score, np.array([10_000.0, 500, 700, 30_000, 900, 100])


def test_an_alert_is_a_subjects_day_and_finds_its_frauds_value() -> None:
    held_back, score, value = one_day()
    days, weight = Days.of(held_back, score, value), np.ones(6)
    assert days.flagged(weight, 0.5).tolist() == [2, 1, 10_000]
    assert days.there(weight).tolist() == [2, 40_000]
    found = alerts.ratios(days.flagged(weight, 0.5), days.there(weight), 1, Worth(10.0, 0.5))
    # Two alerts: half right, half of the frauds, a quarter of the money; 50 EUR kept for 20 spent.
    assert found.tolist() == [2, 0.5, 0.5, 0.25, 1.0, 30.0]
    assert days.reviewed(weight, 1).tolist() == [1, 1, 10_000]
    assert days.reviewed(weight, 100).tolist() == [5, 2, 40_000]


def test_without_amounts_there_is_no_value_to_tell() -> None:
    held_back, score, _ = one_day()
    days = Days.of(held_back, score, np.zeros(6))
    found = alerts.point(days, np.ones(6), 0.5, NO_COST)
    assert (found.value_detection, found.net_value) == (None, None)
    assert (found.alerts_per_day, found.precision, found.recall) == (2, 0.5, 0.5)


def test_the_curve_runs_from_one_alert_to_all_and_never_loses_recall() -> None:
    chance = np.random.default_rng(1)
    held_back = Outcomes(chance.random(3000) < 0.1, chance.integers(0, 500, 3000), np.full(3000, 1))
    days = Days.of(held_back, np.round(chance.random(3000), 6), np.ones(3000))
    points = alerts.curve(days, np.ones(3000), NO_COST)
    assert len(points) <= alerts.CURVE_POINTS
    assert points[0].alerts_per_day == 1
    assert points[-1].recall == 1
    assert points[-1].alerts_per_day == len(days.day)
    recall = [one.recall for one in points]
    assert recall == sorted(recall)
    thresholds = [one.threshold for one in points]
    assert thresholds == sorted(thresholds, reverse=True)


def test_a_halved_threshold_flags_more_and_a_doubled_one_less() -> None:
    held_back, score, value = one_day()
    days = Days.of(held_back, score, value)
    found = alerts.sensitivity(days, np.ones(6), 0.5, NO_COST)
    assert [one.threshold for one in found] == [0.5 * times for times in alerts.MULTIPLES]
    assert [one.alerts_per_day for one in found] == [2, 2, 2, 2, 1, 1, 1, 0]


def test_the_bands_lie_just_above_and_just_below_the_line() -> None:
    held_back = Outcomes(np.arange(200) % 3 == 0, np.arange(200), np.zeros(200, dtype=np.int64))
    score = np.linspace(1, 0.01, 200)
    days = Days.of(held_back, score, np.zeros(200))
    threshold = float(score[79])
    found = alerts.bands(days, threshold)
    assert [side for side, _ in found] == ["above", "above", "below", "below", "below", "below"]
    assert all(len(rows) == 20 for _, rows in found)
    above, below = found[1][1], found[2][1]
    assert days.score[above].min() == threshold
    assert days.score[below].max() < threshold
    share_above = alerts.band_share(days, above, np.ones(200))
    assert share_above == days.fraud[above].mean()


def test_nothing_flagged_still_gives_bands_below() -> None:
    held_back, score, value = one_day()
    days = Days.of(held_back, score, value)
    assert {side for side, _ in alerts.bands(days, 2.0)} == {"below"}


def test_stability_counts_quiet_days_and_names_the_worst() -> None:
    held_back = Outcomes(
        np.array([True, False, False, False]), np.array([1, 2, 3, 1]), np.array([5, 5, 5, 6])
    )
    days = Days.of(held_back, np.array([0.9, 0.8, 0.1, 0.2]), np.zeros(4))
    found = alerts.stability(days, 0.5, np.array([5, 5, 5, 6, 7]))
    assert found.days == [(5, 2, 1), (6, 0, 0), (7, 0, 0)]
    assert (found.mean, found.least, found.most, found.worst_day) == (0.667, 0, 2, 5)
    assert found.deviation == pytest.approx(np.std([2, 0, 0]), abs=1e-3)


def test_reliability_measures_the_distance_of_bins_from_what_happened() -> None:
    target = np.array([True, False, False, False])
    probability = np.array([0.4, 0.4, 0.002, 0.002])
    held_back = Outcomes(target, np.arange(4), np.zeros(4, dtype=np.int64))
    binned = Binned.of(target, probability, held_back.subject)
    drawn = redraw(held_back, {"bins": binned.shares})["bins"]
    assert drawn.value.shape == (BINS,)
    found = reliability(binned, np.ones(4), drawn)
    assert [(one.events, one.frauds, one.mean_probability) for one in found.bins] == [
        (2, 0, 0.002),
        (2, 1, 0.4),
    ]
    # Half the events are off by .002, the other half by .1.
    assert found.expected_calibration_error == pytest.approx(0.051)


def test_detection_runs_from_a_cases_first_fraud_to_its_first_flagged_fraud() -> None:
    held_back = Outcomes(
        np.array([True, True, True, False, True, True]),
        np.array([1, 1, 1, 1, 2, 3]),
        np.zeros(6, dtype=np.int64),
    )
    when = np.array([0, 2, 5, 1, 3, 4]) * HOUR
    value = np.array([100.0, 200, 300, 999, 400, 800])
    flagged = np.array([False, True, True, True, False, True])
    began_before = np.array([False, False, False, False, False, True])
    names = ["mule_chain"] * 4 + ["", "mule_chain"]
    found = delay.cases(held_back, names, when, value, flagged, began_before)
    assert found == [
        delay.CaseDelay("mule_chain", 0, 3, 2.0, 1, 100.0, 600.0),
        delay.CaseDelay("unnamed", 3 * HOUR, 1, None, 1, 400.0, 400.0),
    ]
    assert delay.delay(found) == delay.Delay(2, 1, 0, 2.0, 2.0, 0.5)
    assert delay.by_typology(found)["unnamed"] == delay.Delay(1, 0, 0, None, None, 1.0)
    assert delay.delay([]) == delay.Delay(0, 0, 0, None, None, None)


def test_small_groups_are_pooled_and_counted() -> None:
    names = ["A"] * 248 + ["B"] * 12 + ["C"] * 3 + ["D"] * 2
    target = np.zeros(265, dtype=bool)
    target[250:256] = True
    held_back = Outcomes(target, np.arange(265), np.zeros(265, dtype=np.int64))
    score = np.linspace(0, 1, 265)
    flagged = score > 0.96
    grouped = Grouped.of(names, held_back, score, score, flagged, np.full(265, 100.0))
    assert grouped.names == ["B", "A", "2 others"]
    assert grouped.pooled == [1, 1, 2]
    drawn = redraw(held_back, {"ratios": grouped.figures, "precisions": grouped.precisions})
    found = groups.figures(grouped, drawn["ratios"], drawn["precisions"])
    assert [(one.events, one.frauds) for one in found] == [(12, 6), (248, 0), (5, 0)]
    assert found[0].average_precision.value == pytest.approx(
        metrics.average_precision(target[248:260], score[248:260]), abs=1e-6
    )
    assert found[1].average_precision == Interval(None)
    assert found[2].flags_per_1000.value == 1000
    assert found[1].false_flags_per_1000.value == 0


def test_the_burden_is_the_worst_groups_rate_of_false_flags() -> None:
    names = ["A"] * 400 + ["B"] * 400 + ["tiny"] * 5
    target = np.zeros(805, dtype=bool)
    flagged = np.zeros(805, dtype=bool)
    flagged[:8] = flagged[400:440] = flagged[800:] = True
    held_back = Outcomes(target, np.arange(805) // 2, np.zeros(805, dtype=np.int64))
    score = flagged * 1.0
    nothing = np.zeros(805)
    grouped = Grouped.of(names, held_back, score, score, flagged, nothing)
    whole = Grouped.of(["all"] * 805, held_back, score, score, flagged, nothing)
    drawn = redraw(
        held_back,
        {
            "ratios": grouped.figures,
            "whole": lambda weight: whole.figures(weight)[0, [groups.FALSE_FLAGS]],
        },
    )
    found = groups.disparity(grouped, drawn["ratios"], drawn["whole"])
    assert found is not None
    assert (found.group, found.false_flags_per_1000.value) == ("B", 100)
    assert found.ratio.value == pytest.approx(100 / (1000 * 53 / 805), abs=1e-5)


def test_four_of_four_is_not_certain() -> None:
    everything = np.ones(200)
    assert share(1.0, everything, 4) == Interval(1.0, 0.397635, 1.0)
    assert share(0.0, everything * 0, 50) == Interval(0.0, 0.0, 0.071122)
    assert share(0.5, np.linspace(0.4, 0.6, 200), 4).low == pytest.approx(0.405)
    assert share(float("nan"), everything, 4) == Interval(None)


def a_world(count: int) -> tuple[Outcomes, Around, metrics.Floats, metrics.Floats]:
    chance = np.random.default_rng(5)
    target = chance.random(count) < 0.02
    margin = chance.normal(size=count) - 4 + 4 * target
    around = Around(
        time=np.sort(chance.integers(0, 20 * 24, count)) * HOUR,
        value=np.round(chance.lognormal(9, 1, count)),
        typology=[("structuring", "mule_chain", "")[one] for one in chance.integers(0, 3, count)],
        dimensions={
            "corridor": [f"C{one}" for one in chance.integers(0, 30, count)],
            "channel": [("card", "online")[one] for one in chance.integers(0, 2, count)],
        },
        began_before=np.zeros(count, dtype=bool),
    )
    held_back = Outcomes(target, chance.integers(0, count // 10, count), around.time // (24 * HOUR))
    return held_back, around, margin, np.round(1 / (1 + np.exp(-margin)), 6)


SETTINGS = Settings(0.2, (10, 50), Worth(20, 1), 1, 60)


def test_all_figures_together_are_plain_finite_and_the_same_again() -> None:
    world = a_world(6000)
    found = decide(*world, SETTINGS)
    document = json.dumps(found.document(), allow_nan=False)
    assert json.dumps(decide(*world, SETTINGS).document()) == document
    held_back, _, margin, _ = world
    precision = metrics.average_precision(held_back.target, margin)
    assert found.average_precision.value == pytest.approx(precision, abs=1e-6)
    for low, value, high in (
        (one.low, one.value, one.high)
        for one in (found.average_precision, found.brier, found.at_capacity["50"].recall)
    ):
        assert low is not None and high is not None and value is not None
        assert low <= value <= high
    at_capacity = metrics.at_capacity(held_back, margin, 50)
    assert found.at_capacity["50"].precision.value == pytest.approx(at_capacity[0], abs=1e-6)
    assert found.at_capacity["50"].recall.value == pytest.approx(at_capacity[1], abs=1e-6)
    flat = found.compact()
    assert "cases" not in flat and "days" not in flat["alerts_a_day"]
    assert flat["curve"]["columns"][:4] == ["threshold", "alerts_per_day", "precision", "recall"]
    assert len(json.dumps(flat)) < 60_000


def test_weights_change_figures_but_not_the_counts() -> None:
    held_back, around, margin, probability = a_world(4000)
    weighted = Outcomes(
        held_back.target,
        held_back.subject,
        held_back.day,
        np.where(probability >= SETTINGS.review, 1.0, 5.0),
    )
    plain = decide(held_back, around, margin, probability, SETTINGS)
    found = decide(weighted, around, margin, probability, SETTINGS)
    assert found.weighted and not plain.weighted
    assert [one.events for one in found.by["corridor"]] == [
        one.events for one in plain.by["corridor"]
    ]
    # What was missed below the threshold stands for five: recall falls.
    assert found.at_threshold.recall.value is not None
    assert plain.at_threshold.recall.value is not None
    assert found.at_threshold.recall.value < plain.at_threshold.recall.value


def test_intervals_take_seconds_at_most() -> None:
    world = a_world(100_000)
    decide(*a_world(200), SETTINGS)
    started = time.perf_counter()
    decide(*world, SETTINGS)
    assert time.perf_counter() - started < 10
