"""A marked value in every field, through every parser and error: in no log, metric or answer."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from marks import MARK, PERSONAL

from features.events import MODELS
from serving.api.examples import ACCESS_EVENT, LABEL, PAYMENT, STATUS
from tests.serving.harness import Running

SENDING = {
    "payment": ("/v1/payments/score", PAYMENT),
    "access": ("/v1/access-events/score", ACCESS_EVENT),
}
BATCHES = {
    "payment": ("/v1/payments/score-batch", "events", PAYMENT),
    "access": ("/v1/access-events/score-batch", "events", ACCESS_EVENT),
    "label": ("/v1/labels", "labels", LABEL),
    "payment_status": ("/v1/payment-statuses", "statuses", STATUS),
}
WRONG = [MARK, MARK + "\x00", MARK * 400, [MARK], {"a": MARK}, MARK + "\ud800", f"<{MARK}>&;"]


@pytest.mark.parametrize("stream", sorted(BATCHES))
def test_no_field_of_an_event_is_told_on(
    service: Running, caplog: pytest.LogCaptureFixture, stream: str
) -> None:
    caplog.set_level(logging.DEBUG)
    path, field, example = BATCHES[stream]
    for name in MODELS[stream].model_fields:
        events = [example | {name: value} for value in WRONG[:5]]
        answer = service.client.post(path, json={field: events})
        assert answer.status_code == 200, answer.text
        if PERSONAL.search(name):
            for item in answer.json()["items"]:
                assert MARK not in str(item.get("problem", "")), (name, item)
        if stream in SENDING:
            one, fields = SENDING[stream]
            for value in WRONG[:4]:
                said = service.client.post(one, json=fields | {name: value})
                assert said.status_code < 500, said.text
                if PERSONAL.search(name) and said.status_code != 200:
                    assert MARK not in said.text, (name, said.text)
    silent(service, caplog)


def silent(service: Running, caplog: pytest.LogCaptureFixture) -> None:
    ours = [one for one in caplog.records if not re.match("http|asyncio|uvicorn.access", one.name)]
    said = "\n".join(f"{one.getMessage()} {one.exc_text or ''}" for one in ours)
    assert MARK not in said
    assert MARK not in service.client.get("/metrics").text


def test_no_parser_and_no_route_logs_what_it_was_sent(
    service: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    paths = service.client.get("/openapi.json").json()["paths"]
    bodies: list[tuple[str, Any]] = [
        ("application/json", f'{{"{MARK}": "{MARK}"'),
        ("application/json", f'{{"{MARK}": "{MARK}"}}'),
        ("application/json", f'["{MARK}"]'),
        ("application/xml", f"<Document><{MARK}>{MARK}</{MARK}></Document>"),
        ("application/xml", f"<!DOCTYPE a [<!ENTITY b '{MARK}'>]><Document>&b;</Document>"),
        ("application/xml", f"<Document>{MARK}"),
    ]
    for path, item in paths.items():
        address = re.sub(r"\{\w+\}", MARK, path)
        for method in item:
            for kind, body in bodies if method == "post" else [("", "")]:
                answer = service.client.request(
                    method,
                    address,
                    content=body,
                    headers={"Content-Type": kind, "X-Request-Id": MARK, "traceparent": MARK},
                    params={"limit": MARK, "cursor": MARK, "order": MARK},
                )
                assert answer.status_code < 500, (path, answer.text)
                assert MARK not in str(answer.headers)
    for presented in (MARK, f"cf_{MARK}_x", f"cf_abcdefgh_{MARK}"):
        stranger = service.client_of(presented)
        answer = stranger.get("/v1/cases")
        assert (answer.status_code, MARK in answer.text) == (401, False)
    silent(service, caplog)
