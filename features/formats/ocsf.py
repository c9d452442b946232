"""OCSF Authentication events (class 3002), one JSON object a line, as access events.

The paths below are the field map. Logon and Logoff are read as login and logout, and every other
activity of the class (tickets, pre-authentication, account switch) as `other`. Events of other
classes are counted by class and skipped.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from features.errors import InvalidEvent, Problem, UnreadableFile
from features.events import AccessEvent, parse
from features.fields import EPOCH
from features.formats.rejects import Read, RejectLog
from features.table import from_events

AUTHENTICATION = 3002
_ACTIONS = {1: "login", 2: "logout"}
_OUTCOMES = {1: "success", 2: "failure"}
_PRIVILEGES = {1: "user", 2: "administrator", 3: "service"}
_FACTORS = {
    1: "sms",
    5: "push",
    6: "hardware_key",
    7: "totp",
    9: "hardware_key",
    10: "hardware_key",
}
_PASSWORD = 11
# Each of our fields, and where the class keeps it: the first that is there counts.
_PATHS = {
    "user_id": ("user.uid", "user.name", "user.email_addr"),
    "ip_address": ("src_endpoint.ip", "device.ip"),
    "user_agent": ("http_request.user_agent",),
    "client_application": ("actor.app_name",),
    "device_id": ("src_endpoint.uid", "device.uid"),
    "asn": ("src_endpoint.autonomous_system.number",),
    "resource": ("service.name", "dst_endpoint.hostname", "dst_endpoint.ip"),
    "session_id": ("session.uid",),
}
_LONGEST_TEXT = 1024
_LAST_MILLISECOND = 253_370_764_800_000


def looks_like_json(head: bytes) -> bool:
    """Tell whether a file begins as a JSON object or array does."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def read_ocsf(path: Path, rejects: Path | None = None, now: datetime | None = None) -> Read:
    """Read the authentication events of a file of OCSF JSON lines.

    An event without `metadata.uid` is named by its own content, so that reading a file again gives
    the same identifiers. With `now` (aware) a time after it is refused. Raises UnreadableFile when
    the file cannot be read or holds no event of OCSF at all.
    """
    events: list[AccessEvent] = []
    skipped: Counter[str] = Counter()
    lines_of: dict[str, int] = {}
    same: Counter[bytes] = Counter()
    with RejectLog(rejects) as log:
        for number, line in enumerate(_lines(path), start=1):
            if not line.strip():
                continue
            try:
                given = _object(line)
                kind = _other_class(given)
                if kind is not None:
                    skipped[kind] += 1
                    continue
                same[line] += 1
                event = _event(given, line, same[line], now)
                if event.event_id in lines_of:
                    raise _repeated(event.event_id, lines_of[event.event_id])
            except InvalidEvent as error:
                log.add(number, error.problems)
                continue
            lines_of[event.event_id] = number
            events.append(event)
    if not events and not skipped and log.first and log.first[0].field in ("line", "class_uid"):
        first = log.first[0]
        raise UnreadableFile(
            f"{path} holds no OCSF event, line {first.line}: {first.problem}; {first.fix}"
        )
    return Read(
        table=from_events("access", events),
        rows=len(events) + log.rejected,
        rejected=log.rejected,
        problems=tuple(log.first),
        skipped=skipped.total(),
        skipped_kinds=dict(skipped),
    )


def access_event(given: dict[str, Any], event_id: str, now: datetime | None = None) -> AccessEvent:
    """Return one Authentication object as an access event.

    `event_id` names it when it has no `metadata.uid`. Raises InvalidEvent, each problem under the
    name that OCSF gives the field.
    """
    problems: list[Problem] = []
    where: dict[str, str] = {}
    values: dict[str, Any] = {"event_id": _at(given, "metadata.uid") or event_id}
    for name, paths in _PATHS.items():
        there = next((path for path in paths if _at(given, path) not in (None, "")), paths[0])
        where[name], value = there, _at(given, there)
        if value not in (None, ""):
            values[name] = value
    for name in ("user_agent", "resource"):
        if isinstance(values.get(name), str):
            values[name] = _plain(values[name]) or None
    activity = given.get("activity_id")
    if not isinstance(activity, int) or isinstance(activity, bool):
        fix = "send the number, such as 1 for Logon"
        problems.append(Problem("activity_id", _shown(activity), "missing or no number", fix))
    else:
        values["action"] = _ACTIONS.get(activity, "other")
    values["outcome"] = _OUTCOMES.get(_whole(given.get("status_id")) or 0, "unknown")
    values["privilege"] = _PRIVILEGES.get(_whole(_at(given, "user.type_id")) or 0)
    values["mfa_method"] = _mfa_method(given)
    try:
        values["time"] = _time(given)
    except InvalidEvent as error:
        problems += error.problems
    try:
        event = parse(AccessEvent, {k: v for k, v in values.items() if v is not None}, now)
    except InvalidEvent as error:
        said = {"action" if one.field == "activity_id" else one.field for one in problems}
        problems += [
            replace(one, field=where.get(one.field, one.field))
            for one in error.problems
            if one.field not in said
        ]
        raise InvalidEvent(problems) from None
    if problems:
        raise InvalidEvent(problems)
    return event


def _lines(path: Path) -> list[bytes]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"cannot read {path}: {error}") from error
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"[":
        raise UnreadableFile(f"{path} is one JSON array: write one object a line instead")
    return data.removeprefix(b"\xef\xbb\xbf").split(b"\n")


def _object(line: bytes) -> dict[str, Any]:
    try:
        given = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        given = str(error)
    if not isinstance(given, dict):
        fix = "write one JSON object a line"
        raise InvalidEvent([Problem("line", _shown(line), "not a JSON object", fix)])
    return given


def _other_class(given: dict[str, Any]) -> str | None:
    uid = given.get("class_uid")
    if not isinstance(uid, int):
        fix = "send class_uid 3002 (Authentication)"
        raise InvalidEvent([Problem("class_uid", _shown(uid), "missing or no number", fix)])
    return None if uid == AUTHENTICATION else f"class {uid}"


def _event(given: dict[str, Any], line: bytes, times: int, now: datetime | None) -> AccessEvent:
    digest = hashlib.sha256(line + b" %d" % times).hexdigest()
    return access_event(given, f"ocsf-{digest[:20]}", now)


def _repeated(event_id: str, line: int) -> InvalidEvent:
    fix = "give each event a uid of its own"
    told = f"the same identifier as in line {line}"
    return InvalidEvent([Problem("metadata.uid", event_id, told, fix)])


def _time(given: dict[str, Any]) -> datetime | str:
    """Return the event's time: `time` in milliseconds since 1970, else `time_dt`."""
    milliseconds = given.get("time")
    if milliseconds is None and isinstance(given.get("time_dt"), str):
        return str(given["time_dt"])
    whole = _whole(milliseconds)
    if whole is None or not 0 <= whole < _LAST_MILLISECOND:
        fix = "send milliseconds since 1970-01-01 UTC, such as 1777620600000"
        raise InvalidEvent([Problem("time", _shown(milliseconds), "missing or no time", fix)])
    return EPOCH + timedelta(milliseconds=whole)


def _mfa_method(given: dict[str, Any]) -> str | None:
    """Return the factor that came beside the password, None where nothing is said of any."""
    factors = given.get("auth_factors")
    kinds = [
        _whole(one.get("factor_type_id"))
        for one in (factors if isinstance(factors, list) else [])
        if isinstance(one, dict)
    ]
    second = [kind for kind in kinds if kind not in (None, 0, _PASSWORD)]
    if second:
        return next((_FACTORS[kind] for kind in second if kind in _FACTORS), "other")
    told = given.get("is_mfa")
    if told is None:
        told = _at(given, "session.is_mfa")
    if told is True:
        return "other"
    return "none" if told is False or _PASSWORD in kinds else None


def _at(given: dict[str, Any], path: str) -> Any:
    found: Any = given
    for step in path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _plain(text: str) -> str:
    """Return text that the client chose itself without control characters, cut to its longest."""
    return "".join(one if one.isprintable() else " " for one in text)[:_LONGEST_TEXT].strip()


def _shown(value: Any) -> str:
    if value is None:
        return ""
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
    return text if len(text) <= 80 else text[:79] + "…"
