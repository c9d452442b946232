"""Compile every kernel now, into numba's cache: `python -m models.warm`, at set-up or in an image.

Otherwise the first command that computes features waits for the compiler.
"""

from __future__ import annotations

import numpy as np

from features.batch import build
from features.engine import Engine
from features.events import AccessEvent, Payment, parse
from features.reference import Reference
from features.table import from_events
from models.attribution import Attribution
from models.forest import NODE, Forest

_TIME = "2026-01-01T00:00:00Z"
_PAYMENT = {"currency": "EUR", "amount": "1", "debtor_account": "1", "creditor_account": "2"}
_ACCESS = {"user_id": "1", "action": "login", "outcome": "success"}
# One split and two leaves.
_NODES = [(0.0, 0, 1, 0), (0.1, 0, -1, 0), (-0.1, 0, -1, 0)]


def warm() -> None:
    """Compile the feature kernel, the forest's and the attribution's."""
    reference = Reference()
    payment = parse(Payment, {"event_id": "warm", "time": _TIME, **_PAYMENT})
    access = parse(AccessEvent, {"event_id": "warm", "time": _TIME, **_ACCESS})
    engine = Engine(reference)
    for event in (payment, access):
        engine.step(event)
        engine.record(event)
    build(from_events("payment", [payment]), from_events("access", [access]), None, reference)
    forest = Forest(
        np.array(_NODES, dtype=NODE),
        np.array([2.0, 1.0, 1.0]),
        np.zeros(1, np.int32),
        np.float32(0),
        feature_count=1,
    )
    rows = np.zeros((1, 1), np.float32)
    forest.margin(rows)
    Attribution.of(forest).contributions(rows)


if __name__ == "__main__":
    warm()
