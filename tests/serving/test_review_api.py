"""A case from its first flag to its decision, and the labels that follow from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from features.events import Label, parse
from features.formats.tabular import read_tabular
from serving import restoring
from serving.cases import DISPOSITIONS
from serving.cli.export import write_labels
from serving.labels import every_label
from tests.serving.harness import Running, make_key
from tests.serving.worlds import START, login, payment, theft


def steal(service: Running, customer: int = 3, number: int = 9_000, **more: Any) -> str:
    """Play a theft from one customer and return the case it opened; `more` goes to payments."""
    stolen = [fields for stream, fields, _ in theft(number, customer, START + timedelta(hours=12))]
    answers = [
        service.score("payment", fields | more)
        if "amount" in fields
        else service.score("access", fields)
        for fields in stolen
    ]
    [case_id] = {one["case_id"] for one in answers if one["advice"] != "clear"}
    return str(case_id)


def act(service: Running, case_id: str, action: str, body: Any = None, key: str = "") -> Any:
    client = service.client_of(key) if key else service.client
    return client.post(f"/v1/cases/{case_id}/{action}", json=body)


DECISION = {"disposition": "fraud_confirmed", "reason": "The customer did not order these."}


def test_the_flagged_events_of_one_subject_gather_in_one_case(service: Running) -> None:
    service.score("payment", payment(1, 3, START))
    service.score("access", login(2, 3, START))
    service.score("payment", payment(3, 5, START, creditor_account="0000000003"))
    case_id = steal(service)
    page = service.client.get("/v1/cases").json()
    detail = service.client.get(f"/v1/cases/{case_id}").json()

    assert page["total"] == 1
    assert page["cases"] == [detail["summary"]]
    summary = detail["summary"]
    flagged = [one for one in detail["timeline"] if one["in_case"]]
    assert summary["events"] == len(flagged) >= 6
    assert summary["subject"] == "c3"
    assert summary["subject_kind"] == "customer"
    assert summary["subject_name"] == "Customer 3"
    assert summary["corridor"] == ["BE", "LT"]
    losses = [
        round(
            one["assessment"]["probability"]
            * (50_000 if one["stream"] == "access" else one["assessment"]["amount_reference"])
        )
        for one in flagged
    ]
    assert summary["expected_loss"] == sum(losses)
    assert summary["probability"] == max(one["assessment"]["probability"] for one in flagged)

    timeline = detail["timeline"]
    assert [one["time"] for one in timeline] == sorted(one["time"] for one in timeline)
    assert {one["event_id"] for one in timeline} >= {"p1", "a2", "p3"}
    assert {one["direction"] for one in timeline} == {"out", "in", "access"}
    [paid_in] = [one for one in timeline if one["direction"] == "in"]
    assert paid_in["event"]["creditor_account"] == "0000000003"
    assert all(one["assessment"]["reasons"] for one in flagged)
    assert all(one["label"] is None for one in timeline)

    [debtor] = [one for one in detail["parties"] if one["role"] == "debtor"]
    assert (debtor["account"], debtor["country"]) == ("0000000003", "BE")
    payments = [one for one in flagged if one["stream"] == "payment"]
    assert debtor["payments"] == len(payments)
    assert debtor["total"] == sum(one["assessment"]["amount_reference"] for one in payments)
    assert detail["corridors"][-1]["creditor_country"] == "LT"
    assert [one["action"] for one in detail["history"]][:2] == ["opened", "event_added"]


def test_a_case_tells_how_the_fatf_listed_its_countries(service: Running) -> None:
    case_id = steal(service, creditor_country="BG")
    detail = service.client.get(f"/v1/cases/{case_id}").json()
    [note] = detail["countries"]
    [first, *_] = [one for one in detail["timeline"] if one["in_case"] and "amount" in one["event"]]
    assert note == {
        "country": "BG",
        "day": first["time"][:10],
        "status": "increased_monitoring",
        "source": "FATF public statement of 2023-10-27",
    }


def test_a_long_timeline_is_cut_but_never_what_the_case_is_about(service: Running) -> None:
    case_id = steal(service)
    for number in range(10):
        service.score("payment", payment(number, 3, START + timedelta(days=2)))
    detail = service.client.get(f"/v1/cases/{case_id}?timeline_limit=3").json()
    assert detail["timeline_cut"] is True
    in_case = [one for one in detail["timeline"] if one["in_case"]]
    assert len(in_case) == detail["summary"]["events"]
    assert len(detail["timeline"]) == len(in_case) + 3


def test_from_claim_to_decision_to_labels(service: Running) -> None:
    case_id = steal(service)
    assert act(service, case_id, "decision", DECISION).status_code == 409
    claimed = act(service, case_id, "claim").json()
    assert claimed["state"] == "claimed"
    assert act(service, case_id, "claim").json() == claimed
    note = act(service, case_id, "notes", {"text": " Called the customer. "}).json()
    assert note["text"] == "Called the customer."
    decided = act(service, case_id, "decision", {**DECISION, "typology": "account_takeover"})

    assert decided.status_code == 200, decided.text
    summary = decided.json()
    assert summary["state"] == "decided"
    assert summary["disposition"] == "fraud_confirmed"
    detail = service.client.get(f"/v1/cases/{case_id}").json()
    assert detail["summary"] == summary
    assert [one["text"] for one in detail["notes"]] == ["Called the customer."]
    assert [one["action"] for one in detail["history"]][-3:] == ["claimed", "noted", "decided"]
    assert {one["label"] for one in detail["timeline"] if one["in_case"]} == {True}
    labels = [orjson.loads(line) for line in service.client.get("/v1/labels").iter_lines()]
    flagged = {(one["stream"], one["event_id"]) for one in detail["timeline"] if one["in_case"]}
    assert {(one["stream"], one["event_id"]) for one in labels} == flagged
    assert {one["typology"] for one in labels} == {"account_takeover"}
    assert {one["source"] for one in labels} == {"reviewer"}
    for action, body in (("claim", None), ("release", None), ("decision", DECISION)):
        assert act(service, case_id, action, body).status_code == 409
    assert act(service, case_id, "notes", {"text": "afterwards"}).status_code == 200


@pytest.mark.parametrize("word", DISPOSITIONS)
def test_each_disposition_makes_its_label(service: Running, word: str) -> None:
    case_id = steal(service)
    act(service, case_id, "claim")
    answer = act(service, case_id, "decision", {"disposition": word, "reason": "seen"})
    assert answer.status_code == 200
    labels = [orjson.loads(line) for line in service.client.get("/v1/labels").iter_lines()]
    expected = DISPOSITIONS[word].is_fraud
    if expected is None:
        assert labels == []
    else:
        assert {one["is_fraud"] for one in labels} == {expected}
        assert {one["subject_role"] for one in labels} == {DISPOSITIONS[word].subject_role}
        status = {one.get("status", "confirmed") for one in labels}
        assert status == {DISPOSITIONS[word].status}
    # A suspicion labels nothing in the timeline: nothing is established.
    detail = service.client.get(f"/v1/cases/{case_id}").json()
    shown = {one["label"] for one in detail["timeline"] if one["in_case"]}
    established = expected is not None and DISPOSITIONS[word].status == "confirmed"
    assert shown == ({expected} if established else {None})


def test_safeguarding_labels_a_victim_and_a_report_only_suspects() -> None:
    chosen = DISPOSITIONS["safeguarding_referral"]
    assert (chosen.is_fraud, chosen.subject_role) == (True, "victim")
    assert DISPOSITIONS["suspicious_report"].status == "suspected"
    assert DISPOSITIONS["laundering_confirmed"].typology == "money_laundering"


def test_a_decision_feeds_the_history_of_the_labels(
    service: Running, new_member: Callable[[], Running]
) -> None:
    other = new_member()
    for one, disposition in ((service, "fraud_confirmed"), (other, "false_positive")):
        case_id = steal(one)
        act(one, case_id, "claim")
        act(one, case_id, "decision", {"disposition": disposition, "reason": "seen"})
        now = service.stored("SELECT max(received_at) FROM events")[0][0] // 1_000_000 + 60
        later = {"time": (START.fromtimestamp(now, START.tzinfo)).isoformat()}
        one.score("payment", payment(9_999, 3, START, device_id="stolen", **later))
    [first], [second] = (
        one.stored("SELECT features FROM assessments WHERE member = :member AND event_id = 'p9999'")
        for one in (service, other)
    )
    assert first != second


def test_after_a_decision_the_next_flag_opens_a_new_case(service: Running) -> None:
    first = steal(service)
    act(service, first, "claim")
    act(service, first, "decision", {"disposition": "duplicate", "reason": "seen"})
    second = steal(service, number=9_500)
    assert (first, second) == ("C-1", "C-2")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"disposition": "guilty", "reason": "x"}, {"disposition"}),
        ({"disposition": "fraud_confirmed", "reason": "  "}, {"reason"}),
        ({"disposition": "fraud_confirmed", "reason": "x" * 4001}, {"reason"}),
        ({"disposition": "fraud_confirmed"}, {"reason"}),
        ({"disposition": "fraud_confirmed", "reason": "x", "typology": "Not A Word"}, {"typology"}),
        ({"disposition": "nope", "reason": "", "subject_role": "thief"}, {"disposition", "reason"}),
        ({"disposition": "false_positive", "reason": "x", "typology": "mule"}, {"typology"}),
        ({"disposition": "fraud_confirmed", "reason": "\ud800"}, None),
    ],
)
def test_a_decision_names_every_wrong_field(
    service: Running, body: dict[str, str], fields: set[str] | None
) -> None:
    case_id = steal(service)
    act(service, case_id, "claim")
    answer = service.client.post(
        f"/v1/cases/{case_id}/decision",
        content=json.dumps(body),
        headers={"content-type": "application/json"},
    )
    if fields is None:
        assert answer.status_code in (400, 422)
    else:
        assert answer.status_code == 422
        assert fields <= {one["field"] for one in answer.json()["errors"]}
    state = service.client.get(f"/v1/cases/{case_id}").json()["summary"]["state"]
    assert state == "claimed"


def test_a_claim_is_one_persons_and_a_supervisor_may_lift_it(service: Running) -> None:
    case_id = steal(service)
    other = make_key(service.home, service.member, ("read", "review"))
    chief = make_key(service.home, service.member, ("read", "review", "admin"))
    assert act(service, case_id, "release").status_code == 409
    act(service, case_id, "claim")
    for action, body in (("claim", None), ("release", None), ("decision", DECISION)):
        assert act(service, case_id, action, body, key=other).status_code == 409
    assert act(service, case_id, "release", key=chief).json()["state"] == "open"
    assert act(service, case_id, "claim", key=other).json()["claimed_by"] == other.split("_")[1]


def test_the_queue_pages_by_loss_and_by_age(service: Running) -> None:
    for customer in range(5):
        steal(service, customer, 9_000 + 100 * customer)
    everything = service.client.get("/v1/cases?limit=200").json()["cases"]
    losses = [one["expected_loss"] for one in everything]
    assert losses == sorted(losses, reverse=True)
    assert len(everything) == 5

    for order in ("loss", "age"):
        seen: list[str] = []
        cursor = None
        while True:
            query: dict[str, Any] = {"order": order, "limit": 2}
            page = service.client.get(
                "/v1/cases", params=query | ({"cursor": cursor} if cursor else {})
            ).json()
            assert page["total"] == 5
            seen += [one["case_id"] for one in page["cases"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        expected = (
            [one["case_id"] for one in everything]
            if order == "loss"
            else [f"C-{number}" for number in range(1, 6)]
        )
        assert seen == expected


def test_the_queue_filters_by_state_and_by_holder(service: Running) -> None:
    first, second = steal(service, 1), steal(service, 2, 9_500)
    act(service, first, "claim")

    def listed(query: str) -> list[str]:
        page = service.client.get(f"/v1/cases?{query}").json()
        return sorted(one["case_id"] for one in page["cases"])

    assert listed("state=open") == [second]
    assert listed("state=claimed") == [first]
    assert listed("state=open&state=claimed") == [first, second]
    assert listed("mine=true") == [first]
    assert listed("state=decided") == []


@pytest.mark.parametrize("cursor", ["x", "e30", "W10", "WyJ4IiwxLDIsM10", "%00"])
def test_a_cursor_of_another_list_is_refused(service: Running, cursor: str) -> None:
    answer = service.client.get(f"/v1/cases?cursor={cursor}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize("case_id", ["C-99", "99", "C-", "C--1", "C-1e3", "C-" + "9" * 40])
def test_a_case_that_is_not_there(service: Running, case_id: str) -> None:
    assert service.client.get(f"/v1/cases/{case_id}").status_code == 404
    assert act(service, case_id, "claim").status_code == 404


def test_labels_are_added_corrected_and_never_changed(service: Running) -> None:
    service.score("payment", payment(1, 1, START))
    known = (START + timedelta(days=1)).isoformat()
    label = {"stream": "payment", "event_id": "p1", "is_fraud": True, "source": "chargeback"}
    label |= {"known_at": known, "label_id": "l1"}
    flipped = {**label, "label_id": "l2", "is_fraud": False, "supersedes": "l1"}
    early = {**label, "label_id": "l3", "known_at": (START - timedelta(days=1)).isoformat()}
    unknown = {**label, "label_id": "l4", "event_id": "nobody", "supersedes": "l9"}
    body = {"labels": [label, flipped, label, {**label, "is_fraud": False}, early, unknown]}
    items = service.client.post("/v1/labels", json=body).json()["items"]

    assert [item["status"] for item in items] == [200, 200, 200, 409, 422, 422]
    assert [item.get("duplicate") for item in items[:3]] == [False, False, True]
    assert items[4]["problem"]["errors"][0]["field"] == "known_at"
    assert {one["field"] for one in items[5]["problem"]["errors"]} == {"event_id", "supersedes"}
    lines = list(service.client.get("/v1/labels").iter_lines())
    assert [orjson.loads(line)["label_id"] for line in lines] == ["l1", "l2"]
    case = service.stored("SELECT is_fraud FROM labels WHERE member = :member ORDER BY sequence")
    assert case == [(1,), (0,)]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_exported_labels_are_read_back_by_the_readers(
    service: Running, tmp_path: Path, ending: str
) -> None:
    case_id = steal(service)
    act(service, case_id, "claim")
    act(service, case_id, "decision", {**DECISION, "typology": "account_takeover"})
    labels = list(every_label(service.service.database, service.member))
    out = tmp_path / f"labels.{ending}"
    assert write_labels(labels, out) == len(labels) > 0
    read = read_tabular(out, "label")
    assert (read.rows, read.rejected) == (len(labels), 0)
    table = read.table.table
    assert {label.review_propensity for label in labels} == {1.0}
    names = ("label_id", "event_id", "is_fraud", "typology", "subject_role", "source")
    for name in (*names, "status", "review_propensity"):
        assert table[name].to_pylist() == [getattr(label, name) for label in labels]
    assert table["known_at"].to_pylist() == [label.known_at_us for label in labels]


def test_restored_labels_are_whole() -> None:
    given = {
        "label_id": "l",
        "stream": "payment",
        "event_id": "p",
        "is_fraud": True,
        "known_at": START.isoformat(),
        "source": "police",
    }
    label = parse(Label, given)
    assert vars(restoring.label(label.canonical())) == vars(label)
