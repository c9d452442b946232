"""How often and how much the debtor pays, against its own pace."""

from __future__ import annotations

from features.catalog.payments.views import AGENT, OUT
from features.definitions import F, ratio

WINDOWS = (("1h", "1 hour"), ("24h", "24 hours"), ("7d", "7 days"), ("30d", "30 days"))

COUNTS = tuple(
    F(
        f"debtor_payments_{window}",
        OUT.count(window),
        "payments",
        "velocity",
        "{value} payments by this debtor in " + text,
        "Accounts are emptied in bursts.",
    )
    for window, text in WINDOWS
)
SUMS = tuple(
    F(
        f"debtor_amount_{window}",
        OUT.total(window),
        "EUR",
        "velocity",
        "{value} paid by this debtor in " + text,
        "Accounts are emptied in bursts.",
    )
    for window, text in WINDOWS
)

VELOCITY_FEATURES: tuple[F, ...] = (
    *COUNTS,
    *SUMS,
    F(
        "debtor_seconds_since_last",
        OUT.seconds_since_last(),
        "seconds",
        "velocity",
        "the debtor's payment before this one was {value} ago",
        "Bursts, or a dormant account that wakes.",
    ),
    F(
        "debtor_burst",
        ratio(OUT.count("24h"), OUT.count("30d")),
        "share",
        "velocity",
        "{value} of the debtor's payments of 30 days fall in the last 24 hours",
        "A burst against the debtor's own pace.",
    ),
    F(
        "debtor_mean_30d",
        ratio(OUT.total("30d"), OUT.count("30d")),
        "EUR",
        "own history",
        "the debtor's payments of the last 30 days average {value}",
        "The debtor's recent baseline, this payment included.",
    ),
    F(
        "debtor_mean_7d",
        ratio(OUT.total("7d"), OUT.count("7d")),
        "EUR",
        "own history",
        "the debtor's payments of the last 7 days average {value}",
        "A run of larger payments raises it above the long-term mean.",
    ),
    F(
        "debtor_mean_7d_to_mean",
        ratio(ratio(OUT.total("7d"), OUT.count("7d")), OUT.mean()),
        "ratio",
        "own history",
        "the last 7 days' payments average {value} times the debtor's long-term mean of {usual}",
        "A card or account in another's hands spends at another level for days.",
        usual="amount_mean",
    ),
    F(
        "debtor_largest_7d_to_mean",
        ratio(OUT.largest("7d"), OUT.mean()),
        "ratio",
        "own history",
        "the largest payment of the last 7 days is {value} times the debtor's mean of {usual}",
        "An unusual sum shortly before makes the next one less innocent.",
        usual="amount_mean",
    ),
    F(
        "debtor_history_seconds",
        OUT.seconds_known(),
        "seconds",
        "own history",
        "the debtor is known for {value}",
        "Young accounts are opened to be misused.",
    ),
    F(
        "debtor_quiet_share",
        ratio(OUT.seconds_since_last(), OUT.seconds_known()),
        "share",
        "velocity",
        "the debtor had been quiet for {value} of the time it is known",
        "A dormant account wakes: bought, rented out or taken over.",
        "fewer than two earlier moments",
    ),
    F(
        "agent_burst",
        ratio(AGENT.count("1h"), AGENT.count("24h")),
        "share",
        "velocity",
        "about {value} of the payments from the debtor's bank of 24 hours fall in the last hour",
        "Many accounts of one bank emptied at once: a breach at the bank, or of its access to "
        "the network.",
        "no earlier payment from this bank, or bank not given",
    ),
)
