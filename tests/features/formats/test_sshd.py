from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from features.errors import UnreadableFile
from features.formats.readers import read_events
from features.formats.sshd import read_sshd

HEAD = "Dec 10 06:55:48 LabSZ sshd[24200]: "
FAILED = HEAD + "Failed password for root from 192.0.2.7 port 38926 ssh2"


def events(*lines: str, **options: Any) -> list[dict[str, Any]]:
    return list(read_sshd(lines, **{"year": 2025, **options}).table.table.to_pylist())


def only(line: str, **options: Any) -> dict[str, Any]:
    (event,) = events(line, **options)
    return event


def test_a_failed_password() -> None:
    event = only(FAILED, time_zone="Asia/Shanghai")
    assert event["event_id"].startswith("sshd-")
    del event["event_id"]
    assert {name: value for name, value in event.items() if value is not None} == {
        "time": int(datetime(2025, 12, 9, 22, 55, 48, tzinfo=UTC).timestamp()) * 10**6,
        "user_id": "root",
        "action": "login",
        "outcome": "failure",
        "ip_address": "192.0.2.7",
        "client_application": "sshd",
        "privilege": "administrator",
        "resource": "LabSZ",
        "session_id": "LabSZ:24200:38926",
    }


@pytest.mark.parametrize(
    ("message", "user", "outcome", "address"),
    [
        ("Accepted password for ada from 192.0.2.1 port 1 ssh2", "ada", "success", "192.0.2.1"),
        (
            "Accepted publickey for ada from 2001:db8::1 port 1 ssh2: ED25519 SHA256:abc/def",
            "ada",
            "success",
            "2001:db8::1",
        ),
        (
            "Failed keyboard-interactive/pam for invalid user  0101 from 192.0.2.1 port 9 ssh2",
            "0101",
            "failure",
            "192.0.2.1",
        ),
        (
            "Failed password for invalid user  from 192.0.2.1 port 9 ssh2",
            "(empty)",
            "failure",
            "192.0.2.1",
        ),
        ("Failed publickey for ada from host.example port 9 ssh2", "ada", "failure", None),
        (
            "Failed password for invalid user root from 198.51.100.1 port 1 ssh2"
            " from 192.0.2.9 port 2 ssh2",
            "root from 198.51.100.1 port 1 ssh2",
            "failure",
            "192.0.2.9",
        ),
    ],
)
def test_results(message: str, user: str, outcome: str, address: str | None) -> None:
    event = only(HEAD + message)
    assert (event["user_id"], event["outcome"], event["ip_address"]) == (user, outcome, address)


def test_repeated_messages_are_as_many_events() -> None:
    repeated = (
        HEAD + "message repeated 5 times: [ Failed password for root from 192.0.2.7 port 1 ssh2]"
    )
    found = events(FAILED, repeated, FAILED)
    assert len(found) == len({event["event_id"] for event in found}) == 7
    assert {event["ip_address"] for event in found} == {"192.0.2.7"}
    again = events(FAILED, repeated, FAILED)
    assert [event["event_id"] for event in again] == [event["event_id"] for event in found]


def test_other_lines_are_skipped_and_broken_ones_refused(tmp_path: Path) -> None:
    lines = [
        FAILED,
        HEAD + "Invalid user webmaster from 192.0.2.7",
        HEAD + "input_userauth_request: invalid user webmaster [preauth]",
        HEAD + "reverse mapping of x [192.0.2.7] failed - POSSIBLE BREAK-IN ATTEMPT!",
        HEAD + "Received disconnect from 192.0.2.7: 11: Bye Bye [preauth]",
        HEAD + "Connection closed by 192.0.2.7 [preauth]",
        HEAD + "Failed none for invalid user 0 from 192.0.2.7 port 49811 ssh2",
        HEAD + "pam_unix(sshd:auth): check pass; user unknown",
        "Dec 10 07:00:00 LabSZ CRON[1]: session opened",
        "Dec 10 07:00:00 LabSZ systemd: started",
        "",
        "no line of a log",
        HEAD + "Failed password for root fr",
        "Xyz 10 07:00:00 LabSZ sshd[1]: Accepted password for a from 192.0.2.1 port 1 ssh2",
        "Dec 32 07:00:00 LabSZ sshd[1]: Accepted password for a from 192.0.2.1 port 1 ssh2",
    ]
    rejects = tmp_path / "rejects.csv"
    read = read_sshd([line + "\r\n" for line in lines], year=2025, rejects=rejects)
    assert (len(read.table), read.rows, read.rejected, read.skipped) == (1, 5, 4, 9)
    assert read.skipped_kinds == {
        "invalid user": 2,
        "break-in attempt": 1,
        "disconnect": 2,
        "probe without credential": 1,
        "pam": 1,
        "other program": 2,
    }
    assert [(one.line, one.field) for one in read.problems] == [
        (12, "line"),
        (13, "line"),
        (14, "line"),
        (15, "time"),
    ]
    assert len(rejects.read_text().splitlines()) == 5


def stamps(*times: str) -> list[str]:
    message = "h sshd[1]: Failed password for a from 192.0.2.1 port 1 ssh2"
    return [f"{time} {message}" for time in times]


def years(lines: list[str] | Path, **options: Any) -> list[int]:
    found = read_sshd(lines, **options).table.table["time"].to_pylist()
    return [datetime.fromtimestamp(time / 1e6, UTC).year for time in found]


NEW_YEAR = stamps(
    "Mar  1 00:00:00", "Dec 31 23:59:59", "Jan  1 00:00:00", "Dec 31 23:59:59", "Jan  2 10:00:00"
)


def test_the_given_year_is_the_first_lines_and_counts_on() -> None:
    assert years(NEW_YEAR, year=2023) == [2023, 2023, 2024, 2023, 2024]


def test_the_year_is_inferred_backwards_from_when_the_file_was_written() -> None:
    written = datetime(2026, 1, 3, tzinfo=UTC)
    assert years(NEW_YEAR, modified=written) == [2025, 2025, 2026, 2025, 2026]
    later = datetime(2026, 11, 23, tzinfo=UTC)
    assert years(stamps("Dec 10 06:55:46"), modified=later) == [2025]
    assert years(stamps("Feb 29 06:55:46"), modified=later) == [2024]
    assert years(stamps("Nov 23 09:00:00"), modified=later) == [2026]


def test_the_files_own_time_of_writing_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "auth.log"
    path.write_text("\n".join(NEW_YEAR))
    written = datetime(2021, 1, 3, tzinfo=UTC).timestamp()
    os.utime(path, (written, written))
    assert years(path) == [2020, 2020, 2021, 2020, 2021]
    assert len(read_events(path).table) == 5
    assert read_events(path, year=2015).table.received_at.min() < 1_450_000_000 * 10**6


def test_without_any_year_it_is_asked_for() -> None:
    with pytest.raises(UnreadableFile, match="say which year"):
        read_sshd([FAILED])


def test_full_times_need_no_year() -> None:
    message = "h sshd-session[1]: Accepted publickey for a from 192.0.2.1 port 1 ssh2: RSA SHA256:x"
    lines = [f"2026-05-01T09:30:00.5+02:00 {message}", f"<38>2026-05-01 09:30:00 {message}"]
    found = read_sshd(lines, time_zone="Asia/Tokyo").table.table["time"].to_pylist()
    assert found == [1777620600500000, 1777595400000000]
