"""Failures of one user: guessing, stuffing, and what becomes of the second factor."""

from __future__ import annotations

from features.catalog.access.views import CHALLENGES, FACTORS, FAILURES, LOGINS
from features.definitions import F, Own, ratio

FAILURE_FEATURES: tuple[F, ...] = (
    F(
        "user_failures_10m",
        LOGINS.flagged("10m"),
        "events",
        "failures",
        "{value} failed logins of this user in the 10 minutes before",
        FAILURES,
        techniques=("T1110",),
    ),
    F(
        "user_failures_1h",
        LOGINS.flagged("1h"),
        "events",
        "failures",
        "{value} failed logins of this user in the hour before",
        FAILURES,
        techniques=("T1110",),
    ),
    F(
        "user_failures_24h",
        LOGINS.flagged("24h"),
        "events",
        "failures",
        "{value} failed logins of this user in the 24 hours before",
        FAILURES,
        techniques=("T1110",),
    ),
    F(
        "user_failure_share_30d",
        ratio(LOGINS.flagged("30d"), LOGINS.count("30d")),
        "share",
        "failures",
        "{value} of this user's logins of 30 days failed",
        "The user's own baseline of mistyping.",
    ),
    F(
        "user_seconds_since_failure",
        LOGINS.seconds_since_flagged(),
        "seconds",
        "failures",
        "this user's last failed login was {value} ago",
        FAILURES,
        "no failed login known",
        techniques=("T1110",),
    ),
    F(
        "user_login_networks_1h",
        LOGINS.distinct("1h"),
        "count",
        "failures",
        "logins of this user came from {value} networks in the hour before",
        "Credential stuffing spreads over many addresses (ATT&CK T1110.004).",
        techniques=("T1110.004",),
    ),
    F(
        "user_login_networks_24h",
        LOGINS.distinct("24h"),
        "count",
        "failures",
        "logins of this user came from {value} networks in the 24 hours before",
        "Credential stuffing spreads over many addresses (ATT&CK T1110.004).",
        techniques=("T1110.004",),
    ),
    F(
        "user_challenges_1h",
        CHALLENGES.count("1h"),
        "events",
        "failures",
        "{value} second-factor challenges of this user in the hour before",
        "Challenges are sent until the user gives in (ATT&CK T1621).",
        techniques=("T1621",),
    ),
    F(
        "user_challenge_failures_24h",
        CHALLENGES.flagged("24h"),
        "events",
        "failures",
        "{value} second-factor challenges of this user failed in the 24 hours before",
        "Challenges are sent until the user gives in (ATT&CK T1621).",
        techniques=("T1621",),
    ),
    F(
        "mfa_strength_to_usual",
        ratio(Own("mfa_strength"), FACTORS.mean()),
        "ratio",
        "failures",
        "the second factor is {value} times as strong as the user's usual one (none 1, text "
        "message 2, code or push 3, hardware key 4)",
        "The second factor was weakened or taken off (ATT&CK T1556.006).",
        "no second factor given, now or before",
        techniques=("T1556.006",),
    ),
)
