from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from models.calibrate import Calibrator
from models.errors import BadCalibrator

CURVES = [
    Calibrator.isotonic([-3.1, -1.0, 0.3, 2.2], [0.0, 0.013, 0.4, 0.97]),
    Calibrator.sigmoid(1.7, -2.3),
]


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.kind)
@given(st.lists(st.floats(-50, 50), min_size=1, max_size=200))
def test_probabilities_are_rounded_ordered_and_the_same_one_by_one(curve, margins):
    margins = np.sort(np.array(margins))
    together = curve.apply(margins)
    singly = np.concatenate([curve.apply(margins[i : i + 1]) for i in range(margins.size)])
    assert np.array_equal(together.view(np.uint64), singly.view(np.uint64))
    assert np.array_equal(together, np.round(together, 6))
    assert (np.diff(together) >= 0).all()
    assert together.min() >= 0 and together.max() <= 1


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.kind)
def test_curves_survive_json(curve):
    assert Calibrator.from_dict(json.loads(json.dumps(curve.to_dict()))) == curve


def test_isotonic_is_scikit_learns_curve():
    random = np.random.default_rng(0)
    margins = random.normal(size=500)
    fitted = IsotonicRegression(out_of_bounds="clip").fit(margins, random.random(500) < 0.3)
    curve = Calibrator.isotonic(fitted.X_thresholds_, fitted.y_thresholds_)
    probe = random.normal(size=300) * 2
    np.testing.assert_allclose(curve.apply(probe), fitted.predict(probe), atol=6e-7)


def test_sigmoid_is_its_formula():
    assert Calibrator.sigmoid(2.0, -1.0).apply(np.array([0.5, 2.0, -1e6])).tolist() == [
        0.5,
        round(1 / (1 + np.exp(-3.0)), 6),
        0.0,
    ]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Calibrator.isotonic([], []), "at least one"),
        (lambda: Calibrator.isotonic([0, 1], [0.5]), "as many"),
        (lambda: Calibrator.isotonic([0, 0], [0.1, 0.2]), "strictly rising"),
        (lambda: Calibrator.isotonic([0, float("nan")], [0.1, 0.2]), "strictly rising"),
        (lambda: Calibrator.isotonic([0, 1], [0.3, 0.2]), "never fall"),
        (lambda: Calibrator.isotonic([0, 1], [0.3, 1.2]), "never fall"),
        (lambda: Calibrator.sigmoid(-1, 0), "slope"),
        (lambda: Calibrator.sigmoid(1, float("inf")), "finite"),
        (lambda: Calibrator.from_dict({"kind": "spline"}), "'spline'"),
        (lambda: Calibrator.from_dict({"kind": "sigmoid"}), "slope"),
        (lambda: Calibrator("beta"), "'beta'"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_curve_is_refused(make, words):
    with pytest.raises(BadCalibrator, match=words):
        make()
