"""A small world for the service's tests: honest customers, a few that are emptied, one model."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

from features.catalog import CATALOGUES
from features.engine import Engine
from features.events import MODELS, parse
from features.reference import Reference
from models.bundle import Bundle, profile_of
from models.calibrate import Calibrator
from models.champion import promote
from models.decision import Thresholds
from models.drift import Sample, baseline_of
from training import novelty

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
ACCOUNTS = [f"{number:010d}" for number in range(400)]


def payment(number: int, customer: int, when: datetime, **more: Any) -> dict[str, Any]:
    """Return a payment's fields."""
    return {
        "event_id": f"p{number}",
        "time": when.isoformat(),
        "currency": "EUR",
        "amount": f"{20 + number % 60}.00",
        "debtor_account": ACCOUNTS[customer],
        "debtor_account_scheme": "BBAN",
        "debtor_account_country": "BE",
        "debtor_name": f"Customer {customer}",
        "creditor_account": ACCOUNTS[100 + customer % 7],
        "creditor_account_scheme": "BBAN",
        "creditor_account_country": "BE",
        "customer_id": f"c{customer}",
        "device_id": f"d{customer}",
        "channel": "mobile",
    } | more


def login(number: int, customer: int, when: datetime, **more: Any) -> dict[str, Any]:
    """Return an access event's fields."""
    return {
        "event_id": f"a{number}",
        "time": when.isoformat(),
        "user_id": f"c{customer}",
        "action": "login",
        "outcome": "success",
        "device_id": f"d{customer}",
        "ip_address": f"192.0.2.{customer}",
    } | more


def history(days: int = 12, seed: int = 7) -> list[tuple[str, dict[str, Any], bool]]:
    """Return (stream, fields, is it fraud) in time's order."""
    chance = random.Random(seed)
    made: list[tuple[str, dict[str, Any], bool]] = []
    number = 0
    for day in range(days):
        for customer in range(40):
            when = START + timedelta(days=day, minutes=chance.randrange(600))
            number += 1
            made.append(("access", login(number, customer, when - timedelta(minutes=2)), False))
            made.append(("payment", payment(number, customer, when), False))
        if day >= 4:
            made += theft(number, chance.randrange(40), START + timedelta(days=day, hours=12))
            number += 20
    return sorted(made, key=lambda one: one[1]["time"])


def theft(number: int, customer: int, start: datetime) -> list[tuple[str, dict[str, Any], bool]]:
    """Return failed logins, one that succeeds abroad, and payments to new payees."""
    made: list[tuple[str, dict[str, Any], bool]] = []
    for step in range(8):
        number += 1
        fields = login(
            number,
            customer,
            start + timedelta(seconds=20 * step),
            outcome="success" if step == 7 else "failure",
            device_id="stolen",
            ip_address="203.0.113.9",
        )
        made.append(("access", fields, True))
    for step in range(6):
        number += 1
        fields = payment(
            number,
            customer,
            start + timedelta(minutes=4 + step),
            amount="2900.00",
            creditor_account=ACCOUNTS[200 + number % 150],
            creditor_account_country="LT",
            device_id="stolen",
        )
        made.append(("payment", fields, True))
    return made


def train(
    home: Path,
    seed: int = 1,
    streams: tuple[str, ...] = ("payment", "access"),
    promoted: bool = True,
    novel_from: float | None = None,
    **more: Any,
) -> Bundle:
    """Train and promote a tiny real bundle for each stream below `home`; return the last.

    With `novel_from` it has a baseline of drift and a detector; events above that rank are novel.
    """
    engine = Engine(Reference())
    rows: dict[str, list[Any]] = {"payment": [], "access": []}
    marks: dict[str, list[bool]] = {"payment": [], "access": []}
    for stream, fields, is_fraud in history():
        step = engine.step(parse(MODELS[stream], fields))
        rows[stream].append(step.features)
        marks[stream].append(is_fraud)
    for stream in streams:
        table, fraud = np.stack(rows[stream]), np.array(marks[stream])
        watching = {} if novel_from is None else _watching(stream, table, fraud, novel_from)
        made = _bundle(home, stream, table, fraud, seed, watching | more)
        if promoted:
            promote(home / "models", made.directory, by="test", why="a tiny model for tests")
    return made


def _watching(stream: str, rows: Any, marks: Any, novel_from: float) -> dict[str, Any]:
    """Return a detector and a baseline, as parts of a bundle."""
    names, narrow = CATALOGUES[stream].names, rows.astype(np.float32)
    places = novelty.looked_at(list(names), CATALOGUES[stream])
    detector = novelty.learn(rows[~marks], places, seed=1)
    threshold = float(np.quantile(detector.score(narrow[~marks]), novel_from))
    nowhere = [""] * len(rows)
    sample = Sample(narrow, nowhere, np.linspace(-8, 4, len(rows)), nowhere, ["velocity"] * 50)
    return {
        "novelty": replace(detector, threshold=threshold, reviews_per_day=2.0),
        "baseline": baseline_of(names, sample, names, ()),
    }


def _bundle(
    home: Path, stream: str, rows: Any, marks: Any, seed: int, more: dict[str, Any]
) -> Bundle:
    catalogue = CATALOGUES[stream]
    narrow = rows.astype(np.float32)
    matrix = xgboost.DMatrix(narrow, label=marks)
    booster = xgboost.train(
        {"objective": "binary:logistic", "max_depth": 4, "seed": seed, "nthread": 1, "eta": 0.3},
        matrix,
        num_boost_round=20 + seed,
    )
    margins = booster.predict(matrix, output_margin=True)
    parts: dict[str, Any] = {
        "name": f"tiny-{stream}",
        "stream": stream,
        "features": [(feature.name, feature.version) for feature in catalogue.features],
        "model": bytes(booster.save_raw("json")),
        "calibrator": Calibrator.sigmoid(1.0, 0.0),
        "thresholds": Thresholds(review=0.3, urgent=0.8, reviews_per_day=20),
        "metrics": {"average_precision": 0.9},
        "profile": profile_of(rows, catalogue.names),
        "training": {"data_hash": "test"},
        "parity_rows": narrow[:200],
        "parity_margins": margins[:200],
    }
    return Bundle.write(home / "made" / f"{stream}-{seed}", **parts | more)
