"""Whatever a caller sends, the service answers: never with 5xx, always as its document says."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import one_of
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_schema_conformance,
    status_code_conformance,
)

from features.events import Label, PaymentStatus, parse
from serving.api.examples import ACCESS_EVENT, LABEL, PAYMENT, STATUS
from serving.api.schemas import DecisionBody
from serving.cases import DISPOSITIONS
from tests.serving.harness import ROOT, Running
from tests.serving.worlds import START, payment

CHECKS = [
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
    content_type_conformance,
    ignored_auth,
]


OPERATIONS = {
    "score_payment",
    "score_payments",
    "score_pacs008",
    "score_access_event",
    "score_access_events",
    "get_assessment",
    "add_payment_statuses",
    "add_iso20022_statuses",
    "list_cases",
    "get_case",
    "claim_case",
    "release_case",
    "add_note",
    "decide_case",
    "add_labels",
    "export_labels",
    "match",
    "match_list",
    "get_watch",
    "health",
    "readiness",
    "metrics",
    "approve",
    "get_recall",
    "judge_watchlist_alert",
    "list_approvals",
    "list_watchlist_alerts",
    "merge_case",
    "note_duty",
    "note_recall",
    "refer_case",
    "reject",
    "reopen_watchlist_alert",
    "report_watchlist_alert",
    "snooze_case",
    "split_case",
    "wake_case",
    "withdraw",
}


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_no_request_makes_the_service_fail(shared: Running, name: str) -> None:
    document = schemathesis.openapi.from_url(f"{shared.url}/openapi.json")
    [operation] = [
        one.ok()
        for one in document.get_all_operations()
        if one.ok().definition.raw["operationId"] == name
    ]
    authorization = {"Authorization": shared.client.headers["authorization"]}

    @given(case=one_of(map(operation.as_strategy, GenerationMode)))
    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def sent(case: Any) -> None:
        case.call_and_validate(headers=authorization, checks=CHECKS)

    sent()


def test_every_operation_is_tried(shared: Running) -> None:
    paths = shared.client.get("/openapi.json").json()["paths"]
    named = {operation["operationId"] for item in paths.values() for operation in item.values()}
    assert named == OPERATIONS


def test_the_document_is_complete(shared: Running) -> None:
    document = shared.client.get("/openapi.json").json()
    assert document["info"]["title"] == "Crossflag"
    for path, item in document["paths"].items():
        for method, operation in item.items():
            where = f"{method} {path}"
            assert operation["operationId"], where
            assert operation["description"] or operation["summary"], where
            good = operation["responses"]["200"]["content"]
            assert any(one.get("schema") or kind == "text/plain" for kind, one in good.items())
            if path not in ("/healthz", "/readyz"):
                assert operation["security"] == [{"api_key": []}], where
                refused = operation["responses"]["401"]["content"]
                assert list(refused) == ["application/problem+json"], where
            if "requestBody" in operation and re.search("score|labels|statuses", path):
                [body] = operation["requestBody"]["content"].values()
                assert body["example"], where
    for name in ("Payment", "AccessEvent", "Label", "PaymentStatus"):
        for field, details in document["components"]["schemas"][name]["properties"].items():
            assert details.get("description"), f"{name}.{field}"


def test_the_examples_are_accepted(service: Running) -> None:
    assert service.score("payment", PAYMENT)["event_id"] == PAYMENT["event_id"]
    assert service.score("access", ACCESS_EVENT)["stream"] == "access"
    [item] = service.client.post("/v1/labels", json={"labels": [LABEL]}).json()["items"]
    assert item["status"] == 200
    answer = service.client.post("/v1/payment-statuses", json={"statuses": [STATUS]})
    assert answer.json()["items"][0]["payment_event_id"] == PAYMENT["event_id"]
    assert service.score("payment", payment(1, 1, START))


def test_the_bodies_that_the_page_shows_are_right() -> None:
    text = (ROOT / "docs" / "api.md").read_text()
    bodies = map(orjson.loads, re.findall(r"--data '(\{.*?\})'", text, re.S))
    statuses, decision, labels = bodies
    for status in statuses["statuses"]:
        parse(PaymentStatus, status)
    DecisionBody(**decision)
    assert decision["disposition"] in DISPOSITIONS
    for label in labels["labels"]:
        parse(Label, label)
