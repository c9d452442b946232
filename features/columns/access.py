"""The columns of an access event's row."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from features.columns import clients, places, texts
from features.columns.kinds import Column, Computed, Given, Mapped, hash_of, is_given, one_of
from features.reference import Reference
from features.reference.calendars import part

ACTIONS = (
    "login",
    "mfa_challenge",
    "password_reset",
    "device_enrolment",
    "payee_added",
    "limit_change",
    "mail_rule",
    "consent_grant",
    "api_call",
    "download",
    "logout",
    "other",
)
_SENSITIVE = (
    "password_reset",
    "device_enrolment",
    "payee_added",
    "limit_change",
    "mail_rule",
    "consent_grant",
)
_MFA = ("none", "sms", "totp", "push", "hardware_key", "other")
_STRENGTHS = {"none": 1, "sms": 2, "other": 2, "totp": 3, "push": 3, "hardware_key": 4}
_LEVELS = {"user": 1, "service": 2, "administrator": 3}
MAIL_RULE_WORDS = (
    "no mail rule",
    "a plain mail rule",
    "a rule that hides or deletes mail",
    "a rule that forwards mail",
)
_PLAIN_RULE, _HIDING_RULE, _FORWARDING_RULE = 1, 2, 3
_FORWARDS = re.compile(r"forward|redirect|smtp:|[\w.+-]+@[\w-]+\.", re.IGNORECASE)
_HIDES = re.compile(
    r"delete|rss|archive|junk|spam|trash|conversation history|mark (as )?read|hide|hidden|notes",
    re.IGNORECASE,
)
# Services outside the house to which data is carried off (ATT&CK T1567).
_WEB_SERVICES = re.compile(
    r"dropbox|drive\.google|onedrive\.live|\bmega\.(nz|io)|wetransfer|sendspace|mediafire|gofile"
    r"|pastebin|paste\.|ghostbin|gist\.github|github\.com|gitlab\.com|discord(app)?\.com|telegram"
    r"|webhook|transfer\.sh|file\.io|anonfiles|icloud\.com|\bbox\.com|\brclone|megasync",
    re.IGNORECASE,
)


def _is(outcome: str | None, *actions: str) -> Callable[..., int]:
    def function(_: Reference, action: str | None, found: str | None) -> int:
        return int(action in actions and (outcome is None or found == outcome))

    return function


def _mail_rule(_: Reference, action: str | None, resource: str | None) -> int:
    """Return what kind of mail rule was made, as a place in MAIL_RULE_WORDS."""
    if action != "mail_rule":
        return 0
    if resource and _FORWARDS.search(resource):
        return _FORWARDING_RULE
    return _HIDING_RULE if resource and _HIDES.search(resource) else _PLAIN_RULE


def _is_web_service(_: Reference, resource: str | None) -> int | None:
    return None if resource is None else int(bool(_WEB_SERVICES.search(resource)))


def _part_of_week(hour: Any, rest: Any) -> Any:
    """Return one of sixteen: three hours of the day, on days of work or of rest."""
    return hour // 3 + 8 * rest


_OUTCOME = ("action", "outcome")
_CLIENT = ("client_application", "user_agent")

ACCESS_COLUMNS: tuple[Column, ...] = (
    Given("time", "time"),
    Mapped("user", ("user_id",), hash_of),
    *places.PLACE_AND_NETWORK,
    Mapped("asn", ("asn", "ip_address"), places.asn),
    Mapped("user_agent", ("user_agent",), hash_of),
    Mapped("user_agent_length", ("user_agent",), texts.length),
    Mapped("client_kind", ("user_agent",), clients.kind),
    Mapped("client_released", ("user_agent",), clients.released),
    Computed("client_age_days", ("time", "client_released"), clients.age_in_days),
    Mapped("client_mismatch", _CLIENT, clients.mismatch),
    Mapped("is_remote_access", _CLIENT, clients.is_remote_access),
    Mapped("application", ("client_application",), hash_of),
    Mapped("session", ("session_id",), hash_of),
    Mapped("resource", ("resource",), hash_of),
    Mapped("is_web_service", ("resource",), _is_web_service),
    Given("bytes", "bytes"),
    Mapped("action", ("action",), one_of(*ACTIONS)),
    Mapped("mfa", ("mfa_method",), one_of(*_MFA)),
    Mapped("mfa_strength", ("mfa_method",), lambda _, method: _STRENGTHS.get(method)),
    Mapped("has_mfa", ("mfa_method",), is_given),
    Mapped("privilege", ("privilege",), one_of("user", "administrator", "service")),
    Mapped("privilege_level", ("privilege",), lambda _, word: _LEVELS.get(word)),
    Mapped("is_failure", _OUTCOME, lambda _, action, outcome: int(outcome == "failure")),
    Mapped("is_login", _OUTCOME, _is(None, "login")),
    Mapped("is_failed_login", _OUTCOME, _is("failure", "login")),
    Mapped("is_successful_login", _OUTCOME, _is("success", "login")),
    Mapped("is_mfa_challenge", _OUTCOME, _is(None, "mfa_challenge")),
    Mapped("is_password_reset", _OUTCOME, _is("success", "password_reset")),
    Mapped("is_payee_added", _OUTCOME, _is("success", "payee_added")),
    Mapped("is_device_enrolment", _OUTCOME, _is("success", "device_enrolment")),
    Mapped("is_consent_grant", _OUTCOME, _is("success", "consent_grant")),
    Mapped("is_sensitive", _OUTCOME, _is("success", *_SENSITIVE)),
    Mapped("is_retrieval", _OUTCOME, _is(None, "download", "api_call")),
    Mapped("mail_rule", ("action", "resource"), _mail_rule),
    Computed("is_suspect_mail_rule", ("mail_rule",), lambda rule: (rule >= _HIDING_RULE) * 1),
    Mapped("clock", ("ip_address", "time_hour"), places.ip_clock),
    *places.LOCAL_TIME,
    Computed("known_today", ("today", "clock"), places.known_today),
    Computed("is_holiday", ("known_today",), part("is_holiday")),
    Computed("part_of_week", ("hour", "is_rest_day"), _part_of_week),
)
