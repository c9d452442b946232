"""A payment's life after it was scored: found, undone once, labelled, kept, and replayed alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from features.batch import build
from features.events import PaymentStatus, parse
from features.reference import Reference
from features.statuses import recall_labels
from features.table import from_events
from features.timeline import in_order
from serving import history, restoring, store
from serving.api.examples import PACS004, PACS008
from serving.store import log
from serving.store.database import Database
from tests.serving.harness import Running, feature_rows, make_key, running
from tests.serving.worlds import START, payment, theft

UETR = "eb6305c9-1f7f-49de-aed0-16487c27b42d"
OTHER = "eb6305c9-1f7f-49de-aed0-16487c27b42e"
LATER = START + timedelta(hours=1)


def status(number: int = 1, when: datetime = LATER, **more: Any) -> dict[str, Any]:
    return {"event_id": f"s{number}", "time": when.isoformat(), "status": "returned"} | more


def send(service: Running, *statuses: dict[str, Any]) -> list[dict[str, Any]]:
    answer = service.client.post("/v1/payment-statuses", json={"statuses": list(statuses)})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_a_payment_is_found_by_its_id_its_uetr_or_its_end_to_end_id(service: Running) -> None:
    service.score("payment", payment(1, 1, START, uetr=UETR, end_to_end_id="E-1"))
    service.score("payment", payment(2, 1, START, end_to_end_id="E-2"))
    service.score("payment", payment(3, 1, START, uetr=OTHER, end_to_end_id="E-3"))
    items = send(
        service,
        status(1, payment_event_id="p1"),
        status(2, uetr=UETR),
        status(3, end_to_end_id="E-2"),
        # The bank names its own transaction; the next reference decides.
        status(4, payment_event_id="TX-9", end_to_end_id="E-2"),
        status(5, uetr=UETR, end_to_end_id="E-2"),
        # The same words, but of another transfer.
        status(6, uetr=UETR.replace("b42d", "b42f"), end_to_end_id="E-3"),
    )
    assert [one.get("payment_event_id") for one in items] == ["p1", "p1", "p2", "p2", "p1", None]
    assert items[5]["status"] == 404


def test_what_cannot_be_placed_is_refused_and_changes_nothing(service: Running) -> None:
    service.score("payment", payment(1, 1, START, end_to_end_id="RENT"))
    service.score("payment", payment(2, 2, START, end_to_end_id="RENT"))
    items = send(
        service,
        status(1, payment_event_id="nobody", uetr=UETR),
        status(2, end_to_end_id="RENT"),
        status(3, payment_event_id="p1", when=START - timedelta(seconds=1)),
        status(4),
        status(5, payment_event_id="p1", reason="fraud"),
    )
    assert [one["status"] for one in items] == [404, 422, 422, 422, 422]
    told = items[0]["problem"]["detail"]
    assert "this payment_event_id or uetr" in told
    assert UETR not in told
    assert "send the payment first" in told
    errors = [item["problem"]["errors"][0] for item in items[1:]]
    assert [one["field"] for one in errors] == ["end_to_end_id", "time", "event", "reason"]
    assert "several payments" in errors[0]["problem"]
    query = "SELECT count(*) FROM events WHERE stream = 'payment_status' AND member = :member"
    assert service.stored(query) == [(0,)]


def test_nobody_finds_the_payment_of_another_member(
    new_member: Callable[[], Running],
) -> None:
    one, other = new_member(), new_member()
    one.score("payment", payment(1, 1, START, uetr=UETR))
    assert send(other, status(1, uetr=UETR))[0]["status"] == 404
    assert send(one, status(1, uetr=UETR))[0]["status"] == 200


def test_a_status_again_changes_nothing_and_another_under_its_name_is_refused(
    service: Running,
) -> None:
    service.score("payment", payment(1, 1, START))
    first = status(1, payment_event_id="p1", status="recall_requested", reason="FRAD")
    items = send(service, first, first, {**first, "reason": "DUPL"})
    assert [one["status"] for one in items] == [200, 200, 409]
    assert [one.get("duplicate") for one in items[:2]] == [False, True]
    assert items[0]["payment_event_id"] == items[1]["payment_event_id"] == "p1"
    assert items[0]["label_id"] == items[1]["label_id"] == "recall:s1"
    assert len(list(service.client.get("/v1/labels").iter_lines())) == 1
    query = "SELECT target, detail FROM audit WHERE member = :member AND action = 'payment.status'"
    ((target, detail),) = service.stored(query)
    assert (target, orjson.loads(detail)["status"]) == ("p1", "recall_requested")


def test_a_recall_for_fraud_is_a_label_until_somebody_knows_better(service: Running) -> None:
    service.score("payment", payment(1, 1, START))
    recall = {"payment_event_id": "p1", "status": "recall_requested", "reason": "FRAD"}
    send(service, status(1, **recall))
    (line,) = service.client.get("/v1/labels").iter_lines()
    label = orjson.loads(line)
    assert {name: label[name] for name in ("event_id", "is_fraud", "source", "label_id")} == {
        "event_id": "p1",
        "is_fraud": True,
        "source": "recall",
        "label_id": "recall:s1",
    }
    assert datetime.fromisoformat(label["known_at"]) == LATER
    better = {
        "stream": "payment",
        "event_id": "p1",
        "is_fraud": False,
        "known_at": (LATER + timedelta(days=1)).isoformat(),
        "source": "reviewer",
        "supersedes": "recall:s1",
    }
    answer = service.client.post("/v1/labels", json={"labels": [better]})
    assert answer.json()["items"][0]["status"] == 200


def test_a_key_without_the_scope_is_refused(shared: Running) -> None:
    client = shared.client_of(make_key(shared.home, scopes=("labels",)))
    answer = client.post("/v1/payment-statuses", json={"statuses": [status(1, uetr=UETR)]})
    assert answer.status_code == 403


def test_messages_are_recorded_as_they_are(service: Running) -> None:
    xml = {"Content-Type": "application/xml"}
    sent = service.client.post("/v1/payments/pacs008", content=PACS008, headers=xml)
    assert sent.json()["items"][0]["status"] == 200, sent.text
    answer = service.client.post("/v1/payment-statuses/iso20022", content=PACS004, headers=xml)
    assert answer.json() == {
        "items": [
            {
                "index": 0,
                "status": 200,
                "event_id": "pacs.004:R-1:R-1-1",
                "payment_event_id": "T-1",
                "label_id": None,
                "duplicate": False,
            }
        ],
        "skipped": {},
    }
    assert service.client.get("/metrics").text.count('payment_statuses_total{status="returned"}')
    broken = service.client.post("/v1/payment-statuses/iso20022", content="<a/>", headers=xml)
    assert broken.status_code == 400


def morning(service: Running) -> None:
    for number in range(1, 6):
        when = START + timedelta(minutes=number)
        service.score("payment", payment(number, 1, when, amount="900.00"))


def noon(service: Running) -> None:
    items = send(
        service,
        status(1, payment_event_id="p2", status="returned", reason="FRAD"),
        status(2, payment_event_id="p2", status="recall_accepted"),
        status(3, payment_event_id="p3", status="cover"),
        status(4, payment_event_id="p4", status="recall_requested", reason="FRAD"),
    )
    assert [one["status"] for one in items] == [200] * 4


def evening(service: Running) -> bytes:
    service.score("payment", payment(9, 1, START + timedelta(hours=3), amount="900.00"))
    return feature_rows(service)["payment", "p9"]


def test_what_was_undone_leaves_the_values_and_a_replay_gives_the_same_bits(
    new_home: Callable[..., Path],
) -> None:
    with running(new_home("plain"), console=False) as service:
        morning(service)
        untouched = evening(service)
    with running(new_home("live"), console=False) as service:
        morning(service)
        noon(service)
        live = evening(service)
    home = new_home("replayed")
    with running(home, console=False) as service:
        morning(service)
        noon(service)
    with running(home, console=False) as service:
        replayed = evening(service)
    assert live != untouched
    assert replayed == live


def test_loaded_statuses_and_those_of_a_file_are_history_as_if_they_had_been_sent(
    new_home: Callable[..., Path],
) -> None:
    with running(new_home("live"), console=False) as service:
        morning(service)
        noon(service)
        live = evening(service)
        rows = service.stored("SELECT stream, body, received_at FROM events ORDER BY sequence")
    tables = [
        from_events(
            stream,
            [restored(body) for name, body, _ in rows if name == stream],
            [received_at for name, _, received_at in rows if name == stream],
        )
        for stream, restored in (
            ("payment", restoring.payment),
            ("payment_status", restoring.status),
        )
    ]
    labels = recall_labels(*tables)
    assert labels is not None and len(labels) == 2
    built = build(tables[0], None, labels, Reference(), statuses=tables[1])
    assert built.features["payment"][5].tobytes() == live
    tables[0] = tables[0].take(np.arange(5))
    home = new_home("loaded")
    database = Database(home / "crossflag.db", exclusive=True)
    try:
        for again in (False, True):
            loaded = history.load(database, "bank-a", in_order(tables[0], None, None, tables[1]))
            wanted = (0, 0, 0, 9) if again else (5, 4, 2, 0)
            found = (loaded.payments, loaded.payment_statuses, loaded.labels, loaded.known)
            assert found == wanted
        strange = [parse(PaymentStatus, status(7, payment_event_id="p9"))]
        unknown = history.load(database, "bank-a", [(2**60, one) for one in strange])
        assert unknown.statuses_without_payment == 1
    finally:
        database.close()
    with running(home, console=False) as service:
        assert evening(service) == live


def test_a_log_from_before_statuses_finds_its_payments(tmp_path: Path) -> None:
    path = tmp_path / "crossflag.db"
    bodies = {
        "p1": {**payment(1, 1, START), "uetr": UETR, "end_to_end_id": "E-1"},
        "p2": payment(2, 1, START),
    }
    config = Config()
    config.set_main_option("script_location", str(Path(store.__file__).parent / "migrations"))
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for number, (event_id, body) in enumerate(bodies.items(), start=1):
            connection.execute(
                sa.text(
                    "INSERT INTO events (sequence, member, stream, event_id, received_at, "
                    "event_time, body, body_hash) VALUES (:n, 'bank-a', 'payment', :id, 1, 1, "
                    ":body, :body)"
                ),
                {"n": number, "id": event_id, "body": orjson.dumps(body)},
            )
    engine.dispose()
    database = Database(path)
    references = {"event_id": None, "uetr": UETR, "end_to_end_id": "E-1"}
    for name in ("uetr", "end_to_end_id"):
        (found,) = database.read(
            lambda view, name=name: log.payments_named(view, "bank-a", name, references)  # type: ignore[misc]
        )
        assert found.event_id == "p1"
    database.close()


def test_a_reviewer_sees_what_became_of_a_payment(service: Running) -> None:
    for stream, fields, _ in theft(1, 1, START):
        service.score(stream, fields)
    case_id = service.client.get("/v1/cases").json()["cases"][0]["case_id"]
    timeline = service.client.get(f"/v1/cases/{case_id}").json()["timeline"]
    paid = next(one["event_id"] for one in timeline if one["stream"] == "payment")
    later = START + timedelta(days=1)
    send(service, status(1, later, payment_event_id=paid, status="settled"))
    send(service, status(2, later, payment_event_id=paid, status="recall_requested"))
    timeline = service.client.get(f"/v1/cases/{case_id}").json()["timeline"]
    told = {one["event_id"]: one["statuses"] for one in timeline if one["statuses"]}
    assert told == {paid: ["settled", "recall_requested"]}
