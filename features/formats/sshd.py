"""sshd's system log as access events: one login for each authentication result.

Read are `Accepted` and `Failed` lines with their method (password, publickey,
keyboard-interactive…), alone or inside "message repeated N times". sshd's other lines (invalid
user, break-in attempt, disconnect…) tell of the same attempts again: they are counted by kind.
"""

from __future__ import annotations

import calendar
import hashlib
import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from features.errors import InvalidEvent, Problem, UnreadableFile
from features.events import AccessEvent, parse
from features.formats.rejects import Read, RejectLog
from features.table import from_events

_LINE = re.compile(
    r"(?:<\d{1,3}>)?"
    r"(?:(?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2}) (?P<clock>\d\d:\d\d:\d\d)"
    r"|(?P<full>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?))"
    r" (?P<host>\S+) (?P<program>[^\s\[:]+)(?:\[(?P<pid>\d+)\])?: ?(?P<message>.*)"
)
# The user's name is the attacker's to choose, so the last " from ADDRESS port N" is the true one.
_RESULT = re.compile(
    r"(?P<result>Accepted|Failed) (?P<method>\S+) for (?P<invalid>invalid user )?(?P<user>.*)"
    r" from (?P<address>\S+) port (?P<port>\d+)(?: ssh\d?)?(?:: .*)?"
)
_REPEATED = re.compile(r"message repeated (?P<times>\d+) times: \[ ?(?P<message>.*?)\]?")
_CLAIMS_RESULT = re.compile(r"(?:Accepted|Failed) \S+ for ")
_KINDS = (
    ("invalid user", re.compile(r"(?:Invalid|input_userauth_request: invalid|Illegal) user")),
    ("break-in attempt", re.compile(r".*POSSIBLE BREAK-IN ATTEMPT")),
    (
        "disconnect",
        re.compile(r"(?:error: )?(?:Received disconnect|Disconnect|Connection (?:closed|reset))"),
    ),
    ("pam", re.compile(r"pam_|PAM ")),
    ("probe without credential", re.compile(r"Failed none for ")),
)
_MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}
_PROGRAMS = ("sshd", "sshd-session", "sshd-auth")
_SLACK = timedelta(days=1)
_YEARS_TRIED = 9
_MOST_REPEATS = 100_000
_LONGEST_USER = 128


@dataclass(frozen=True)
class _Line:
    number: int
    text: str
    host: str
    program: str
    pid: str
    message: str
    stamp: tuple[int, int, str] | None
    full: str | None


def read_sshd(
    source: Path | Iterable[str],
    year: int | None = None,
    time_zone: str = "UTC",
    rejects: Path | None = None,
    modified: datetime | None = None,
) -> Read:
    """Read the authentication results of an sshd log, a file or its lines.

    Times without zone are read in `time_zone`. Where they also lack the year, `year` is the first
    line's, and counts on over New Year; without it the last line is at most a day after the file's
    modification time (or `modified`, aware) and years count back from there. Each event has the
    host as `resource`, and an identifier made of its line, so that reading a log again gives the
    same. Raises UnreadableFile when the source or the year cannot be had.
    """
    zone = ZoneInfo(time_zone)
    if isinstance(source, Path):
        try:
            texts = source.read_text(encoding="utf-8", errors="backslashreplace").splitlines()
            modified = modified or datetime.fromtimestamp(source.stat().st_mtime, UTC)
        except OSError as error:
            raise UnreadableFile(f"cannot read {source}: {error}") from error
    else:
        texts = [text.rstrip("\r\n") for text in source]
    events: list[AccessEvent] = []
    skipped: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    with RejectLog(rejects) as log:
        lines = list(_lines(texts))
        for line, time in zip(lines, _times(lines, year, zone, modified), strict=True):
            if line.stamp is None and line.full is None:
                log.add(line.number, [_no_log_line(line)])
                continue
            kind = _kind(line)
            if kind is not None:
                skipped[kind] += 1
                continue
            try:
                events += _events(line, time, seen)
            except InvalidEvent as error:
                log.add(line.number, error.problems)
    return Read(
        table=from_events("access", events),
        rows=len(events) + log.rejected,
        rejected=log.rejected,
        problems=tuple(log.first),
        skipped=sum(skipped.values()),
        skipped_kinds=dict(skipped),
    )


def looks_like_syslog(line: str) -> bool:
    """Tell whether a line begins as the system log's lines do."""
    return _LINE.fullmatch(line.rstrip("\r\n")) is not None


def _lines(texts: Iterable[str]) -> Iterator[_Line]:
    for number, text in enumerate(texts, start=1):
        if not text.strip():
            continue
        found = _LINE.fullmatch(text)
        if found is None:
            yield _Line(number, text, "", "", "", "", None, None)
            continue
        stamp = None
        if found["month"] in _MONTHS:
            stamp = (_MONTHS[found["month"]], int(found["day"]), found["clock"])
        yield _Line(
            number=number,
            text=text,
            host=found["host"],
            program=found["program"],
            pid=found["pid"] or "",
            message=found["message"].strip(),
            stamp=stamp,
            full=found["full"],
        )


def _no_log_line(line: _Line) -> Problem:
    fix = "expected 'Dec 10 06:55:46 host sshd[24200]: message', or an RFC 3339 time first"
    return Problem("line", line.text[:80], "not a line of a system log", fix)


def _times(
    lines: list[_Line], year: int | None, zone: ZoneInfo, modified: datetime | None
) -> list[datetime | str]:
    """Return each line's time; the text itself where it is no time that ever was."""
    found: list[datetime | str] = [
        _full_time(line.full, zone) if line.full else line.text[:15] for line in lines
    ]
    dated = [index for index, line in enumerate(lines) if line.stamp]
    if not dated:
        return found
    if year is not None:
        earliest = datetime(year, 1, 1, tzinfo=zone) + _SLACK
        for index in dated:
            years = range((earliest - _SLACK).year, earliest.year + _YEARS_TRIED)
            for time in _candidates(lines[index], years, zone):
                if time >= earliest - _SLACK:
                    found[index], earliest = time, max(time, earliest)
                    break
        return found
    if modified is None:
        raise UnreadableFile("the log's times have no year: say which year its first line is of")
    latest = modified.astimezone(zone)
    for index in reversed(dated):
        years = range((latest + _SLACK).year, latest.year - _YEARS_TRIED, -1)
        for time in _candidates(lines[index], years, zone):
            if time <= latest + _SLACK:
                found[index], latest = time, min(time, latest)
                break
    return found


def _candidates(line: _Line, years: Iterable[int], zone: ZoneInfo) -> Iterator[datetime]:
    if line.stamp is None:
        return
    month, day, clock = line.stamp
    hour, minute, second = (int(part) for part in clock.split(":"))
    for year in years:
        # 29 February is in few years, and 30 February in none.
        with suppress(ValueError):
            yield datetime(year, month, day, hour, minute, second, tzinfo=zone)


def _full_time(text: str, zone: ZoneInfo) -> datetime | str:
    try:
        time = datetime.fromisoformat(text.replace(",", "."))
    except ValueError:
        return text
    return time if time.tzinfo else time.replace(tzinfo=zone)


def _kind(line: _Line) -> str | None:
    """Return what kind of line without a result this is, None for an authentication result."""
    if line.program not in _PROGRAMS:
        return "other program"
    repeated = _REPEATED.fullmatch(line.message)
    message = repeated["message"] if repeated else line.message
    for kind, pattern in _KINDS:
        if pattern.match(message):
            return kind
    return None if _CLAIMS_RESULT.match(message) else "other"


def _events(line: _Line, time: datetime | str, seen: Counter[str]) -> list[AccessEvent]:
    repeated = _REPEATED.fullmatch(line.message)
    times = int(repeated["times"]) if repeated else 1
    result = _RESULT.fullmatch(repeated["message"] if repeated else line.message)
    if result is None or not 1 <= times <= _MOST_REPEATS:
        problem = "not a whole authentication result"
        fix = "expected 'Failed password for USER from ADDRESS port N ssh2'"
        raise InvalidEvent([Problem("line", line.text[:80], problem, fix)])
    user = result["user"].strip()[:_LONGEST_USER].rstrip()
    given: dict[str, Any] = {
        "time": time,
        "user_id": user or "(empty)",
        "action": "login",
        "outcome": "success" if result["result"] == "Accepted" else "failure",
        "client_application": "sshd",
        "resource": line.host[:_LONGEST_USER],
        "session_id": f"{line.host}:{line.pid}:{result['port']}"[-_LONGEST_USER:],
    }
    if _is_address(result["address"]):
        given["ip_address"] = result["address"]
    if user == "root":
        given["privilege"] = "administrator"
    events: list[AccessEvent] = []
    for _ in range(times):
        name = f"{time if isinstance(time, str) else time.isoformat()} {line.text}"
        seen[name] += 1
        digest = hashlib.sha256(f"{name} {seen[name]}".encode()).hexdigest()
        events.append(parse(AccessEvent, {**given, "event_id": f"sshd-{digest[:20]}"}))
    return events


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
