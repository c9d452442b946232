"""One event, a batch, a message: answers, repeats, refusals, and what is kept."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from serving.api.examples import PACS008
from tests.serving.harness import Running, feature_rows, make_key, running
from tests.serving.worlds import START, history, login, payment, theft

COUNT = "SELECT count(*) FROM events WHERE member = :member"


def played(service: Running) -> dict[tuple[str, str], dict[str, Any]]:
    """Score six honest days and a theft, and return the answers."""
    events = history(days=4) + theft(9_000, 3, START + timedelta(days=4, hours=12))
    return {
        (stream, fields["event_id"]): service.score(stream, fields) for stream, fields, _ in events
    }


def test_a_theft_is_flagged_explained_and_gathered_in_one_case(service: Running) -> None:
    answers = played(service)
    flagged = [one for one in answers.values() if one["advice"] != "clear"]
    honest = [one for one in answers.values() if one["advice"] == "clear"]

    assert len(flagged) >= 6
    assert {one["case_id"] for one in flagged} == {"C-1"}
    for one in flagged:
        assert 1 <= len(one["reasons"]) <= 5
        assert one["reasons"][0]["text"]
        assert one["because"][0].startswith("probability")
    said = [one["counterfactual"] for one in flagged if one["counterfactual"] is not None]
    assert said
    for one in said:
        assert one["text"].startswith("would not have been flagged had ")
        assert one["changes"] and one["probability"] < 0.3
    for one in honest:
        assert one["reasons"] == [] and one["counterfactual"] is None
        assert one["case_id"] is None
    assert any(one["stream"] == "access" for one in flagged)


def test_an_answer_names_all_that_it_rests_on_and_is_kept(service: Running) -> None:
    answer = service.score("payment", payment(1, 1, START))

    assert answer["stream"] == "payment"
    assert answer["event_id"] == "p1"
    assert 0 <= answer["probability"] <= 1
    assert round(answer["probability"], 6) == answer["probability"]
    assert answer["model"]["name"] == "tiny-payment"
    assert answer["feature_set"].startswith("payments-")
    assert answer["amount_reference"] == 2100
    assert answer["late"] is False
    assert answer["duplicate"] is False
    assert service.client.get(f"/v1/assessments/{answer['assessment_id']}").json() == answer
    [(features, contributions, thresholds)] = service.stored(
        "SELECT features, contributions, thresholds FROM assessments WHERE member = :member"
    )
    catalogue = service.service.champions.scorer("payment").catalogue
    assert len(features) == 8 * len(catalogue.names)
    amount = struct.unpack(f"{len(catalogue.names)}d", features)[catalogue.index("amount")]
    assert amount == 2100
    assert contributions is None
    assert thresholds == '{"review":0.3,"urgent":0.8,"reviews_per_day":20.0}'


def test_the_same_event_again_gets_the_first_answer_and_adds_nothing(service: Running) -> None:
    first = service.score("payment", payment(1, 1, START))
    # Another spelling of the same event: offset instead of Z, a number instead of text.
    again = payment(1, 1, START, amount=21.0, time="2026-03-02T09:00:00+01:00")
    second = service.score("payment", again)

    assert second == {**first, "duplicate": True}
    assert service.stored(COUNT) == [(1,)]


def test_the_same_identifier_with_other_fields_is_a_conflict(service: Running) -> None:
    service.score("payment", payment(1, 1, START))
    answer = service.client.post("/v1/payments/score", json=payment(1, 1, START, amount="9.00"))

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "p1" in answer.json()["detail"]
    assert service.stored(COUNT) == [(1,)]


def test_one_identifier_may_stand_in_both_streams(service: Running) -> None:
    service.score("payment", payment(1, 1, START))
    assert service.score("access", login(1, 1, START, event_id="p1"))["duplicate"] is False


def test_a_batch_answers_each_event_on_its_own(service: Running) -> None:
    good, other = payment(1, 1, START), payment(2, 2, START)
    wrong = payment(3, 3, START, currency="XXQ", amount="-4")
    items = service.batch("payment", [good, wrong, other, good, {**good, "amount": "7"}])

    assert [item["index"] for item in items] == [0, 1, 2, 3, 4]
    assert [item["status"] for item in items] == [200, 422, 200, 200, 422]
    assert {one["field"] for one in items[1]["problem"]["errors"]} == {"currency", "amount"}
    assert items[3]["assessment"] == {**items[0]["assessment"], "duplicate": True}
    assert service.stored(COUNT) == [(2,)]


def test_a_batch_gives_the_answers_of_single_events(
    service: Running, new_member: Callable[[], Running]
) -> None:
    other = new_member()
    events = [fields for stream, fields, _ in history(days=2) if stream == "payment"]
    for fields in events:
        other.score("payment", fields)
    service.batch("payment", events)
    assert len(feature_rows(service)) == len(events)
    assert feature_rows(service) == feature_rows(other)


def test_an_empty_batch_and_a_large_one(service: Running) -> None:
    assert service.batch("payment", []) == []
    many = {"events": [payment(number, 1, START) for number in range(1001)]}
    answer = service.client.post("/v1/payments/score-batch", json=many)
    assert answer.status_code == 413
    assert "1000" in answer.json()["detail"]


def test_every_wrong_field_is_named_with_its_fix(service: Running) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=6)).isoformat()
    fields = payment(1, 1, START, amount="1.234", creditor_account_country="ZZ", time=soon)
    answer = service.client.post("/v1/payments/score", json={**fields, "debtor_nam": "x"})

    assert answer.status_code == 422
    errors = {one["field"]: one for one in answer.json()["errors"]}
    assert set(errors) == {"amount", "creditor_account_country", "time", "debtor_nam"}
    assert errors["debtor_nam"]["fix"] == "did you mean debtor_name?"
    assert "future" in errors["time"]["problem"]
    assert all(one["fix"] and "problem" in one for one in errors.values())
    assert service.stored(COUNT) == [(0,)]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"event_id": NaN}', b"[" * 5000])
def test_a_body_that_is_no_json_is_refused(service: Running, body: bytes) -> None:
    answer = service.client.post("/v1/payments/score", content=body)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:crossflag:problem:malformed"


def test_a_pacs008_message_is_scored_transaction_by_transaction(service: Running) -> None:
    message = PACS008.replace("2026-05-01", "2026-03-01")
    one = message[message.index("<CdtTrfTxInf>") : message.index("</FIToFICstmrCdtTrf>")]
    broken = one.replace("T-1", "T-2").replace("BE71096123456769", "BE00096123456769")
    answer = service.client.post("/v1/payments/pacs008", content=message.replace(one, one + broken))

    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["message_id"] == "M-1"
    assert [item["status"] for item in document["items"]] == [200, 422]
    assert document["items"][0]["assessment"]["amount_reference"] == 125_000
    assert document["items"][1]["problem"]["errors"][0]["field"] == "debtor_account"


@pytest.mark.parametrize(
    "message",
    [
        "<Document>",
        '<!DOCTYPE Document [<!ENTITY a "b">]>' + PACS008.partition("?>")[2],
        "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10'/>",
    ],
)
def test_a_message_that_is_no_pacs008_is_refused(service: Running, message: str) -> None:
    answer = service.client.post("/v1/payments/pacs008", content=message)
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_an_event_of_long_ago_is_scored_and_said_to_be_late(service: Running) -> None:
    for day in range(40):
        service.score("payment", payment(day, 1, START + timedelta(days=day)))
    late = service.score("payment", payment(99, 1, START))
    assert late["late"] is True


def test_receipt_times_rise_and_the_order_is_kept(service: Running) -> None:
    service.batch("payment", [payment(number, 1, START) for number in range(300)])
    rows = service.stored(
        "SELECT received_at, event_id FROM events WHERE member = :member ORDER BY sequence"
    )
    times = [time for time, _ in rows]
    assert times == sorted(set(times))
    assert [event_id for _, event_id in rows] == [f"p{number}" for number in range(300)]


def test_a_full_queue_says_when_to_come_back(new_home: Callable[..., Path]) -> None:
    with running(new_home(), console=False, queue_capacity=1) as service:
        holder = sqlite3.connect(service.home / "crossflag.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(3) as threads:
            answers = [
                threads.submit(
                    service.client.post, "/v1/payments/score", json=payment(number, 1, START)
                )
                for number in range(3)
            ]
            done, _ = wait(answers, return_when=FIRST_COMPLETED, timeout=30)
            holder.execute("ROLLBACK")
            holder.close()
        refused = next(iter(done)).result()
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert {answer.result().status_code for answer in answers} == {200, 503}


def test_a_key_is_needed_with_the_scope(service: Running) -> None:
    reader = service.client_of(make_key(service.home, service.member, scopes=("read",)))
    answer = reader.post("/v1/payments/score", json=payment(1, 1, START))
    assert answer.status_code == 403
    assert "'score'" in answer.json()["detail"]
