"""Changes by which a thief makes an account his own."""

from __future__ import annotations

from features.catalog.access.views import CONSENTS, ENROLMENTS, RESETS, SENSITIVE
from features.columns.access import MAIL_RULE_WORDS
from features.definitions import F, Own

CHANGE_FEATURES: tuple[F, ...] = (
    F(
        "sensitive_changes_24h",
        SENSITIVE.count("24h"),
        "events",
        "changes",
        "{value} changes of password, device, payee, limit or mail rule in the 24 hours before",
        "A thief makes an account his own (ATT&CK T1098).",
        techniques=("T1098",),
    ),
    F(
        "seconds_since_password_reset",
        RESETS.seconds_since_last(),
        "seconds",
        "changes",
        "the user's password was reset {value} ago",
        "Account takeover begins with a reset.",
        "no password reset known",
    ),
    F(
        "seconds_since_same_change",
        SENSITIVE.seconds_since_same(),
        "seconds",
        "changes",
        "the user last did such a change {value} ago",
        "A change that the user never made before.",
        "no such change known",
    ),
    F(
        "mail_rule",
        Own("mail_rule"),
        "code",
        "changes",
        "it made {value}",
        "Mail is forwarded to the thief (ATT&CK T1114.003), or answers are kept from its owner "
        "(ATT&CK T1564.008).",
        words=MAIL_RULE_WORDS,
        techniques=("T1114.003", "T1564.008"),
    ),
    F(
        "device_enrolments_24h",
        ENROLMENTS.count("24h"),
        "events",
        "changes",
        "{value} devices were enrolled by this user in the 24 hours before",
        "A thief enrols a device of his own, to pass the second factor from then on (ATT&CK "
        "T1098.005).",
        techniques=("T1098.005",),
    ),
    F(
        "seconds_since_consent",
        CONSENTS.seconds_since_last(),
        "seconds",
        "changes",
        "the user last granted an application access {value} ago",
        "A granted token outlives the password (ATT&CK T1528).",
        "no grant known",
        techniques=("T1528",),
    ),
)
