"""Features of a payment, by family."""

from __future__ import annotations

from features.catalog.payments.amount import AMOUNT_FEATURES
from features.catalog.payments.calendar import CALENDAR_FEATURES
from features.catalog.payments.corridor import CORRIDOR_FEATURES
from features.catalog.payments.counterparty import COUNTERPARTY_FEATURES
from features.catalog.payments.device import DEVICE_FEATURES
from features.catalog.payments.graph import GRAPH_FEATURES
from features.catalog.payments.labels import LABEL_FEATURES
from features.catalog.payments.logins import LOGIN_FEATURES
from features.catalog.payments.message import MESSAGE_FEATURES
from features.catalog.payments.novelty import NOVELTY_FEATURES
from features.catalog.payments.payee import PAYEE_FEATURES
from features.catalog.payments.velocity import VELOCITY_FEATURES
from features.definitions import Catalogue

PAYMENTS = Catalogue(
    "payments",
    "payment",
    AMOUNT_FEATURES
    + VELOCITY_FEATURES
    + CALENDAR_FEATURES
    + NOVELTY_FEATURES
    + PAYEE_FEATURES
    + CORRIDOR_FEATURES
    + COUNTERPARTY_FEATURES
    + DEVICE_FEATURES
    + GRAPH_FEATURES
    + LABEL_FEATURES
    + LOGIN_FEATURES
    + MESSAGE_FEATURES,
)
