"""Columns of the client: what kind of program acts, how old it is, whether it is who it says."""

from __future__ import annotations

import re
from typing import Any

from features.reference import MICROSECONDS_PER_DAY, Reference

CLIENT_WORDS = (
    "a browser",
    "an app",
    "a script or library",
    "a browser without a screen",
    "remote-access software",
    "something else",
)
"""What a client is; its place in this list is its code."""
_BROWSER, _APP, _SCRIPT, _HEADLESS, _REMOTE, _ELSE = range(6)
# Remote-access programs by the names that they show (ATT&CK T1219).
_REMOTE_NAMES = re.compile(
    r"remote[ _-]?(access|desktop)"
    r"|any ?desk|team ?viewer|rust ?desk|ultra ?viewer|ammyy|screen ?connect|connectwise control"
    r"|splashtop|log ?me ?in|go ?to ?(assist|my ?pc|resolve)|quick ?assist"
    r"|supremo|airdroid|iperius ?remote|\b(tight|ultra|real|tiger)?vnc\b|remote ?utilities"
    r"|zoho ?assist|dwservice|atera|netsupport|bomgar|beyondtrust|\brdp\b|mstsc",
    re.IGNORECASE,
)
_HEADLESS_NAMES = re.compile(
    r"headless|phantomjs|puppeteer|playwright|selenium|webdriver|cypress|slimerjs",
    re.IGNORECASE,
)
_SCRIPT_NAMES = re.compile(
    r"^(python|curl|wget|go-http|okhttp|java|apache-http|libwww|perl|ruby|php|axios|node|got|undici"
    r"|postman|insomnia|httpie|aiohttp|httpx|scrapy|powershell|winhttp|guzzle|dart|rest-?sharp"
    r"|bav2ropc)|python-|scrapy|powershell",
    re.IGNORECASE,
)
_VERSIONS = (
    ("firefox", re.compile(r"(?:Firefox|FxiOS)/(\d+)")),
    ("chrome", re.compile(r"(?:Chrome|CriOS|Chromium)/(\d+)")),
    ("safari", re.compile(r"Version/(\d+)[.\d]* (?:Mobile/\w+ )?Safari/")),
)
_MOBILE = re.compile(r"Android|iPhone|iPad|iOS|Mobile")
_DESKTOP = re.compile(r"Windows NT|Win64|Macintosh|X11|CrOS")
# Pairs that no real client shows together.
_IMPOSSIBLE = (
    re.compile(r"Windows NT.*(Android|iPhone)|(Android|iPhone).*Windows NT"),
    re.compile(r"Windows NT.*Version/\d+[.\d]* Safari/"),
    re.compile(r"iPhone.*(X11|Linux x86_64|Android)|Macintosh.*(Android|Windows NT)"),
)
_MOBILE_APPLICATIONS = re.compile(r"mobile|android|ios|phone|\bapp\b|_app", re.IGNORECASE)
_WEB_APPLICATIONS = re.compile(r"web|browser|portal", re.IGNORECASE)


def kind(_: Reference, user_agent: str | None) -> int | None:
    """Return what a user agent describes, as a place in CLIENT_WORDS."""
    if user_agent is None:
        return None
    if _REMOTE_NAMES.search(user_agent):
        return _REMOTE
    if _HEADLESS_NAMES.search(user_agent):
        return _HEADLESS
    if _SCRIPT_NAMES.search(user_agent):
        return _SCRIPT
    if user_agent.startswith("Mozilla/"):
        return _BROWSER
    return _APP if _MOBILE.search(user_agent) else _ELSE


def released(reference: Reference, user_agent: str | None) -> int | None:
    """Return about when a browser came out, in days since 1970-01-01; None for other clients."""
    if user_agent is None or not user_agent.startswith("Mozilla/"):
        return None
    for browser, pattern in _VERSIONS:
        if found := pattern.search(user_agent):
            return reference.lists.browser_released(browser, int(found[1]))
    return None


def age_in_days(time: Any, released_day: Any) -> Any:
    """Return whole days since a client came out, 0 for one newer than the list."""
    days = time // MICROSECONDS_PER_DAY - released_day
    return days * (days > 0)


def mismatch(_: Reference, application: str | None, user_agent: str | None) -> int | None:
    """Return 1 when a user agent contradicts itself or its application, None without one."""
    if user_agent is None:
        return None
    if any(pattern.search(user_agent) for pattern in _IMPOSSIBLE):
        return 1
    if application is None:
        return 0
    desktop = bool(_DESKTOP.search(user_agent)) and not _MOBILE.search(user_agent)
    if _MOBILE_APPLICATIONS.search(application):
        return int(desktop)
    if _WEB_APPLICATIONS.search(application):
        return int(not user_agent.startswith("Mozilla/"))
    return 0


def is_remote_access(_: Reference, application: str | None, user_agent: str | None) -> int:
    """Return 1 when application or user agent is a remote-access program, else 0."""
    return int(any(text and _REMOTE_NAMES.search(text) for text in (application, user_agent)))
