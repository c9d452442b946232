"""Examples and raw bodies for the OpenAPI document; the numbers belong to nobody."""

from __future__ import annotations

from typing import Any

from serving.api.callers import SECURITY
from serving.api.hurry import PARAMETERS

PAYMENT = {
    "event_id": "p-20260501-000123",
    "time": "2026-05-01T09:30:00Z",
    "currency": "EUR",
    "amount": "1250.00",
    "debtor_account": "BE71096123456769",
    "debtor_name": "Ada Example",
    "creditor_account": "GB33BUKB20201555555555",
    "creditor_name": "Example Trading Ltd",
    "customer_id": "customer-17",
    "channel": "mobile",
    "device_id": "device-4",
    "ip_address": "192.0.2.17",
}
ACCESS_EVENT = {
    "event_id": "a-20260501-000456",
    "time": "2026-05-01T09:28:00Z",
    "user_id": "customer-17",
    "action": "login",
    "outcome": "success",
    "ip_address": "198.51.100.23",
    "device_id": "device-4",
    "mfa_method": "push",
}
LABEL = {
    "stream": "payment",
    "event_id": "p-20260501-000123",
    "is_fraud": True,
    "typology": "account_takeover",
    "subject_role": "victim",
    "known_at": "2026-05-03T14:00:00Z",
    "source": "chargeback",
}
STATUS = {
    "event_id": "return-20260503-7",
    "time": "2026-05-03T14:00:00Z",
    "payment_event_id": "p-20260501-000123",
    "status": "returned",
    "reason": "AC04",
    "currency": "EUR",
    "amount": "1250.00",
}
PACS008 = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"><FIToFICstmrCdtTrf>
<GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-05-01T09:30:00Z</CreDtTm><NbOfTxs>1</NbOfTxs>
<SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>
<CdtTrfTxInf><PmtId><EndToEndId>E-1</EndToEndId><TxId>T-1</TxId></PmtId>
<IntrBkSttlmAmt Ccy="EUR">1250.00</IntrBkSttlmAmt><ChrgBr>SLEV</ChrgBr>
<Dbtr><Nm>Ada Example</Nm></Dbtr><DbtrAcct><Id><IBAN>BE71096123456769</IBAN></Id></DbtrAcct>
<DbtrAgt><FinInstnId/></DbtrAgt><CdtrAgt><FinInstnId/></CdtrAgt>
<Cdtr><Nm>Example Trading Ltd</Nm></Cdtr>
<CdtrAcct><Id><IBAN>GB33BUKB20201555555555</IBAN></Id></CdtrAcct></CdtTrfTxInf>
</FIToFICstmrCdtTrf></Document>
"""


PACS004 = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09"><PmtRtr>
<GrpHdr><MsgId>R-1</MsgId><CreDtTm>2026-05-03T14:00:00Z</CreDtTm><NbOfTxs>1</NbOfTxs>
<SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>
<TxInf><RtrId>R-1-1</RtrId><OrgnlEndToEndId>E-1</OrgnlEndToEndId><OrgnlTxId>T-1</OrgnlTxId>
<RtrdIntrBkSttlmAmt Ccy="EUR">1250.00</RtrdIntrBkSttlmAmt>
<RtrRsnInf><Rsn><Cd>AC04</Cd></Rsn></RtrRsnInf></TxInf></PmtRtr></Document>
"""


def body(schema: str, example: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI entry of a JSON body that the route reads itself."""
    return _raw("application/json", {"$ref": f"#/components/schemas/{schema}"}, example)


def xml_body(message: str = PACS008) -> dict[str, Any]:
    """Return the OpenAPI entry of an ISO 20022 message."""
    return _raw("application/xml", {"type": "string"}, message)


def _raw(kind: str, schema: dict[str, str], example: Any) -> dict[str, Any]:
    content = {kind: {"schema": schema, "example": example}}
    return {"security": SECURITY, "requestBody": {"required": True, "content": content}}


def timed(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI entry of a body whose caller may send a deadline."""
    return {**entry, "parameters": PARAMETERS}
