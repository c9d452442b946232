"""Keys, scopes, members, headers, limits: who gets in, and what an error gives away."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from serving import keys
from serving.errors import Invalid, NotFound
from serving.keys import Keys
from serving.settings import Settings
from serving.store.database import Database
from tests.serving.harness import PATHS, Running, make_key, stored
from tests.serving.worlds import START, login, payment, theft

OPEN = {"/healthz", "/readyz", "/openapi.json"}


def every_route(service: Running) -> list[tuple[str, str]]:
    paths = service.client.get("/openapi.json").json()["paths"]
    return [(method.upper(), path) for path, item in paths.items() for method in item]


def test_every_route_but_health_needs_a_key(service: Running) -> None:
    stranger = service.client_of(None)
    routes = every_route(service)
    assert ("POST", "/v1/payments/score") in routes
    for method, path in routes:
        answer = stranger.request(method, path)
        if path in OPEN:
            assert answer.status_code == 200
        else:
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/payments/score", "score"),
        ("POST", "/v1/payments/score-batch", "score"),
        ("POST", "/v1/payments/pacs008", "score"),
        ("POST", "/v1/access-events/score", "score"),
        ("POST", "/v1/access-events/score-batch", "score"),
        ("GET", "/v1/assessments/as-1", "read"),
        ("GET", "/v1/cases", "read"),
        ("GET", "/v1/cases/C-1", "read"),
        ("GET", "/metrics", "read"),
        ("POST", "/v1/cases/C-1/claim", "review"),
        ("POST", "/v1/cases/C-1/release", "review"),
        ("POST", "/v1/cases/C-1/notes", "review"),
        ("POST", "/v1/cases/C-1/decision", "review"),
        ("POST", "/v1/labels", "labels"),
        ("GET", "/v1/labels", "labels"),
    ],
)
def test_a_key_without_the_scope_is_refused(
    service: Running, method: str, path: str, scope: str
) -> None:
    others = tuple(one for one in ("score", "read", "review", "labels") if one != scope)
    client = service.client_of(make_key(service.home, service.member, others))
    body = {"text": "x", "disposition": "duplicate", "reason": "x"}
    wanted = {"notes": ("text",), "decision": ("disposition", "reason")}
    content = {name: body[name] for name in wanted.get(path.rpartition("/")[2], ())}
    answer = client.request(method, path, json=content or None)
    assert answer.status_code == 403
    assert scope in answer.json()["detail"]


@pytest.mark.parametrize(
    "presented",
    ["cf_", "x", "cf_abcdefgh_00", "cf__x", "cf_a_b_c", "cf_é_x", "cf_" + "a" * 9999],
)
def test_what_is_no_key_is_refused(service: Running, presented: str) -> None:
    headers = {"authorization": f"Bearer {presented}".encode()}
    answer = httpx.get(service.url + "/v1/cases", headers=headers)
    assert answer.status_code == 401


def test_a_wrong_secret_an_ended_and_a_revoked_key_are_refused(service: Running) -> None:
    key = make_key(service.home, service.member)
    prefix = key.split("_")[1]
    assert service.client_of(key).get("/v1/cases").status_code == 200
    assert service.client_of(key[:-1] + "x").get("/v1/cases").status_code == 401
    database = service.service.database
    keys.revoke(database, prefix)
    with pytest.raises(NotFound):
        keys.revoke(database, prefix)
    time.sleep(keys.SECONDS_REMEMBERED + 0.2)
    refused = service.client_of(key).get("/v1/cases")
    assert refused.status_code == 401
    assert "revoked" in refused.json()["detail"]

    ended = make_key(service.home, service.member)
    database.write(
        lambda unit: unit.connection.exec_driver_sql(
            f"UPDATE api_keys SET expires_at = 1 WHERE prefix = '{ended.split('_')[1]}'"
        )
    )
    assert "expired" in service.client_of(ended).get("/v1/cases").json()["detail"]


def test_only_a_hash_of_the_secret_is_stored(service: Running) -> None:
    key = make_key(service.home, service.member)
    _, prefix, secret = key.split("_")
    [row] = stored(service.home, "SELECT * FROM api_keys WHERE prefix = :p", {"p": prefix})
    assert secret not in str(row)
    assert len(secret) == 64


def test_wrong_keys_are_not_made(service: Running) -> None:
    with pytest.raises(Invalid) as refusal:
        keys.create(
            service.service.database,
            Settings(home=service.home).pepper,
            name="x",
            member=" ",
            country="XX",
            scopes=["score", "everything"],
            days=0,
        )
    assert {one.field for one in refusal.value.problems} == {"member", "country", "scopes", "days"}


def test_a_member_sees_and_moves_nothing_of_anothers(
    service: Running, new_member: Callable[[], Running]
) -> None:
    stolen = theft(9_000, 3, START + timedelta(hours=12))
    answers = [service.score(stream, fields) for stream, fields, _ in stolen]
    [case_id] = {one["case_id"] for one in answers if one["case_id"]}
    other = new_member()

    first = answers[0]["assessment_id"]
    assert service.client.get(f"/v1/assessments/{first}").status_code == 200
    assert other.client.get(f"/v1/assessments/{first}").status_code == 404
    assert other.client.get(f"/v1/cases/{case_id}").status_code == 404
    assert other.client.get("/v1/cases").json()["total"] == 0
    for action in ("claim", "release"):
        assert other.client.post(f"/v1/cases/{case_id}/{action}").status_code == 404
    label = {
        "stream": "payment",
        "event_id": stolen[-1][1]["event_id"],
        "is_fraud": True,
        "known_at": (START + timedelta(days=2)).isoformat(),
        "source": "police",
    }
    [item] = other.client.post("/v1/labels", json={"labels": [label]}).json()["items"]
    assert item["status"] == 422
    # The same identifiers are free for the other member, and its history is empty.
    fresh = new_member()
    for stream, fields, _ in stolen:
        assert other.score(stream, fields)["duplicate"] is False
        fresh.score(stream, fields)
    assert service.client.post("/v1/labels", json={"labels": [label]}).status_code == 200
    query = "SELECT event_id, features FROM assessments WHERE member = :member ORDER BY sequence"
    assert other.stored(query) == fresh.stored(query) == service.stored(query)


def test_errors_are_problem_documents(service: Running) -> None:
    client = service.client
    seen = [
        (404, client.get("/nowhere")),
        (405, client.put("/v1/cases")),
        (404, client.get("/v1/assessments/nothing")),
        (422, client.get("/v1/cases?limit=0&order=shape")),
        (422, client.post("/v1/cases/C-1/notes", json={"txt": 1})),
        (400, client.post("/v1/cases/C-1/notes", content=b"{", headers=JSON)),
        (422, client.post("/v1/payments/score-batch", json=[])),
        (422, client.post("/v1/labels", json={"events": []})),
    ]
    for status, answer in seen:
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        document = answer.json()
        assert {"type", "title", "status", "detail"} <= set(document)
        assert document["status"] == status
        if status == 422:
            for error in document["errors"]:
                assert set(error) == {"field", "value", "problem", "fix"}


JSON = {"content-type": "application/json"}


def test_headers_forbid_what_no_answer_needs(service: Running) -> None:
    for answer in (service.client.get("/healthz"), service.client.get("/nowhere")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


def test_a_body_over_the_limit_is_refused_declared_or_not(service: Running) -> None:
    large = b" " * (4 * 1024 * 1024 + 1)
    declared = service.client.post("/v1/payments/score", content=large)
    streamed = service.client.post("/v1/payments/score", content=iter([large[:-1], b"  "]))
    for answer in (declared, streamed):
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
    assert service.client.get("/healthz").json() == {"status": "ok"}


def test_metrics_count_and_name_nobody(service: Running) -> None:
    service.score("payment", payment(1, 1, START, debtor_name="Zelda Unique"))
    service.score("access", login(1, 1, START))
    text = service.client.get("/metrics").text
    assert 'crossflag_events_total{advice="clear",stream="payment"}' in text
    assert "crossflag_ready 1.0" in text
    assert 'crossflag_champion{stream="payment"' in text
    for personal in ("Zelda", "0000000001", service.member, "p1"):
        assert personal not in text


def test_no_line_of_the_log_names_anybody(
    service: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    service.score("payment", payment(1, 1, START, debtor_name="Zelda Unique"))
    service.client.post(PATHS["payment"], json=payment(2, 1, START, debtor_name="Zelda\x00"))
    ours = [one.getMessage() for one in caplog.records if not one.name.startswith("http")]
    assert "Zelda" not in json.dumps(ours)


def test_a_key_is_asked_for_once_a_second(service: Running) -> None:
    import asyncio

    database = service.service.database
    key = make_key(service.home, service.member)

    class Counting(Database):
        asked = 0

        def __init__(self) -> None:
            pass

        async def reads(self, task, *given, **named):  # type: ignore[no-untyped-def]
            Counting.asked += 1
            return await database.reads(task, *given, **named)

    async def ask() -> None:
        guarded = Keys(Counting(), Settings(home=service.home).pepper)
        for _ in range(20):
            assert (await guarded.principal(key)).member == service.member

    asyncio.run(ask())
    assert Counting.asked == 1
