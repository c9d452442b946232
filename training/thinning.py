"""Learn some access events a second time, as a plain log would have told them.

A server's log gives time, user, address and outcome, and neither device nor session; who reads it
may have no table of networks. A model that only ever saw the full record takes their absence for a
mark of crime. So a share of the training events comes again without the optional fields, with
features computed from such a log.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from training.fit import Rows
from training.prepare import Timeline

if TYPE_CHECKING:
    from features.reference import Reference

LOGGED = ("event_id", "time", "user_id", "action", "outcome", "ip_address")
BATCH = ("received_at", "member")


def thinned(line: Timeline, reference: Reference) -> Timeline | None:
    """Return the same access events as a plain log tells them, None when they are no more."""
    from features.batch import build
    from features.catalog import CATALOGUES
    from features.table import EventTable

    names = line.events.table.column_names
    more = [name for name in names if name not in (*LOGGED, *BATCH) and line.events.has(name)]
    if line.events.stream != "access" or not more:
        return None
    kept = line.events.table.select([name for name in names if name in (*LOGGED, *BATCH)])
    events = EventTable("access", kept)
    built = build(None, events, line.labels, reference, wanted=("access",))
    features = built.features["access"]
    catalogue = CATALOGUES["access"]
    needs_table = [("access", "asn") in item.columns("access") for item in catalogue.features]
    features[:, needs_table] = np.nan
    return replace(line, events=events, features=features, places=None)


def joined(rows: Rows, thin: Rows, share: float, seed: int) -> Rows:
    """Return the rows and behind them a seeded share of their thin copies."""
    chosen = np.random.default_rng(seed).random(len(thin.target)) < share
    return Rows(
        np.concatenate([rows.features, thin.features[chosen]]),
        np.concatenate([rows.target, thin.target[chosen]]),
    )
