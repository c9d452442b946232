"""Calibration: probabilities that hold on average, and keep their spread when carried over."""

from __future__ import annotations

import numpy as np
import pytest

from training import calibration
from training.metrics import Outcomes


def scored(count: int, seed: int, slope: float = 0.7) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    margin = chance.normal(-3, 2, count)
    target = chance.random(count) < 1 / (1 + np.exp(-(slope * margin - 1)))
    return margin, target


def outcomes(target: np.ndarray) -> Outcomes:
    """Three events a subject, one day."""
    places = np.arange(len(target))
    return Outcomes(target, places // 3, np.zeros(len(target), np.int64))


def test_a_sigmoid_finds_the_curve_that_made_the_data() -> None:
    margin, target = scored(20_000, 1)
    slope, intercept = calibration.sigmoid(margin, target.astype(float))
    assert slope == pytest.approx(0.7, abs=0.05)
    assert intercept == pytest.approx(-1, abs=0.1)


@pytest.mark.parametrize(("count", "kind"), [(3_000, "sigmoid"), (60_000, "isotonic")])
def test_the_mean_probability_is_the_share_of_fraud(count: int, kind: str) -> None:
    margin, target = scored(count, 2)
    fitted = calibration.fit(margin, outcomes(target), kind).calibrator
    assert fitted.kind == kind
    assert fitted.apply(margin).mean() == pytest.approx(target.mean(), rel=0.03)


@pytest.mark.parametrize("count", [3_000, 60_000])
def test_a_carried_curve_gives_the_rehearsals_probabilities(count: int) -> None:
    margin, target = scored(count, 3)
    kind = "isotonic" if count > 10_000 else "sigmoid"
    rehearsed = calibration.fit(margin, outcomes(target), kind).calibrator
    sharper = 2.5 * margin + 1
    carried = calibration.carry(rehearsed, margin, sharper)
    assert carried.kind == rehearsed.kind
    np.testing.assert_allclose(carried.apply(sharper), rehearsed.apply(margin), atol=2e-3)


def test_an_isotonic_curve_tells_scores_apart() -> None:
    margin, target = scored(60_000, 4)
    fitted = calibration.fit(margin, outcomes(target), "isotonic").calibrator
    assert (np.diff(fitted.probabilities) > 0).all()


def test_a_slice_that_runs_the_wrong_way_still_gives_a_rising_curve() -> None:
    margin, target = scored(2_000, 5)
    fitted = calibration.fit(-margin, outcomes(target), "sigmoid").calibrator
    assert fitted.slope > 0


def test_the_curve_of_lower_brier_score_is_taken() -> None:
    """A sigmoid fits what a sigmoid made; steps are for isotonic regression."""
    margin, target = scored(20_000, 6)
    smooth = calibration.fit(margin, outcomes(target))
    assert smooth.calibrator.kind == "sigmoid"
    stepped = np.random.default_rng(7).random(len(margin)) < np.where(margin > 0, 0.4, 0.05)
    found = calibration.fit(margin, outcomes(stepped))
    assert found.calibrator.kind == "isotonic"
    assert found.brier["isotonic"] < found.brier["sigmoid"] < 0.25


def test_few_frauds_get_the_plainer_curve_without_a_contest() -> None:
    margin, target = scored(400, 8)
    assert 0 < target.sum() < calibration.ENOUGH_FRAUDS
    found = calibration.fit(margin, outcomes(target))
    assert (found.calibrator.kind, found.brier) == ("sigmoid", {})
