"""Every catalogued feature: finite or missing, documented, reachable, and what it says it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from event_worlds import random_world

from features.batch import build
from features.catalog import ACCESS, CATALOGUES, PAYMENTS
from features.definitions import F
from features.engine import Engine
from features.events import AccessEvent, Label, Payment, parse
from features.reference import Reference

FEATURES = [feature for catalogue in CATALOGUES.values() for feature in catalogue.features]
# These need a file of places, or chance to repeat itself; they have tests of their own.
NEEDS_MORE = {"travel_speed", "just_under_threshold", "debtor_saturated", "creditor_saturated"}


@pytest.fixture(scope="module")
def columns(reference: Reference) -> dict[str, Any]:
    worlds = [random_world(seed, size=900).tables for seed in range(3)]
    built = [build(*tables, reference) for tables in worlds]
    return {
        f"{stream}.{name}": np.concatenate([b.features[stream][:, n] for b in built])
        for stream, catalogue in CATALOGUES.items()
        for n, name in enumerate(catalogue.names)
    }


def test_there_are_enough() -> None:
    assert len(PAYMENTS.features) >= 40
    assert len(ACCESS.features) >= 25


@pytest.mark.parametrize("feature", FEATURES, ids=lambda f: f.name)
def test_it_is_documented(feature: F) -> None:
    assert feature.reason and feature.why.endswith(".") and feature.missing and feature.family
    assert feature.reason.format(value="3", usual="2")


@pytest.mark.parametrize("stream", ["payment", "access"])
def test_it_is_finite_and_takes_more_than_one_value(stream: str, columns: dict[str, Any]) -> None:
    for name in CATALOGUES[stream].names:
        values = columns[f"{stream}.{name}"]
        known = values[~np.isnan(values)]
        assert np.isfinite(known).all(), name
        if name not in NEEDS_MORE | {"ip_saturated"}:
            assert len(np.unique(known)) > 1, f"{name} is always {np.unique(known)}"


def test_no_protected_attribute_is_a_feature() -> None:
    words = ("nationality", "ethnic", "religion", "gender", "sex", "birth")
    assert not [f.name for f in FEATURES if any(word in f.name for word in words)]


class Story:
    """Events a person can follow, stepped through one engine; features asked for by name."""

    def __init__(self, reference: Reference) -> None:
        self.engine = Engine(reference)
        self.number = 0

    def pay(self, time: datetime, **fields: Any) -> dict[str, float]:
        self.number += 1
        given = {"event_id": f"p{self.number}", "time": time, "currency": "EUR", "amount": "100"}
        event = parse(
            Payment, {**given, "debtor_account": "ana", "creditor_account": "shop", **fields}
        )
        return dict(zip(PAYMENTS.names, self.engine.step(event).features, strict=True))

    def access(self, time: datetime, **fields: Any) -> dict[str, float]:
        self.number += 1
        given = {"event_id": f"a{self.number}", "time": time, "user_id": "ana"}
        event = parse(AccessEvent, {**given, "action": "login", "outcome": "success", **fields})
        return dict(zip(ACCESS.names, self.engine.step(event).features, strict=True))


NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")


def test_a_takeover_reads_as_one(reference: Reference) -> None:
    story = Story(reference)
    for day in range(10):
        morning = NOON - timedelta(days=20 - day)
        story.access(morning, device_id="phone", ip_address="80.67.169.12")
        story.pay(morning, customer_id="ana", device_id="phone", amount=str(90 + day))
    for second in range(3):
        story.access(NOON + timedelta(seconds=second), outcome="failure", ip_address="8.8.8.8")
    login = story.access(NOON + timedelta(minutes=1), device_id="other", ip_address="8.8.8.8")
    assert login["user_failures_10m"] == 3
    assert (login["device_is_new"], login["country_is_new"], login["country_changed"]) == (1, 1, 1)
    story.access(NOON + timedelta(minutes=2), action="payee_added", device_id="other")
    out = story.pay(
        NOON + timedelta(minutes=5),
        customer_id="ana",
        device_id="other",
        amount="1000",
        creditor_account="mule",
        debtor_account_country="FR",
        creditor_account_country="SG",
        ip_address="8.8.8.8",
    )
    assert (out["creditor_is_new"], out["device_is_new"], out["cross_border"]) == (1, 1, 1)
    assert out["login_failures_24h"] == 3
    assert out["seconds_since_payee_added"] == 180
    assert out["amount_median"] == 9450
    assert out["amount_to_median"] == pytest.approx(100_000 / 9450)
    assert out["new_payee_amount"] == 100_000


def test_spraying_reads_as_many_users_of_one_address(reference: Reference) -> None:
    story = Story(reference)
    for number in range(12):
        last = story.access(
            NOON + timedelta(seconds=number),
            user_id=f"user{number}",
            outcome="failure",
            ip_address="8.8.8.8",
        )
    assert last["ip_failed_users_1h"] == 11
    assert last["ip_failure_share_24h"] == 1
    assert last["user_failures_1h"] == 0


def test_a_stolen_session_changes_its_address(reference: Reference) -> None:
    story = Story(reference)
    story.access(NOON, session_id="s", ip_address="80.67.169.12", device_id="laptop")
    stolen = story.access(
        NOON + timedelta(minutes=9),
        action="download",
        session_id="s",
        ip_address="8.8.8.8",
        device_id="server",
    )
    assert (stolen["session_addresses"], stolen["session_address_changed"]) == (2, 1)
    assert (stolen["session_devices"], stolen["session_device_changed"]) == (2, 1)


def test_pass_through_and_fan_in(reference: Reference) -> None:
    story = Story(reference)
    for number in range(4):
        into = story.pay(
            NOON + timedelta(minutes=number),
            debtor_account=f"victim{number}",
            creditor_account="mule",
            amount="500",
        )
    assert (into["creditor_debtors_24h"], into["creditor_new_debtors_24h"]) == (4, 4)
    onward = story.pay(
        NOON + timedelta(hours=1), debtor_account="mule", creditor_account="boss", amount="1900"
    )
    assert onward["received_24h"] == 200_000
    assert onward["passed_on"] == 0.95
    assert onward["payers_7d"] == 4


def test_known_frauds_count_from_when_they_became_known(reference: Reference) -> None:
    story = Story(reference)
    story.pay(NOON, creditor_account="mule")
    event = parse(
        Payment,
        {
            "event_id": "p1",
            "time": NOON,
            "currency": "EUR",
            "amount": "100",
            "debtor_account": "ana",
            "creditor_account": "mule",
        },
    )
    known = NOON + timedelta(days=3)
    label = {"stream": "payment", "event_id": "p1", "is_fraud": True, "source": "police"}
    story.engine.label(event, parse(Label, {**label, "known_at": known}), None)
    after = story.pay(
        known + timedelta(hours=2), debtor_account="bob", creditor_account="mule", amount="9000"
    )
    assert after["creditor_frauds_24h"] == 1
    assert after["creditor_seconds_since_fraud"] == 7200
    assert after["creditor_last_known_is_fraud"] == 1
    assert after["just_under_threshold"] == 1


def test_beyond_its_cap_a_ring_says_so(reference: Reference) -> None:
    story = Story(reference)
    for second in range(1100):
        last = story.pay(NOON + timedelta(seconds=second), amount="1")
    assert last["debtor_saturated"] == 1
    assert last["debtor_payments_30d"] == 1025
