"""A small made-up bank: enough events and frauds to train on in a second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

START = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = 40
PER_DAY = 120
RECIPE = """
description = "forty days of a small bank"
[data]
payments = "payments.parquet"
labels = "labels.parquet"
[labels]
maturity_days = 3
[split]
warm_up_days = 4
calibration_days = 7
test_days = 8
[boosting]
n_estimators = 60
learning_rate = 0.2
[review]
reviews_per_day = 4
"""


@dataclass(frozen=True)
class Bank:
    """Where the files of the small bank lie."""

    folder: Path

    @property
    def recipe(self) -> str:
        return str(self.folder / "bank.toml")

    @property
    def payments(self) -> Path:
        return self.folder / "payments.parquet"

    @property
    def labels(self) -> Path:
        return self.folder / "labels.parquet"


def write_bank(folder: Path, seed: int = 3) -> Bank:
    """Write forty days of payments; a fraud is eight times the usual, to a new account."""
    chance = np.random.default_rng(seed)
    count = DAYS * PER_DAY
    seconds = np.sort(chance.integers(0, DAYS * 86_400, count))
    times = [START + timedelta(seconds=int(second)) for second in seconds]
    debtors = chance.integers(0, 50, count)
    fraud = chance.random(count) < 0.02
    # Some honest payments look alike, or nothing would be left to learn.
    large = fraud | (chance.random(count) < 0.02)
    amounts = np.round(chance.lognormal(4, 0.3, count) * np.where(large, 8, 1), 2)
    creditors = [
        f"NEW-{place}" if odd else f"SHOP-{shop}"
        for place, (odd, shop) in enumerate(
            zip(fraud | (chance.random(count) < 0.05), chance.integers(0, 20, count), strict=True)
        )
    ]
    events = {
        "event_id": [f"p{place}" for place in range(count)],
        "time": pa.array(times, pa.timestamp("us", tz="UTC")),
        "currency": ["EUR"] * count,
        "amount": [f"{amount:.2f}" for amount in amounts],
        "debtor_account": [f"CUSTOMER-{debtor}" for debtor in debtors],
        "creditor_account": creditors,
    }
    known = np.flatnonzero(fraud)
    labels = {
        "stream": ["payment"] * len(known),
        "event_id": [f"p{place}" for place in known],
        "is_fraud": [True] * len(known),
        "typology": ["stolen_card" if place % 2 else None for place in known],
        "known_at": pa.array(
            [times[place] + timedelta(hours=30) for place in known], pa.timestamp("us", tz="UTC")
        ),
        "source": ["chargeback"] * len(known),
    }
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(events), folder / "payments.parquet")
    pq.write_table(pa.table(labels), folder / "labels.parquet")
    (folder / "bank.toml").write_text(RECIPE)
    return Bank(folder)


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """The small bank, written once; do not change its files."""
    return write_bank(tmp_path_factory.mktemp("bank"))


@pytest.fixture(scope="session")
def compiled() -> None:
    """The metrics' compiled passes, fetched before a test with a deadline asks for them."""
    from training import metrics

    two = np.array([True, False])
    held_back = metrics.Outcomes(two, np.array([1, 2]), np.array([0, 0]))
    metrics.ranking(held_back, np.array([1.0, 0.0]), "payment", 1)
    metrics.average_precision(two, np.array([1.0, 0.0]))
