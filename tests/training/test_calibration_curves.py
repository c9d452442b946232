"""Calibration: probabilities that hold on average, and keep their spread when carried over."""

from __future__ import annotations

import numpy as np
import pytest

from training import calibration


def scored(count: int, seed: int, slope: float = 0.7) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    margin = chance.normal(-3, 2, count)
    target = chance.random(count) < 1 / (1 + np.exp(-(slope * margin - 1)))
    return margin, target


def test_a_sigmoid_finds_the_curve_that_made_the_data() -> None:
    margin, target = scored(20_000, 1)
    slope, intercept = calibration.sigmoid(margin, target.astype(float))
    assert slope == pytest.approx(0.7, abs=0.05)
    assert intercept == pytest.approx(-1, abs=0.1)


@pytest.mark.parametrize(("count", "kind"), [(3_000, "sigmoid"), (60_000, "isotonic")])
def test_the_mean_probability_is_the_share_of_fraud(count: int, kind: str) -> None:
    margin, target = scored(count, 2)
    fitted = calibration.fit(margin, target)
    assert fitted.kind == kind
    assert fitted.apply(margin).mean() == pytest.approx(target.mean(), rel=0.03)


@pytest.mark.parametrize("count", [3_000, 60_000])
def test_a_carried_curve_gives_the_rehearsals_probabilities(count: int) -> None:
    margin, target = scored(count, 3)
    rehearsed = calibration.fit(margin, target)
    sharper = 2.5 * margin + 1
    carried = calibration.carry(rehearsed, margin, sharper)
    assert carried.kind == rehearsed.kind
    np.testing.assert_allclose(carried.apply(sharper), rehearsed.apply(margin), atol=2e-3)


def test_an_isotonic_curve_tells_scores_apart() -> None:
    margin, target = scored(60_000, 4)
    fitted = calibration.fit(margin, target)
    assert (np.diff(fitted.probabilities) > 0).all()


def test_a_slice_that_runs_the_wrong_way_still_gives_a_rising_curve() -> None:
    margin, target = scored(2_000, 5)
    fitted = calibration.fit(-margin, target)
    assert fitted.slope > 0
