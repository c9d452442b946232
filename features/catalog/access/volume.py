"""How much the user does and retrieves, against habit, and where it goes."""

from __future__ import annotations

from features.catalog.access.views import APPLICATIONS, EVENTS, RETRIEVALS
from features.definitions import F, Own, product, ratio, unless

VOLUME_FEATURES: tuple[F, ...] = (
    F(
        "user_events_10m",
        EVENTS.count("10m"),
        "events",
        "volume",
        "{value} actions of this user in 10 minutes",
        "A script acts faster than a person.",
    ),
    F(
        "user_events_1h",
        EVENTS.count("1h"),
        "events",
        "volume",
        "{value} actions of this user in 1 hour",
        "A script acts faster than a person.",
    ),
    F(
        "user_events_30d",
        EVENTS.count("30d"),
        "events",
        "volume",
        "{value} actions of this user in 30 days",
        "The user's own baseline.",
    ),
    F(
        "user_actions_24h",
        EVENTS.distinct("24h"),
        "count",
        "volume",
        "the user did {value} different kinds of action in 24 hours",
        "A thief looks around.",
    ),
    F(
        "action_share_30d",
        ratio(EVENTS.same("30d"), EVENTS.count("30d")),
        "share",
        "habit",
        "{value} of the user's actions of 30 days were of this kind",
        "An action that the user hardly ever takes.",
    ),
    F(
        "retrievals_1h",
        RETRIEVALS.count("1h"),
        "events",
        "volume",
        "{value} downloads or API calls of this user in the hour before",
        "Bulk retrieval (ATT&CK T1530).",
        techniques=("T1530",),
    ),
    F(
        "retrieved_bytes_24h",
        RETRIEVALS.total("24h"),
        "count",
        "volume",
        "{value} bytes retrieved by this user in the 24 hours before",
        "Bulk retrieval (ATT&CK T1530).",
        techniques=("T1530",),
    ),
    F(
        "bytes_to_mean",
        ratio(Own("bytes"), RETRIEVALS.mean()),
        "ratio",
        "volume",
        "the volume is {value} times the user's average",
        "Bulk retrieval (ATT&CK T1530).",
        techniques=("T1530",),
    ),
    F(
        "retrieval_burst",
        ratio(RETRIEVALS.count("24h"), RETRIEVALS.count("30d")),
        "share",
        "volume",
        "{value} of the user's downloads and API calls of 30 days fall in 24 hours",
        "Bulk retrieval (ATT&CK T1530).",
        techniques=("T1530",),
    ),
    F(
        "to_web_service",
        Own("is_web_service"),
        "flag",
        "volume",
        "it went to an outside web service for files or messages",
        "Data is carried off to a service that nobody blocks (ATT&CK T1567).",
        "nothing said of what was acted on",
        otherwise="it went to no outside web service that we know",
        techniques=("T1567",),
    ),
    F(
        "new_application_bytes",
        product(unless(APPLICATIONS.known()), Own("bytes")),
        "count",
        "volume",
        "{value} bytes went out through an application that the user never used before (0: used "
        "before)",
        "Data is carried off through an outside application (ATT&CK T1567).",
        "no application or volume given",
        techniques=("T1567",),
    ),
)
