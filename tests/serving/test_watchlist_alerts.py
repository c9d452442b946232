"""Alerts: raised once by event or rescreening, judged, held back, frozen; through a kill."""

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
from serving.watchlists.readers import read
from tests.serving.harness import Running, beside, make_key, process, running
from tests.serving.worlds import START, payment

SANCTIONED = {"id": "s1", "schema": "Person", "crossflag": {"topics": ["sanction"]},
              "properties": {"name": ["Sergei Morozov"]}}  # fmt: skip
WANTED = {"id": "w1", "schema": "Person", "crossflag": {"topics": ["wanted"]},
          "properties": {"name": ["Ada Zubrowkina"]}}  # fmt: skip
OTHER = {"id": "o1", "schema": "Person", "properties": {"name": ["Somebody Else Entirely"]}}
PATH = "/v1/watchlist-alerts"


def put(place: Path | str, folder: Path, rows: list[dict[str, Any]], **terms: str) -> None:
    name = terms.pop("name", "mine")
    path = folder / f"{name}.json"
    path.write_text("\n".join(map(json.dumps, rows)))
    database = Database(place)
    import_list(database, name, read(path, "ftm"), path, Terms(**terms), confirmed=True)
    database.close()


def paid(number: int, **more: str) -> dict[str, Any]:
    return payment(number, 3, START + timedelta(days=40, minutes=number), **more)


def alerts(service: Running, state: str = "open", at_least: int = 0) -> list[dict[str, Any]]:
    end = time.monotonic() + 30
    while True:
        answer = service.client.get(PATH, params={"state": state})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["alerts"]
        if len(found) >= at_least or time.monotonic() > end:
            return found
        time.sleep(0.1)


@pytest.fixture
def listed(new_home: Callable[..., Path]) -> Any:
    home = new_home()
    put(home / "crossflag.db", home, [SANCTIONED, WANTED])
    with running(home) as service:
        yield service


def judge(service: Running, alert_id: str, verdict: str, **more: Any) -> Any:
    body = {"verdict": verdict, "reason": "looked at the passport", **more}
    return service.client.post(f"{PATH}/{alert_id}/judgement", json=body)


def test_one_alert_a_customer_and_record_and_a_true_sanction_is_frozen_and_reported(
    listed: Running,
) -> None:
    listed.score("payment", paid(1, creditor_name="Sergei Morozov"))
    listed.score("payment", paid(2, creditor_name="Sergey Morozov"))
    (alert,) = alerts(listed)
    assert (alert["entity_id"], alert["source"], alert["state"]) == ("s1", "event", "open")
    assert judge(listed, alert["alert_id"], "true").json()["state"] == "freeze"
    assert judge(listed, alert["alert_id"], "false").status_code == 409
    assert alerts(listed) == []
    (waiting,) = alerts(listed, "freeze")
    reported = listed.client.post(f"{PATH}/{waiting['alert_id']}/reported")
    assert reported.json()["state"] == "reported"
    assert alerts(listed, "freeze") == []
    assert listed.client.post(f"{PATH}/{waiting['alert_id']}/reopen").status_code == 409
    done = listed.stored("SELECT action FROM audit WHERE action LIKE 'watchlist.%' ORDER BY entry")
    assert [one for (one,) in done][-2:] == ["watchlist.freeze", "watchlist.reported"]


def test_a_record_that_is_not_this_customer_is_held_back_until_its_day(listed: Running) -> None:
    first = listed.score("payment", paid(1, creditor_name="Ada Zubrowkina"))
    assert first["watchlist_hits"]
    (alert,) = alerts(listed)
    judged = judge(listed, alert["alert_id"], "false", days=30).json()
    assert (judged["state"], judged["until"] > judged["judged_at"]) == ("dismissed", True)
    listed.service.screening.refresh()
    assert listed.score("payment", paid(2, creditor_name="Ada Zubrowkina"))["watchlist_hits"] == []
    # Another member, and another customer, are told as before.
    other = listed.client_of(make_key(listed.home, member="bank-b"))
    answer = other.post("/v1/payments/score", json=paid(3, creditor_name="Ada Zubrowkina"))
    assert answer.json()["watchlist_hits"]
    with beside(listed.home) as connection:
        connection.exec_driver_sql("UPDATE watchlist_alerts SET until = 1")
    listed.service.screening.refresh()
    assert listed.score("payment", paid(4, creditor_name="Ada Zubrowkina"))["watchlist_hits"]
    assert [one["alert_id"] for one in alerts(listed)] == [alert["alert_id"]]
    undone = judge(listed, alert["alert_id"], "false").json()
    assert undone["state"] == "dismissed"
    again = listed.client.post(f"{PATH}/{alert['alert_id']}/reopen").json()
    assert (again["state"], again["until"]) == ("open", None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"verdict": "true", "reason": " "}, "reason"),
        ({"verdict": "false", "reason": "no", "days": 5_000}, "days"),
        ({"verdict": "perhaps", "reason": "no"}, "verdict"),
    ],
)
def test_wrong_judgements_are_named(listed: Running, body: dict[str, Any], field: str) -> None:
    listed.score("payment", paid(1, creditor_name="Ada Zubrowkina"))
    answer = listed.client.post(f"{PATH}/W-1/judgement", json=body)
    assert answer.status_code == 422
    assert field in answer.json()["errors"][0]["field"]
    assert listed.client.post(f"{PATH}/W-9/reopen").status_code == 404
    assert listed.client.post(f"{PATH}/nine/reopen").status_code == 404


def test_past_customers_and_their_open_cases_are_told_once_when_a_list_changes(
    listed: Running,
) -> None:
    listed.score("payment", paid(1, creditor_name="Ada Zubrowkina"))
    listed.score("payment", paid(2, debtor_name="Cyrus Example"))
    new = {"id": "n1", "schema": "Person", "crossflag": {"topics": ["wanted"]},
           "properties": {"name": ["Cyrus Example"]}}  # fmt: skip
    missing = {"id": "m1", "schema": "Person", "crossflag": {"topics": ["missing"]},
               "properties": {"name": ["Cyrus Example"]}}  # fmt: skip
    put(listed.home / "crossflag.db", listed.home, [SANCTIONED, WANTED, new, missing])
    # A list of the police is not for a bank, nor are alerts of it.
    put(listed.home / "crossflag.db", listed.home, [{**new, "id": "p1"}], name="police",
        audience="police")  # fmt: skip
    found = alerts(listed, at_least=2)
    told = sorted((one["entity_id"], one["source"], one["version"]) for one in found)
    assert told == [("n1", "rescreening", 2), ("w1", "event", 1)]
    case_id = listed.client.get("/v1/cases").json()["cases"][0]["case_id"]
    history = listed.client.get(f"/v1/cases/{case_id}").json()["history"]
    assert sum(one["action"] == "watchlist_alert" for one in history) == 1
    put(listed.home / "crossflag.db", listed.home, [SANCTIONED, WANTED, new, OTHER])
    time.sleep(3)
    assert len(alerts(listed)) == 2


def test_a_rescreening_that_is_killed_goes_on_and_raises_nothing_twice(
    new_home: Callable[..., Path], postgresql: str
) -> None:
    home = new_home()
    put(postgresql, home, [OTHER])
    with process(home, database_url=postgresql) as (first, child):
        first.batch("payment", [paid(n, creditor_name="Ada Zubrowkina") for n in range(800)])
        first.batch("payment", [paid(n, creditor_name="Sergei Morozov") for n in range(800, 1200)])
        put(postgresql, home, [OTHER, SANCTIONED, WANTED])
        alerts(first, at_least=1)
        child.kill()
    with process(home, database_url=postgresql) as (second, _):
        found = alerts(second, at_least=2)
        assert sorted(one["entity_id"] for one in found) == ["s1", "w1"]
        place = second.stored("SELECT version, after FROM watchlist_rescreens")
        end = time.monotonic() + 30
        while place[0][1] < 1200 and time.monotonic() < end:
            time.sleep(0.1)
            place = second.stored("SELECT version, after FROM watchlist_rescreens")
        assert place[0][0] == 2
        assert len(alerts(second)) == 2
