from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import BadMapping, UnreadableFile
from features.events import Payment, parse, row
from features.formats.mapping import mapping_from
from features.formats.rejects import HEADER
from features.formats.tabular import read_tabular

GOOD = {
    "event_id": "p1",
    "time": "2026-05-01T09:30:00+02:00",
    "currency": "EUR",
    "amount": "12.50",
    "debtor_account": "DE89370400440532013000",
    "creditor_account": "FR1420041010050500013M02606",
    "debtor_agent": "DEUTDEFF",
    "creditor_name": "Zoë Öztürk",
    "intermediary_agents": "BNPAFRPP CHASUS33",
    "ip_address": "2001:DB8::0001",
}


def write_csv(path: Path, rows: list[dict[str, str]], delimiter: str = ",") -> Path:
    names = list(dict.fromkeys(name for one in rows for name in one))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, delimiter=delimiter, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def expected(given: dict[str, Any]) -> dict[str, Any]:
    agents = given.get("intermediary_agents", "")
    return row(parse(Payment, {**given, "intermediary_agents": agents.split()}))


def rows_of(read: Any) -> list[dict[str, Any]]:
    return list(read.table.table.to_pylist())


def test_a_csv_row_is_what_the_model_makes_of_it(tmp_path: Path) -> None:
    read = read_tabular(write_csv(tmp_path / "a.csv", [GOOD]), "payment")
    (found,) = rows_of(read)
    wanted = expected(GOOD)
    assert {name: wanted[name] for name in found} == found
    assert all(wanted[name] is None for name in wanted if name not in found)
    assert found["amount_minor"] == 1250
    assert found["debtor_account_country"] == "DE"
    assert found["ip_address"] == "2001:db8::1"
    assert (read.rows, read.rejected, read.labels) == (1, 0, None)


def test_every_bad_row_is_written_with_line_and_fix_and_reading_goes_on(tmp_path: Path) -> None:
    rows = [
        GOOD,
        GOOD | {"event_id": "p2", "amount": "-3", "currency": "EURO"},
        GOOD | {"event_id": "p3", "debtor_account": "DE89370400440532013001"},
        GOOD | {"event_id": "p4", "creditor_name": "two\nlines"},
        GOOD | {"event_id": "p5", "time": "2026-05-01 09:30:00"},
        GOOD | {"event_id": ""},
        GOOD | {"event_id": "p7", "currency": "JPY", "amount": "12.5"},
        GOOD | {"event_id": "p8"},
    ]
    rejects = tmp_path / "rejects.csv"
    read = read_tabular(write_csv(tmp_path / "a.csv", rows), "payment", rejects=rejects)
    assert read.table.table["event_id"].to_pylist() == ["p1", "p8"]
    assert (read.rows, read.rejected) == (8, 6)
    with rejects.open(newline="") as file:
        written = list(csv.reader(file))
    assert tuple(written[0]) == HEADER
    assert [(line, field) for line, field, *_ in written[1:]] == [
        ("3", "currency"),
        ("3", "amount"),
        ("4", "debtor_account"),
        ("5", "creditor_name"),
        ("7", "time"),
        ("8", "event_id"),
        ("9", "amount"),
    ]
    assert all(problem and fix for *_, problem, fix in written[1:])
    assert [reject.line for reject in read.problems] == [3, 3, 4, 5, 7, 8, 9]


def test_rows_that_are_not_cut_right_or_not_text_are_refused_alone(tmp_path: Path) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(GOOD)
    writer.writerow(GOOD.values())
    writer.writerow([*GOOD.values(), "one too many"])
    broken = (GOOD | {"event_id": "p3", "creditor_name": "@"}).values()
    writer.writerow(broken)
    text.write("\r\n")
    writer.writerow((GOOD | {"event_id": "p4"}).values())
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode().replace(b"@", b"M\xfcller"))
    read = read_tabular(path, "payment")
    assert read.table.table["event_id"].to_pylist() == ["p1", "p4"]
    assert [(one.line, one.problem) for one in read.problems] == [
        (3, "11 values where the header names 10 columns"),
        (4, "not UTF-8 text"),
    ]
    assert read.problems[1].value == "M\\udcfcller"
    assert (read.rows, read.rejected) == (4, 2)


def test_an_identifier_counts_once(tmp_path: Path) -> None:
    rows = [GOOD, GOOD | {"event_id": "p2"}, GOOD | {"amount": "99"}]
    read = read_tabular(write_csv(tmp_path / "a.csv", rows), "payment")
    assert read.table.table["event_id"].to_pylist() == ["p1", "p2"]
    assert read.problems[0].line == 4
    assert "line 2" in read.problems[0].problem


def test_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    rows = [{"Id": "1", "Wann": "31.12.2025 23:59", "Betrag": "1.234,50", "Von": "a", "An": "b"}]
    mapping = mapping_from(
        {
            "time_zone": "Europe/Berlin",
            "time_format": "%d.%m.%Y %H:%M",
            "decimal_mark": ",",
            "columns": {
                "event_id": "Id",
                "time": "Wann",
                "amount": "Betrag",
                "debtor_account": "Von",
                "creditor_account": "An",
            },
            "constants": {"currency": "EUR"},
            "prefixes": {"debtor_account": "K-"},
        }
    )
    path = write_csv(tmp_path / "a.csv", rows, ";")
    (found,) = rows_of(read_tabular(path, "payment", mapping))
    assert found["amount_minor"] == 123450
    assert found["time"] == 1767221940 * 10**6
    assert found["debtor_account"] == "K-a"


def test_parquet_types_become_the_schemas(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": pa.array([1, 2, 3], pa.int32()),
            "when": pa.array(
                [datetime(2026, 3, 29, 1, 59), datetime(2026, 3, 29, 3, 0), datetime(2026, 7, 1)],
                pa.timestamp("ns"),
            ),
            "sum": pa.array([0.0, 85.64999999999999, 87.7], pa.float64()),
            "card": pa.array([596.0, 12.0, float("nan")], pa.float64()),
            "shop": pa.array(["x", "y", "x"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    given = {
        "time_zone": "Europe/Brussels",
        "columns": {
            "event_id": "id",
            "time": "when",
            "amount": "sum",
            "debtor_account": "card",
            "customer_id": "card",
            "creditor_account": "shop",
        },
        "constants": {"currency": "EUR", "debtor_account_scheme": "CARD"},
    }
    read = read_tabular(tmp_path / "a.parquet", "payment", mapping_from(given))
    found = rows_of(read)
    assert [one["amount_minor"] for one in found] == [0, 8565]
    assert [one["debtor_account"] for one in found] == ["596", "12"]
    assert [datetime.fromtimestamp(one["time"] / 1e6, UTC).hour for one in found] == [0, 1]
    assert [(one.line, one.field) for one in read.problems] == [(3, "debtor_account")]
    del given["time_zone"]
    with pytest.raises(BadMapping, match=r"'when' holds times without a zone.*time_zone"):
        read_tabular(tmp_path / "a.parquet", "payment", mapping_from(given))


def test_zoned_parquet_times_and_decimal_amounts(tmp_path: Path) -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    columns = {name: [text] for name, text in GOOD.items()}
    columns["intermediary_agents"] = [["BNPAFRPP", "CHASUS33"]]  # type: ignore[list-item]
    table = pa.table(
        columns
        | {
            "time": pa.array([noon], pa.timestamp("ms", "Asia/Tokyo")),
            "amount": pa.array([Decimal("7.1")], pa.decimal128(10, 2)),
            "received_at": pa.array(["2026-05-01T12:00:05Z"]),
            "extra_balance": pa.array([3], pa.int16()),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    (found,) = rows_of(read_tabular(tmp_path / "a.parquet", "payment"))
    assert found["time"] == 1777636800 * 10**6
    assert found["received_at"] == found["time"] + 5 * 10**6
    assert found["amount_minor"] == 710
    assert found["intermediary_agents"] == "BNPAFRPP CHASUS33"
    assert found["extra_balance"] == 3.0


def test_labels_beside_the_events(tmp_path: Path) -> None:
    rows = [
        GOOD | {"event_id": "p1", "fraud": "yes", "kind": "mule_chain"},
        GOOD | {"event_id": "p2", "fraud": "no"},
        GOOD | {"event_id": "p3", "fraud": ""},
        GOOD | {"event_id": "p4", "fraud": "perhaps"},
        GOOD | {"event_id": "p5", "amount": "x", "fraud": "1"},
    ]
    columns = {name: name for name in GOOD}
    labels = {"is_fraud": "fraud", "typology": "kind", "delay": "36h", "source": "police"}
    mapping = mapping_from({"columns": columns, "labels": labels})
    read = read_tabular(write_csv(tmp_path / "a.csv", rows), "payment", mapping)
    assert read.labels is not None
    assert read.table.table["event_id"].to_pylist() == ["p1", "p2", "p3"]
    found = read.labels.table.to_pylist()
    assert [(one["event_id"], one["is_fraud"], one["typology"]) for one in found] == [
        ("p1", True, "mule_chain"),
        ("p2", False, None),
    ]
    time = read.table.table["time"][0].as_py()
    assert found[0]["known_at"] == time + 36 * 3600 * 10**6
    assert found[0]["label_id"] == f"payment:p1:{found[0]['known_at']}"
    assert {one["source"] for one in found} == {"police"}
    assert [(one.line, one.field) for one in read.problems] == [(5, "is_fraud"), (6, "amount")]


def test_a_label_known_before_its_event_is_refused(tmp_path: Path) -> None:
    rows = [
        GOOD | {"fraud": "1", "seen": "2026-05-01T07:29:59Z"},
        GOOD | {"event_id": "p2", "fraud": "1", "seen": "2026-05-01T07:30:00Z"},
    ]
    columns = {name: name for name in GOOD}
    mapping = mapping_from(
        {"columns": columns, "labels": {"is_fraud": "fraud", "known_at": "seen"}}
    )
    read = read_tabular(write_csv(tmp_path / "a.csv", rows), "payment", mapping)
    assert read.labels is not None
    assert read.labels.table["event_id"].to_pylist() == ["p2"]
    assert (read.problems[0].line, read.problems[0].field) == (2, "known_at")


def test_a_file_of_labels(tmp_path: Path) -> None:
    row = {
        "stream": "access",
        "event_id": "a1",
        "is_fraud": "true",
        "known_at": "2026-05-01T00:00:00Z",
        "source": "reviewer",
    }
    rows = [row, row | {"label_id": "access:a1:9", "supersedes": "access:a1:1"}]
    read = read_tabular(write_csv(tmp_path / "a.csv", rows), "label")
    assert read.table.table["label_id"].to_pylist() == ["access:a1:1777593600000000", "access:a1:9"]
    assert read.table.table["subject_role"].to_pylist() == ["unknown", "unknown"]


def test_a_time_after_now_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [GOOD])
    assert read_tabular(path, "payment", now=datetime(2026, 5, 1, 7, 30, tzinfo=UTC)).rejected == 0
    read = read_tabular(path, "payment", now=datetime(2026, 5, 1, 7, 0, tzinfo=UTC))
    assert (read.problems[0].field, read.problems[0].problem) == ("time", "time lies in the future")


def test_rows_keep_their_order_when_some_go_the_slow_way(tmp_path: Path) -> None:
    amounts = ["1.0", "1e1", "2", "3E0", "4.00"]
    rows = [GOOD | {"event_id": f"p{i}", "amount": text} for i, text in enumerate(amounts)]
    read = read_tabular(write_csv(tmp_path / "a.csv", rows), "payment")
    assert read.table.table["amount_minor"].to_pylist() == [100, 1000, 200, 300, 400]


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    with pytest.raises(UnreadableFile, match="is empty"):
        read_tabular(empty, "payment")
    torn = tmp_path / "torn.parquet"
    torn.write_bytes(b"PAR1 and no more")
    with pytest.raises(UnreadableFile, match="cannot read"):
        read_tabular(torn, "payment")
    with pytest.raises(UnreadableFile, match="cannot read"):
        read_tabular(tmp_path / "absent.csv", "payment")
    header_only = write_csv(tmp_path / "header.csv", [GOOD])
    header_only.write_text(header_only.read_text().splitlines()[0])
    read = read_tabular(header_only, "payment")
    assert (len(read.table), read.rows, read.rejected) == (0, 0, 0)
    with pytest.raises(UnreadableFile, match="cannot write the rejects file"):
        read_tabular(header_only, "payment", rejects=tmp_path / "no" / "folder.csv")
