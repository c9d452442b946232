"""The quick way accepts only what the schema accepts, with the same result, row for row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import InvalidEvent
from features.events import MODELS
from features.formats.columns import event_columns
from features.formats.mapping import Mapping
from features.formats.settle import by_model, settle
from features.formats.sure import Checker

ODD = [
    "",
    " ",
    " a",
    "a ",
    "a\n",
    "é",
    "\u0131BAN",
    "\ud7ff",
    "x" * 35,
    "x" * 36,
    "x" * 141,
    "ß" * 140,
]
ANY = st.one_of(st.sampled_from(ODD), st.text(max_size=40))
ACCOUNT = st.one_of(
    st.sampled_from(
        [
            "DE89370400440532013000",
            "DE89 3704 0044 0532 0130 00",
            "de89370400440532013000",
            "DE89370400440532013001",
            "GB29NWBK60161331926819",
            "XX00" + "0" * 12,
            "596",
        ]
    ),
    ANY,
)
AMOUNT = st.one_of(
    st.decimals(0, 10**15, allow_nan=False).map(str),
    st.decimals(0, 10**6, places=2).map(str),
    st.floats(0, 10**8).map(repr),
    st.sampled_from(
        ["-1", "-0", "1e3", "NaN", "Infinity", "1_000", "١٢", "12.", ".5", "0.005", "9" * 15,
         "999999999999.995", "9007199254740993", "100000000000000", "0.12345678", "+5"]
    ),
)  # fmt: skip
TIME = st.one_of(
    st.datetimes().map(lambda time: time.isoformat() + "Z"),
    st.datetimes().map(lambda time: f"{time:%Y-%m-%d %H:%M:%S}+05:30"),
    st.sampled_from(
        [
            "2024-02-29T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2026-05-01T12:00:00.123456789Z",
            "2026-05-01T12:00:00.1234567891Z",
            "2026-05-01T12:00:00.999999999+02:00",
            "2026-03-29T02:30:00",
            "2026-10-25T02:30:00",
            "2026-05-01",
            "1777636800",
            "1969-12-31T23:59:59Z",
            "9999-12-31T23:59:59-14:00",
            "2026-05-01T24:00:00Z",
            "2026-05-01T12:00:60Z",
            "2026-05-01T12:00Z",
            "soon",
        ]
    ),
)
COUNTRY = st.sampled_from(["DE", "de", "XK", "UK", "EUR"])
BIC = st.sampled_from(["DEUTDEFF", "DEUTDEFFXXX", "deutdeff", "DEUTDEF", "CHASUS33"])
SCHEME = st.sampled_from(["IBAN", "BBAN", "CARD", "OTHER", "iban"])
FIELDS: dict[str, dict[str, st.SearchStrategy[str]]] = {
    "payment": {
        "event_id": ANY,
        "time": TIME,
        "currency": st.sampled_from(["EUR", "JPY", "BHD", "BTC", "eur", "XXX"]),
        "amount": AMOUNT,
        "uetr": st.sampled_from(["eb6305c9-1f7f-49de-aed0-16487c27b42d", "EB6305C9", "x"]),
        "end_to_end_id": ANY,
        "debtor_account": ACCOUNT,
        "debtor_account_scheme": SCHEME,
        "debtor_account_country": COUNTRY,
        "debtor_agent": BIC,
        "debtor_agent_country": COUNTRY,
        "debtor_name": ANY,
        "creditor_account": ACCOUNT,
        "creditor_account_scheme": SCHEME,
        "creditor_agent": BIC,
        "creditor_address": ANY,
        "intermediary_agents": st.sampled_from(["DEUTDEFF", "DEUTDEFF CHASUS33", "DEUT", " ", ","]),
        "channel": st.sampled_from(["card", "CARD"]),
        "ip_address": st.sampled_from(["192.0.2.1", "2001:DB8::1", "fe80::1%eth0", "192.0.2"]),
        "truncated": st.sampled_from(["true", "0", "no", "perhaps"]),
        "received_at": TIME,
        "member": ANY,
        "extra_balance": st.sampled_from(["1.5", "nan", "inf", "x", "-0"]),
    },
    "access": {
        "event_id": ANY,
        "time": TIME,
        "user_id": ANY,
        "action": st.sampled_from(["login", "logout", "log in"]),
        "outcome": st.sampled_from(["success", "failure", "unknown", "?"]),
        "asn": st.sampled_from(["64496", "-1", "64496.0", "4294967296", " 7", "1e3"]),
        "bytes": st.sampled_from(["0", "9007199254740992", "9007199254740993", "1_000"]),
        "resource": ANY,
    },
    "label": {
        "status": st.sampled_from(["confirmed", "suspected", "reported"]),
        "review_propensity": st.sampled_from(["1", "0.0005", "0", "nan", "x", "2"]),
        "label_id": st.sampled_from(["payment:p1:1777636800000000", "l1"]),
        "stream": st.sampled_from(["payment", "access", "label"]),
        "event_id": st.sampled_from(["p1", " "]),
        "is_fraud": st.sampled_from(["1", "true", "False", "no", "2"]),
        "typology": st.sampled_from(["mule_chain", "Mule chain"]),
        "subject_role": st.sampled_from(["victim", "unknown", "nobody"]),
        "known_at": st.sampled_from(["2026-05-01T12:00:00Z", "2026-05-01T12:00:00", "never"]),
        "source": st.sampled_from(["police", "The police"]),
        "supersedes": st.sampled_from(["payment:p1:1777636800000000", "l1", "l2"]),
    },
    "payment_status": {
        "event_id": ANY,
        "time": TIME,
        "payment_event_id": st.sampled_from(["p1", " "]),
        "uetr": st.sampled_from(["eb6305c9-1f7f-49de-aed0-16487c27b42d", "EB6305C9", "x"]),
        "end_to_end_id": ANY,
        "status": st.sampled_from(["rejected", "cover", "lost"]),
        "reason": st.sampled_from(["FRAD", "AC04", "fraud"]),
        "currency": st.sampled_from(["EUR", "JPY", "XXX"]),
        "amount": AMOUNT,
    },
}


BASE = {
    "payment": {
        "event_id": "p1",
        "time": "2026-05-01T12:00:00Z",
        "currency": "EUR",
        "amount": "12.50",
        "debtor_account": "596",
        "creditor_account": "DE89370400440532013000",
    },
    "access": {
        "event_id": "a1",
        "time": "2026-05-01T12:00:00Z",
        "user_id": "u1",
        "action": "login",
        "outcome": "success",
    },
    "label": {
        "stream": "payment",
        "event_id": "p1",
        "is_fraud": "1",
        "known_at": "2026-05-01T12:00:00Z",
        "source": "police",
    },
    "payment_status": {
        "event_id": "s1",
        "time": "2026-05-01T12:00:00Z",
        "payment_event_id": "p1",
        "status": "returned",
    },
}


@st.composite
def _rows(draw: st.DrawFn, stream: str) -> dict[str, str | None]:
    """A valid row with a few fields drawn anew, so that valid rows are as common as wrong ones."""
    changed = draw(st.sets(st.sampled_from(sorted(FIELDS[stream])), max_size=4))
    return BASE[stream] | {
        name: draw(st.one_of(FIELDS[stream][name], FIELDS[stream][name], st.none()))
        for name in sorted(changed)
    }


@pytest.mark.parametrize("stream", MODELS)
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
@given(data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_quick_rows_are_the_models_rows(stream: str, zone: str | None, data: st.DataObject) -> None:
    rows = data.draw(st.lists(_rows(stream), min_size=1, max_size=8))
    names = sorted({name for one in rows for name in one})
    raw = {name: pa.array([one.get(name) for one in rows], pa.string()) for name in names}
    columns = event_columns(
        raw, np.arange(len(rows)), Mapping({name: name for name in names}, time_zone=zone), stream
    )
    checked = Checker(stream).check(columns)
    settled = settle(Checker(stream), columns)
    wanted: dict[int, dict[str, Any]] = {}
    for index, values in enumerate(columns.given(np.arange(len(rows)))):
        try:
            wanted[index] = by_model(stream, values)
        except InvalidEvent as error:
            assert settled.problems[index] == list(error.problems)
            assert not checked.sure[index]
    assert settled.rows.tolist() == list(wanted)
    for place, index in enumerate(wanted):
        for name in settled.table.column_names:
            assert settled.table[name][place].as_py() == wanted[index].get(name), name
            if checked.sure[index]:
                assert checked.columns[name][index].as_py() == wanted[index].get(name), name


def test_ordinary_rows_do_go_the_quick_way() -> None:
    names = ["event_id", "time", "currency", "amount", "debtor_account", "creditor_account"]
    row = ["p1", "2026-05-01T12:00:00.123456+02:00", "JPY", "1200", "DE89370400440532013000", "7"]
    raw = {name: pa.array([text], pa.string()) for name, text in zip(names, row, strict=True)}
    mapping = Mapping({name: name for name in names})
    checked = Checker("payment").check(event_columns(raw, np.arange(1), mapping, "payment"))
    assert checked.sure.tolist() == [True]
    assert checked.columns["amount_minor"].to_pylist() == [1200]
    assert checked.columns["time"].to_pylist() == [1777629600123456]
