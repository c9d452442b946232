"""Novelty in the service: an answer's figure and words, its place in the queue, what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving.harness import Running, running
from tests.serving.worlds import START, history, login, payment, train


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("novel")
    train(home, novel_from=1.0)
    return home


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[Running]:
    """A running service whose models found everything in their honest history familiar."""
    with running(home, console=False) as one:
        yield one


@pytest.fixture(scope="module")
def played(service: Running) -> list[dict[str, Any]]:
    """The answers to what the model learnt from, in the same order."""
    return [service.score(stream, fields) for stream, fields, _ in history(days=4)]


def strange(number: int, customer: int = 5, **more: Any) -> dict[str, Any]:
    """Return a payment like none before it, of an amount that the classifier does not mind."""
    when = START + timedelta(days=5, hours=number % 7)
    return payment(number, customer, when) | {
        "currency": "JPY",
        "amount": "7777",
        "channel": "branch",
        "intermediary_agents": ["DEUTDEFFXXX", "BARCGB22XXX"],
        "remittance_text": "zzz 0000 1111 2222 3333",
        **more,
    }


def test_familiar_events_have_a_rank_and_no_words(played: list[dict[str, Any]]) -> None:
    assert len({answer["novelty"] for answer in played}) > 20
    for answer in played:
        assert 0 <= answer["novelty"] <= 1
        assert answer["unusual"] == []
        assert answer["advice"] == "clear"


@pytest.mark.usefixtures("played")
def test_a_novel_event_is_for_review_with_words_and_never_urgent_by_that(service: Running) -> None:
    answer = service.score("payment", strange(5_002))
    assert answer["novelty"] == 1
    assert 1 <= len(answer["unusual"]) <= 3
    assert answer["advice"] == "review"
    assert answer["probability"] < 0.3
    assert answer["because"][0].startswith("novel: more unusual than 99.99 % of the events")
    assert "so far out" in answer["unusual"][0]["text"]
    assert service.client.get(f"/v1/assessments/{answer['assessment_id']}").json() == answer


def test_its_case_says_so_and_begins_with_what_is_unusual(service: Running) -> None:
    answer = service.score("payment", strange(5_003, customer=7))
    case = service.client.get(f"/v1/cases/{answer['case_id']}").json()["summary"]
    assert case["novel"] is True
    assert case["first_reason"] == answer["unusual"][0]["text"]


def test_access_events_are_judged_too(service: Running) -> None:
    fields = login(
        5_004, 9, START + timedelta(days=5), action="mail_rule", privilege="administrator"
    )
    fields |= {"bytes": 10**12, "user_agent": "x" * 300, "mfa_method": "sms"}
    answer = service.score("access", fields)
    assert answer["novelty"] > 0.99
    assert answer["unusual"]


def test_what_novel_events_share_is_kept_without_whose_they_are(service: Running) -> None:
    service.score("payment", strange(5_005, customer=11, creditor_account_country="LT"))
    *_, last = service.stored(
        "SELECT families, debtor_country, creditor_country FROM novel_events "
        "WHERE member = :member ORDER BY sequence"
    )
    assert last[0].count(" + ") == 1
    assert last[1:] == ("BE", "LT")


def test_it_is_counted(service: Running) -> None:
    before = _count(service.client)
    service.score("payment", strange(5_006, customer=12))
    assert _count(service.client) == before + 1


def _count(client: httpx.Client) -> float:
    lines = client.get("/metrics").text.splitlines()
    name = 'crossflag_novel_events_total{stream="payment"} '
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))
