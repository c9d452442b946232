"""The look at what changes meanwhile: alarms of novel events that grow alike, and drift."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from serving.alarms import EVENTS, SUBJECTS, alarms, window
from serving.auth import Principal
from serving.clock import now
from serving.store.novelties import NovelRow
from serving.ui.watch_page import lines
from tests.serving.harness import Running, make_key, running
from tests.serving.worlds import START, history, payment, train

DAY = 86_400_000_000
AT = 1_800_000_000_000_000


def rows(count: int, subjects: int, days_ago: float, **more: Any) -> list[tuple[NovelRow, str]]:
    given = {"member": "bank-a", "stream": "payment", "families": "fan-out + new payee"}
    given |= {"debtor_country": "BE", "creditor_country": "LT", **more}
    received_at = AT - int(days_ago * DAY)
    return [
        (NovelRow(sequence=at, received_at=received_at - at, **given), f"customer:{at % subjects}")
        for at in range(count)
    ]


def test_enough_alike_events_of_enough_subjects_raise_an_alarm() -> None:
    [alarm] = alarms(rows(EVENTS, SUBJECTS, 1), AT)
    assert (alarm.events, alarm.subjects, alarm.before) == (EVENTS, SUBJECTS, 0)
    assert alarm.corridor == ("BE", "LT")
    assert alarm.sentence() == (
        "5 novel payment events of 3 subjects are alike (fan-out + new payee; BE to LT) in 7 days, "
        "0 in the days before"
    )


@pytest.mark.parametrize(
    "found",
    [
        rows(EVENTS - 1, SUBJECTS, 1),
        rows(EVENTS * 4, SUBJECTS - 1, 1),
        rows(EVENTS, SUBJECTS, 8),
        rows(EVENTS, SUBJECTS, 15),
        rows(EVENTS, SUBJECTS, 1) + rows(EVENTS, SUBJECTS, 8),
        rows(3, 3, 1) + rows(3, 3, 1, creditor_country="RO"),
        rows(3, 3, 1) + rows(3, 3, 1, families="device + new payee"),
        rows(3, 3, 1) + rows(3, 3, 1, member="bank-b"),
        rows(EVENTS, SUBJECTS, -1),
    ],
    ids=["few", "one household", "old", "older", "as before", "ways", "kinds", "members", "future"],
)
def test_what_is_too_little_or_no_more_than_before_raises_none(
    found: list[tuple[NovelRow, str]],
) -> None:
    assert alarms(found, AT) == []


def test_the_order_of_events_does_not_matter_and_the_largest_comes_first() -> None:
    found = rows(5, 3, 1) + rows(9, 8, 2, families="device + habit")
    assert alarms(found, AT) == alarms(found[::-1], AT)
    assert [one.subjects for one in alarms(found, AT)] == [8, 3]


def test_what_is_read_is_what_can_count() -> None:
    assert window(AT) == AT - 14 * DAY


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service with a member whose customers do one strange thing each, and another member."""
    home: Path = tmp_path_factory.mktemp("watched")
    train(home, novel_from=1.0)
    with running(home) as one:
        for stream, fields, _ in history(days=4):
            one.score(stream, fields)
        for customer in range(6):
            one.score("payment", strange(customer))
        other = one.client_of(make_key(home, member="bank-b"))
        assert other.post("/v1/payments/score", json=payment(1, 1, START)).status_code == 200
        yield one


def strange(customer: int) -> dict[str, Any]:
    fields = payment(8_000 + customer, customer, START + timedelta(days=5, hours=3))
    return fields | {
        "currency": "JPY",
        "amount": "7777",
        "channel": "branch",
        "creditor_account_country": "LT",
        "intermediary_agents": ["DEUTDEFFXXX", "BARCGB22XXX"],
        "remittance_text": "zzz 0000 1111 2222 3333",
    }


def reader(member: str) -> Principal:
    return Principal("key", "r", member, "BE", frozenset({"read"}))


def test_a_look_finds_the_alarm_tells_it_once_and_names_nobody(
    service: Running, caplog: pytest.LogCaptureFixture
) -> None:
    watch = service.service.watch
    with caplog.at_level(logging.WARNING, logger="crossflag"):
        watch.look(now())
        watch.look(now())
    [alarm] = watch.last(reader("bank-a")).alarms
    assert (alarm.events, alarm.subjects) == (6, 6)
    assert alarm.corridor == ("BE", "LT")
    [told] = [one.message for one in caplog.records if "alarm" in one.message]
    assert told == f"alarm at bank-a: {alarm.sentence()}"
    assert watch.last(reader("bank-b")).alarms == ()


def test_a_look_measures_drift_of_a_members_own_events(service: Running) -> None:
    watch = service.service.watch
    watch.look(now())
    ours, theirs = watch.last(reader("bank-a")), watch.last(reader("bank-b"))
    events = {one.stream: one.events for one in ours.drift}
    assert events == {"payment": 166, "access": 160}
    assert [(one.stream, one.events) for one in theirs.drift] == [("payment", 1)]
    [drift] = [one for one in ours.drift if one.stream == "payment"]
    by_name = {one.name: one for one in drift.shifts}
    assert by_name["debtor_history_seconds"].word == "far"
    assert by_name["margin"].events == 166
    assert sum(drift.words.values()) == len([one for one in drift.shifts if not one.corridor])


def test_the_metrics_hold_it_without_a_member(service: Running) -> None:
    service.service.watch.look(now())
    text = service.client.get("/metrics").text
    assert 'crossflag_novel_alarms{stream="payment"} 1.0' in text
    assert 'crossflag_drift_psi{of="feature",stream="payment"}' in text
    assert 'crossflag_drifted_distributions{stream="payment",word="far"}' in text
    assert "bank-a" not in text


def test_it_is_answered_over_http_to_those_who_may_read(service: Running) -> None:
    service.service.watch.look(now())
    answer = service.client.get("/v1/watch").json()
    assert answer["alarms"][0]["families"]
    assert {one["stream"] for one in answer["drift"]} == {"payment", "access"}
    member = service.client_of(make_key(service.home, member="bank-c"))
    assert member.get("/v1/watch").json() == {"at": None, "drift": [], "alarms": []}
    blind = service.client_of(make_key(service.home, scopes=("score",)))
    assert blind.get("/v1/watch").status_code == httpx.codes.FORBIDDEN


def test_the_page_shows_scores_first_and_only_what_moved(service: Running) -> None:
    service.service.watch.look(now())
    for drift in service.service.watch.last(reader("bank-a")).drift:
        shown = lines(drift)
        first, rest = shown.whole[:1], shown.whole[3:]
        assert first[0].shift.of in ("score", "reason")
        assert {one.shift.word for one in rest if one.shift.of == "feature"} <= {"moved", "far"}
        assert all("then" in one.most and "<svg" in one.picture for one in shown.whole)
