"""One session in several places, and several sessions at once."""

from __future__ import annotations

from features.catalog.access.views import (
    NO_SESSION,
    SESSION,
    SESSION_DEVICES,
    SESSION_IPS,
    SESSIONS,
)
from features.definitions import F, unless

SESSION_FEATURES: tuple[F, ...] = (
    F(
        "session_addresses",
        SESSION_IPS.distinct("24h"),
        "count",
        "session",
        "the session was used from {value} addresses in 24 hours",
        SESSION,
        NO_SESSION,
        techniques=("T1539",),
    ),
    F(
        "session_address_changed",
        unless(SESSION_IPS.last_same()),
        "flag",
        "session",
        "the session's address changed since its last use",
        SESSION,
        "first use of the session, or none given",
        otherwise="the session's address is that of its last use",
        techniques=("T1539",),
    ),
    F(
        "session_devices",
        SESSION_DEVICES.distinct("24h"),
        "count",
        "session",
        "the session was used from {value} devices in 24 hours",
        SESSION,
        NO_SESSION,
        techniques=("T1539",),
    ),
    F(
        "session_device_changed",
        unless(SESSION_DEVICES.last_same()),
        "flag",
        "session",
        "the session's device changed since its last use",
        SESSION,
        "first use of the session, or none given",
        otherwise="the session's device is that of its last use",
        techniques=("T1539",),
    ),
    F(
        "user_sessions_1h",
        SESSIONS.distinct("1h"),
        "count",
        "session",
        "the user acted in {value} sessions in 1 hour",
        "Owner and thief are signed in at once (ATT&CK T1539).",
        techniques=("T1539",),
    ),
)
