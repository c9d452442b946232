"""What else came from the same device and address."""

from __future__ import annotations

from features.catalog.payments.views import DEVICE, IP
from features.definitions import F

DEVICE_FEATURES: tuple[F, ...] = (
    F(
        "device_debtors_30d",
        DEVICE.distinct("30d"),
        "count",
        "device",
        "{value} different accounts paid from this device in 30 days",
        "One hand operates many people's accounts.",
        "no device given",
    ),
    F(
        "device_payments_24h",
        DEVICE.count("24h"),
        "payments",
        "device",
        "{value} payments from this device in 24 hours",
        "One hand operates many people's accounts.",
        "no device given",
    ),
    F(
        "device_history_seconds",
        DEVICE.seconds_known(),
        "seconds",
        "device",
        "the device is known for {value}",
        "New devices are how a thief comes in.",
        "the device was never seen before",
    ),
    F(
        "ip_debtors_24h",
        IP.distinct("24h"),
        "count",
        "address",
        "{value} different accounts paid from this address in 24 hours",
        "One hand operates many people's accounts (or an office shares an address).",
        "no address given",
    ),
    F(
        "device_amount_24h",
        DEVICE.total("24h"),
        "EUR",
        "device",
        "{value} paid from this device in 24 hours",
        "One hand operates many people's accounts.",
        "no device given",
    ),
    F(
        "ip_payments_1h",
        IP.count("1h"),
        "payments",
        "address",
        "{value} payments from this address in 1 hour",
        "One hand operates many people's accounts (or an office shares an address).",
        "no address given",
    ),
    F(
        "ip_amount_24h",
        IP.total("24h"),
        "EUR",
        "address",
        "{value} paid from this address in 24 hours",
        "One hand operates many people's accounts (or an office shares an address).",
        "no address given",
    ),
)
