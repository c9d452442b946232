"""A champion with raw features answers over HTTP what it answers for a file of the same events."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xgboost

from features.catalog import CATALOGUES
from features.engine import Engine
from features.events import Payment, parse
from features.reference import Reference
from models.attributes import RawFeature, RawFeatures
from models.bundle import Bundle, profile_of
from models.calibrate import Calibrator
from models.champion import promote
from models.decision import Thresholds
from tests.serving.harness import running
from tests.serving.worlds import START, payment
from training import score

RAW = RawFeatures(
    (
        RawFeature("risk", "numeric"),
        RawFeature("shop", "categorical", ("", "food", "gold")),
    )
)


def events(count: int = 120) -> list[dict[str, Any]]:
    chance = np.random.default_rng(1)
    made = []
    for number in range(count):
        carried: dict[str, Any] = {"risk": round(float(chance.normal()), 3)}
        if number % 3:
            carried["shop"] = ["food", "gold", "unheard of"][int(chance.integers(0, 3))]
        when = START + timedelta(minutes=7 * number)
        made.append(payment(number, number % 9, when, attributes=carried))
    return made


def champion(home: Path, given: list[dict[str, Any]]) -> None:
    engine, catalogue = Engine(Reference()), CATALOGUES["payment"]
    parsed = [parse(Payment, fields) for fields in given]
    rows = np.stack(
        [np.concatenate([engine.step(one).features, RAW.of_event(one)]) for one in parsed]
    ).astype(np.float32)
    names = [*catalogue.names, *RAW.names]
    target = (rows[:, -2] > 0.8) | (rows[:, -1] == 2)
    data = xgboost.DMatrix(rows, label=target, feature_names=names)
    booster = xgboost.train({"objective": "binary:logistic", "seed": 1, "nthread": 1}, data, 15)
    bundle = Bundle.write(
        home / "made",
        name="tiny-payment",
        stream="payment",
        features=[(one.name, one.version) for one in catalogue.features]
        + [(name, 1) for name in RAW.names],
        model=bytes(booster.save_raw("json")),
        calibrator=Calibrator.sigmoid(1.0, 0.0),
        thresholds=Thresholds(review=0.5, urgent=0.9, reviews_per_day=20),
        metrics={},
        profile=profile_of(rows, names),
        training={},
        parity_rows=rows,
        parity_margins=booster.predict(data, output_margin=True),
        raw=RAW,
    )
    promote(home / "models", bundle.directory, by="test", why="raw features")


def scored_as_file(home: Path, folder: Path, given: list[dict[str, Any]]) -> dict[str, str]:
    plain = [
        {key: value for key, value in fields.items() if key != "attributes"}
        | {key: fields["attributes"].get(key) for key in ("risk", "shop")}
        for fields in given
    ]
    path, mapping = folder / "events.parquet", folder / "mapping.toml"
    pq.write_table(pa.Table.from_pylist(plain), path)
    lines = [f'{name} = "{name}"' for name in plain[0] if name not in ("risk", "shop")]
    carried = '[attributes]\nnumeric = ["risk"]\ncategorical = ["shop"]'
    mapping.write_text("\n".join(["[columns]", *lines, carried]))
    out = folder / "scored.csv"
    score.score_file(path, out, home, score.FileOptions("payment", mapping))
    with out.open() as file:
        return {row["event_id"]: row["probability"] for row in csv.DictReader(file)}


def test_the_service_and_a_file_give_the_same_probabilities(tmp_path: Path) -> None:
    given = events()
    home = tmp_path / "home"
    champion(home, given)
    offline = scored_as_file(home, tmp_path, given)
    with running(home, console=False) as service:
        answers = [service.score("payment", fields) for fields in given]
        flagged = [one for one in answers if one["advice"] != "clear"]
        texts = json.dumps([one["reasons"] for one in flagged])
        refused = service.client.post(
            "/v1/payments/score", json=given[0] | {"event_id": "x", "attributes": {"a": [1]}}
        )
    assert {one["event_id"]: one["probability"] for one in answers} == {
        name: float(value) for name, value in offline.items()
    }
    assert 10 < len(flagged) < 110
    assert "shop is gold" in texts
    assert "risk is" in texts
    assert refused.status_code == 422
    assert "attributes.a" in refused.text
