"""Drafts that ask for money back: camt.056.001.08, and a letter to stop a payment.

Drafts are for a person to check and send: Crossflag sends nothing by itself.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from lxml import etree

from features.events import Payment

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.056.001.08"
_LONGEST_ID = 35
_LONGEST_LINE = 105


def camt056(payment: Payment, case_id: str, at: datetime) -> bytes:
    """Return the request to cancel one payment as fraud (reason FRAD), as XML."""
    document = etree.Element("Document", nsmap={None: NAMESPACE})
    body = _add(document, "FIToFIPmtCxlReq")
    identity = _identity(f"{case_id}:{payment.event_id}")
    assignment = _add(body, "Assgnmt")
    _add(assignment, "Id", identity)
    _agent(_add(assignment, "Assgnr"), payment.debtor_agent)
    _agent(_add(assignment, "Assgne"), payment.creditor_agent)
    _add(assignment, "CreDtTm", at.isoformat(timespec="seconds"))
    _add(_add(body, "CtrlData"), "NbOfTxs", "1")
    item = _add(_add(body, "Undrlyg"), "TxInf")
    _add(item, "CxlId", identity)
    group = _add(item, "OrgnlGrpInf")
    _add(group, "OrgnlMsgId", _identity(payment.event_id))
    _add(group, "OrgnlMsgNmId", "pacs.008")
    if payment.end_to_end_id:
        _add(item, "OrgnlEndToEndId", _identity(payment.end_to_end_id))
    _add(item, "OrgnlTxId", _identity(payment.event_id))
    if payment.uetr:
        _add(item, "OrgnlUETR", payment.uetr)
    _add(item, "OrgnlIntrBkSttlmAmt", f"{payment.amount:f}").set("Ccy", payment.currency)
    _add(item, "OrgnlIntrBkSttlmDt", payment.time.date().isoformat())
    reason = _add(item, "CxlRsnInf")
    _add(_add(reason, "Rsn"), "Cd", "FRAD")
    said = f"Fraud confirmed by review, case {case_id}. Please freeze what is left and return it."
    _add(reason, "AddtlInf", said[:_LONGEST_LINE])
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def stop_payment(payment: Payment, case_id: str, office: str, at: datetime) -> str:
    """Return a letter that asks the payee's bank to stop a payment and keep what is left."""
    to = payment.creditor_agent or "the payee's bank"
    name = _one_line(payment.creditor_name or "not known")
    lines = [
        f"To: {to}",
        f"From: {office}",
        f"Date: {at:%Y-%m-%d %H:%M} UTC",
        f"Our reference: {case_id}",
        "",
        "STOP PAYMENT: fraud confirmed by review",
        "",
        "Please stop the payment below, keep what is left of it on the payee's account,",
        "and answer with the amount that you hold.",
        "",
        f"  Amount       {payment.amount:f} {payment.currency}",
        f"  Date         {payment.time:%Y-%m-%d %H:%M} UTC",
        f"  Reference    {_one_line(payment.end_to_end_id or payment.event_id)}",
        f"  UETR         {payment.uetr or 'none'}",
        f"  From account {_one_line(payment.debtor_account)}",
        f"  To account   {_one_line(payment.creditor_account)}",
        f"  Payee        {name}",
        "",
        "The formal request for cancellation (camt.056, reason FRAD) follows by the usual channel.",
    ]
    return "\n".join(lines) + "\n"


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, name)
    child.text = text
    return child


def _agent(parent: etree._Element, bic: str | None) -> None:
    institution = _add(_add(parent, "Agt"), "FinInstnId")
    if bic:
        _add(institution, "BICFI", bic)
    else:
        _add(institution, "Nm", "to be completed")


def _identity(text: str) -> str:
    """Return an identifier of at most 35 characters; longer ones by a hash."""
    if len(text) <= _LONGEST_ID:
        return text
    return hashlib.sha256(text.encode()).hexdigest()[:_LONGEST_ID]


def _one_line(text: str) -> str:
    """Return a text without what would break or forge a line of the letter."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
