"""OCSF Authentication lines as access events."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ocsf.v1_7_0.events as v1_7
import ocsf.v1_7_0.objects as objects
import pytest

from features.errors import UnreadableFile
from features.formats.readers import read_events
from features.formats.rejects import Read

LINE: dict[str, Any] = {
    "activity_id": 1,
    "category_uid": 3,
    "class_uid": 3002,
    "type_uid": 300201,
    "severity_id": 1,
    "time": 1_777_620_600_123,
    "status_id": 2,
    "metadata": {"version": "1.7.0", "uid": "m-1", "product": {"name": "IdP"}},
    "user": {"uid": "u-17", "name": "ada", "type_id": 2},
    "src_endpoint": {"ip": "192.0.2.7", "uid": "d-4", "autonomous_system": {"number": 64496}},
    "http_request": {"user_agent": "Mozilla/5.0"},
    "auth_factors": [{"factor_type_id": 11}, {"factor_type_id": 7}],
    "session": {"uid": "s-1"},
    "service": {"name": "online banking"},
    "actor": {"app_name": "mobile app"},
}


def read(tmp_path: Path, *lines: Any, name: str = "auth.jsonl") -> Read:
    path = tmp_path / name
    texts = [one if isinstance(one, str) else json.dumps(one) for one in lines]
    path.write_text("\n".join(texts) + "\n")
    return read_events(path)


def only(tmp_path: Path, **changes: Any) -> dict[str, Any]:
    found = read(tmp_path, {**LINE, **changes})
    assert found.problems == ()
    (row,) = found.table.table.to_pylist()
    return {name: value for name, value in row.items() if value is not None}


def test_every_mapped_field_arrives(tmp_path: Path) -> None:
    assert only(tmp_path) == {
        "event_id": "m-1",
        "time": 1_777_620_600_123_000,
        "user_id": "u-17",
        "action": "login",
        "outcome": "failure",
        "ip_address": "192.0.2.7",
        "user_agent": "Mozilla/5.0",
        "client_application": "mobile app",
        "device_id": "d-4",
        "mfa_method": "totp",
        "asn": 64496,
        "privilege": "administrator",
        "resource": "online banking",
        "session_id": "s-1",
    }


def test_an_event_that_another_implementation_writes(tmp_path: Path) -> None:
    made = v1_7.Authentication(
        activity_id=2,
        category_uid=3,
        class_uid=3002,
        severity_id=1,
        type_uid=300202,
        time=1_777_620_600_123,
        status_id=1,
        is_mfa=False,
        metadata=objects.Metadata(version="1.7.0", product=objects.Product(name="IdP")),
        user=objects.User(name="ada", type_id=1),
        device=objects.Device(type_id=0, uid="laptop-3", ip="198.51.100.4"),
        session=objects.Session(uid="s-2"),
    )
    found = read(tmp_path, made.model_dump_json(exclude_none=True))
    (row,) = found.table.table.to_pylist()
    assert row.pop("event_id").startswith("ocsf-")
    assert {name: value for name, value in row.items() if value is not None} == {
        "time": 1_777_620_600_123_000,
        "user_id": "ada",
        "action": "logout",
        "outcome": "success",
        "ip_address": "198.51.100.4",
        "device_id": "laptop-3",
        "mfa_method": "none",
        "privilege": "user",
        "session_id": "s-2",
    }


@pytest.mark.parametrize(
    ("changes", "method"),
    [
        ({"auth_factors": [{"factor_type_id": 5}]}, "push"),
        ({"auth_factors": [{"factor_type_id": 11}, {"factor_type_id": 10}]}, "hardware_key"),
        ({"auth_factors": [{"factor_type_id": 4}]}, "other"),
        ({"auth_factors": [{"factor_type_id": 11}]}, "none"),
        ({"auth_factors": None, "is_mfa": True}, "other"),
        ({"auth_factors": None, "session": {"is_mfa": False}}, "none"),
        ({"auth_factors": None}, None),
        ({"auth_factors": "sms"}, None),
    ],
)
def test_the_second_factor(tmp_path: Path, changes: dict[str, Any], method: str | None) -> None:
    assert only(tmp_path, **changes).get("mfa_method") == method


def test_the_factors_are_those_of_the_standard() -> None:
    factor = objects.AuthFactor(factor_type_id=7)
    assert str(factor.factor_type) == "OTP"
    assert str(objects.AuthFactor(factor_type_id=11).factor_type) == "Password"


def test_other_activities_and_unknown_outcomes(tmp_path: Path) -> None:
    found = only(tmp_path, activity_id=3, status_id=99)
    assert (found["action"], found["outcome"]) == ("other", "unknown")


def test_a_time_may_be_text_when_there_is_no_number(tmp_path: Path) -> None:
    found = only(tmp_path, time=None, time_dt="2026-05-01T09:30:00.123+02:00")
    assert found["time"] == 1_777_620_600_123_000


def test_what_the_client_says_of_itself_is_kept_readable(tmp_path: Path) -> None:
    found = only(tmp_path, http_request={"user_agent": "a\tb\x1b" + "x" * 2000})
    assert found["user_agent"].startswith("a b x")
    assert len(found["user_agent"]) == 1024


@pytest.mark.parametrize(
    ("changes", "field", "value", "said"),
    [
        ({"user": {}}, "user.uid", "", "missing"),
        ({"user": {"uid": 17}}, "user.uid", "17", "string"),
        ({"src_endpoint": {"ip": "10.0.0.1:80"}}, "src_endpoint.ip", "10.0.0.1:80", "not an IP"),
        ({"src_endpoint": {"autonomous_system": {"number": -1}}},
         "src_endpoint.autonomous_system.number", "-1", "greater than or equal"),
        ({"time": "soon"}, "time", "soon", "no time"),
        ({"time": 10**17}, "time", "100000000000000000", "no time"),
        ({"activity_id": None}, "activity_id", "", "missing or no number"),
        ({"class_uid": "3002"}, "class_uid", "3002", "no number"),
        ({"session": {"uid": " s"}}, "session.uid", " s", "blanks around it"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_as_the_standard_names_it(
    tmp_path: Path, changes: dict[str, Any], field: str, value: str, said: str
) -> None:
    good = {**LINE, "metadata": {"uid": "m-2"}}
    found = read(tmp_path, good, {**LINE, **changes})
    assert (len(found.table), found.rejected) == (1, 1)
    (problem,) = found.problems
    assert (problem.line, problem.field, problem.value) == (2, field, value)
    assert said in problem.problem
    assert problem.fix


def test_every_wrong_field_of_a_line_is_named_at_once(tmp_path: Path) -> None:
    found = read(tmp_path, LINE, {**LINE, "time": None, "activity_id": "x", "user": None})
    assert [one.field for one in found.problems] == ["activity_id", "time", "user.uid"]


def test_other_classes_are_skipped_and_repeats_refused(tmp_path: Path) -> None:
    found = read(tmp_path, LINE, {**LINE, "class_uid": 4001}, "", "nonsense", LINE)
    assert (found.rows, found.rejected, found.skipped) == (3, 2, 1)
    assert found.skipped_kinds == {"class 4001": 1}
    assert [(one.line, one.field) for one in found.problems] == [(4, "line"), (5, "metadata.uid")]
    unnamed = {**LINE, "metadata": {}}
    twice = read(tmp_path, unnamed, unnamed).table.table["event_id"].to_pylist()
    assert len(set(twice)) == 2
    assert twice == read(tmp_path, unnamed, unnamed).table.table["event_id"].to_pylist()


def test_json_that_is_no_ocsf_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"holds no OCSF event, line 1: missing or no number"):
        read(tmp_path, {"user": "ada"})
    with pytest.raises(UnreadableFile, match="is one JSON array: write one object a line"):
        read(tmp_path, json.dumps([LINE]))
    path = tmp_path / "auth.jsonl"
    path.write_text(json.dumps(LINE))
    with pytest.raises(UnreadableFile, match="holds the stream 'access', not 'payment'"):
        read_events(path, stream="payment")


def test_a_time_to_come_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "auth.jsonl"
    path.write_text(json.dumps(LINE))
    found = read_events(path, now=datetime(2026, 4, 1, tzinfo=UTC))
    assert [one.problem for one in found.problems] == ["time lies in the future"]
