"""Groups add up exactly; what a counterfactual line says is true of the model and of the row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xgboost
from event_worlds import random_world

from features.batch import build
from features.catalog import CATALOGUES
from features.catalog.alternatives import ALTERNATIVES
from features.reference import Reference
from models.bundle import Bundle, profile_of
from models.calibrate import Calibrator
from models.counterfactual import LIMIT, counterfactual
from models.decision import Thresholds
from models.groups import Grouping, group_of
from models.runtime import Scorer

# Who and where somebody is, the day, and what others did: never varied, whatever a model learns.
FIXED = {
    "cross_border",
    "creditor_residence_differs",
    "creditor_script",
    "creditor_scheme",
    "currency_owners",
    "debtor_history_seconds",
    "creditor_history_seconds",
    "corridor_fraud_rate_30d",
    "agent_fraud_share_30d",
    "hour",
    "weekday",
    "public_holiday",
    "ip_country_differs",
    "ip_country_is_creditors",
    "remittance_script",
    "user_history_seconds",
}
EACH = [
    pytest.param(stream, one, id=f"{stream}: {one.words}")
    for stream, alternatives in ALTERNATIVES.items()
    for one in alternatives
]


@pytest.fixture(scope="module")
def rows() -> dict[str, np.ndarray]:
    """Every row of features of a random world, by stream."""
    payments, access, labels = random_world(11, size=900).tables
    return build(payments, access, labels, Reference()).features


@pytest.fixture(scope="module", params=["payment", "access"])
def scorer(request: pytest.FixtureRequest, rows: dict[str, np.ndarray], tmp_path_factory) -> Scorer:
    """A model of a rule about what may be varied, with a threshold that many rows pass."""
    stream = request.param
    catalogue = CATALOGUES[stream]
    given = rows[stream].astype(np.float32)
    rule = {"payment": ("creditor_is_new", "device_is_new"), "access": ("subnet_is_new",) * 2}
    first, second = (given[:, catalogue.index(name)] == 1 for name in rule[stream])
    target = (first & (np.nan_to_num(given[:, 0]) >= 0)) | (second & first)
    matrix = xgboost.DMatrix(given, label=target, feature_names=catalogue.names)
    options = {"objective": "binary:logistic", "max_depth": 4, "nthread": 1, "seed": 1}
    booster = xgboost.train({**options, "colsample_bytree": 0.5}, matrix, 30)
    folder: Path = tmp_path_factory.mktemp("counterfactual")
    bundle = Bundle.write(
        folder / stream,
        name="crossflag",
        stream=stream,
        features=[(one.name, one.version) for one in catalogue.features],
        model=bytes(booster.save_raw("json")),
        calibrator=Calibrator.isotonic([-4.0, 4.0], [0.0, 1.0]),
        thresholds=Thresholds(0.5, 0.9, 10),
        metrics={},
        profile=profile_of(given, catalogue.names),
        training={},
        parity_rows=given[:50],
        parity_margins=booster.predict(
            xgboost.DMatrix(given[:50], feature_names=catalogue.names), output_margin=True
        ),
    )
    return Scorer(bundle, catalogue)


def test_groups_add_up_to_the_margin(scorer: Scorer, rows: dict[str, np.ndarray]) -> None:
    given = rows[scorer.bundle.stream]
    names = tuple(name for name, _ in scorer.bundle.features)
    grouping = Grouping.of(scorer.catalogue, names)
    contributions = scorer.contributions(given)
    sums = grouping.sums(contributions)
    assert len(set(grouping.names)) == len(grouping.names) == sums.shape[1]
    for place, name in enumerate(grouping.names):
        own = [
            column
            for column, feature in enumerate(names)
            if group_of(scorer.catalogue.feature(feature)) == name
        ]
        assert sums[:, place] == pytest.approx(contributions[:, own].sum(axis=1), abs=1e-12)
    margin = scorer.score(given).margin
    assert sums.sum(axis=1) + scorer.bias == pytest.approx(margin, abs=1e-4)


def test_what_a_line_says_really_leaves_the_row_clear(
    scorer: Scorer, rows: dict[str, np.ndarray]
) -> None:
    given = rows[scorer.bundle.stream]
    flagged = np.flatnonzero(scorer.score(given).probability >= scorer.bundle.thresholds.review)
    assert len(flagged) > 20
    said = 0
    words = [one.words.split("{")[0] for one in ALTERNATIVES[scorer.bundle.stream]]
    allowed = {name for one in ALTERNATIVES[scorer.bundle.stream] for name in one.features}
    for row in given[flagged]:
        found = counterfactual(scorer, row)
        assert found == counterfactual(scorer, row)
        if found is None:
            continue
        said += 1
        changed = row.copy()
        for name, value in found.changes.items():
            changed[scorer.catalogue.index(name)] = np.nan if value is None else value
        assert found.changes.keys() <= allowed
        score = scorer.score(changed[None])
        assert score.probability[0] == found.probability < scorer.bundle.thresholds.review
        assert found.text.startswith("would not have been flagged had ")
        parts = found.text.removeprefix("would not have been flagged had ").split(" and had ")
        assert all(any(part.startswith(word) for word in words) for part in parts)
        assert "{" not in found.text and "nan" not in found.text
    assert said > len(flagged) / 4


def test_a_clear_row_has_no_line(scorer: Scorer, rows: dict[str, np.ndarray]) -> None:
    given = rows[scorer.bundle.stream]
    clear = np.flatnonzero(scorer.score(given).probability < scorer.bundle.thresholds.review)
    assert all(counterfactual(scorer, row) is None for row in given[clear[:50]])


def test_the_search_is_bounded(
    scorer: Scorer, rows: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = rows[scorer.bundle.stream]
    flagged = np.flatnonzero(scorer.score(given).probability >= scorer.bundle.thresholds.review)
    scored: list[int] = []
    score = scorer.score

    def counted(features: np.ndarray):
        scored.append(len(features))
        return score(features)

    monkeypatch.setattr(scorer, "score", counted)
    for row in given[flagged[:100]]:
        scored.clear()
        counterfactual(scorer, row)
        # One row is the event itself.
        assert sum(scored) <= LIMIT + 1 and len(scored) <= 3


@pytest.mark.parametrize(("stream", "one"), EACH)
def test_an_alternative_is_a_row_that_could_have_been(
    stream: str, one, rows: dict[str, np.ndarray]
) -> None:
    catalogue = CATALOGUES[stream]
    assert set(one.features) <= set(catalogue.names)
    assert not FIXED & set(one.features)
    met = 0
    for row in rows[stream]:
        values = dict(zip(catalogue.names, row.tolist(), strict=True))
        changed = one.of(values)
        assert changed.keys() <= set(one.features)
        if not changed:
            continue
        met += 1
        now = {**values, **changed}
        assert one.of(now).keys() <= {"amount_rank"} | set(one.features[1:])
        for name, value in changed.items():
            unit = catalogue.feature(name).unit
            assert np.isnan(value) or unit == "score" or value >= 0, (name, value)
            assert unit != "flag" or value in (0, 1)
            assert unit != "share" or np.isnan(value) or value <= 1
        for name in one.features:
            if name.startswith("debtor_amount_"):
                spans = [now[f"debtor_amount_{span}"] for span in ("1h", "24h", "7d", "30d")]
                assert not np.any(np.diff(spans) < -1e-6)
    if one.words.startswith(
        ("the debtor paid this creditor", "the amount been", "the user logged")
    ):
        assert met > 0
