"""What labels establish is kept with them, also of those that came before it was asked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from features.events import Finding
from serving import store
from serving.store import log
from serving.store.database import Database
from tests.serving.harness import Running
from tests.serving.worlds import START, payment

TOLD = {
    "l1": ("p1", True, "perpetrator"),
    "l2": ("p2", True, "victim"),
    "l3": ("p3", False, "unknown"),
}


def before_findings(url: str) -> None:
    """Write a log with three labels as the release before findings kept it."""
    config = Config()
    config.set_main_option("script_location", str(Path(store.__file__).parent / "migrations"))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        for number, (label_id, (event_id, fraud, role)) in enumerate(TOLD.items(), start=1):
            body = orjson.dumps({"is_fraud": fraud, "subject_role": role})
            given = {"n": number, "id": label_id, "body": body, "about": event_id, "fraud": fraud}
            connection.execute(
                sa.text(
                    "INSERT INTO events (sequence, member, stream, event_id, received_at, "
                    "event_time, body, body_hash) VALUES (:n, 'bank-a', 'label', :id, 1, 1, "
                    ":body, :body)"
                ),
                given,
            )
            connection.execute(
                sa.text(
                    "INSERT INTO labels (sequence, member, label_id, stream, event_id, is_fraud) "
                    "VALUES (:n, 'bank-a', :id, 'payment', :about, :fraud)"
                ),
                given,
            )
    engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_labels_from_before_findings_establish_what_they_said(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place: Path | str = tmp_path / "crossflag.db"
    url = f"sqlite:///{place}"
    if kind == "postgresql":
        place = request.getfixturevalue("postgresql")
        url = str(place).replace("postgresql:", "postgresql+psycopg:")
    before_findings(url)
    database = Database(place)
    keys = [("payment", event_id) for event_id, *_ in TOLD.values()]
    found = database.read(lambda view: log.latest_findings(view, "bank-a", keys))
    database.close()
    assert {event_id: one for (_, event_id), one in found.items()} == {
        "p1": Finding(is_fraud=True, blames=True),
        "p2": Finding(is_fraud=True, blames=False),
        "p3": Finding(is_fraud=False, blames=False),
    }


def test_a_suspicion_is_kept_and_changes_nothing_that_is_established(service: Running) -> None:
    service.score("payment", payment(1, 1, START))
    label = {"stream": "payment", "event_id": "p1", "is_fraud": True, "source": "reviewer"}
    days = [(START + timedelta(days=day)).isoformat() for day in (1, 2)]
    suspected = {**label, "label_id": "l1", "known_at": days[0], "status": "suspected"}
    victim = {**label, "label_id": "l2", "known_at": days[1], "subject_role": "victim"}
    for body, expected in ((suspected, (0, 0)), (victim, (1, 0))):
        answer = service.client.post("/v1/labels", json={"labels": [body]}).json()
        assert [one["status"] for one in answer["items"]] == [200]
        rows = service.stored(
            "SELECT label_id, established, blames FROM labels WHERE member = :member"
        )
        assert {name: (int(one), int(other)) for name, one, other in rows}[
            body["label_id"]
        ] == expected
    told = [orjson.loads(line) for line in service.client.get("/v1/labels").iter_lines()]
    assert [one.get("status") for one in told] == ["suspected", None]
