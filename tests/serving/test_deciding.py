"""Deciding: two people, events weighed one by one, victims protected, clocks, sleep, merging."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from shutil import copytree
from typing import Any

import orjson
import pytest

from features.errors import BadReference
from features.reference import Reference
from serving.cases import Clocks
from tests.serving.harness import Running, running
from tests.serving.people import Person, hire
from tests.serving.worlds import START, theft

CUSTOMERS = count(1)
CONFIRM = {"disposition": "fraud_confirmed", "reason": "The customer did not order these."}


@pytest.fixture(scope="module")
def office(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("office")
    copytree(trained / "models", home / "models")
    with running(home, four_eyes=True) as service:
        for name in ("ana", "marta"):
            hire(home, name)
        hire(home, "olga", "auditor")
        yield service


@pytest.fixture(scope="module")
def ana(office: Running) -> Iterator[Person]:
    with Person(office.url, "ana") as ana:
        yield ana


@pytest.fixture(scope="module")
def marta(office: Running) -> Iterator[Person]:
    with Person(office.url, "marta") as marta:
        yield marta


@pytest.fixture
def case(office: Running) -> str:
    """A new case of a customer of its own."""
    customer = next(CUSTOMERS)
    answers = [
        office.score(stream, fields)
        for stream, fields, _ in theft(9_000 + customer * 50, customer, START)
    ]
    [case_id] = {one["case_id"] for one in answers if one["advice"] != "clear"}
    return str(case_id)


def detail(office: Running, case_id: str) -> Any:
    return office.client.get(f"/v1/cases/{case_id}").json()


def labels(office: Running, case_id: str) -> list[Any]:
    lines = [orjson.loads(line) for line in office.client.get("/v1/labels").iter_lines()]
    return [one for one in lines if one["label_id"].startswith(f"review:{case_id}:")]


def pending(office: Running, case_id: str) -> str:
    return str(detail(office, case_id)["desk"]["pending"]["approval_id"])


def close(person: Person, approval_id: str, word: str, why: str = "") -> Any:
    form = {"do": word, "why": why}
    return person.post("/console/approvals", f"/console/approvals/{approval_id}", **form)


def test_a_confirmation_waits_for_another_person(
    office: Running, ana: Person, marta: Person, case: str
) -> None:
    ana.claim(case)
    assert "done=proposed" in ana.act(case, "decide", **CONFIRM).headers["location"]
    assert labels(office, case) == []
    assert detail(office, case)["summary"]["state"] == "claimed"
    approval_id = pending(office, case)
    for refused in (
        close(ana, approval_id, "approve"),
        ana.act(case, "decide", **CONFIRM),
        ana.act(case, "release"),
    ):
        assert refused.status_code == 409
    by_key = office.client.post(f"/v1/approvals/{approval_id}/approve", json={})
    assert by_key.status_code == 403
    assert close(marta, approval_id, "approve").status_code == 303

    found = detail(office, case)
    assert found["summary"]["state"] == "decided"
    assert found["summary"]["decided_by"] == "ana"
    assert [one["action"] for one in found["history"]][-3:] == ["proposed", "approved", "decided"]
    assert [one["actor"] for one in found["history"]][-3:] == ["ana", "marta", "marta"]
    assert len(labels(office, case)) == found["summary"]["events"]
    assert close(marta, approval_id, "approve").status_code == 409
    closed = office.client.get("/v1/approvals?pending=false").json()["approvals"]
    assert closed[0]["approval_id"] == approval_id
    audited = office.stored(f"SELECT action FROM audit WHERE target = '{case}'")
    assert ("case.proposed",) in audited and ("case.decided",) in audited


def test_a_rejection_needs_a_reason_and_gives_the_case_back(
    office: Running, ana: Person, marta: Person, case: str
) -> None:
    ana.claim(case)
    ana.act(case, "decide", disposition="suspicious_report", reason="Layered payments.")
    approval_id = pending(office, case)
    assert close(marta, approval_id, "reject").status_code == 422
    assert close(marta, approval_id, "reject", "Look at the invoices.").status_code == 303
    assert detail(office, case)["desk"]["pending"] is None
    assert detail(office, case)["summary"]["claimed_by"] == "ana"
    ana.act(case, "decide", disposition="continuing_activity", reason="It goes on.")
    approval_id = pending(office, case)
    assert close(marta, approval_id, "withdraw").status_code == 409
    assert close(ana, approval_id, "withdraw").status_code == 303
    assert labels(office, case) == []


def test_an_urgent_flag_is_let_go_by_two_and_what_came_meanwhile_is_not_labelled_unseen(
    office: Running, ana: Person, marta: Person, case: str
) -> None:
    assert detail(office, case)["summary"]["advice"] == "urgent"
    ana.claim(case)
    ana.act(case, "decide", disposition="false_positive", reason="A known habit.")
    approval_id = pending(office, case)
    subject = detail(office, case)["summary"]["subject"]
    number = 9_000 + int(subject[1:]) * 50 + 25
    for stream, fields, _ in theft(number, int(subject[1:]), START + timedelta(hours=2)):
        office.score(stream, fields)
    refused = close(marta, approval_id, "approve")
    assert refused.status_code == 409 and "other events" in refused.text
    assert labels(office, case) == []


def test_events_are_weighed_one_by_one(
    office: Running, ana: Person, marta: Person, case: str
) -> None:
    ana.claim(case)
    flagged = [one for one in detail(office, case)["timeline"] if one["in_case"]]
    names = [f"{one['stream']} {one['event_id']}" for one in flagged]
    roles = ["", "complicit", *[""] * (len(names) - 2)]
    form = {"weigh": "yes", "shown": names, "positive": names[1:], "event_role": roles}
    ana.act(case, "decide", **CONFIRM, subject_role="perpetrator", **form)
    close(marta, pending(office, case), "approve")
    made = {f"{one['stream']} {one['event_id']}": one for one in labels(office, case)}
    assert made[names[0]]["is_fraud"] is False
    assert made[names[0]]["subject_role"] == "unknown"
    assert made[names[1]]["subject_role"] == "complicit"
    assert {made[name]["subject_role"] for name in names[2:]} == {"perpetrator"}
    kept = detail(office, case)["desk"]["findings"]
    assert [one["positive"] for one in kept] == [False, *[True] * (len(names) - 1)]


def test_a_victim_is_protected_and_never_reported(
    office: Running, ana: Person, marta: Person, case: str
) -> None:
    ana.claim(case)
    accused = ana.act(
        case, "decide", disposition="suspicious_report", reason="x", subject_role="victim"
    )
    assert accused.status_code == 422 and "protected" in accused.text
    ana.act(case, "decide", **CONFIRM, subject_role="victim")
    close(marta, pending(office, case), "approve")
    assert detail(office, case)["desk"]["protective"] is True
    assert "Protective path" in ana.get(f"/console/cases/{case}").text
    assert {one["subject_role"] for one in labels(office, case)} == {"victim"}
    blames = office.stored(
        f"SELECT DISTINCT blames FROM labels WHERE label_id LIKE 'review:{case}:%'"
    )
    assert blames == [(0,)]


def test_a_safeguarding_referral_waits_for_nobody(office: Running, ana: Person, case: str) -> None:
    ana.claim(case)
    ana.act(case, "decide", disposition="safeguarding_referral", reason="Signs of control.")
    found = detail(office, case)
    assert found["summary"]["state"] == "decided"
    assert found["desk"]["protective"] is True


def test_imminent_harm_is_acted_on_at_once_and_looked_at_afterwards(
    office: Running, ana: Person, marta: Person, case: str
) -> None:
    marta.claim(case)
    assert ana.act(case, "decide", **CONFIRM).status_code == 409
    done = ana.act(case, "decide", **CONFIRM, harm="The money leaves within minutes.")
    assert "done=broke_glass" in done.headers["location"]
    assert detail(office, case)["summary"]["state"] == "decided"
    assert labels(office, case)
    approval_id = pending(office, case)
    assert close(ana, approval_id, "approve").status_code == 409
    assert close(ana, approval_id, "withdraw").status_code == 409
    assert close(marta, approval_id, "approve", "Rightly so.").status_code == 303
    [(detail_text,)] = office.stored(
        f"SELECT detail FROM audit WHERE target = '{case}' AND action = 'case.broke_glass'"
    )
    assert approval_id in detail_text


def test_no_sleep_passes_a_time_limit_and_a_new_flag_wakes(
    office: Running, ana: Person, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana.claim(case)
    now = datetime.now(UTC)
    soon = (now + timedelta(days=2)).isoformat()
    for until, reason in (
        (soon, " "),
        ((now - timedelta(days=1)).isoformat(), "x"),
        ((now + timedelta(days=31)).isoformat(), "x"),
        ("soon", "x"),
    ):
        refused = ana.act(case, "snooze", until=until, snooze_reason=reason)
        assert refused.status_code == 422
    assert ana.act(case, "snooze", until=soon, snooze_reason="Call on Monday").status_code == 303
    listed = office.client.get("/v1/cases?limit=200").json()["cases"]
    assert case not in {one["case_id"] for one in listed}
    asleep = office.client.get("/v1/cases?limit=200&asleep=true").json()["cases"]
    assert case in {one["case_id"] for one in asleep}
    subject = int(detail(office, case)["summary"]["subject"][1:])
    for stream, fields, _ in theft(9_025 + subject * 50, subject, START + timedelta(hours=2)):
        office.score(stream, fields)
    assert detail(office, case)["desk"]["snoozed_until"] is None

    class Strict(Clocks):
        def of(self, country: str, *rest: Any) -> Any:
            return super().of("US", *rest)

    monkeypatch.setattr(office.service.desk, "_clocks", Strict(None, Reference()))
    monkeypatch.setattr("serving.cases.desk.LONGEST_SLEEP_DAYS", 90)
    late = (now + timedelta(days=40)).isoformat()
    refused = ana.act(case, "snooze", until=late, snooze_reason="x")
    assert refused.status_code == 422 and "statutory" in refused.text


def test_merging_and_splitting_count_anew(office: Running, ana: Person, case: str) -> None:
    ana.claim(case)
    whole = detail(office, case)
    flagged = [one for one in whole["timeline"] if one["in_case"]]
    assert ana.act(case, "split", split=[], split_reason="x").status_code == 422
    name = f"{flagged[0]['stream']} {flagged[0]['event_id']}"
    moved = ana.act(case, "split", split=[name], split_reason="Another matter.")
    other = moved.headers["location"].split("/")[3].partition("?")[0]
    first, second = detail(office, case), detail(office, other)
    assert second["summary"]["events"] == 1
    assert first["summary"]["events"] == len(flagged) - 1
    losses = [one["summary"]["expected_loss"] for one in (first, second)]
    assert sum(losses) == whole["summary"]["expected_loss"]
    assert ana.act(case, "merge", into=case).status_code == 409
    back = ana.act(other, "merge", into=case)
    assert f"/cases/{case}?" in back.headers["location"]
    again = detail(office, case)["summary"]
    for field in ("events", "expected_loss", "probability", "advice", "first_reason", "streams"):
        assert again[field] == whole["summary"][field], field
    gone = detail(office, other)
    assert gone["desk"]["merged_into"] == case
    assert gone["summary"]["disposition"] == "duplicate"


def test_a_referral_opens_the_case_for_the_other_unit(
    office: Running, ana: Person, case: str
) -> None:
    ana.claim(case)
    assert ana.act(case, "refer", unit="", refer_reason="x").status_code == 422
    assert ana.act(case, "refer", unit="cybercrime", refer_reason="Malware.").status_code == 303
    found = detail(office, case)
    assert (found["summary"]["state"], found["desk"]["unit"]) == ("open", "cybercrime")


def test_duties_run_from_the_decision_and_time_is_counted(
    office: Running, ana: Person, marta: Person, case: str
) -> None:
    ana.claim(case)
    opened = str(int(datetime.now(UTC).timestamp()) - 90)
    ana.act(case, "decide", **CONFIRM, opened=opened)
    close(marta, pending(office, case), "approve")
    desk = detail(office, case)["desk"]
    assert 90 <= desk["seconds_spent"] < 120
    assert [one["clock"] for one in desk["clocks"]] == ["refund"]
    assert ana.act(case, "duty", clock="nothing").status_code == 422
    assert ana.act(case, "duty", clock="refund").status_code == 303
    assert ana.act(case, "duty", clock="refund").status_code == 409
    [refund] = [one for one in detail(office, case)["desk"]["clocks"] if one["clock"] == "refund"]
    assert (refund["state"], refund["met_by"]) == ("met", "ana")


def test_an_auditor_reads_and_does_nothing(office: Running, ana: Person, case: str) -> None:
    with Person(office.url, "olga") as olga:
        assert olga.get(f"/console/cases/{case}").status_code == 200
        assert olga.get("/console/approvals").status_code == 200
        assert olga.act(case, "claim").status_code == 403


def test_a_term_of_business_days_ends_with_the_last_day_in_local_time() -> None:
    clocks = Clocks(None, Reference())
    friday = datetime(2026, 4, 3, 10, tzinfo=UTC)  # Good Friday; Monday is a holiday too.
    [refund] = clocks.of("FR", {"confirmed": friday}, {}, friday)
    assert refund.due_at == datetime(2026, 4, 7, 21, 59, 59, tzinfo=UTC)
    [report] = clocks.of("US", {"opened": friday}, {}, friday + timedelta(days=60))
    assert (report.state, report.due_at.date().isoformat()) == ("late", "2026-05-04")
    assert clocks.of("US", {"opened": datetime(1990, 1, 1, tzinfo=UTC)}, {}, friday) == ()
    late = {"suspicious_activity_report": (friday + timedelta(days=70), "ana")}
    [report] = clocks.of("US", {"opened": friday}, late, friday + timedelta(days=80))
    assert (report.state, report.met_by) == ("met late", "ana")


def test_a_broken_file_of_clocks_is_refused(tmp_path: Path) -> None:
    head = "country,clock,starts,length,unit,duty,valid_from,valid_to,source\n"
    for row in ("US,x,birth,1,days,d,2020-01-01,,s", "US,x,opened,1,moons,d,2020-01-01,,s"):
        (tmp_path / "clocks.csv").write_text(head + row + "\n")
        with pytest.raises(BadReference, match=r"clocks\.csv"):
            Clocks(tmp_path, Reference())
