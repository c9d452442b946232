"""Events out of the log, as they were when they were accepted.

Nothing is checked again: what was accepted stays, even where a later release of a country or bank
table would refuse it.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from features.events import AccessEvent, Label, Payment, PaymentStatus


def event(stream: str, body: bytes) -> Payment | AccessEvent:
    """Return the payment or access event whose canonical form `body` is."""
    return payment(body) if stream == "payment" else AccessEvent.model_construct(**_values(body))


def payment(body: bytes) -> Payment:
    """Return the payment whose canonical form `body` is."""
    values = _values(body)
    values["amount"] = Decimal(values["amount"])
    values["intermediary_agents"] = tuple(values.get("intermediary_agents", ()))
    return Payment.model_construct(**values)


def status(body: bytes) -> PaymentStatus:
    """Return the payment status whose canonical form `body` is."""
    values = _values(body)
    if "amount" in values:
        values["amount"] = Decimal(values["amount"])
    return PaymentStatus.model_construct(**values)


def label(body: bytes) -> Label:
    """Return the label whose canonical form `body` is."""
    return Label.model_construct(**_values(body))


def _values(body: bytes) -> dict[str, Any]:
    values: dict[str, Any] = orjson.loads(body)
    for name in ("time", "known_at"):
        if name in values:
            values[name] = datetime.fromisoformat(values[name])
    return values
