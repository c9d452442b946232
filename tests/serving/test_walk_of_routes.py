"""Every route, as every role of another member, with this member's identifiers: nothing leaks.

A route that is not in `ROUTES` fails the test: say there what a stranger is to get from it.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from serving import users
from serving.app import create_app
from serving.auth import ROLE_SCOPES, SCOPES, hashed
from serving.clock import now
from serving.settings import Settings
from serving.store import accounts
from tests.serving.harness import Running, make_key, running
from tests.serving.worlds import START, payment, theft

MARK = "Zelda-Marked"
OWNER, STRANGER = "member-of-the-marked", "member-of-strangers"
NOTE = "a note that only its member reads"
HIDDEN = (403, 404)
"""A thing of another member's is not there; who lacks the scope learns no more."""
ITEMS = (200, 403)
"""Answered item by item; each that names a thing of another member's is refused by itself."""
OWN = (200, 403)
"""The stranger's own things, of which there are none."""
OPEN = (200,)
"""The same for everybody."""
SENT = (200, 403)
"""The stranger's own event under an identifier that another member uses too."""
CONSOLE_HIDDEN = (403, 404)
PAGE = (200, 303, 403)
"""A page about the stranger's own, or about the models, which belong to the service."""

EVENT = payment(90_001, 300, START + timedelta(days=3))
LABEL = {"is_fraud": True, "known_at": "2026-03-09T00:00:00Z", "source": "police"}
MATCH = {"queries": {"q": {"schema": "Person", "properties": {"name": ["Nobody"]}}}}
ROUTES: dict[tuple[str, str], tuple[tuple[int, ...], Any]] = {
    ("GET", "/openapi.json"): (OPEN, None),
    ("POST", "/v1/payments/score"): (SENT, EVENT | {"event_id": "{event_id}"}),
    ("POST", "/v1/access-events/score"): (
        SENT,
        {
            "event_id": "{event_id}",
            "time": "2026-03-05T08:00:00Z",
            "user_id": "c1",
            "action": "login",
            "outcome": "success",
        },
    ),
    ("POST", "/v1/payments/score-batch"): (SENT, {"events": [EVENT | {"event_id": "{event_id}"}]}),
    ("POST", "/v1/access-events/score-batch"): (SENT, {"events": []}),
    ("POST", "/v1/payments/pacs008"): ((400, 403), "<Document/>"),
    ("GET", "/v1/assessments/{assessment_id}"): (HIDDEN, None),
    ("POST", "/v1/payment-statuses"): (
        ITEMS,
        {
            "statuses": [
                {
                    "event_id": "s-1",
                    "time": "2026-03-08T00:00:00Z",
                    "payment_event_id": "{flagged}",
                    "status": "returned",
                    "reason": "AC04",
                }
            ]
        },
    ),
    ("POST", "/v1/payment-statuses/iso20022"): ((400, 403), "<Document/>"),
    ("GET", "/v1/cases"): (OWN, None),
    ("GET", "/v1/cases/{case_id}"): (HIDDEN, None),
    ("POST", "/v1/cases/{case_id}/claim"): (HIDDEN, None),
    ("POST", "/v1/cases/{case_id}/release"): (HIDDEN, None),
    ("POST", "/v1/cases/{case_id}/notes"): (HIDDEN, {"text": "from a stranger"}),
    ("POST", "/v1/cases/{case_id}/decision"): (
        HIDDEN,
        {"disposition": "fraud_confirmed", "reason": "from a stranger"},
    ),
    ("POST", "/v1/labels"): (
        ITEMS,
        {"labels": [LABEL | {"stream": "payment", "event_id": "{flagged}"}]},
    ),
    ("GET", "/v1/approvals"): (OWN, None),
    ("POST", "/v1/approvals/{approval_id}/approve"): (HIDDEN, {}),
    ("POST", "/v1/approvals/{approval_id}/reject"): ((403, 404, 422), {}),
    ("POST", "/v1/approvals/{approval_id}/withdraw"): (HIDDEN, None),
    ("GET", "/v1/cases/{case_id}/recall"): (HIDDEN, None),
    ("POST", "/v1/cases/{case_id}/recall/{sequence}"): ((403, 404, 422), {}),
    ("POST", "/v1/cases/{case_id}/duties/{clock}"): ((403, 404, 422), {}),
    ("POST", "/v1/cases/{case_id}/merge"): ((403, 404, 422), {}),
    ("POST", "/v1/cases/{case_id}/referral"): ((403, 404, 422), {}),
    ("POST", "/v1/cases/{case_id}/snooze"): ((403, 404, 422), {}),
    ("POST", "/v1/cases/{case_id}/split"): ((403, 404, 422), {}),
    ("POST", "/v1/cases/{case_id}/wake"): (HIDDEN, None),
    ("GET", "/v1/labels"): (OWN, None),
    ("POST", "/v1/match"): (OWN, MATCH),
    ("POST", "/v1/match/{scope}"): (HIDDEN, MATCH),
    ("GET", "/v1/watch"): (OWN, None),
    ("GET", "/v1/watchlist-alerts"): (OWN, None),
    ("POST", "/v1/watchlist-alerts/{alert_id}/judgement"): ((403, 404, 422), {}),
    ("POST", "/v1/watchlist-alerts/{alert_id}/reopen"): ((403, 404, 422), {}),
    ("POST", "/v1/watchlist-alerts/{alert_id}/reported"): ((403, 404, 422), {}),
    ("GET", "/healthz"): (OPEN, None),
    ("GET", "/readyz"): (OPEN, None),
    ("GET", "/metrics"): (OWN, None),
    ("GET", "/"): ((307,), None),
    ("GET", "/console/sign-in"): (PAGE, None),
    ("POST", "/console/sign-in"): ((401, 403), {"user_name": "nobody", "password": "wrong"}),
    ("GET", "/console/queue"): (PAGE, None),
    ("POST", "/console/queue/take"): ((200, 403), {"selection": ""}),
    ("POST", "/console/queue/several"): (
        (200, 403, 404, 422),
        {"selection": "", "case": "{case_id}", "action": "claim", "confirmed": "yes"},
    ),
    ("POST", "/console/queue/views"): (PAGE, {"selection": "", "name": "mine"}),
    ("GET", "/console/cases/{case_id}"): (CONSOLE_HIDDEN, None),
    ("GET", "/console/cases/{case_id}/{name}.csv"): (CONSOLE_HIDDEN, None),
    ("GET", "/console/live"): (CONSOLE_HIDDEN, None),
    ("POST", "/console/cases/{case_id}/claim"): (CONSOLE_HIDDEN, {}),
    ("POST", "/console/cases/{case_id}/release"): (CONSOLE_HIDDEN, {}),
    ("POST", "/console/cases/{case_id}/note"): (CONSOLE_HIDDEN, {"text": "from a stranger"}),
    ("POST", "/console/cases/{case_id}/decide"): (
        CONSOLE_HIDDEN,
        {"disposition": "fraud_confirmed", "reason": "from a stranger"},
    ),
    ("GET", "/console/approvals"): (PAGE, None),
    ("POST", "/console/approvals/{approval_id}"): ((403, 404, 422), {}),
    ("GET", "/console/cases/{case_id}/recall"): (CONSOLE_HIDDEN, None),
    ("GET", "/console/cases/{case_id}/recall/{sequence}/{kind}"): (CONSOLE_HIDDEN, None),
    ("POST", "/console/cases/{case_id}/recall/{sequence}"): ((403, 404, 422), {}),
    ("POST", "/console/cases/{case_id}/duty"): ((403, 404, 422), {}),
    ("POST", "/console/cases/{case_id}/merge"): ((403, 404, 422), {}),
    ("POST", "/console/cases/{case_id}/refer"): ((403, 404, 422), {}),
    ("POST", "/console/cases/{case_id}/snooze"): ((403, 404, 422), {}),
    ("POST", "/console/cases/{case_id}/split"): ((403, 404, 422), {}),
    ("POST", "/console/cases/{case_id}/wake"): ((403, 404, 422), {}),
    ("GET", "/console/models"): (PAGE, None),
    ("POST", "/console/models/{stream}/{decision}"): ((403, 404, 409, 422), {}),
    ("GET", "/console/models/{stream}/{version}/card"): (CONSOLE_HIDDEN, None),
    ("GET", "/console/models/{stream}/{version}/report"): (CONSOLE_HIDDEN, None),
    ("GET", "/console/models/{stream}/{version}/validation-pack"): (CONSOLE_HIDDEN, None),
    ("GET", "/console/watch"): (PAGE, None),
    ("GET", "/console/"): ((303,), None),
    ("GET", "/console"): ((303,), None),
    ("GET", "/console/{rest:path}"): ((404,), None),
    ("POST", "/console/sign-out"): ((303, 403), {}),
}


def routes_of(app: Any) -> set[tuple[str, str]]:
    """Every method and path that the application answers, its folder of styles aside."""
    found = set()
    for one in iter_route_contexts(app.routes):
        if one.methods is not None:
            methods = set(one.methods) & {"GET", "POST", "PUT", "PATCH", "DELETE"}
            # The console's page for all other addresses takes every method alike.
            methods = {"GET"} if "{rest:path}" in one.path else methods
            found |= {(method, one.path) for method in methods}
    return found


@dataclass
class Actor:
    name: str
    client: httpx.Client
    csrf_token: str = ""


@dataclass
class Walk:
    service: Running
    owner: httpx.Client
    given: dict[str, str]
    keys: list[Actor]
    people: list[Actor]

    def send(self, actor: Actor, method: str, path: str) -> httpx.Response:
        _, body = ROUTES[method, path]
        address = re.sub(r"\{(\w+)(:path)?\}", lambda part: self.given[part[1]], path)
        if path == "/console/live":
            address += f"?case={self.given['case_id']}"
        if path.startswith("/console"):
            form = None
            if isinstance(body, dict):
                form = {"csrf_token": actor.csrf_token, **self._filled(body)}
            return actor.client.request(method, address, data=form)
        if isinstance(body, str):
            kind = {"Content-Type": "application/xml"}
            return actor.client.request(method, address, content=body, headers=kind)
        return actor.client.request(method, address, json=self._filled(body))

    def _filled(self, body: Any) -> Any:
        if isinstance(body, dict):
            return {name: self._filled(one) for name, one in body.items()}
        if isinstance(body, list):
            return [self._filled(one) for one in body]
        if isinstance(body, str) and body.startswith("{"):
            return self.given[body.strip("{}")]
        return body

    def state(self) -> list[Any]:
        """All that the owner sees, and what the audit log says of its member."""
        case = self.owner.get(f"/v1/cases/{self.given['case_id']}").json()
        assessment = self.owner.get(f"/v1/assessments/{self.given['assessment_id']}").json()
        labels = self.owner.get("/v1/labels").text
        return [case, assessment, labels, self.owner.get("/v1/cases").json()]


def person(service: Running, role: str) -> Actor:
    """A signed-in user of the strangers' with the role."""
    database, name = service.service.database, f"stranger-{role}"
    users.create(
        database,
        user_name=name,
        password=secrets.token_hex(12),
        role=role,
        member=STRANGER,
        country="NL",
        display_name=None,
    )
    token, csrf_token = secrets.token_hex(16), secrets.token_hex(16)
    database.write(
        lambda unit: accounts.add_session(
            unit.connection,
            token_hash=hashed(token),
            user_name=name,
            csrf_token=csrf_token,
            created_at=now(),
            expires_at=now() + 3_600_000_000,
        )
    )
    client = httpx.Client(base_url=service.url, cookies={"crossflag_session": token}, timeout=30)
    service.others.append(client)
    return Actor(role, client, csrf_token)


@pytest.fixture(scope="module")
def walk(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    home = tmp_path_factory.mktemp("walk")
    shutil.copytree(trained / "models", home / "models")
    with running(home, console=True) as service:
        owner = service.client_of(make_key(home, OWNER))
        honest = payment(1, 5, START, event_id="honest-1", debtor_name=MARK)
        assert owner.post("/v1/payments/score", json=honest).status_code == 200
        case_id = assessment_id = flagged = ""
        for stream, fields, _ in theft(9_000, 3, START + timedelta(hours=12)):
            if stream == "payment":
                fields |= {"debtor_name": MARK, "creditor_name": MARK + "-2"}
            path = {"payment": "payments", "access": "access-events"}[stream]
            answer = owner.post(f"/v1/{path}/score", json=fields).json()
            assessment_id, event_id = answer["assessment_id"], fields["event_id"]
            if answer["case_id"] and stream == "payment":
                case_id, flagged = answer["case_id"], event_id
        assert case_id
        for action, body in (("claim", None), ("notes", {"text": NOTE})):
            assert owner.post(f"/v1/cases/{case_id}/{action}", json=body).status_code == 200
        label = LABEL | {"stream": "payment", "event_id": flagged}
        [item] = owner.post("/v1/labels", json={"labels": [label]}).json()["items"]
        assert item["status"] == 200
        given = {
            "case_id": case_id,
            "assessment_id": assessment_id,
            "event_id": "honest-1",
            "flagged": flagged,
            "scope": "no-such-list",
            "name": "timeline",
            "alert_id": "WA-1",
            "approval_id": "A-1",
            "sequence": "1",
            "clock": "recall_answer",
            "kind": "camt056",
            "stream": "payment",
            "decision": "approve",
            "version": "000000000000",
            "rest": f"cases/{case_id}/everything",
        }
        every = [("none but read", ("read",)), ("every scope", tuple(SCOPES))]
        every += [(scope, (scope,)) for scope in SCOPES]
        keys = [
            Actor(name, service.client_of(make_key(home, STRANGER, scopes)))
            for name, scopes in every
        ]
        people = [person(service, role) for role in ROLE_SCOPES]
        nobody = Actor("nobody", service.client_of(None))
        yield Walk(service, owner, given, [*keys, nobody], [*people, nobody])


def test_every_route_is_walked(tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path))
    app.state.service.database.close()
    assert routes_of(app) == set(ROUTES)


def test_no_route_leaks_to_any_role_of_another_member(walk: Walk) -> None:
    before = walk.state()
    assert NOTE in str(before)
    assert MARK in str(before)
    tried = 0
    for (method, path), (wanted, _) in ROUTES.items():
        actors = walk.people if path.startswith("/console") or path == "/" else walk.keys
        for actor in actors:
            answer = walk.send(actor, method, path)
            where = f"{method} {path} as {actor.name}: {answer.status_code} {answer.text[:300]}"
            tried += 1
            nobody = actor.name == "nobody" and wanted not in (OPEN, PAGE)
            assert answer.status_code in ((*wanted, 401, 303) if nobody else wanted), where
            for marked in (MARK, NOTE, OWNER):
                assert marked not in answer.text, where
            named = method == "POST" and path in ("/v1/labels", "/v1/payment-statuses")
            if named and answer.status_code == 200:
                assert {one["status"] for one in answer.json()["items"]} <= {404, 422}, where
            if path == "/v1/labels" and method == "GET" and answer.status_code == 200:
                assert answer.text == "", where
            if path == "/v1/cases" and answer.status_code == 200:
                assert answer.json()["total"] == 0, where
    assert tried > 250
    assert walk.state() == before, "a stranger changed something"
    rows = walk.service.service.database.read(
        lambda connection: connection.exec_driver_sql(
            f"SELECT actor, member FROM audit WHERE member = '{OWNER}'"
        ).all()
    )
    assert {row.actor for row in rows} == {"operator", f"key:{own_prefix(walk)}"}


def own_prefix(walk: Walk) -> str:
    presented: str = walk.owner.headers["authorization"]
    return presented.split("_")[1]


def test_a_leak_would_be_found(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the owner's own key in a stranger's hand the walk fails."""
    monkeypatch.setattr(walk.keys[1], "client", walk.owner)
    with pytest.raises(AssertionError, match="every scope"):
        test_no_route_leaks_to_any_role_of_another_member(walk)
