"""What the user's payments did before, and what became known."""

from __future__ import annotations

from features.catalog.access.views import IP, IP_LABELS, NO_ADDRESS, PAYMENTS, USER_LABELS
from features.definitions import F, smoothed_rate

ACROSS_FEATURES: tuple[F, ...] = (
    F(
        "payments_24h",
        PAYMENTS.count("24h"),
        "payments",
        "payments before",
        "{value} payments of this user in the 24 hours before",
        "What the money did explains what the login was for.",
    ),
    F(
        "paid_24h",
        PAYMENTS.total("24h"),
        "EUR",
        "payments before",
        "{value} paid by this user in the 24 hours before",
        "What the money did explains what the login was for.",
    ),
    F(
        "new_payees_24h",
        PAYMENTS.distinct_new("24h"),
        "count",
        "payments before",
        "{value} new payees of this user in the 24 hours before",
        "What the money did explains what the login was for.",
    ),
    F(
        "ip_frauds_30d",
        IP_LABELS.flagged("30d"),
        "events",
        "known frauds",
        "{value} events from this address became known as crime in the 30 days before",
        "What was confirmed before tends to go on.",
        NO_ADDRESS,
    ),
    F(
        "ip_fraud_rate_30d",
        smoothed_rate(IP_LABELS.flagged("30d"), IP.count("30d"), 0.01, 20.0),
        "share",
        "known frauds",
        "of this address's logins of 30 days about {value} (smoothed) became known as crime",
        "What was confirmed before tends to go on.",
        NO_ADDRESS,
    ),
    F(
        "user_frauds_30d",
        USER_LABELS.flagged("30d"),
        "events",
        "known frauds",
        "{value} events of this user, who was not the victim, became known as crime in the 30 days "
        "before",
        "What was confirmed before tends to go on.",
        version=2,
    ),
)
