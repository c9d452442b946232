from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost

from features.definitions import Catalogue, F, Own
from models.bundle import Bundle, profile_of
from models.calibrate import Calibrator
from models.decision import Thresholds
from models.runtime import Scorer


@dataclass
class Trained:
    booster: xgboost.Booster
    rows: np.ndarray

    @property
    def json(self) -> bytes:
        return bytes(self.booster.save_raw("json"))

    def margins(self) -> np.ndarray:
        return self.booster.predict(xgboost.DMatrix(self.rows), output_margin=True)


def random_rows(seed: int, count: int, width: int, missing: float = 0.2) -> np.ndarray:
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, width)).astype(np.float32)
    rows[:, 0] = np.round(rows[:, 0])  # ties with thresholds
    rows[random.random(rows.shape) < missing] = np.nan
    return rows


def random_labels(rows: np.ndarray, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed + 1000).normal(size=rows.shape[0])
    return (np.nansum(rows[:, :3], axis=1) + noise > 1).astype(np.int64)


def train(
    seed: int = 0, count: int = 800, width: int = 6, rounds: int = 20, **options: Any
) -> Trained:
    rows = random_rows(seed, count, width)
    matrix = xgboost.DMatrix(rows, label=random_labels(rows, seed))
    parameters = {"objective": "binary:logistic", "max_depth": 4, "nthread": 1, "seed": seed}
    return Trained(xgboost.train({**parameters, **options}, matrix, rounds), rows)


@pytest.fixture(name="train", scope="session")
def train_fixture() -> Callable[..., Trained]:
    return train


def declare(name: str, unit: str, family: str, reason: str, **options: Any) -> F:
    return F(name, Own("amount"), unit, family, reason, "why", **options)


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """Eight features; the bundle uses six of them, in another order."""
    return Catalogue(
        "tests",
        "payment",
        (
            declare("unused", "count", "other", "{value} unused"),
            declare("payments_1h", "payments", "velocity", "{value} payments in 1 hour"),
            declare("payments_24h", "payments", "velocity", "{value} payments in 24 hours"),
            declare("amount_24h", "EUR", "velocity", "{value} paid in 24 hours"),
            declare("share_24h", "share", "velocity", "{value} of the payments fall in 24 hours"),
            declare("average", "EUR", "own history", "{value} on average"),
            declare(
                "to_average",
                "ratio",
                "own history",
                "the amount is {value} times the average of {usual}",
                usual="average",
            ),
            declare(
                "since_creditor",
                "seconds",
                "new payee",
                "last paid {value} ago",
                missing="the debtor never paid this creditor before",
                version=2,
            ),
        ),
    )


NAMES = ("to_average", "payments_24h", "payments_1h", "since_creditor", "amount_24h", "share_24h")


@pytest.fixture(scope="session")
def trained() -> Trained:
    return train(seed=3, scale_pos_weight=4.0)


@pytest.fixture(scope="session")
def write_bundle(trained: Trained, catalogue: Catalogue) -> Callable[..., Bundle]:
    def write(directory: Path, **changes: Any) -> Bundle:
        options: dict[str, Any] = {
            "name": "crossflag-payment",
            "stream": "payment",
            "features": [(name, catalogue.feature(name).version) for name in NAMES],
            "model": trained.json,
            "calibrator": Calibrator.isotonic([-2.0, 0.0, 1.5], [0.01, 0.2, 0.9]),
            "thresholds": Thresholds(0.3, 0.8, 50),
            "metrics": {"average_precision": 0.71},
            "profile": profile_of(trained.rows, NAMES),
            "training": {"data_hash": "ab" * 32, "span": ["2026-01-01", "2026-03-01"]},
            "parity_rows": trained.rows,
            "parity_margins": trained.margins(),
            "created_at": datetime(2026, 4, 1, tzinfo=UTC),
        }
        return Bundle.write(directory, **{**options, **changes})

    return write


@pytest.fixture(scope="session")
def bundle(write_bundle: Callable[..., Bundle], tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_bundle(tmp_path_factory.mktemp("bundles") / "first")


@pytest.fixture(scope="session")
def scorer(bundle: Bundle, catalogue: Catalogue) -> Scorer:
    return Scorer(bundle, catalogue)


@pytest.fixture(scope="session")
def catalogue_rows(trained: Trained, catalogue: Catalogue) -> np.ndarray:
    """The training rows as float64 rows in the catalogue's order."""
    rows = np.full((trained.rows.shape[0], len(catalogue.names)), np.nan)
    for place, name in enumerate(NAMES):
        rows[:, catalogue.index(name)] = trained.rows[:, place]
    return rows
