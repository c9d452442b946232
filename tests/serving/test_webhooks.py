"""Webhooks: told once, in the commit of what they tell; to a real receiver that fails and mends."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook, WebhookVerificationError
from typer.testing import CliRunner

from serving import webhooks
from serving.cli import app
from serving.errors import Invalid
from serving.store.database import Database
from serving.webhooks.addresses import Unreachable, check, target
from serving.webhooks.delivering import Patience
from tests.serving.harness import running
from tests.serving.test_ownership import wait_until
from tests.serving.worlds import START, payment, theft


class Receiver:
    """A receiving server; `answers` are given in turn, then 204. A float is a time to hang."""

    def __init__(self) -> None:
        self.answers: list[int | float] = []
        self.got: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                answer = receiver.answers.pop(0) if receiver.answers else 204
                if isinstance(answer, float):
                    time.sleep(answer)
                    return
                self.send_response(answer)
                if answer == 302:
                    self.send_header("location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    thread = threading.Thread(target=one.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield one
    one.server.shutdown()
    one.server.server_close()


@contextmanager
def opened(place: Path | str) -> Iterator[Database]:
    database = Database(place if isinstance(place, str) else place / "crossflag.db")
    yield database
    database.close()


def stolen(number: int = 5_000) -> list[dict[str, Any]]:
    return [fields for stream, fields, _ in theft(number, 3, START) if stream == "payment"]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_member_is_told_signed_and_again_until_its_receiver_mends(
    new_home: Callable[..., Path], receiver: Receiver, kind: str, request: pytest.FixtureRequest
) -> None:
    home = new_home()
    url = request.getfixturevalue("postgresql") if kind == "postgresql" else None
    receiver.answers = [500, 0.6, 302, 429]
    with opened(url or home) as database:
        mine = webhooks.add(
            database,
            member="bank-a",
            url=receiver.url,
            kinds=["assessment.flagged", "case.opened"],
            anywhere=True,
        )
        webhooks.add(
            database, member="b", url=receiver.url, kinds=["assessment.scored"], anywhere=True
        )
    settings = {"database_url": url, "webhook_private": True, "console": False}
    with running(home, **settings) as service:
        service.service.deliverer.patience = Patience(first=0.05, timeout=0.3)
        service.score("payment", payment(1, 1, START))
        items = service.batch("payment", stolen())
        flagged = [one["assessment"] for one in items if one["assessment"]["advice"] != "clear"]
        assert flagged
        again = service.batch("payment", stolen())
        assert all(one["assessment"]["duplicate"] for one in again)
        expected = len(flagged) + 1
        waiting = "SELECT count(*) FROM webhook_deliveries WHERE state != 'delivered'"
        wait_until(lambda: service.stored(waiting) == [(0,)])
        count = "SELECT count(*), count(DISTINCT message_id) FROM webhook_deliveries"
        assert service.stored(count) == [(expected, expected)]
        tried = service.stored("SELECT status, error FROM webhook_attempts ORDER BY entry")
        # On a busy machine more than one may be out of time.
        assert len(tried) >= expected + 4
        assert {(500, None), (None, "timeout"), (302, None), (429, None)} <= set(tried)

    by_id: dict[str, set[bytes]] = {}
    for headers, body in receiver.got:
        event = Webhook(mine.secret).verify(body, headers)
        by_id.setdefault(headers["webhook-id"], set()).add(body)
        assert headers["content-type"] == "application/cloudevents+json"
        assert event["specversion"] == "1.0"
    assert len(by_id) == expected
    assert all(len(bodies) == 1 for bodies in by_id.values())
    told = [json.loads(next(iter(bodies))) for bodies in by_id.values()]
    of_flagged = {
        one["data"]["event_id"]: one["data"]
        for one in told
        if one["type"] == "org.crossflag.assessment.flagged"
    }
    assert of_flagged == {one["event_id"]: one for one in flagged}
    (case,) = (one for one in told if one["type"] == "org.crossflag.case.opened")
    assert case["data"]["case_id"] == flagged[0]["case_id"]
    headers, body = receiver.got[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(mine.secret).verify(body.replace(b"flagged", b"cleared"), headers)


def test_what_was_not_committed_is_not_told(
    new_home: Callable[..., Path], receiver: Receiver
) -> None:
    home = new_home()
    with opened(home) as database:
        webhooks.add(
            database,
            member="bank-a",
            url=receiver.url,
            kinds=["assessment.scored"],
            anywhere=True,
        )
    with running(home, webhook_private=True, console=False) as service:
        outbox = service.service.outbox
        put = outbox.put

        def broken(*given: Any) -> None:
            put(*given)
            raise sa.exc.OperationalError("", {}, OSError())

        outbox.put = broken
        answer = service.client.post("/v1/payments/score", json=payment(1, 1, START))
        assert answer.status_code == 503
        outbox.put = put
        assert service.stored("SELECT count(*) FROM webhook_deliveries") == [(0,)]
        wait_until(
            lambda: (
                service.client.post("/v1/payments/score", json=payment(1, 1, START)).status_code
                == 200
            )
        )
        wait_until(lambda: len(receiver.got) == 1)
        assert service.stored("SELECT count(*) FROM webhook_deliveries") == [(1,)]


def test_a_receiver_that_is_gone_ends_its_webhook(
    new_home: Callable[..., Path], receiver: Receiver
) -> None:
    home, runner = new_home(), CliRunner()
    given = {"CROSSFLAG_WEBHOOK_PRIVATE": "true", "CROSSFLAG_HOME": str(home)}

    def run(*command: str) -> Any:
        return runner.invoke(app, ["webhooks", *command], env=given)

    added = json.loads(
        run(
            "add", receiver.url, "--member", "bank-a", "--kind", "assessment.scored", "--json"
        ).stdout
    )[0]
    tested = json.loads(run("test", added["webhook"], "--json").stdout)
    assert tested[0]["status"] == 204
    Webhook(added["secret"]).verify(receiver.got[0][1], receiver.got[0][0])
    receiver.answers = [500]
    assert run("test", added["webhook"]).exit_code == 1

    with running(home, webhook_private=True, console=False) as service:
        service.service.deliverer.patience = Patience(first=0.05, attempts=2)
        receiver.answers = [500, 500]
        service.score("payment", payment(1, 1, START))
        failed = "SELECT count(*) FROM webhook_deliveries WHERE state = 'failed'"
        wait_until(lambda: service.stored(failed) == [(1,)])
        (row,) = json.loads(run("deliveries", "--state", "failed", "--json").stdout)
        assert (row["attempts"], row["answered"]) == (2, 500)
        assert run("redeliver", str(row["delivery"])).exit_code == 0
        wait_until(lambda: service.stored(failed) == [(0,)])
        assert receiver.got[-1][0]["webhook-id"] == row["message"]
        receiver.answers = [410]
        service.score("payment", payment(2, 1, START + timedelta(minutes=1)))
        wait_until(lambda: service.stored(failed) == [(1,)])
        (row,) = json.loads(run("list", "--json").stdout)
        assert row["state"] == "ended"
        assert added["secret"] not in run("list", "--json").stdout
        count = len(receiver.got)
        wait_until(lambda: service.service.outbox._webhooks == {})
        service.score("payment", payment(3, 1, START + timedelta(minutes=2)))
        assert len(receiver.got) == count
    assert "no webhook" in str(run("remove", added["webhook"]).exception)


def test_each_wait_is_longer_and_drawn() -> None:
    patience = Patience(first=5)
    waits = [patience.wait(number, 0.5) for number in range(1, 12)]
    assert waits[:3] == [5, 20, 80]
    assert waits == sorted(waits)
    assert max(waits) == 12 * 3600
    assert (patience.wait(1, 0.0), patience.wait(1, 1.0)) == (2.5, 7.5)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hooks.example.org/x", "not https"),
        ("https://127.0.0.1/x", "private"),
        ("https://10.1.2.3/x", "private"),
        ("https://169.254.169.254/latest/meta-data", "private"),
        ("https://[::1]/x", "private"),
        ("https://[fd00::1]/x", "private"),
        ("https://[::ffff:10.0.0.1]/x", "private"),
        ("https://[64:ff9b::a00:1]/x", "private"),
        ("https://224.0.0.1/x", "private"),
        ("https://user:hush@hooks.example.org/x", "password"),
        ("file:///etc/passwd", "cannot be read"),
        ("https://[bad/x", "cannot be read"),
        ("https://hooks.example.org:99999/x", "cannot be read"),
        ("https://hooks.example.org/a b", "cannot be read"),
    ],
)
def test_an_address_that_is_nobody_elses_is_refused(url: str, said: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check(url, anywhere=False)
    assert said in refusal.value.problems[0].problem


async def looked_up(url: str, anywhere: bool) -> str:
    return (await target(url, anywhere)).url


def test_a_name_that_leads_inside_is_not_called() -> None:

    check("https://localhost/hook", anywhere=False)
    with pytest.raises(Unreachable, match="private_address"):
        asyncio.run(looked_up("https://localhost/hook", anywhere=False))
    assert asyncio.run(looked_up("http://localhost:81/hook", anywhere=True)).endswith(":81/hook")
