"""Thin copies: what a plain log would have told, and no more."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from features.batch import build
from features.catalog import CATALOGUES
from features.reference import Reference
from features.table import EventTable
from training import data, prepare, thinning
from training.fit import Rows

CATALOGUE = CATALOGUES["access"]


def line_of(columns: dict[str, object]) -> prepare.Timeline:
    events = EventTable("access", pa.table(columns))
    built = build(None, events, None, Reference(), wanted=("access",))
    return prepare.Timeline(
        events,
        None,
        built.features["access"],
        built.absent["access"],
        data.day_numbers(events.integers("time"), "UTC"),
        data.subjects(events),
    )


def logins(count: int) -> dict[str, object]:
    return {
        "event_id": [f"a{place}" for place in range(count)],
        "time": [place * 60_000_000 for place in range(count)],
        "user_id": [f"U{place % 3}" for place in range(count)],
        "action": ["login"] * count,
        "outcome": ["failure" if place % 4 else "success" for place in range(count)],
        "ip_address": ["203.0.113.5"] * count,
    }


def test_a_thin_copy_has_the_features_of_a_plain_log() -> None:
    full = logins(40) | {"device_id": [f"D{place % 2}" for place in range(40)], "asn": [64496] * 40}
    thin = thinning.thinned(line_of(full), Reference())
    assert thin is not None
    np.testing.assert_array_equal(thin.features, line_of(logins(40)).features)
    device = CATALOGUE.index("device_users_24h")
    assert np.isnan(thin.features[:, device]).all()
    assert not np.isnan(line_of(full).features[:, device]).all()


def test_a_plain_log_has_no_thinner_copy() -> None:
    assert thinning.thinned(line_of(logins(5)), Reference()) is None


def test_a_share_of_the_copies_is_learnt_and_always_the_same_one() -> None:
    rows = Rows(np.zeros((400, 2)), np.zeros(400, dtype=bool))
    thin = Rows(np.arange(800.0).reshape(400, 2), np.ones(400, dtype=bool))
    joined = thinning.joined(rows, thin, 0.25, seed=1)
    assert 60 <= joined.target.sum() <= 140
    assert len(joined.target) == 400 + joined.target.sum()
    np.testing.assert_array_equal(
        joined.features, thinning.joined(rows, thin, 0.25, seed=1).features
    )
