"""Lists in the running service: in the assessment, in the case, and for yente's clients."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from serving.store.database import Database
from serving.watchlists.importing import Terms, import_list
from serving.watchlists.keeping import SECONDS
from serving.watchlists.readers import read
from tests.serving.harness import Running, make_key, running
from tests.serving.worlds import START, payment

PEOPLE = [
    {"id": "w1", "schema": "Person", "crossflag": {"topics": ["wanted"]},
     "properties": {"name": ["Сергей Морозов"], "birthDate": ["1970-05-01"]}},
    {"id": "c1", "schema": "Company", "crossflag": {"topics": ["sanction"]},
     "properties": {"name": ["Zubrowka Steel Trading Ltd"], "registrationNumber": ["ZB-12345"]}},
    {"id": "m1", "schema": "Person", "crossflag": {"topics": ["missing"]},
     "properties": {"name": ["Anna Lindqvist"]}},
    {"id": "a1", "schema": "BankAccount", "crossflag": {"topics": ["sanction"]},
     "properties": {"iban": ["DE89370400440532013000"]}},
]  # fmt: skip


def put(home: Path, name: str, rows: list[dict[str, Any]], **terms: str) -> None:
    path = home / f"{name}.json"
    path.write_text("\n".join(map(json.dumps, rows)))
    database = Database(home / "crossflag.db")
    import_list(database, name, read(path, "ftm"), path, Terms(**terms), confirmed=True)
    database.close()


@pytest.fixture
def listed(new_home: Callable[..., Path]) -> Any:
    home = new_home()
    put(home, "mine", PEOPLE)
    put(home, "police", [{**PEOPLE[0], "id": "p1"}], audience="police")
    with running(home) as service:
        yield service


def paid(number: int, **more: str) -> dict[str, Any]:
    return payment(number, 3, START + timedelta(days=40, minutes=number), **more)


def ask(service: Running, path: str = "/v1/match", **properties: Any) -> list[dict[str, Any]]:
    query = {"schema": properties.pop("schema", "Person"), "properties": properties}
    answer = service.client.post(path, json={"queries": {"q": query}})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["responses"]["q"]["results"]
    return found


def test_a_hit_raises_the_advice_is_frozen_and_opens_a_case(listed: Running) -> None:
    plain = listed.score("payment", paid(0, creditor_name="Ada Example"))
    assert plain["watchlist_hits"] == []
    found = listed.score("payment", paid(1, creditor_name="Sergey Morozov"))
    (hit,) = found["watchlist_hits"]
    assert (hit["list_name"], hit["version"], hit["entity_id"]) == ("mine", 1, "w1")
    assert (hit["field"], hit["by"], hit["exact"]) == ("creditor_name", "Сергей Морозов", False)
    assert found["advice"] != "clear"
    assert found["case_id"] is not None
    assert any("watchlist mine: creditor name is like" in text for text in found["because"])
    put(listed.home, "mine", PEOPLE[1:])
    again = listed.client.get(f"/v1/assessments/{found['assessment_id']}").json()
    assert again["watchlist_hits"] == found["watchlist_hits"]
    account = {"creditor_account": "DE89370400440532013000", "creditor_account_scheme": "IBAN"}
    exact = listed.score("payment", paid(2, creditor_account_country="DE", **account))
    assert (exact["advice"], exact["watchlist_hits"][0]["exact"]) == ("urgent", True)


def test_a_missing_person_moves_nothing_and_is_noted_for_those_who_protect(
    listed: Running,
) -> None:
    plain = listed.score("payment", paid(1, debtor_name="Ada Example"))
    found = listed.score("payment", paid(2, debtor_name="Anna Lindqvist"))
    assert found["watchlist_hits"] == []
    assert found["advice"] == plain["advice"]
    noted = "SELECT target, member FROM audit WHERE action = 'watchlist.protective'"
    assert listed.stored(noted) == [("m1", "bank-a")]


def test_a_new_version_reaches_the_service_in_seconds(listed: Running) -> None:
    assert ask(listed, name=["Bo Karlsson Ny"]) == []
    row = {"id": "n1", "schema": "Person", "properties": {"name": ["Bo Karlsson Ny"]}}
    put(listed.home, "mine", [*PEOPLE, row])
    end = time.monotonic() + SECONDS + 4
    while not (found := ask(listed, name=["Bo Karlsson Ny"])):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert found[0]["id"] == "n1"


def test_yentes_clients_ask_unchanged(listed: Running) -> None:
    # The shape of the example in yente's own documentation, with invented people.
    body = {
        "weights": {},
        "queries": {
            "q1": {"schema": "Person", "properties": {"name": ["Sergey Morozov"],
                                                      "birthDate": ["1970-05-01"]}},
            "q2": {"schema": "Company", "properties": {"name": ["Zubrowka Steel"],
                                                       "jurisdiction": ["be"]}},
        },
    }  # fmt: skip
    answer = listed.client.post("/v1/match/default?algorithm=best&limit=3&threshold=0.7", json=body)
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert set(document) == {"responses", "matcher", "limit"}
    assert document["limit"] == 3
    first = document["responses"]["q1"]
    assert (first["status"], first["total"]) == (200, {"value": 1, "relation": "eq"})
    assert first["query"] == body["queries"]["q1"]  # type: ignore[index]
    (person,) = first["results"]
    assert (person["id"], person["schema"], person["datasets"]) == ("w1", "Person", ["mine"])
    assert person["match"] is True
    assert person["score"] > 0.95
    assert person["properties"]["topics"] == ["wanted"]
    assert person["explanations"]["weighed"][0] == "the same date of birth: 1970-05-01"
    assert document["responses"]["q2"]["results"][0]["id"] == "c1"


def test_numbers_and_unknown_kinds_are_matched_too(listed: Running) -> None:
    assert ask(listed, schema="LegalEntity", name=["Sergei Morozov"])[0]["id"] == "w1"
    assert ask(listed, schema="BankAccount", iban=["DE89370400440532013000"])[0]["id"] == "a1"
    numbered = ask(listed, schema="Company", name=["Other"], registrationNumber=["zb 12345"])
    assert (numbered[0]["id"], numbered[0]["match"]) == ("c1", True)
    assert ask(listed, name=["Anna Lindqvist"])[0]["target"] is False
    assert ask(listed, name=["Nobody Atall"]) == []


def test_a_list_closed_to_the_caller_is_not_there(listed: Running) -> None:
    assert [one["datasets"] for one in ask(listed, name=["Sergey Morozov"])] == [["mine"]]
    body = {"queries": {"q": {"schema": "Person", "properties": {"name": ["Sergey Morozov"]}}}}
    assert listed.client.post("/v1/match/police", json=body).status_code == 404
    police = listed.client_of(make_key(listed.home, member="police"))
    assert police.post("/v1/match/police", json=body).json()["responses"]["q"]["results"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"queries": {"q": {"schema": "Ship", "properties": {"name": ["x"]}}}}, 422, "q.schema"),
        ({"queries": {"q": {"schema": "Person", "properties": {}}}}, 422, "q.properties"),
        ({"queries": {"q": {"schema": "Person", "properties": {"birthDate": ["soon"]}}}}, 422,
         "birthDate"),
        ({"query": {}}, 422, "queries"),
    ],
)  # fmt: skip
def test_wrong_questions_are_named(
    listed: Running, body: dict[str, Any], status: int, field: str
) -> None:
    answer = listed.client.post("/v1/match", json=body)
    assert answer.status_code == status
    assert field in answer.json()["errors"][0]["field"]
