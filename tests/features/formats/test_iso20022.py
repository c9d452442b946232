from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyiso20022.pacs.pacs_008_001_08 as pacs
import pytest
from iso_documents import render
from xsdata.formats.dataclass.serializers import XmlSerializer
from xsdata.models.datatype import XmlDateTime

from features.errors import UnreadableFile
from features.formats.iso20022 import read_pacs008
from features.formats.readers import read_events

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pacs.008.001.{version:02d}"
UETR = "eb6305c9-1f7f-49de-aed0-16487c27b42d"
IBAN_DE, IBAN_FR = "DE89370400440532013000", "FR1420041010050500013M02606"


def transfer(
    identifiers: str = "<EndToEndId>E2E-1</EndToEndId><TxId>TX-1</TxId>",
    amount: str = '<IntrBkSttlmAmt Ccy="EUR">12.5</IntrBkSttlmAmt>',
    debtor_account: str = f"<Id><IBAN>{IBAN_DE}</IBAN></Id>",
    creditor_account: str = f"<Id><IBAN>{IBAN_FR}</IBAN></Id>",
    more: str = "",
) -> str:
    return (
        f"<CdtTrfTxInf><PmtId>{identifiers}</PmtId>{amount}"
        f"<DbtrAcct>{debtor_account}</DbtrAcct><CdtrAcct>{creditor_account}</CdtrAcct>{more}"
        "</CdtTrfTxInf>"
    )


def message(*transfers: str, created: str = "2026-05-01T09:30:00+02:00", version: int = 8) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="{NAMESPACE.format(version=version)}">'
        f"<FIToFICstmrCdtTrf><GrpHdr><MsgId>M1</MsgId><CreDtTm>{created}</CreDtTm></GrpHdr>\n"
        + "\n".join(transfers)
        + "</FIToFICstmrCdtTrf></Document>"
    ).encode()


def only(data: bytes, **options: Any) -> Any:
    (payment,) = read_pacs008(data, **options).payments
    return payment


def agent(bic: str) -> Any:
    return pacs.BranchAndFinancialInstitutionIdentification6(
        fin_instn_id=pacs.FinancialInstitutionIdentification18(bicfi=bic)
    )


def party(name: str, country: str) -> Any:
    address = pacs.PostalAddress24(strt_nm="High Street", bldg_nb="7", twn_nm="Town", ctry=country)
    return pacs.PartyIdentification135(nm=name, pstl_adr=address)


def built_message() -> bytes:
    """A message that another implementation of the standard makes."""
    one = pacs.CreditTransferTransaction39(
        pmt_id=pacs.PaymentIdentification7(end_to_end_id="INV-77", tx_id="TX-9", uetr=UETR),
        intr_bk_sttlm_amt=pacs.ActiveCurrencyAndAmount(value=Decimal("99.90"), ccy="EUR"),
        instd_amt=pacs.ActiveOrHistoricCurrencyAndAmount(value=Decimal("108"), ccy="USD"),
        accptnc_dt_tm=XmlDateTime(2026, 5, 1, 9, 29, 0, 0, 0),
        chrg_br=pacs.ChargeBearerType1Code.SHAR,
        intrmy_agt1=agent("CHASUS33XXX"),
        intrmy_agt2=agent("BNPAFRPP"),
        ultmt_dbtr=pacs.PartyIdentification135(nm="Parent Ltd", ctry_of_res="GB"),
        dbtr=party("Ada & Sons", "DE"),
        dbtr_acct=pacs.CashAccount38(id=pacs.AccountIdentification4Choice(iban=IBAN_DE)),
        dbtr_agt=agent("DEUTDEFF"),
        cdtr_agt=agent("BKCHCNBJ"),
        cdtr=party("Grace", "CN"),
        cdtr_acct=pacs.CashAccount38(
            id=pacs.AccountIdentification4Choice(
                othr=pacs.GenericAccountIdentification1(
                    id="622202",
                    schme_nm=pacs.AccountSchemeName1Choice(cd="BBAN"),
                )
            )
        ),
        purp=pacs.Purpose2Choice(cd="SUPP"),
        rmt_inf=pacs.RemittanceInformation16(ustrd=["invoice 77", "second line"]),
    )
    header = pacs.GroupHeader93(
        msg_id="M-1",
        cre_dt_tm=XmlDateTime(2026, 5, 1, 9, 30, 0, 0, 0),
        nb_of_txs="1",
        sttlm_inf=pacs.SettlementInstruction7(sttlm_mtd=pacs.SettlementMethod1Code.INDA),
    )
    document = pacs.Document(
        fito_ficstmr_cdt_trf=pacs.FitoFicustomerCreditTransferV08(
            grp_hdr=header, cdt_trf_tx_inf=[one]
        )
    )
    return XmlSerializer().render(document).encode()


def test_every_mapped_field_of_a_built_message_arrives() -> None:
    read = read_pacs008(built_message())
    assert read.message_id == "M-1"
    (payment,) = read.payments
    found = payment.model_dump(exclude_none=True)
    assert found == {
        "event_id": UETR,
        "uetr": UETR,
        "end_to_end_id": "INV-77",
        "time": datetime(2026, 5, 1, 9, 29, tzinfo=UTC),
        "currency": "USD",
        "amount": Decimal("108.00"),
        "debtor_account": IBAN_DE,
        "debtor_account_scheme": "IBAN",
        "debtor_account_country": "DE",
        "debtor_agent": "DEUTDEFF",
        "debtor_agent_country": "DE",
        "debtor_name": "Ada & Sons",
        "debtor_country": "DE",
        "debtor_address": "High Street, 7, Town, DE",
        "creditor_account": "622202",
        "creditor_account_scheme": "BBAN",
        "creditor_agent": "BKCHCNBJ",
        "creditor_agent_country": "CN",
        "creditor_name": "Grace",
        "creditor_country": "CN",
        "creditor_address": "High Street, 7, Town, CN",
        "ultimate_debtor_name": "Parent Ltd",
        "ultimate_debtor_country": "GB",
        "intermediary_agents": ("CHASUS33XXX", "BNPAFRPP"),
        "purpose": "SUPP",
        "remittance_text": "invoice 77 second line",
        "truncated": False,
    }


@pytest.mark.parametrize("version", range(2, 14))
def test_every_version_of_the_standard_gives_the_same_payment(version: int) -> None:
    bic = "BICFI" if version > 2 else "BIC"
    accepted = "AccptncDtTm" if version < 13 else "AddtlDtTm/AccptncDtTm"
    before = "PrvsInstgAgt1" if version > 6 else "PrvsInstgAgt"
    told = {
        "PmtId/EndToEndId": "INV-77",
        "PmtId/TxId": UETR,
        "IntrBkSttlmAmt": (Decimal("99.90"), "EUR"),
        "InstdAmt": (Decimal("108"), "USD"),
        accepted: "2026-05-01T09:29:00Z",
        f"{before}/FinInstnId/{bic}": "CHASUS33XXX",
        f"IntrmyAgt1/FinInstnId/{bic}": "BNPAFRPP",
        "Dbtr/Nm": "Ada & Sons",
        "Dbtr/PstlAdr/StrtNm": "High Street",
        "Dbtr/PstlAdr/BldgNb": "7",
        "Dbtr/PstlAdr/TwnNm": "Town",
        "Dbtr/PstlAdr/Ctry": "DE",
        "DbtrAcct/Id/IBAN": IBAN_DE,
        f"DbtrAgt/FinInstnId/{bic}": "DEUTDEFF",
        f"CdtrAgt/FinInstnId/{bic}": "BKCHCNBJ",
        "Cdtr/Nm": "Grace",
        "CdtrAcct/Id/Othr/Id": "622202",
        "CdtrAcct/Id/Othr/SchmeNm/Cd": "BBAN",
        f"UltmtDbtr/Id/OrgId/{'AnyBIC' if version > 2 else 'BICOrBEI'}": "BARCGB22",
        "Purp/Cd": "SUPP",
        "RmtInf/Ustrd": "invoice 77",
    }
    if version >= 8:
        told |= {"PmtId/UETR": UETR, "PmtId/TxId": "TX-9"}
    header = {"GrpHdr/MsgId": "M-1", "GrpHdr/CreDtTm": "2026-05-01T09:30:00Z"}
    data = render("pacs.008", version, header | {f"CdtTrfTxInf/{k}": v for k, v in told.items()})
    found = only(data).model_dump(exclude_none=True)
    assert found.pop("uetr", None) == (UETR if version >= 8 else None)
    assert found == {
        "event_id": UETR,
        "end_to_end_id": "INV-77",
        "time": datetime(2026, 5, 1, 9, 29, tzinfo=UTC),
        "currency": "USD",
        "amount": Decimal("108.00"),
        "debtor_account": IBAN_DE,
        "debtor_account_scheme": "IBAN",
        "debtor_account_country": "DE",
        "debtor_agent": "DEUTDEFF",
        "debtor_agent_country": "DE",
        "debtor_name": "Ada & Sons",
        "debtor_country": "DE",
        "debtor_address": "High Street, 7, Town, DE",
        "creditor_account": "622202",
        "creditor_account_scheme": "BBAN",
        "creditor_agent": "BKCHCNBJ",
        "creditor_agent_country": "CN",
        "creditor_name": "Grace",
        "ultimate_debtor_account": "BARCGB22",
        "intermediary_agents": ("CHASUS33XXX", "BNPAFRPP"),
        "purpose": "SUPP",
        "remittance_text": "invoice 77",
        "truncated": False,
    }


def test_the_parts_of_an_address_stand_in_the_order_of_the_standard() -> None:
    parts = {"Room": "12", "Flr": "3", "BldgNm": "Mill", "TwnLctnNm": "Docks", "PstBx": "9"}
    told = {f"CdtTrfTxInf/Dbtr/PstlAdr/{name}": text for name, text in parts.items()}
    told |= {
        "GrpHdr/CreDtTm": "2026-05-01T09:30:00Z",
        "CdtTrfTxInf/PmtId/TxId": "T",
        "CdtTrfTxInf/IntrBkSttlmAmt": (Decimal("1"), "EUR"),
        "CdtTrfTxInf/DbtrAcct/Id/Othr/Id": "1",
        "CdtTrfTxInf/CdtrAcct/Id/Othr/Id": "2",
    }
    assert only(render("pacs.008", 13, told)).debtor_address == "Mill, 3, 9, 12, Docks"


@pytest.mark.parametrize("version", [8, 13, 14])
def test_later_versions_and_envelopes_are_read(version: int) -> None:
    bare = message(transfer(), version=version)
    body = bare.split(b"\n", 1)[1]
    wrapped = b'<Envelope xmlns="urn:x"><AppHdr/>' + body + b"</Envelope>"
    assert only(bare).event_id == only(wrapped).event_id == "TX-1"


def test_what_is_wrong_is_told_for_each_transaction_and_the_others_are_read() -> None:
    data = message(
        transfer(),
        transfer("<TxId>TX-2</TxId>", amount='<IntrBkSttlmAmt Ccy="JPY">12.5</IntrBkSttlmAmt>'),
        transfer(
            "<TxId>TX-3</TxId>", debtor_account="", creditor_account="<Id><IBAN>X</IBAN></Id>"
        ),
        transfer("<EndToEndId>NOTPROVIDED</EndToEndId>"),
        transfer("<EndToEndId>E5</EndToEndId>"),
    )
    read = read_pacs008(data)
    assert [one.event_id for one in read.payments] == ["TX-1", "E5"]
    assert [
        (one.number, one.line, one.reference, [problem.field for problem in one.problems])
        for one in read.refused
    ] == [
        (2, 4, "TX-2", ["amount"]),
        (3, 5, "TX-3", ["debtor_account", "creditor_account"]),
        (4, 6, None, ["event_id"]),
    ]


def test_a_time_without_zone_is_a_problem_unless_the_zone_is_given() -> None:
    data = message(transfer(), created="2026-05-01T09:30:00")
    (refused,) = read_pacs008(data).refused
    (problem,) = refused.problems
    assert (problem.field, problem.value) == ("time", "2026-05-01T09:30:00")
    assert "GrpHdr/CreDtTm has no time zone" in problem.problem
    payment = only(data, time_zone="Asia/Singapore")
    assert payment.time == datetime(2026, 5, 1, 1, 30, tzinfo=UTC)
    accepted = transfer(more="<AccptncDtTm>2026-05-01T08:00:00Z</AccptncDtTm>")
    assert only(message(accepted, created="2026-05-01T09:30:00")).time.hour == 8


def test_a_time_that_is_none_or_absent_or_to_come_is_a_problem() -> None:
    for created in ("", "soon"):
        (refused,) = read_pacs008(message(transfer(), created=created)).refused
        assert [problem.field for problem in refused.problems] == ["time"]
    early = datetime(2026, 4, 1, tzinfo=UTC)
    (refused,) = read_pacs008(message(transfer()), now=early).refused
    assert refused.problems[0].problem == "time lies in the future"


def test_accounts_without_iban() -> None:
    def account(inner: str) -> Any:
        return only(message(transfer(creditor_account=inner)))

    plain = account("<Id><Othr><Id>12-34</Id></Othr></Id>")
    assert (plain.creditor_account, plain.creditor_account_scheme) == ("12-34", "OTHER")
    hidden = account(f"<Id><Othr><Id>{IBAN_FR}</Id></Othr></Id>")
    assert hidden.creditor_account_scheme == "IBAN"
    named = account(
        f"<Id><Othr><Id>{IBAN_FR}</Id><SchmeNm><Prtry>Wallet</Prtry></SchmeNm></Othr></Id>"
    )
    assert named.creditor_account_scheme == "WALLET"
    alias = account("<Prxy><Id>+65-91234567</Id></Prxy>")
    assert (alias.creditor_account, alias.creditor_account_scheme) == ("+65-91234567", "OTHER")


def test_a_bank_without_bic_still_has_a_country() -> None:
    clearing = (
        "<DbtrAgt><FinInstnId><ClrSysMmbId><ClrSysId><Cd>USABA</Cd></ClrSysId><MmbId>1</MmbId>"
        "</ClrSysMmbId></FinInstnId></DbtrAgt>"
        "<CdtrAgt><FinInstnId><Nm>Bank</Nm><PstlAdr><Ctry>SG</Ctry></PstlAdr></FinInstnId></CdtrAgt>"
    )
    payment = only(message(transfer(more=clearing)))
    assert (payment.debtor_agent_country, payment.creditor_agent_country) == ("US", "SG")


def test_long_remittance_is_cut_and_said_to_be() -> None:
    text = "".join(f"<Ustrd>{'x' * 139}</Ustrd>" for _ in range(9))
    payment = only(message(transfer(more=f"<RmtInf>{text}</RmtInf>")))
    assert len(payment.remittance_text) == 1024
    assert payment.truncated


def test_a_comment_does_not_hide_the_rest_of_a_name() -> None:
    hidden = transfer(more="<Dbtr><Nm>Ev<!-- -->il\n  Corp</Nm></Dbtr>")
    assert only(message(hidden)).debtor_name == "Evil Corp"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused(encoding: str) -> None:
    text = message(transfer()).decode().replace("UTF-8", encoding)
    bomb = '<!DOCTYPE Document [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    with pytest.raises(UnreadableFile, match=r"document type definition \(DOCTYPE\)"):
        read_pacs008(text.replace("<Document", bomb + "<Document").encode(encoding))
    with pytest.raises(UnreadableFile, match="DOCTYPE"):
        plain = '<!DOCTYPE Document SYSTEM "file:///etc/hostname"><Document'
        read_pacs008(text.replace("<Document", plain).encode(encoding))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (message(transfer())[:-30], "not well-formed XML"),
        (b"", "not well-formed XML"),
        (message(transfer(), version=1), r"is pacs.008.001.01: send pacs.008.001.02 or later"),
        (b"<Document/>", r"the root is Document of namespace \(none\)"),
        (b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"/>', "no pacs.008"),
        (message(), "holds no CdtTrfTxInf"),
        (b'<Document xmlns="' + NAMESPACE.format(version=8).encode() + b'"/>', "FIToFICstmrCdtTrf"),
    ],
)
def test_what_is_no_message_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(UnreadableFile, match=said):
        read_pacs008(data)


def test_a_message_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "m.xml"
    path.write_bytes(message(transfer(), transfer(), transfer("<TxId>T 2</TxId>", amount="")))
    read = read_events(path, rejects=tmp_path / "rejects.csv")
    assert read.table.stream == "payment"
    assert read.table.table["event_id"].to_pylist() == ["TX-1"]
    assert (read.rows, read.rejected) == (3, 2)
    assert [(one.line, one.field) for one in read.problems] == [
        (4, "event_id"),
        (5, "currency"),
        (5, "amount"),
    ]
    assert len((tmp_path / "rejects.csv").read_text().splitlines()) == 4
    with pytest.raises(UnreadableFile, match="holds the stream 'payment', not 'access'"):
        read_events(path, stream="access")
