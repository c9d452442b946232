"""The models page of a real service: gates, the second person, papers, and the challenger."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from models.challenger import challenge
from models.champion import champion, history, propose
from models.promotions import Person
from serving import users
from serving.store.database import Database
from tests.serving.harness import Running, running
from tests.serving.test_shadow import until
from tests.serving.worlds import START, payment, train

GATES = [
    {"name": "brier", "passed": True, "value": 0.91, "bound": 1.1, "text": "a <good> one"},
    {"name": "latency", "passed": True, "value": 0.5, "bound": 5.0, "text": "13 µs a row"},
]
PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
def home(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import shutil

    folder = tmp_path_factory.mktemp("promoting")
    shutil.copytree(trained / "models", folder / "models")
    database = Database(folder / "crossflag.db")
    for name, role in (("ana", "reviewer"), ("sol", "scientist"), ("sam", "supervisor")):
        users.create(
            database,
            user_name=name,
            password=PASSWORD,
            role=role,
            member="bank-a",
            country="BE",
            display_name=None,
        )
    database.close()
    return folder


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[Running]:
    with running(home) as one:
        yield one


@pytest.fixture
def signed_in(service: Running) -> Iterator[Callable[[str], httpx.Client]]:
    clients = []

    def sign_in(name: str) -> httpx.Client:
        client = httpx.Client(base_url=service.url, timeout=60)
        clients.append(client)
        token = _token(client, "/console/sign-in")
        form = {"user_name": name, "password": PASSWORD, "csrf_token": token}
        assert client.post("/console/sign-in", data=form).status_code == 303
        return client

    yield sign_in
    for client in clients:
        client.close()


def _token(client: httpx.Client, path: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]*)"', client.get(path).text)
    assert found
    return found[1]


def test_a_second_person_approves_what_was_proposed(
    service: Running, home: Path, signed_in: Callable[[str], httpx.Client], tmp_path: Path
) -> None:
    rooms = home / "models"
    made = train(tmp_path, seed=6, streams=("payment",), promoted=False)
    card, report = tmp_path / "model_card.md", tmp_path / "report.html"
    card.write_text(
        "# A card\n\n<script>alert(1)</script>\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n"
    )
    report.write_text("<!doctype html><style>p{color:red}</style><p>figures</p>")
    proposer = Person("sam", "said", "root")
    propose(rooms, made.directory, proposer, "better", gates=GATES, documents=[card, report])
    path = "/console/models/payment/approve"
    form = {"version": made.version, "why": "read card and report"}

    ana, sam, sol = (signed_in(name) for name in ("ana", "sam", "sol"))
    text = ana.get("/console/models").text
    for part in (made.version, "a &lt;good&gt; one", "0.910", "as typed, account root"):
        assert part in text, part
    assert ">Approve<" not in text
    token = _token(ana, "/console/queue")
    assert ana.post(path, data={**form, "csrf_token": token}).status_code == 403

    assert "another person decides" in sam.get("/console/models").text
    own = _token(sam, "/console/queue")
    assert sam.post(path, data={**form, "csrf_token": own}).status_code == 409

    assert "approved, it serves every member" in sol.get("/console/models").text
    assert sol.post(path, data=form).status_code == 403
    token = _token(sol, "/console/models")
    empty = sol.post(path, data={**form, "why": " ", "csrf_token": token})
    assert empty.status_code == 422 and "say why" in empty.text.lower()
    old = sol.post(path, data={**form, "version": "0" * 12, "csrf_token": token})
    assert old.status_code == 409 and made.version in old.text
    gone = sol.post("/console/models/payment/explode", data={**form, "csrf_token": token})
    assert gone.status_code == 404
    assert champion(rooms, "payment").name != made.version

    assert sol.post(path, data={**form, "csrf_token": token}).status_code == 303
    done = history(rooms, "payment")[-1]
    assert done.approvers == ("sam", "sol") and done.known_by == "console"
    assert list(done.gates) == GATES
    until(lambda: service.client.get("/readyz").json()["champions"]["payment"] == made.version)
    text = sol.get("/console/models").text
    assert "signed in" in text and "proposed by sam" in text and "Waits for approval" not in text
    rows = service.stored("SELECT actor, target FROM audit WHERE action = 'model.approve'")
    assert [tuple(row) for row in rows] == [("user:sol", f"payment/{made.version}")]

    ways = [f'/{made.version}/{way}">{way}</a>' for way in ("report", "card")]
    assert all(way in text for way in ways) and "</a>, <a" in " ".join(text.split())
    shown = sol.get(f"/console/models/payment/{made.version}/card")
    assert "<h1>A card</h1>" in shown.text and "<td>2</td>" in shown.text
    assert "<script>alert" not in shown.text and "&lt;script&gt;alert" in shown.text
    page = sol.get(f"/console/models/payment/{made.version}/report")
    assert "figures" in page.text
    policy = page.headers["content-security-policy"]
    assert "sandbox" in policy and "script" not in policy and "default-src 'none'" in policy
    for wrong in ("validation-pack", "..%2F..%2Fchampion.json/card"):
        assert sol.get(f"/console/models/payment/{made.version}/{wrong}").status_code == 404
    assert sol.get("/console/models/payment/..%2Fx/card").status_code == 404
    out = httpx.get(f"{service.url}/console/models/payment/{made.version}/report")
    assert out.status_code == 303


def test_a_proposal_is_turned_down(
    home: Path, signed_in: Callable[[str], httpx.Client], tmp_path: Path
) -> None:
    made = train(tmp_path, seed=8, streams=("access",), promoted=False)
    propose(home / "models", made.directory, Person("ada"), "better", gates=GATES)
    sol = signed_in("sol")
    form = {"version": made.version, "why": "too little data"}
    token = _token(sol, "/console/models")
    answer = sol.post("/console/models/access/reject", data={**form, "csrf_token": token})
    assert answer.status_code == 303
    assert history(home / "models", "access")[-1].action == "reject"
    assert "too little data" in sol.get("/console/models").text


def test_the_challenger_is_compared_on_the_page(
    service: Running, home: Path, signed_in: Callable[[str], httpx.Client], tmp_path: Path
) -> None:
    made = train(tmp_path, seed=7, streams=("payment",), promoted=False)
    challenge(home / "models", made.directory, Person("ada"), "to compare")
    until(lambda: service.service.champions.challenger("payment") is not None)
    for number in range(5):
        service.score("payment", payment(9000 + number, number, START))
    until(lambda: service.stored("SELECT count(*) FROM shadow_scores")[0][0] == 5)
    text = signed_in("ana").get("/console/models").text
    assert made.version in text and "Rank correlation" in text
    assert "<dt>Events of yours</dt><dd>5</dd>" in text
