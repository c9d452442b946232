"""The Python client against the real service: typed answers, retries that change nothing twice."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, get_args, get_type_hints

import pytest

from serving.client import AsyncClient, Client, RefusedError, Retries, UnreachableError, answers
from tests.serving.harness import ROOT, Running, free_port
from tests.serving.worlds import START, login, payment, theft

SCHEMAS = json.loads((ROOT / "docs" / "openapi.json").read_text())["components"]["schemas"]
SWIFT = Retries(attempts=4, first=0.01)
LABEL = {
    "stream": "payment",
    "event_id": "p1",
    "is_fraud": True,
    "known_at": "2026-03-09T00:00:00Z",
    "source": "police",
}


def key_of(service: Running) -> str:
    presented: str = service.client.headers["authorization"]
    return presented.removeprefix("Bearer ")


def test_the_whole_of_it_once(service: Running) -> None:
    with Client(service.url, key_of(service), retries=SWIFT) as client:
        assert client.ready()["ready"] is True
        first = client.score_payment(payment(1, 1, START))
        assert first["advice"] in get_args(answers.Advice)
        assert client.score_payment(payment(1, 1, START))["duplicate"] is True
        assert client.assessment(first["assessment_id"])["event_id"] == "p1"
        assert client.score_access_event(login(1, 1, START))["stream"] == "access"
        items = client.score_payments([payment(2, 1, START), {"event_id": "wrong"}])
        assert [one["status"] for one in items] == [200, 422]
        stolen = theft(9_000, 3, START)
        client.score_access_events([fields for stream, fields, _ in stolen if stream == "access"])
        client.score_payments([fields for stream, fields, _ in stolen if stream == "payment"])
        assert [one["state"] for one in client.cases()] == ["open"]
        assert client.add_labels([LABEL])[0]["status"] == 200
        assert client.add_labels([LABEL])[0]["status"] == 200
        [status] = client.add_payment_statuses(
            [
                {
                    "event_id": "s1",
                    "time": "2026-03-08T00:00:00Z",
                    "payment_event_id": "p2",
                    "status": "returned",
                    "reason": "AC04",
                }
            ]
        )
        assert status["status"] == 200
        with pytest.raises(RefusedError) as refusal:
            client.score_payment({"event_id": "p"})
        assert refusal.value.status == 422
        assert {"time", "amount"} <= {one["field"] for one in refusal.value.problem["errors"] or ()}
        with pytest.raises(RefusedError, match="400"):
            client.score_pacs008(b"<Document/>")
    assert len(service.stored("SELECT 1 FROM labels WHERE member = :member")) == 1


def test_the_same_awaited(service: Running) -> None:
    async def all_of_it() -> None:
        async with AsyncClient(service.url, key_of(service), retries=SWIFT) as client:
            scored = [client.score_payment(payment(number, 1, START)) for number in range(8)]
            answered = await asyncio.gather(*scored)
            assert {one["event_id"] for one in answered} == {f"p{number}" for number in range(8)}
            assert [one async for one in client.cases()] == []
            assert (await client.ready())["ready"] is True
            with pytest.raises(RefusedError, match="404"):
                await client.assessment("no/such?thing")

    asyncio.run(all_of_it())


class Moody:
    """A server that answers what it is told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes] | None] = []
        self.asked: list[tuple[dict[str, str], bytes]] = []


@pytest.fixture
def moody() -> Iterator[tuple[str, Moody]]:
    state = Moody()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.asked.append((dict(self.headers), body))
            given = state.answers.pop(0)
            if given is None:
                self.close_connection = True
                return
            status, headers, body = given
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", state
    server.shutdown()
    thread.join()
    server.server_close()


BUSY = json.dumps({"type": "x", "title": "t", "status": 503, "detail": "busy"}).encode()
GOOD = json.dumps({"event_id": "p1"}).encode()


def test_what_passes_is_tried_again_under_one_key(moody: tuple[str, Moody]) -> None:
    url, state = moody
    state.answers = [
        (503, {"Retry-After": "0"}, BUSY),
        None,
        (409, {"Retry-After": "0"}, BUSY),
        (200, {}, GOOD),
    ]
    with Client(url, "cf_x_y", retries=SWIFT) as client:
        assert client.score_payment(payment(1, 1, START))["event_id"] == "p1"
    assert len(state.asked) == 4
    keys = {headers["Idempotency-Key"] for headers, _ in state.asked}
    assert len(keys) == 1
    assert len({body for _, body in state.asked}) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 500])
def test_what_does_not_pass_is_tried_once(moody: tuple[str, Moody], status: int) -> None:
    url, state = moody
    state.answers = [(status, {}, b"<html>from a proxy</html>")]
    with Client(url, "cf_x_y", retries=SWIFT) as client, pytest.raises(RefusedError) as refusal:
        client.add_labels([LABEL])
    assert refusal.value.status == refusal.value.problem["status"] == status
    assert len(state.asked) == 1


def test_patience_ends(moody: tuple[str, Moody]) -> None:
    url, state = moody
    state.answers = [(429, {"Retry-After": "3600"}, BUSY)]
    with Client(url, "cf_x_y", retries=SWIFT) as client, pytest.raises(RefusedError):
        client.add_labels([LABEL])
    state.answers = [(503, {}, BUSY)] * 4
    with Client(url, "cf_x_y", retries=SWIFT) as client, pytest.raises(RefusedError, match="busy"):
        client.add_labels([LABEL])
    assert state.answers == []
    nobody = f"http://127.0.0.1:{free_port()}"
    with Client(nobody, "cf_x_y", retries=SWIFT) as client, pytest.raises(UnreachableError):
        client.add_labels([LABEL])


@pytest.mark.parametrize(
    ("form", "schema"),
    [
        (answers.Assessment, "AssessmentAnswer"),
        (answers.BatchItem, "BatchItem"),
        (answers.CaseSummary, "CaseSummary"),
        (answers.LabelItem, "LabelItem"),
        (answers.Model, "ModelAnswer"),
        (answers.Problem, "ProblemDetails"),
        (answers.QueuePage, "QueuePage"),
        (answers.Readiness, "Readiness"),
        (answers.Reason, "ReasonAnswer"),
        (answers.StatusItem, "StatusItem"),
        (answers.WrongField, "WrongField"),
    ],
)
def test_the_forms_are_the_documents(form: Any, schema: str) -> None:
    known = SCHEMAS[schema]["properties"]
    assert set(get_type_hints(form)) <= set(known)


def test_a_program_that_calls_loads_no_model() -> None:
    program = (
        "import sys, serving.client; "
        "print(*sorted(name for name in sys.modules if name.split('.')[0] in "
        "('features', 'models', 'training', 'numba', 'numpy', 'sqlalchemy', 'fastapi', 'pydantic')"
        " or name in ('serving.app', 'serving.errors', 'serving.settings')))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert said.stdout.strip() == ""
