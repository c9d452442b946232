"""What messages say of earlier payments, over every version of the standard."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from iso_documents import document_class, has, render

from features.errors import UnreadableFile
from features.formats.iso_status import OLDEST, read_statuses
from features.formats.readers import read_events

UETR = "eb6305c9-1f7f-49de-aed0-16487c27b42d"
CREATED = "2026-05-03T08:00:00+02:00"
TIME = datetime(2026, 5, 3, 6, 0, tzinfo=UTC)
HEADER = {"GrpHdr/MsgId": "M-1", "GrpHdr/CreDtTm": CREATED}
ASSIGNMENT = {"Assgnmt/Id": "M-1", "Assgnmt/CreDtTm": CREATED}
ORIGINAL = {"OrgnlEndToEndId": "E-1", "OrgnlTxId": "TX-1"}
AMOUNT = (Decimal("12.5"), "EUR")


def told(message: str, item: str, more: dict[str, Any], head: dict[str, str] = HEADER) -> Any:
    return head | {f"{item}/{name}": value for name, value in (ORIGINAL | more).items()}


MESSAGES: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "pacs.002": (
        told(
            "pacs.002",
            "TxInfAndSts",
            {
                "StsId": "S-1",
                "TxSts": "RJCT",
                "StsRsnInf/Rsn/Cd": "AC04",
                "OrgnlTxRef/IntrBkSttlmAmt": AMOUNT,
            },
        ),
        "TxInfAndSts/OrgnlUETR",
        {"event_id": "pacs.002:M-1:S-1", "status": "rejected", "reason": "AC04"},
    ),
    "pacs.004": (
        told(
            "pacs.004",
            "TxInf",
            {"RtrId": "R-1", "RtrRsnInf/Rsn/Cd": "FRAD", "RtrdIntrBkSttlmAmt": AMOUNT},
        ),
        "TxInf/OrgnlUETR",
        {"event_id": "pacs.004:M-1:R-1", "status": "returned", "reason": "FRAD"},
    ),
    "camt.056": (
        told(
            "camt.056",
            "Undrlyg/TxInf",
            {"CxlId": "C-1", "CxlRsnInf/Rsn/Cd": "DUPL", "OrgnlIntrBkSttlmAmt": AMOUNT},
            ASSIGNMENT,
        ),
        "Undrlyg/TxInf/OrgnlUETR",
        {"event_id": "camt.056:M-1:C-1", "status": "recall_requested", "reason": "DUPL"},
    ),
    "camt.029": (
        told(
            "camt.029",
            "CxlDtls/TxInfAndSts",
            {"CxlStsId": "A-1", "CxlStsRsnInf/Rsn/Cd": "CUST", "OrgnlIntrBkSttlmAmt": AMOUNT},
            {**ASSIGNMENT, "Sts/Conf": "RJCR"},
        ),
        "CxlDtls/TxInfAndSts/OrgnlUETR",
        {"event_id": "camt.029:M-1:A-1", "status": "recall_refused", "reason": "CUST"},
    ),
}
VERSIONS = [
    (message, version)
    for message in MESSAGES
    for version in range(OLDEST[message], 16)
    if document_class(message, version)
]


def only(data: bytes) -> dict[str, Any]:
    read = read_statuses(data)
    assert read.refused == []
    (status,) = read.statuses
    return status.model_dump(exclude_none=True)


def test_many_versions_are_known() -> None:
    assert {message: sum(one == message for one, _ in VERSIONS) for message in MESSAGES} == {
        "pacs.002": 13,
        "pacs.004": 11,
        "camt.056": 11,
        "camt.029": 11,
    }


@pytest.mark.parametrize(("message", "version"), VERSIONS)
def test_every_version_gives_the_same_status(message: str, version: int) -> None:
    values, uetr_path, wanted = MESSAGES[message]
    with_uetr = has(message, version, uetr_path)
    found = only(render(message, version, values | ({uetr_path: UETR} if with_uetr else {})))
    assert found.pop("uetr", None) == (UETR if with_uetr else None)
    assert found == wanted | {
        "time": TIME,
        "payment_event_id": "TX-1",
        "end_to_end_id": "E-1",
        "currency": "EUR",
        "amount": Decimal("12.50"),
    }


COVER = {
    "CdtTrfTxInf/PmtId/InstrId": "I-1",
    "CdtTrfTxInf/PmtId/EndToEndId": "E-1",
    "CdtTrfTxInf/IntrBkSttlmAmt": AMOUNT,
}
UNDERLYING = {"CdtTrfTxInf/UndrlygCstmrCdtTrf/Dbtr/Nm": "Ada"}


@pytest.mark.parametrize("version", range(2, 13))
def test_a_cover_payment_is_tied_by_uetr_and_any_other_between_banks_refused(version: int) -> None:
    uetr = {"CdtTrfTxInf/PmtId/UETR": UETR} if version >= 8 else {}
    found = only(render("pacs.009", version, HEADER | COVER | UNDERLYING | uetr))
    assert found.pop("uetr", None) == (UETR if version >= 8 else None)
    assert found == {
        "event_id": "pacs.009:M-1:I-1",
        "time": TIME,
        "end_to_end_id": "E-1",
        "status": "cover",
        "currency": "EUR",
        "amount": Decimal("12.50"),
    }
    (refused,) = read_statuses(render("pacs.009", version, HEADER | COVER | uetr)).refused
    assert refused.problems[0].field == "UndrlygCstmrCdtTrf"
    assert "covers no payment" in refused.problems[0].problem


def test_the_underlying_transfer_names_its_own_reference() -> None:
    own = {"CdtTrfTxInf/UndrlygCstmrCdtTrf/PmtId/UETR": UETR, "CdtTrfTxInf/PmtId/UETR": "other"}
    assert only(render("pacs.009", 12, HEADER | COVER | UNDERLYING | own))["uetr"] == UETR


def report(code: str, more: dict[str, Any] | None = None, version: int = 12) -> bytes:
    values = told("pacs.002", "TxInfAndSts", {"TxSts": code} if code else {})
    return render("pacs.002", version, values | (more or {}))


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ACSP", "accepted"),
        ("ACTC", "accepted"),
        ("ACSC", "settled"),
        ("ACCC", "settled"),
        ("RJCT", "rejected"),
        ("CANC", "recall_accepted"),
    ],
)
def test_codes_of_a_report(code: str, status: str) -> None:
    assert only(report(code))["status"] == status
    of_the_group = {"OrgnlGrpInfAndSts/GrpSts": code}
    assert only(report("", of_the_group))["status"] == status


@pytest.mark.parametrize(
    ("code", "status"), [("CNCL", "recall_accepted"), ("RJCR", "recall_refused")]
)
def test_codes_of_an_answer_to_a_recall(code: str, status: str) -> None:
    values = ASSIGNMENT | {"Sts/Conf": code, "CxlDtls/TxInfAndSts/OrgnlEndToEndId": "E-1"}
    assert only(render("camt.029", 9, values))["status"] == status
    own = {"CxlDtls/TxInfAndSts/TxCxlSts": "ACCR"}
    assert only(render("camt.029", 9, values | own))["status"] == "recall_accepted"
    ordered = ASSIGNMENT | {"Sts/Conf": code, "CxlDtls/OrgnlPmtInfAndSts/TxInfAndSts/UETR": UETR}
    assert only(render("camt.029", 9, ordered))["uetr"] == UETR


def test_what_decides_nothing_or_is_of_another_kind_of_message_is_skipped() -> None:
    assert dict(read_statuses(report("PDNG")).skipped) == {"undecided (PDNG)": 1}
    # A rejected cover bears the UETR of the customer's payment, which is not rejected by it.
    of_cover = {"OrgnlGrpInfAndSts/OrgnlMsgNmId": "pacs.009.001.08"}
    read = read_statuses(report("RJCT", of_cover))
    assert (read.items, dict(read.skipped)) == ((), {"about pacs.009": 1})
    of_payment = {"OrgnlGrpInfAndSts/OrgnlMsgNmId": "pacs.008.001.08"}
    assert only(report("RJCT", of_payment))["status"] == "rejected"


@pytest.mark.parametrize(
    ("data", "field", "said"),
    [
        (report("WHAT"), "TxSts", "no status known here"),
        (
            render("pacs.002", 12, HEADER | {"OrgnlGrpInfAndSts/GrpSts": "RJCT"}),
            "OrgnlUETR",
            "nothing says which payment",
        ),
        (
            render("pacs.004", 9, {**HEADER, "TxInf/OrgnlEndToEndId": "NOTPROVIDED"}),
            "OrgnlUETR",
            "nothing says which payment",
        ),
        (
            render("camt.029", 9, ASSIGNMENT | {"Sts/Conf": "CNCL"}),
            "OrgnlUETR",
            "nothing says which payment",
        ),
        (report("RJCT", {"TxInfAndSts/OrgnlUETR": "nonsense"}), "uetr", "pattern"),
        (report("RJCT", {"GrpHdr/CreDtTm": "2026-05-03T08:00:00"}), "time", "has no time zone"),
        (
            render(
                "pacs.004", 9, told("", "TxInf", {"RtrdIntrBkSttlmAmt": (Decimal("1.234"), "EUR")})
            ),
            "amount",
            "more than 2 decimals",
        ),
        (
            report("RJCT").replace(b":MsgId>M-1</", b":MsgId></"),
            "GrpHdr/MsgId",
            "missing",
        ),
    ],
)
def test_what_is_wrong_is_told_in_the_message_s_own_words(
    data: bytes, field: str, said: str
) -> None:
    (refused,) = read_statuses(data).refused
    assert [one.field for one in refused.problems] == [field]
    assert said in refused.problems[0].problem
    assert refused.problems[0].fix


def test_an_old_or_another_message_is_refused() -> None:
    old = report("RJCT").replace(b"pacs.002.001.12", b"pacs.002.001.02")
    with pytest.raises(UnreadableFile, match=r"is pacs\.002\.001\.02: send pacs\.002\.001\.03"):
        read_statuses(old)
    with pytest.raises(UnreadableFile, match=r"no pacs\.002 or pacs\.004"):
        read_statuses(report("RJCT").replace(b"pacs.002.001.12", b"pacs.008.001.12"))
    with pytest.raises(UnreadableFile, match="holds no FIToFIPmtStsRpt"):
        read_statuses(report("RJCT").replace(b"FIToFIPmtStsRpt", b"Other"))


def test_a_file_of_statuses_is_read_by_its_content(tmp_path: Path) -> None:
    path, rejects = tmp_path / "m.xml", tmp_path / "rejects.csv"
    one = report("RJCT").split(b"\n", 1)[1]
    waiting = report("PDNG").split(b"\n", 1)[1]
    path.write_bytes(b"<Batch>" + one + one + waiting + b"</Batch>")
    read = read_events(path, rejects=rejects)
    assert read.table.stream == "payment_status"
    assert read.table.table["status"].to_pylist() == ["rejected"]
    assert (read.rows, read.rejected, read.skipped_kinds) == (2, 1, {"undecided (PDNG)": 1})
    assert "the same identifier" in read.problems[0].problem
    with pytest.raises(UnreadableFile, match="holds the stream 'payment_status', not 'payment'"):
        read_events(path, stream="payment")
    mixed = one.replace(b"pacs.002.001.12", b"pacs.008.001.12")
    path.write_bytes(b"<Batch>" + one + mixed + b"</Batch>")
    with pytest.raises(UnreadableFile, match="payments and statuses"):
        read_events(path)
    path.write_bytes(one.replace(b"pacs.002.001.12", b"camt.053.001.08"))
    with pytest.raises(UnreadableFile, match=r"m\.xml: holds camt\.053: read here are pacs\.008"):
        read_events(path)
