"""The whole loop: score, decide, export the labels, train again, and another model comes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from features.events import Label, Payment
from features.table import concatenate
from models.bundle import Bundle
from models.promotions import Person
from serving import history
from serving.cli.export import write_labels
from serving.cli.history import read_arrivals
from serving.labels import every_label
from serving.store.database import Database
from tests.serving.harness import running
from tests.training import conftest as small_bank
from training import data, pipeline, recipe
from training.progress import Teller


def test_what_reviewers_decide_changes_the_next_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    # Fifteen of the bank's forty days are still to come when the reviewers decide.
    monkeypatch.setattr(small_bank, "START", now - timedelta(days=25))
    bank = small_bank.write_bank(tmp_path / "bank")
    given = recipe.load(bank.recipe).model_copy(update={"baselines": False})
    home = tmp_path / "home"
    pipeline.train(given, "payment", home, log=False, promote_by=Person("tester"))

    arrivals = list(read_arrivals(bank.payments, None, bank.labels))
    cut = int((now - timedelta(days=2)).timestamp() * 1e6)
    database = Database(home / "crossflag.db", exclusive=True)
    history.load(database, "bank-a", (one for one in arrivals if one[0] < cut))
    database.close()
    recent = [
        event.model_dump(mode="json", exclude_none=True)
        for at, event in arrivals
        if isinstance(event, Payment) and cut <= at < now.timestamp() * 1e6
    ]
    with running(home, console=False) as service:
        service.batch("payment", recent)
        cases = service.client.get("/v1/cases").json()["cases"]
        assert cases
        for case in cases:
            path = f"/v1/cases/{case['case_id']}"
            service.client.post(f"{path}/claim")
            decision = {"disposition": "fraud_confirmed", "reason": "The customer denies it."}
            answer = service.client.post(f"{path}/decision", json=decision)
            assert answer.status_code == 200, answer.text
    database = Database(home / "crossflag.db")
    labels = list(every_label(database))
    database.close()

    decided = [label for label in labels if label.source == "reviewer"]
    assert decided and all(label.is_fraud for label in decided)
    without = [label for label in labels if label.source != "reviewer"]
    assert retrained(given, bank, labels, home) != retrained(given, bank, without, home)


def retrained(
    given: recipe.Recipe, bank: small_bank.Bank, exported: list[Label], home: Path
) -> str:
    """Train on an export of labels and on what the bank came to know later; hash the trees."""
    path = home / "labels.parquet"
    write_labels(exported, path)
    known = data.read(given.data.model_copy(update={"labels": path}), print)
    later = data.read(given.data.model_copy(update={"labels": bank.labels}), print)
    assert known.labels is not None and later.labels is not None
    seen = {label.event_id for label in exported}
    fresh = [name not in seen for name in later.labels.column("event_id").to_pylist()]

    labels = concatenate([known.labels, later.labels.take(np.array(fresh))])
    inputs = data.Inputs(known.payments, None, labels, known.sources)
    result = pipeline.train(
        given, "payment", home, teller=Teller(quiet=True), inputs=inputs, log=False
    )

    return Bundle.load(result.bundle).files["model.json"]
