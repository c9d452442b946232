"""The program that acts: its kind, age, application, and remote-access software."""

from __future__ import annotations

from features.catalog.access.views import APPLICATIONS, NO_CLIENT, REMOTE
from features.columns.clients import CLIENT_WORDS
from features.definitions import F, Own, unless

CLIENT_FEATURES: tuple[F, ...] = (
    F(
        "client_kind",
        Own("client_kind"),
        "code",
        "client",
        "the client is {value}",
        "Scripts and browsers without a screen try what people do not (ATT&CK T1110.004).",
        NO_CLIENT,
        words=CLIENT_WORDS,
        techniques=("T1110.004",),
    ),
    F(
        "client_age_days",
        Own("client_age_days"),
        "count",
        "client",
        "the browser came out {value} days ago",
        "Attack tools carry the description of a browser long out of date.",
        "no browser, or its version unknown",
    ),
    F(
        "client_mismatch",
        Own("client_mismatch"),
        "flag",
        "client",
        "the client's description contradicts itself or its application",
        "A description was made up.",
        NO_CLIENT,
        otherwise="the client's description fits its application",
    ),
    F(
        "remote_access",
        Own("is_remote_access"),
        "flag",
        "client",
        "it came through remote-access software",
        "Someone else works on the user's own machine through it (ATT&CK T1219).",
        otherwise="no remote-access software shows",
        techniques=("T1219",),
    ),
    F(
        "seconds_since_remote_access",
        REMOTE.seconds_since_last(),
        "seconds",
        "client",
        "remote-access software was last seen on the user {value} ago",
        "Someone else works on the user's own machine through it (ATT&CK T1219).",
        "no remote access known",
        techniques=("T1219",),
    ),
    F(
        "application_is_new",
        unless(APPLICATIONS.known()),
        "flag",
        "client",
        "the user never acted through this application before",
        "A token was given to, or stolen by, an outside application (ATT&CK T1528).",
        "no application given",
        otherwise="the user acted through this application before",
        techniques=("T1528",),
    ),
)
