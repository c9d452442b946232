"""What became known of the payments of creditor, debtor, device, address, bank and corridor."""

from __future__ import annotations

from features.catalog.payments.views import (
    AGENT_LABELS,
    CORRIDOR,
    CORRIDOR_LABELS,
    CREDITOR_LABELS,
    DEBTOR_LABELS,
    DEVICE,
    DEVICE_LABELS,
    IN,
    IP,
    IP_LABELS,
    OUT,
    RATE_PRIOR,
    RATE_WEIGHT,
)
from features.definitions import F, View, ratio, smoothed_rate

SPANS = {"24h": "24 hours", "7d": "7 days", "30d": "30 days"}
GOES_ON = "What was confirmed before tends to go on."
NO_VICTIM = " of which it was not the victim"


def _frauds(
    subject: str, known: View, *windows: str, version: int = 1, aside: str = ""
) -> tuple[F, ...]:
    return tuple(
        F(
            f"{subject}_frauds_{window}",
            known.flagged(window),
            "payments",
            "known frauds",
            f"{{value}} payments of this {subject} became known as fraud{aside} in the "
            f"{SPANS[window]} before",
            GOES_ON,
            version=version,
        )
        for window in windows
    )


def _shares(
    subject: str, known: View, *windows: str, version: int = 1, aside: str = ""
) -> tuple[F, ...]:
    return tuple(
        F(
            f"{subject}_known_fraud_share_{window}",
            ratio(known.flagged(window), known.count(window)),
            "share",
            "known frauds",
            f"of what became known of this {subject}'s payments in {SPANS[window]}, "
            f"{{value}} was fraud{aside}",
            "As before, against what else was checked.",
            f"nothing became known of this {subject} in {SPANS[window]}",
            version=version,
        )
        for window in windows
    )


def _rates(
    subject: str, known: View, paid: View, *windows: str, version: int = 1, aside: str = ""
) -> tuple[F, ...]:
    return tuple(
        F(
            f"{subject}_fraud_rate_{window}",
            smoothed_rate(known.flagged(window), paid.count(window), RATE_PRIOR, RATE_WEIGHT),
            "share",
            "known frauds",
            f"of this {subject}'s payments of {SPANS[window]} about {{value}} (smoothed) "
            f"is known fraud{aside}",
            "As before, against how much goes through; small counts are drawn to the usual rate.",
            version=version,
        )
        for window in windows
    )


LABEL_FEATURES: tuple[F, ...] = (
    *_frauds("creditor", CREDITOR_LABELS, "24h", "7d", "30d"),
    *_shares("creditor", CREDITOR_LABELS, "24h", "7d"),
    *_rates("creditor", CREDITOR_LABELS, IN, "7d", "30d"),
    *_frauds("debtor", DEBTOR_LABELS, "7d", "30d", version=2, aside=NO_VICTIM),
    *_shares("debtor", DEBTOR_LABELS, "7d", version=2, aside=NO_VICTIM),
    *_rates("debtor", DEBTOR_LABELS, OUT, "30d", version=2, aside=NO_VICTIM),
    *_frauds("device", DEVICE_LABELS, "7d", "30d"),
    *_shares("device", DEVICE_LABELS, "7d"),
    *_rates("device", DEVICE_LABELS, DEVICE, "30d"),
    F(
        "creditor_last_known_is_fraud",
        CREDITOR_LABELS.last_flag(),
        "flag",
        "known frauds",
        "the last that became known of this creditor was a fraud",
        "What was confirmed before tends to go on.",
        "nothing is known of this creditor",
        otherwise="the last that became known of this creditor was honest",
    ),
    F(
        "creditor_seconds_since_first_fraud_30d",
        CREDITOR_LABELS.seconds_since_first_flagged(),
        "seconds",
        "known frauds",
        "the first fraud to this creditor within 30 days became known {value} ago",
        "How long a compromise is known says whether it is still going on.",
        "no fraud to this creditor became known in 30 days",
    ),
    F(
        "creditor_seconds_since_fraud",
        CREDITOR_LABELS.seconds_since_flagged(),
        "seconds",
        "known frauds",
        "a fraud to this creditor became known {value} ago",
        "What was confirmed before tends to go on.",
        "no fraud to this creditor is known",
    ),
    F(
        "corridor_fraud_rate_30d",
        smoothed_rate(CORRIDOR_LABELS.flagged("30d"), CORRIDOR.count("30d"), RATE_PRIOR, 100.0),
        "share",
        "corridor",
        "about {value} (smoothed) of this corridor's payments of 30 days became known as fraud",
        "Base rate of the corridor.",
        "country of an account unknown",
        version=2,
    ),
    F(
        "ip_fraud_rate_30d",
        smoothed_rate(IP_LABELS.flagged("30d"), IP.count("30d"), RATE_PRIOR, RATE_WEIGHT),
        "share",
        "known frauds",
        "of this address's payments of 30 days about {value} (smoothed) is known fraud",
        "What was confirmed before tends to go on; small counts are drawn to the usual rate.",
        "no address given",
    ),
    F(
        "agent_fraud_share_30d",
        smoothed_rate(
            AGENT_LABELS.flagged("30d"), AGENT_LABELS.count("30d"), RATE_PRIOR, RATE_WEIGHT
        ),
        "share",
        "known frauds",
        "of what became known of payments to the creditor's bank in 30 days about {value} "
        "(smoothed) was fraud",
        "Mule accounts are opened where it is easy; small counts are drawn to the usual rate.",
        "the creditor's bank not given",
    ),
)
