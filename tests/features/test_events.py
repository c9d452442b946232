"""The schema: what is accepted, and how each wrong field is named with its value and its fix."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest
import schwifty
from hypothesis import given
from hypothesis import strategies as st
from schwifty.exceptions import SchwiftyException

from features.errors import InvalidEvent
from features.events import MODELS, AccessEvent, Label, Payment, PaymentStatus, parse, row
from features.fields import is_plain_iban

PAYMENT: dict[str, Any] = {
    "event_id": "p1",
    "time": "2026-05-01T09:30:00+02:00",
    "currency": "EUR",
    "amount": "12.50",
    "debtor_account": "DE89 3704 0044 0532 0130 00",
    "creditor_account": "4711",
    "creditor_agent": "DEUTDEFF",
}
ACCESS: dict[str, Any] = {
    "event_id": "a1",
    "time": "2026-05-01T07:30:00Z",
    "user_id": "u1",
    "action": "login",
    "outcome": "success",
}
LABEL: dict[str, Any] = {
    "stream": "payment",
    "event_id": "p1",
    "is_fraud": True,
    "known_at": "2026-05-02T00:00:00Z",
    "source": "import",
}
STATUS: dict[str, Any] = {
    "event_id": "s1",
    "time": "2026-05-02T00:00:00Z",
    "payment_event_id": "p1",
    "status": "returned",
    "reason": "AC04",
    "currency": "EUR",
    "amount": "12.50",
}
GIVEN = {"payment": PAYMENT, "access": ACCESS, "label": LABEL, "payment_status": STATUS}


def problems(stream: str, **changes: Any) -> dict[str, str]:
    given = {**GIVEN[stream], **changes}
    with pytest.raises(InvalidEvent) as caught:
        parse(MODELS[stream], given, datetime(2026, 6, 1, tzinfo=UTC))
    return {problem.field: str(problem) for problem in caught.value.problems}


def test_party_account_agent_and_iban_country_are_resolved() -> None:
    payment = parse(Payment, PAYMENT)
    assert payment.debtor_account == "DE89370400440532013000"
    assert (payment.debtor_account_scheme, payment.debtor_account_country) == ("IBAN", "DE")
    assert (payment.creditor_account_scheme, payment.creditor_agent_country) == ("OTHER", "DE")
    assert payment.corridor == ("DE", "DE")
    assert payment.debtor_identity == "IBAN::DE89370400440532013000"
    assert payment.creditor_identity == "OTHER:DEUTDEFF:4711"
    assert payment.time_us == 1_777_620_600_000_000


def test_equal_numbers_at_different_agents_are_different_accounts() -> None:
    there = parse(Payment, {**PAYMENT, "creditor_agent": "BNPAFRPP"})
    assert there.creditor_identity != parse(Payment, PAYMENT).creditor_identity


def test_a_suspicion_establishes_nothing_and_corrects_nothing() -> None:
    suspected = parse(Label, {**LABEL, "status": "suspected"})
    assert suspected.finding is None
    assert parse(Label, suspected.canonical()) == suspected
    assert b"status" not in parse(Label, LABEL).canonical()
    assert "suspects no crime" in str(problems("label", status="suspected", is_fraud=False))
    assert "corrects nothing" in str(problems("label", status="suspected", supersedes="l0"))


@pytest.mark.parametrize(
    ("fraud", "role", "finding"),
    [
        (True, "perpetrator", (True, True)),
        (True, "unknown", (True, True)),
        (True, "victim", (True, False)),
        (False, "unknown", (False, False)),
    ],
)
def test_a_crime_counts_against_its_subject_but_not_against_its_victim(
    fraud: bool, role: str, finding: tuple[bool, bool]
) -> None:
    assert parse(Label, {**LABEL, "is_fraud": fraud, "subject_role": role}).finding == finding


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [
        ("EUR", "12.5", 1250),
        ("EUR", 0, 0),
        ("EUR", 0.1, 10),
        ("JPY", "300", 300),
        ("BHD", "1.234", 1234),
        ("BTC", "0.00000001", 1),
    ],
)
def test_amounts_are_minor_units_of_their_currency(
    currency: str, amount: object, minor: int
) -> None:
    payment = parse(Payment, {**PAYMENT, "currency": currency, "amount": amount})
    assert payment.amount_minor == minor
    assert row(payment)["amount_minor"] == minor


def test_one_amount_has_one_canonical_spelling() -> None:
    short = parse(Payment, {**PAYMENT, "amount": "12.5"})
    assert short.canonical() == parse(Payment, PAYMENT).canonical()


@pytest.mark.parametrize("stream", MODELS)
def test_canonical_form_reads_back_as_itself(stream: str) -> None:
    event = parse(MODELS[stream], GIVEN[stream])
    assert parse(MODELS[stream], event.canonical()) == event


def test_every_wrong_field_is_named_at_once() -> None:
    found = problems(
        "payment", currency="EUX", amount="-1", creditor_account="", time="2026-05-01T09:30:00"
    )
    assert set(found) == {"currency", "amount", "creditor_account", "time"}


@pytest.mark.parametrize(
    ("stream", "field", "value", "said"),
    [
        ("payment", "currency", "EUX", "currency='EUX': unknown currency; use the ISO 4217 code"),
        ("payment", "amount", "-1", "negative amount"),
        ("payment", "amount", "1.234", "more than 2 decimals; EUR has at most 2"),
        ("payment", "amount", "1e999999", "amount too large"),
        ("payment", "amount", "NaN", "send a finite number"),
        ("payment", "amount", True, "not an amount"),
        ("payment", "time", "2026-05-01T09:30:00", "add the zone"),
        ("payment", "time", "2026-06-02T00:00:00Z", "time lies in the future"),
        ("payment", "time", 1_777_620_600, "not a time; send RFC 3339 text"),
        ("payment", "time", "20180401", "not a time; send RFC 3339 text"),
        ("payment", "time", "9999-12-31T23:59:59-23:00", "time out of range"),
        ("payment", "debtor_account", "DE88370400440532013000", "not a valid IBAN"),
        ("payment", "creditor_country", "UK", "unknown country; use the ISO 3166-1"),
        ("payment", "creditor_agent", "NOBANK", "not a valid BIC"),
        ("payment", "remittance_text", "a\tb", "holds control characters"),
        ("payment", "remittance_text", "x" * 1025, "cut it to 1024 characters"),
        ("payment", "event_id", " p1", "blanks around it"),
        ("payment", "ip_address", "10.0.0.1:80", "not an IP address"),
        ("payment", "channel", "fax", "use one of 'online'"),
        ("payment", "creditor_acount", "1", "unknown field; did you mean creditor_account?"),
        ("access", "action", "logon", "use one of 'login'"),
        ("access", "bytes", -1, "send 0 or more"),
        ("access", "user_id", None, "send it as text"),
        ("label", "typology", "Account Takeover", "match the pattern"),
        ("label", "is_fraud", "perhaps", "send true or false"),
        ("label", "status", "reported", "use one of 'confirmed' or 'suspected'"),
        ("label", "review_propensity", 0, "send more than 0"),
        ("label", "review_propensity", 1.5, "send 1.0 or less"),
        ("label", "review_propensity", "often", "send a number"),
        ("payment_status", "status", "lost", "use one of 'accepted'"),
        ("payment_status", "reason", "fraud", "match the pattern"),
        ("payment_status", "uetr", "EB6305C9", "match the pattern"),
        ("payment_status", "amount", "1.234", "EUR has at most 2"),
    ],
)
def test_a_wrong_field_is_named_with_value_and_fix(
    stream: str, field: str, value: object, said: str
) -> None:
    assert said in problems(stream, **{field: value})[field]


def test_a_scheme_settles_what_only_looks_like_an_iban() -> None:
    number = "DE88370400440532013000"
    payment = parse(
        Payment, {**PAYMENT, "debtor_account": number, "debtor_account_scheme": "OTHER"}
    )
    assert (payment.debtor_account, payment.debtor_account_country) == (number, None)


def test_a_label_of_a_long_event_id_still_reads_back() -> None:
    label = parse(Label, {**LABEL, "event_id": "e" * 128})
    assert parse(Label, label.canonical()) == label


def test_a_label_names_itself_and_never_supersedes_itself() -> None:
    label = parse(Label, LABEL)
    assert label.label_id == "payment:p1:1777680000000000"
    assert "cannot supersede itself" in str(problems("label", label_id="l1", supersedes="l1"))


def test_a_status_names_its_payment_and_an_amount_has_a_currency() -> None:
    without = problems("payment_status", payment_event_id=None)["event"]
    assert "send payment_event_id, uetr or end_to_end_id" in without
    assert "go together" in problems("payment_status", currency=None)["event"]
    assert row(parse(PaymentStatus, STATUS))["amount_minor"] == 1250
    bare = {**STATUS, "amount": None, "currency": None}
    assert row(parse(PaymentStatus, bare))["amount_minor"] is None


@pytest.mark.parametrize(
    ("status", "reason", "is_recall"),
    [
        ("recall_requested", "FRAD", True),
        ("recall_accepted", "FRAD", True),
        ("returned", "FRAD", True),
        ("recall_refused", "FRAD", False),
        ("rejected", "FRAD", False),
        ("recall_requested", "DUPL", False),
    ],
)
def test_a_recall_for_fraud_is_a_provisional_label(
    status: str, reason: str, is_recall: bool
) -> None:
    given = {**STATUS, "status": status, "reason": reason}
    label = parse(PaymentStatus, given).fraud_label("p1")
    assert (label is not None) == is_recall
    if label is not None:
        assert parse(Label, label.canonical()) == label
        assert (label.event_id, label.is_fraud, label.source) == ("p1", True, "recall")
        assert label.known_at_us == parse(PaymentStatus, STATUS).time_us
        long = parse(PaymentStatus, {**given, "event_id": "s" * 128}).fraud_label("p1")
        assert long is not None and parse(Label, long.canonical()) == long


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser(data: bytes) -> None:
    for model in (Payment, AccessEvent, Label):
        with pytest.raises(InvalidEvent):
            parse(model, data)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)


@given(field=st.sampled_from(sorted(Payment.model_fields)), value=json_values)
def test_any_value_in_any_field_is_accepted_or_named(field: str, value: object) -> None:
    try:
        payment = parse(Payment, {**PAYMENT, field: value})
    except InvalidEvent as error:
        assert all(problem.problem and problem.fix for problem in error.problems)
    else:
        assert json.loads(payment.canonical())["event_id"]
        assert parse(Payment, payment.canonical()) == payment


def test_the_quick_look_at_an_iban_agrees_with_schwifty() -> None:
    chance = random.Random(3)
    countries = ("DE", "FR", "GB", "NL", "MT", "NO", "SC", "LC", "BR", "PL")
    good = [str(schwifty.IBAN.random(country_code=one)) for one in countries for _ in range(20)]
    for iban in good:
        assert is_plain_iban(iban)
        place = chance.randrange(len(iban))
        changed = [iban[:place] + sign + iban[place + 1 :] for sign in "0Z"]
        aliases = [iban[:2] + digits + iban[4:] for digits in ("00", "01", "99")]
        for text in (*changed, *aliases, iban[:-1], iban + "0", iban.lower(), f"XX{iban[2:]}"):
            try:
                valid = str(schwifty.IBAN(text)) == text
            except SchwiftyException:
                valid = False
            assert is_plain_iban(text) == valid, text
