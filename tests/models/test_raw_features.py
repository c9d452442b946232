"""Raw features: the same row from a table and from an event, and reasons that name the column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost

from features.definitions import Catalogue
from features.events import Payment, parse
from features.table import from_events
from models.attributes import RawFeature, RawFeatures
from models.bundle import Bundle, profile_of
from models.calibrate import Calibrator
from models.decision import Thresholds
from models.errors import BadBundle
from models.explain import explain
from models.runtime import Scorer

RAW = RawFeatures(
    (
        RawFeature("V[1]", "numeric"),
        RawFeature("kind", "categorical", ("grocery", "", "crypto")),
    )
)


def payment(number: int, carried: dict[str, Any] | None) -> Payment:
    return parse(
        Payment,
        {
            "event_id": f"p{number}",
            "time": "2026-05-01T09:30:00Z",
            "amount": "9.50",
            "currency": "EUR",
            "debtor_account": "A",
            "creditor_account": "B",
            "attributes": carried,
        },
    )


@pytest.fixture(scope="module")
def raw_bundle(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> Bundle:
    random = np.random.default_rng(1)
    rows = np.stack(
        [random.normal(size=900), random.normal(size=900), random.integers(0, 3, 900)], axis=1
    ).astype(np.float32)
    target = (rows[:, 1] > 1) | (rows[:, 2] == 2)
    names = ["payments_1h", *RAW.names]
    data = xgboost.DMatrix(rows, label=target, feature_names=names)
    booster = xgboost.train({"objective": "binary:logistic", "seed": 1}, data, 20)
    return Bundle.write(
        tmp_path_factory.mktemp("raw") / "bundle",
        name="crossflag-payment",
        stream="payment",
        features=[(name, 1) for name in names],
        model=bytes(booster.save_raw("json")),
        calibrator=Calibrator.sigmoid(1, 0),
        thresholds=Thresholds(0.5, 0.9, 10),
        metrics={},
        profile=profile_of(rows, names),
        training={},
        parity_rows=rows[:50],
        parity_margins=booster.predict(data, output_margin=True)[:50],
        raw=RAW,
    )


def test_an_event_and_a_table_make_the_same_row() -> None:
    events = [
        payment(1, {"V[1]": 0.1, "kind": "crypto"}),
        payment(2, {"V[1]": "2.5", "kind": "never seen"}),
        payment(3, None),
    ]
    rows = np.stack([RAW.of_event(event) for event in events])
    assert rows.tobytes() == RAW.of_table(from_events("payment", events)).tobytes()
    np.testing.assert_array_equal(rows, [[0.1, 2], [2.5, np.nan], [np.nan, 1]])
    np.testing.assert_array_equal(RAW.of_table(from_events("payment", events[2:])), rows[2:])


def test_the_bundle_keeps_them_and_reads_them_back(raw_bundle: Bundle) -> None:
    again = Bundle.load(raw_bundle.directory)
    assert again.raw == RAW
    assert again.version == raw_bundle.version


def test_what_is_no_list_of_them_is_refused() -> None:
    for given in ({"attribute": "V1"}, {"attribute": "V1", "kind": "odd", "categories": []}):
        with pytest.raises(BadBundle, match="raw features cannot be read"):
            RawFeatures.from_list([given])


def test_reasons_name_the_column_and_its_place(raw_bundle: Bundle, catalogue: Catalogue) -> None:
    scorer = Scorer(raw_bundle, catalogue)
    row = np.full(len(catalogue.names), 0.0)
    joined = scorer.joined(row, RAW.of_event(payment(1, {"V[1]": 3.25, "kind": "crypto"})))
    texts = [reason.text for reason in explain(scorer, joined)]
    assert "V[1] is 3.25, more than in 99 % of past events" in texts
    assert "kind is crypto" in texts
    missing = scorer.joined(row, np.array([3.25, np.nan]))
    texts = [reason.text for reason in explain(scorer, missing)]
    assert "kind is missing or was hardly seen before" not in texts or len(texts) > 1
    assert scorer.score(joined[None]).probability[0] > 0.5


def test_the_card_lists_them(raw_bundle: Bundle, catalogue: Catalogue, tmp_path: Path) -> None:
    from models.card import card

    assert "| raw.kind | 1 |" in card(raw_bundle, catalogue)
