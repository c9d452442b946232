"""Every catalogued feature: finite or missing, documented, reachable, and what it says it is."""

from __future__ import annotations

import re
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
# These need a file of places or networks, or hours of events; they have tests of their own.
NEEDS_MORE = {
    "travel_speed",
    "network_kind",
    "debtor_saturated",
    "creditor_saturated",
    "received_alike_24h",
    "walk_cut_short",
    "flow_cut_short",
}
# Techniques of MITRE ATT&CK that access features must see.
TECHNIQUES = [
    "T1078",
    "T1110.003",
    "T1110.004",
    "T1621",
    "T1539",
    "T1528",
    "T1098.005",
    "T1556.006",
    "T1114.003",
    "T1564.008",
    "T1219",
    "T1090",
    "T1530",
    "T1567",
]


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
    assert len(PAYMENTS.features) >= 90
    assert len(ACCESS.features) >= 50


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_each_technique_is_seen_by_an_access_feature(technique: str) -> None:
    assert [feature.name for feature in ACCESS.features if technique in feature.techniques]


@pytest.mark.parametrize("feature", FEATURES, ids=lambda f: f.name)
def test_its_techniques_are_those_it_names(feature: F) -> None:
    assert feature.techniques == tuple(re.findall(r"T\d{4}(?:\.\d{3})?", feature.why))


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


def test_a_victims_account_never_counts_as_a_perpetrators(reference: Reference) -> None:
    def known_of(*told: dict[str, object]) -> tuple[float, ...]:
        story = Story(reference)
        story.pay(NOON, debtor_account="ana", creditor_account="mule")
        given = {"event_id": "p1", "time": NOON, "currency": "EUR", "amount": "100"}
        event = parse(Payment, {**given, "debtor_account": "ana", "creditor_account": "mule"})
        label = {"stream": "payment", "event_id": "p1", "is_fraud": True, "source": "police"}
        finding = None
        for day, more in enumerate(told, start=1):
            made = parse(Label, {**label, "known_at": NOON + timedelta(days=day), **more})
            story.engine.label(event, made, finding)
            finding = made.finding or finding
        later = NOON + timedelta(days=4)
        seen = story.pay(later, debtor_account="ana", creditor_account="mule")
        names = ("creditor_frauds_7d", "debtor_frauds_7d", "debtor_known_fraud_share_7d")
        return tuple(seen[name] for name in names)

    assert known_of({"subject_role": "complicit"}) == (1, 1, 1)
    assert known_of({"subject_role": "victim"}) == (1, 0, 0)
    assert known_of({"subject_role": "complicit"}, {"subject_role": "victim"}) == (1, 0, 0)
    assert known_of({"subject_role": "victim"}, {"subject_role": "complicit"}) == (1, 1, 1)
    # A suspicion says nothing of anybody, and takes nothing back.
    assert known_of({"status": "suspected"})[:2] == (0, 0)
    assert known_of({"subject_role": "complicit"}, {"status": "suspected"}) == (1, 1, 1)


def test_just_under_is_of_the_country_and_its_currency(reference: Reference) -> None:
    def just_under(country: str, currency: str, amount: str) -> float:
        out = Story(reference).pay(
            NOON, debtor_account_country=country, currency=currency, amount=amount
        )
        return out["just_under_threshold"]

    assert just_under("CH", "CHF", "14999.99") == 1
    assert [just_under("CH", "CHF", amount) for amount in ("15000", "9000", "12749.99")] == [0] * 3
    assert just_under("JP", "JPY", "999999") == 1
    # Naira have no rate, yet the rule is in naira.
    assert just_under("NG", "NGN", "4990000") == 1


def test_parts_of_a_reportable_sum_add_up(reference: Reference) -> None:
    story = Story(reference)
    for number in range(3):
        out = story.pay(
            NOON + timedelta(days=number),
            amount="9500",
            debtor_account_country="DE",
            creditor_account_country="CH",
            creditor_account="collector",
        )
    assert out["threshold_share_7d"] == pytest.approx(2.85)
    assert out["just_under_threshold_7d"] == 2
    # 9,500 EUR are far below the creditor's threshold of 15,000 CHF.
    assert out["creditor_just_under_threshold_7d"] == 0


@pytest.mark.parametrize(
    ("debtor", "creditor", "currency", "words"),
    [
        ("DE", "FR", "EUR", "both countries"),
        ("DE", "US", "EUR", "the debtor's country only"),
        ("DE", "US", "USD", "the creditor's country only"),
        ("DE", "NG", "USD", "neither country"),
    ],
)
def test_the_currency_belongs_to_somebody(
    reference: Reference, debtor: str, creditor: str, currency: str, words: str
) -> None:
    out = Story(reference).pay(
        NOON,
        currency=currency,
        debtor_account_country=debtor,
        creditor_account_country=creditor,
    )
    assert PAYMENTS.feature("currency_owners").words[int(out["currency_owners"])] == words


def test_a_deceived_payer_under_remote_access(reference: Reference) -> None:
    story = Story(reference)
    home = {"ip_address": "80.67.169.12", "customer_id": "ana", "debtor_account_country": "FR"}
    for day in range(5):
        morning = NOON - timedelta(days=20 - day)
        story.access(morning, ip_address="80.67.169.12", client_application="web_bank")
        story.pay(morning, channel="card", **home)
    login = story.access(NOON, ip_address="80.67.169.12", client_application="AnyDesk")
    assert (login["remote_access"], login["application_is_new"]) == (1, 1)
    assert np.isnan(login["seconds_since_remote_access"])
    out = story.pay(
        NOON + timedelta(minutes=20),
        channel="online",
        currency="USD",
        creditor_account_scheme="WALLET",
        **home,
    )
    assert out["seconds_since_remote_access"] == 1200
    assert (out["currency_is_new"], out["channel_is_new"]) == (1, 1)
    assert (out["login_country_differs"], out["home_login_share_7d"]) == (0, 1)
    assert out["debtor_quiet_share"] == pytest.approx(16 / 20, rel=1e-2)
    assert PAYMENTS.feature("creditor_scheme").words[int(out["creditor_scheme"])] == "a wallet"
    assert out["unnamed_parties"] == 2


def test_a_mailbox_is_made_the_thiefs_own(reference: Reference) -> None:
    story = Story(reference)
    for day in range(3):
        story.access(
            NOON - timedelta(days=9 - day),
            action="mfa_challenge",
            mfa_method="hardware_key",
            privilege="user",
            session_id=f"old{day}",
        )
    weak = story.access(NOON, action="mfa_challenge", mfa_method="sms", session_id="mine")
    assert weak["mfa_strength_to_usual"] == 0.5
    story.access(NOON + timedelta(minutes=1), action="device_enrolment", session_id="theirs")
    story.access(NOON + timedelta(minutes=2), action="consent_grant")
    rule = story.access(
        NOON + timedelta(minutes=3),
        action="mail_rule",
        resource="forward to x@example.org",
        privilege="administrator",
        session_id="third",
    )
    assert ACCESS.feature("mail_rule").words[int(rule["mail_rule"])] == "a rule that forwards mail"
    assert (rule["device_enrolments_24h"], rule["seconds_since_consent"]) == (1, 60)
    assert (rule["privilege_rank"], rule["user_sessions_1h"]) == (1, 3)
    gone = story.access(
        NOON + timedelta(minutes=4),
        action="download",
        resource="https://mega.nz/drop",
        client_application="sync",
        bytes=5000,
    )
    assert (gone["to_web_service"], gone["new_application_bytes"]) == (1, 5000)


def test_a_virtual_account_number_shows_another_country(reference: Reference) -> None:
    story = Story(reference)
    out = story.pay(NOON, creditor_account_country="DE", creditor_agent="BNPAFRPP")
    assert out["creditor_agent_differs"] == 1
    again = story.pay(NOON, creditor_account_country="FR", creditor_agent="BNPAFRPP")
    assert again["creditor_agent_differs"] == 0


def test_a_bank_and_a_corridor_burst(reference: Reference) -> None:
    story = Story(reference)
    way = {"debtor_account_country": "DE", "creditor_account_country": "SG"}
    for number in range(5):
        moment = NOON - timedelta(hours=0 if number > 1 else 20)
        out = story.pay(
            moment + timedelta(seconds=number), debtor_agent="DEUTDEFF", amount="50", **way
        )
    # Two of yesterday evening and two of this hour came before.
    assert (out["corridor_payments_1h"], out["corridor_payments_24h"]) == (2, 4)
    assert out["agent_burst"] == 0.5


def test_money_passed_on_at_once_is_seen(reference: Reference) -> None:
    story = Story(reference)
    for number, amount in enumerate(["1000", "1100", "1101", "450"]):
        story.pay(NOON + timedelta(hours=number), creditor_account="mule", amount=amount)
    onward = story.pay(NOON + timedelta(hours=5), debtor_account="mule", amount="1000")
    assert onward["received_alike_24h"] == 2


def test_beyond_its_cap_a_ring_says_so(reference: Reference) -> None:
    story = Story(reference)
    for second in range(1100):
        last = story.pay(NOON + timedelta(seconds=second), amount="1")
    assert last["debtor_saturated"] == 1
    assert last["debtor_payments_30d"] == 1100
