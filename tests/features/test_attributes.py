"""What events carry beyond the schema: bounded, and spelt alike in a file, an event and a table."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import attributes, carried_columns
from features.errors import BadMapping, InvalidEvent
from features.events import AccessEvent, Payment, parse
from features.formats.carried import attribute_name
from features.formats.mapping import mapping_from
from features.formats.readers import read_events
from features.table import from_events, to_events

PAYMENT = {
    "event_id": "p1",
    "time": "2026-05-01T09:30:00Z",
    "amount": "9.50",
    "currency": "EUR",
    "debtor_account": "A",
    "creditor_account": "B",
}


def payment(**carried: Any) -> Payment:
    return parse(Payment, {**PAYMENT, "attributes": carried} if carried else PAYMENT)


def test_an_event_carries_numbers_and_words_and_comes_back_from_the_table() -> None:
    event = payment(V1=-1.5, category="grocery", count=3, known=True)
    plain = payment()
    assert b'"attributes":{"V1":-1.5,"category":"grocery","count":3,"known":true}' in (
        event.canonical()
    )
    assert b"attributes" not in plain.canonical()
    table = from_events("payment", [event, plain])
    assert table.table["extra_V1"].to_pylist() == [-1.5, None]
    first, second = to_events(table)
    assert first.attributes == {"V1": -1.5, "category": "grocery", "count": 3.0, "known": "true"}
    assert second.attributes is None


@pytest.mark.parametrize(
    ("carried", "problem"),
    [
        ({" V1": 1}, "not an attribute's name"),
        ({"V1": "x" * 129}, "at most 128 characters"),
        ({"V1": "a\tb"}, "control characters"),
        ({f"V{number}": 1 for number in range(513)}, "at most 512"),
        ({"V1": [1]}, "attributes.V1"),
        ({"V1": math.inf}, "finite"),
    ],
)
def test_a_map_out_of_bounds_is_refused(carried: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidEvent, match=problem):
        payment(**carried)


def test_access_events_carry_them_too() -> None:
    given = {"event_id": "a", "time": "2026-05-01T09:30:00Z", "user_id": "u", "action": "login"}
    event = parse(AccessEvent, {**given, "outcome": "success", "attributes": {"dur": 0.25}})
    assert event.attributes == {"dur": 0.25}


@given(st.one_of(st.floats(), st.integers(-(2**53), 2**53), st.booleans(), st.text(max_size=9)))
def test_a_value_reads_alike_alone_and_in_a_column(value: Any) -> None:
    column = pa.array([value])
    (number,) = carried_columns.numbers(column).to_pylist()
    alone = attributes.number(value)
    assert (number is None and math.isnan(alone)) or number == alone
    assert carried_columns.words(column).to_pylist() == [attributes.word(value)]


def test_three_has_one_spelling() -> None:
    assert {attributes.word(one) for one in (3, 3.0, "3", " 3 ", "3.0")} == {"3"}
    assert attributes.word(" ") is attributes.word(None) is attributes.word(math.nan) is None
    assert attributes.number("1e3") == 1000
    assert attributes.number("True") == attributes.number(True) == 1


def test_a_file_without_accounts_is_read_with_its_columns_carried(tmp_path: Path) -> None:
    path = tmp_path / "cards.csv"
    path.write_text(
        "Time,V1, Flow Length,kind,signup,Amount,Class\n"
        "0,1.5,-2,a,1,2.693,0\n"
        "1e+05,nan,Infinity,3.0,2,1e-3,1\n"
    )
    mapping = mapping_from(
        {
            "stream": "payment",
            "time_format": "seconds_since_start",
            "time_origin": "2026-01-05",
            "number_rows": True,
            "parties": "none",
            "round_amounts": True,
            "columns": {"time": "Time", "amount": "Amount"},
            "constants": {"currency": "EUR"},
            "labels": {"is_fraud": "Class", "delay": "0s"},
            "attributes": {
                "numeric": ["V1", "Flow Length"],
                "categorical": ["kind"],
                "since": ["signup"],
            },
        }
    )
    read = read_events(path, mapping=mapping)
    assert not read.problems
    table = read.table.table
    assert table["amount_minor"].to_pylist() == [269, 0]
    assert table["debtor_account"].to_pylist() == ["row-2", "row-3"]
    assert table["extra_V1"].to_pylist() == [1.5, None]
    assert table["extra_Flow Length"].to_pylist() == [-2, None]
    assert table["extra_kind"].to_pylist() == ["a", "3"]
    assert table["extra_seconds_since_signup"].to_pylist() == [-1.0, 99_998.0]
    assert np.diff(read.table.integers("time")) == [100_000_000_000]
    assert read.labels is not None
    assert read.labels.table["is_fraud"].to_pylist() == [False, True]


def test_date_and_clock_in_two_columns_words_and_typology(tmp_path: Path) -> None:
    path = tmp_path / "transfers.csv"
    path.write_text(
        "Date,Clock,From,To,Amount,Money,ip,bad,kind\n"
        "2022-10-07,10:35:19,1,2,5.5,UK pounds,3232235777.5,normal,Normal Fan-Out\n"
        "2022-10-07,10:35:20,1,3,6.5,Euro,3232235778,attack7,Fan-In \n"
    )
    mapping = mapping_from(
        {
            "stream": "payment",
            "time_zone": "UTC",
            "time_of_day": "Clock",
            "number_rows": True,
            "ip_numbers": True,
            "columns": {
                "time": "Date",
                "amount": "Amount",
                "currency": "Money",
                "debtor_account": "From",
                "creditor_account": "To",
                "ip_address": "ip",
            },
            "values": {
                "currency": {"UK pounds": "GBP", "Euro": "EUR"},
                "is_fraud": {"normal": "false", "*": "true"},
            },
            "labels": {"is_fraud": "bad", "typology": "kind", "delay": "7d"},
        }
    )
    read = read_events(path, mapping=mapping)
    assert not read.problems
    assert read.table.table["ip_address"].to_pylist() == ["192.168.1.1", "192.168.1.2"]
    assert read.table.table["currency"].to_pylist() == ["GBP", "EUR"]
    assert np.diff(read.table.integers("time")) == [1_000_000]
    assert read.labels is not None
    assert read.labels.table["is_fraud"].to_pylist() == [False, True]
    assert read.labels.table["typology"].to_pylist() == ["normal_fan_out", "fan_in"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"attributes": {"numbers": ["V1"]}}, "unknown key 'numbers'"),
        ({"attributes": {"numeric": "V1"}}, "must be a list of columns"),
        ({"attributes": {"numeric": ["V1"], "categorical": ["V1"]}}, "twice"),
        ({"attributes": {"numeric": [f"V{one}" for one in range(513)]}}, "at most 512"),
        ({"split": {"column": "set", "test": "test"}}, "give untimed as well"),
        ({"untimed": "rows", "split": {"column": "set"}}, "needs column"),
        ({"untimed": "backwards"}, "must be one of shuffled, rows"),
        ({"parties": "some"}, "parties must be 'none'"),
        ({"time_origin": "soon"}, "time_origin 'soon' is no time"),
        ({"ip_numbers": "yes"}, "ip_numbers must be true or false"),
    ],
)
def test_a_mapping_that_carries_wrongly_is_refused(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadMapping, match=problem):
        mapping_from({"columns": {"time": "Time"}, **given})


def test_attribute_names_are_plain() -> None:
    assert attribute_name(" Flow Duration") == "Flow Duration"
    assert attribute_name("_montant_€") == "_montant__"
    assert attributes.is_name(attribute_name("€"))
