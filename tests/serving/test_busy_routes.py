"""Scoring routes are called past FastAPI's routing, and answer as they would through it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from serving.api.busy import Application
from serving.api.events import BUSY
from tests.serving.harness import Running
from tests.serving.worlds import START, payment

SCORE = "/v1/payments/score"


def _told(answer: httpx.Response) -> tuple[int, dict[str, str], Any]:
    own = ("date", "x-request-id", "traceparent", "ratelimit")
    headers = {name: value for name, value in answer.headers.items() if name not in own}
    return answer.status_code, headers, answer.json()


@pytest.mark.parametrize(
    ("path", "body", "key"),
    [
        (SCORE, b"{", True),
        (SCORE, b"{}", True),
        (SCORE, b"[]", True),
        (SCORE, b"{}", False),
        (f"{SCORE}-batch", b'{"events": 1}', True),
        (f"{SCORE}-batch", b'{"events": []}', True),
        ("/v1/access-events/score", b"{}", True),
        ("/v1/access-events/score-batch", b'{"events": [{}]}', True),
    ],
)
def test_both_ways_say_the_same(
    service: Running, monkeypatch: pytest.MonkeyPatch, path: str, body: bytes, key: bool
) -> None:
    app = service.client
    headers = {} if key else {"Authorization": ""}
    first = app.post(path, content=body, headers=headers)
    with monkeypatch.context() as without:
        without.setattr(Application, "__call__", FastAPI.__call__)
        assert _told(app.post(path, content=body, headers=headers)) == _told(first)


def test_the_busy_routes_are_known_to_fastapi(service: Running) -> None:
    paths = service.client.get("/openapi.json").json()["paths"]
    assert paths.keys() >= set(BUSY)
    assert service.client.get(SCORE).status_code == 405


def test_a_busy_route_keeps_the_limit_of_a_body(service: Running) -> None:
    large = b" " * (service.service.settings.body_limit + 1)
    assert service.client.post(SCORE, content=large).status_code == 413
    fields = payment(1, 1, START)
    assert service.client.post(SCORE, json=fields).status_code == 200
