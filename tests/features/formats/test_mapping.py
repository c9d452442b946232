from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from features.errors import BadMapping
from features.formats.mapping import canonical_mapping, mapping_from, read_mapping

HANDBOOK = Path(__file__).parents[3] / "training" / "recipes" / "handbook.mapping.toml"
COLUMNS = {
    "event_id": "ID",
    "time": "TX_DATETIME",
    "currency": "CCY",
    "amount": "TX_AMOUNT",
    "debtor_account": "FROM",
    "creditor_account": "TO",
}


def refused(given: dict[str, Any], *said: str, available: list[str] | None = None) -> None:
    with pytest.raises(BadMapping) as caught:
        mapping_from(given).check("payment", available or list(COLUMNS.values()), "file.csv")
    for text in said:
        assert text in str(caught.value)


def test_a_mapping_that_fits_passes() -> None:
    mapping_from({"columns": COLUMNS}).check("payment", COLUMNS.values(), "file.csv")


def test_an_absent_column_is_named_with_the_nearest() -> None:
    refused(
        {"columns": COLUMNS | {"amount": "TX_AMOUT"}},
        "takes amount from column 'TX_AMOUT'",
        "did you mean 'TX_AMOUNT'?",
        "its columns are ID, TX_DATETIME, CCY, TX_AMOUNT, FROM, TO",
    )


def test_an_unknown_field_is_named_with_the_nearest() -> None:
    refused(
        {"columns": COLUMNS | {"debtor_acount": "FROM"}},
        "'debtor_acount', which is no field of a payment (did you mean 'debtor_account'?)",
    )


def test_a_required_field_must_come_from_somewhere() -> None:
    columns = {name: column for name, column in COLUMNS.items() if name != "currency"}
    refused({"columns": columns}, "nothing gives the required field currency", "[constants]")
    mapping = mapping_from({"columns": columns, "constants": {"currency": "EUR"}})
    mapping.check("payment", COLUMNS.values(), "file.csv")
    columns = {name: column for name, column in COLUMNS.items() if name != "event_id"}
    numbered = mapping_from({"columns": columns, "number_rows": True})
    numbered.check("payment", COLUMNS.values(), "file.csv")


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"constants": {"currency": "EUR"}}, "currency has a column and a constant"),
        ({"constants": {"channel": "fax"}}, "constant channel = 'fax' is refused"),
        ({"constants": {"time_zone": "UTC"}}, "time_zone stands above the first [table]"),
        ({"time_zone": "Mars/Olympus"}, "time_zone 'Mars/Olympus' is unknown"),
        ({"time_format": "%d/%m"}, "time_format '%d/%m' is unknown"),
        ({"time_format": "%Y-%Y-%m-%d"}, "is unknown; use unix_seconds"),
        ({"decimal_mark": ";"}, "decimal_mark must be"),
        ({"number_rows": "yes"}, "number_rows must be true or false"),
        ({"stream": "payments"}, "stream must be one of payment, access, label"),
        ({"colums": {}}, "unknown key 'colums' (did you mean 'columns'?)"),
        ({"prefixes": "K-"}, "prefixes must be a table"),
        ({"values": {"channel": "web"}}, "values: channel must be a table"),
        ({"labels": {"delay": "7d"}}, "[labels] must name the column is_fraud"),
        ({"labels": {"is_fraud": "TO"}}, "needs either delay (such as '7d') or known_at"),
        ({"labels": {"is_fraud": "TO", "delay": "a week"}}, "delay 'a week' is not a duration"),
        ({"labels": {"is_fraud": "TO", "delay": "1d", "kind": "x"}}, "unknown key 'kind'"),
        ({"labels": {"is_fraud": "FRAUD", "delay": "1d"}}, "takes labels.is_fraud from column"),
    ],
)
def test_what_is_wrong_is_said(extra: dict[str, Any], said: str) -> None:
    refused({"columns": COLUMNS} | extra, said)


def test_a_file_of_the_schemas_own_names_needs_none() -> None:
    there = [*COLUMNS, "branch_code"]
    assert canonical_mapping("payment", there, "file.csv").columns == {
        name: name for name in COLUMNS
    }
    with pytest.raises(BadMapping, match=r"'remitance_text'.*did you mean remittance_text\?"):
        canonical_mapping("payment", [*COLUMNS, "remitance_text"], "file.csv")


def test_a_file_that_is_no_mapping_is_named(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text("[columns\n")
    with pytest.raises(BadMapping, match=r"cannot read the mapping .*m\.toml"):
        read_mapping(path)
    with pytest.raises(BadMapping, match="cannot read the mapping"):
        read_mapping(tmp_path / "absent.toml")


def test_the_handbooks_mapping_is_one() -> None:
    mapping = read_mapping(HANDBOOK)
    assert mapping.stream == "payment"
    assert mapping.labels is not None
    assert mapping.labels.delay == 7 * 86_400 * 10**6
    assert "TX_FRAUD_SCENARIO" not in {*mapping.columns.values(), *mapping.labels.columns.values()}
