"""What a caller may ask how often, how deep a body nests, and which headers every answer bears."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from uuid import uuid4

import httpx
import pytest

from serving.auth import Principal
from serving.errors import Invalid
from serving.rates import Rates, Spent
from serving.requests import request_of
from serving.settings import Settings
from tests.serving.harness import PATHS, Running, make_key, running
from tests.serving.worlds import START, payment


def caller(name: str, member: str = "a") -> Principal:
    return Principal("key", name, member, "BE", frozenset({"read"}))


def test_a_quota_refills_evenly() -> None:
    at = 0.0
    rates = Rates("100/second", "6/minute", lambda: at)
    left = [rates.take(caller("x")).left for _ in range(6)]
    assert left == [5, 4, 3, 2, 1, 0]
    with pytest.raises(Spent) as refusal:
        rates.take(caller("x"))
    assert refusal.value.retry_after == 10
    # Others, and another kind of request, have quotas of their own.
    assert rates.take(caller("y")).left == 5
    assert rates.take(caller("x", "b")).left == 5
    assert rates.take(caller("x"), "score").left == 99
    at = 9.9
    with pytest.raises(Spent):
        rates.take(caller("x"))
    at = 10.0
    assert rates.take(caller("x")).left == 0
    at = 1000.0
    assert rates.take(caller("x")).headers() == (
        (b"ratelimit-policy", b'"other";q=6;w=60'),
        (b"ratelimit", b'"other";r=5;t=10'),
    )


def test_who_does_not_come_back_is_forgotten() -> None:
    at = 0.0
    rates = Rates("100/second", "60/minute", lambda: at)
    for number in range(30_000):
        at = number / 100
        rates.take(caller(str(number)))
    assert len(rates._other.whole_at) <= 10_000


def test_a_quota_costs_microseconds() -> None:
    rates, one = Rates("600000/minute", "1/minute"), caller("x")
    best = 1.0
    for _ in range(20):
        begun = perf_counter()
        for _ in range(500):
            rates.take(one, "score")
        best = min(best, (perf_counter() - begun) / 500)
    assert best < 20e-6


def test_a_caller_over_its_quota_is_told_when_to_come_back(new_home: Callable[..., Path]) -> None:
    home = new_home()
    with running(home, console=False, other_rate="3/minute", scoring_rate="2/minute") as service:
        other = service.client_of(make_key(home))
        seen = [other.get("/v1/cases") for _ in range(4)]
        assert [one.status_code for one in seen] == [200, 200, 200, 429]
        assert seen[0].headers["ratelimit-policy"] == '"other";q=3;w=60'
        assert seen[0].headers["ratelimit"] == '"other";r=2;t=20'
        assert seen[3].headers["ratelimit"].startswith('"other";r=0;t=')
        assert 1 <= int(seen[3].headers["retry-after"]) <= 20
        assert seen[3].json()["type"] == "urn:crossflag:problem:too-many"
        for number, status in enumerate((200, 200, 429)):
            answer = other.post(PATHS["payment"], json=payment(number, 1, START))
            assert answer.status_code == status
        said = service.client.get("/metrics").text
        assert 'crossflag_refused_requests_total{reason="rate"} 2.0' in said
        assert "ratelimit" not in other.get("/healthz").headers


def test_a_wrong_rate_is_no_setting() -> None:
    for text in ("many", "0/minute", ""):
        with pytest.raises(Invalid) as refusal:
            Settings.from_environment({"CROSSFLAG_OTHER_RATE": text})
        assert "6000/minute" in refusal.value.problems[0].fix


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


HOSTILE = [
    nested(33),
    nested(100_000),
    b"[" * 100_000,
    b'{"amount":' + b"9" * 100_000 + b"}",
    b'{"amount": 1e999999}',
    b'{"amount": NaN}',
    b'{"amount": -Infinity}',
    b'{"event_id": "\\ud800"}',
    b'{"event_id": "\xed\xa0\x80"}',
    b'{"event_id": "\\u0000"}',
    b"\x00" * 100,
    b"\xff\xfe{\x00}\x00",
    b'{"a": 1, "a": 2}' * 2,
    b"",
    b"null",
]


def test_a_hostile_body_is_refused_by_every_route(service: Running) -> None:
    paths = service.client.get("/openapi.json").json()["paths"]
    posts = [path for path, item in paths.items() if "post" in item]
    assert len(posts) > 10
    for path in posts:
        for body in HOSTILE:
            for kind in ("application/json", "application/xml"):
                answer = service.client.post(
                    re.sub(r"\{\w+\}", "C-1", path),
                    content=body,
                    headers={"Content-Type": kind},
                )
                assert 400 <= answer.status_code < 500, (path, body[:40], answer.text)
                assert len(answer.content) < 20_000
    assert service.client.get("/readyz").status_code == 200


def test_the_depth_that_is_refused(service: Running) -> None:
    fields = payment(1, 1, START)
    deep = service.client.post(PATHS["payment"], json=fields | {"attributes": {"a": [[1]] * 40}})
    assert deep.status_code == 422
    answer = service.client.post(PATHS["payment"], content=nested(33))
    assert (answer.status_code, "deeper than 32" in answer.text) == (400, True)


def test_every_answer_bears_the_headers_and_an_id(service: Running) -> None:
    own = str(uuid4())
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    given = {"X-Request-Id": own, "traceparent": trace}
    for answer in (
        service.client.get("/healthz", headers=given),
        service.client.get("/nowhere", headers=given),
        service.client.post(PATHS["payment"], content=b" " * 5_000_000, headers=given),
        httpx.get(service.url + "/v1/cases", headers=given),
    ):
        assert answer.headers["x-request-id"] == own
        assert answer.headers["traceparent"] == trace
        assert answer.headers["permissions-policy"]
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        names = [name.lower() for name, _ in answer.headers.raw]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("given", [b"DE89370400440532013000", b"x\ny", b"", b"a" * 32000])
def test_an_id_that_may_name_somebody_is_not_taken_over(given: bytes) -> None:
    made = request_of([(b"x-request-id", given), (b"traceparent", b"00-zz-1-01")])
    assert re.fullmatch(r"[0-9a-f-]{36}", made.request_id)
    assert made.trace_id is None


def test_browsers_are_told_of_tls_where_there_is_tls(new_home: Callable[..., Path]) -> None:
    with running(new_home(), console=True, secure_cookies=True) as service:
        for path in ("/healthz", "/console/sign-in"):
            assert service.client.get(path).headers["strict-transport-security"]
