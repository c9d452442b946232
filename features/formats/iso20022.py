"""ISO 20022 customer credit transfers (pacs.008.001.02 and later) as payments.

The paths below are the field map, with the older versions' names beside the later ones'; an element
that the schema of a payment has no place for is not read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from features.errors import InvalidEvent, Problem, UnreadableFile
from features.events import Payment, parse
from features.formats.iso_xml import (
    Element,
    Message,
    amount_at,
    chosen,
    every,
    first,
    provided,
    read_messages,
    text_at,
    texts_at,
    zoned,
)
from features.reference import COUNTRIES

PAYMENT_MESSAGE = "pacs.008"
_OLDEST = {PAYMENT_MESSAGE: 2}
_LONGEST_TEXT = 1024
_SCHEMES = {"BBAN": "BBAN", "CARD": "CARD", "WALLET": "WALLET", "MERCHANT": "MERCHANT"}

_IDENTIFIERS = ("PmtId/UETR", "PmtId/TxId", "PmtId/EndToEndId")
_AMOUNTS = ("InstdAmt", "IntrBkSttlmAmt")
# Since version .08; until then the event is named by its other identifications.
_UETR = "PmtId/UETR"
_ACCEPTED = ("AccptncDtTm", "AddtlDtTm/AccptncDtTm")
_AGENTS_BETWEEN = (
    "PrvsInstgAgt",
    "PrvsInstgAgt1",
    "PrvsInstgAgt2",
    "PrvsInstgAgt3",
    "IntrmyAgt1",
    "IntrmyAgt2",
    "IntrmyAgt3",
)
_PARTY_COUNTRY = ("CtryOfRes", "PstlAdr/Ctry")
_PARTY_IDENTIFIER = (
    "Id/OrgId/LEI",
    "Id/OrgId/AnyBIC",
    "Id/OrgId/BICOrBEI",
    "Id/OrgId/Othr/Id",
    "Id/PrvtId/Othr/Id",
)
_ADDRESS = (
    "CareOf",
    "Dept",
    "SubDept",
    "StrtNm",
    "BldgNb",
    "BldgNm",
    "Flr",
    "UnitNb",
    "PstBx",
    "Room",
    "PstCd",
    "TwnNm",
    "TwnLctnNm",
    "DstrctNm",
    "CtrySubDvsn",
    "Ctry",
)


@dataclass(frozen=True)
class Transaction:
    """One credit transfer of a message: the payment, or everything that is wrong with it.

    `number` counts from 1 within the message and `line` is where it begins; `reference` is the
    first of UETR, transaction and end-to-end identification that it has.
    """

    number: int
    line: int
    reference: str | None
    payment: Payment | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class IsoRead:
    """What came out of one message, in its order."""

    message_id: str | None
    transactions: tuple[Transaction, ...]

    @property
    def payments(self) -> list[Payment]:
        """The valid payments."""
        return [one.payment for one in self.transactions if one.payment is not None]

    @property
    def refused(self) -> list[Transaction]:
        """The transactions that are no valid payment; each says why."""
        return [one for one in self.transactions if one.payment is None]


def read_pacs008(data: bytes, time_zone: str | None = None, now: datetime | None = None) -> IsoRead:
    """Read every credit transfer of a pacs.008 message, bare or in an envelope.

    A time without zone is read in `time_zone` when that is given, and is a problem of its
    transaction otherwise. With `now` (aware) a time after it is refused. Raises UnreadableFile when
    the message is not well-formed XML, has a document type definition, or is no pacs.008 of
    version .02 or later.
    """
    return transfers(read_messages(data), time_zone, now)


def transfers(
    messages: list[Message], time_zone: str | None = None, now: datetime | None = None
) -> IsoRead:
    """Read every credit transfer of messages taken apart already; see `read_pacs008`."""
    message_id: str | None = None
    found: list[Transaction] = []
    for message in chosen(messages, _OLDEST):
        bodies = every(message.document, "FIToFICstmrCdtTrf")
        if not bodies:
            raise UnreadableFile("the pacs.008 Document holds no FIToFICstmrCdtTrf element")
        message_id = message_id or text_at(bodies[0], "GrpHdr/MsgId")
        created = text_at(bodies[0], "GrpHdr/CreDtTm")
        for element in every(bodies[0], "CdtTrfTxInf"):
            found.append(_transaction(len(found) + 1, element, created, time_zone, now))
    if not found:
        raise UnreadableFile("the pacs.008 message holds no CdtTrfTxInf: no transaction to read")
    return IsoRead(message_id, tuple(found))


def _transaction(
    number: int, element: Element, created: str | None, zone: str | None, now: datetime | None
) -> Transaction:
    reference = provided(element, _IDENTIFIERS)
    line = int(element.sourceline or 0)
    given = _payment(element, reference)
    accepted = first(element, _ACCEPTED)
    name = "AccptncDtTm" if accepted else "GrpHdr/CreDtTm"
    given["time"], problem = zoned(accepted or created, name, zone)
    try:
        payment = parse(Payment, given, now)
    except InvalidEvent as error:
        problems = [one for one in error.problems if problem is None or one.field != "time"]
        return Transaction(
            number, line, reference, None, (*problems, *([problem] if problem else []))
        )
    return Transaction(number, line, reference, payment)


def _payment(element: Element, reference: str | None) -> dict[str, Any]:
    """Return the fields of a payment that one CdtTrfTxInf holds, its time excepted."""
    given: dict[str, Any] = {"event_id": reference, "uetr": text_at(element, _UETR)}
    given["end_to_end_id"] = provided(element, ["PmtId/EndToEndId"])
    given["amount"], given["currency"] = amount_at(element, _AMOUNTS)
    for party, name in (("debtor", "Dbtr"), ("creditor", "Cdtr")):
        given |= _party(element, party, name)
        given |= _ultimate(element, f"ultimate_{party}", f"Ultmt{name}")
    between = (_bic(element, f"{agent}/FinInstnId") for agent in _AGENTS_BETWEEN)
    given["intermediary_agents"] = [bic for bic in between if bic]
    given["purpose"] = text_at(element, "Purp/Cd")
    given["remittance_text"] = " ".join(texts_at(element, "RmtInf/Ustrd")) or None
    for name in ("remittance_text", "debtor_address", "creditor_address"):
        if given[name] and len(given[name]) > _LONGEST_TEXT:
            given[name], given["truncated"] = given[name][:_LONGEST_TEXT].rstrip(), True
    return {name: value for name, value in given.items() if value is not None}


def _party(element: Element, party: str, name: str) -> dict[str, Any]:
    number, scheme = _account(element, f"{name}Acct")
    agent = f"{name}Agt/FinInstnId"
    bic = _bic(element, agent)
    return {
        f"{party}_account": number,
        f"{party}_account_scheme": scheme,
        f"{party}_agent": bic,
        f"{party}_agent_country": None if bic else _agent_country(element, agent),
        f"{party}_name": text_at(element, f"{name}/Nm"),
        f"{party}_country": first(element, [f"{name}/{path}" for path in _PARTY_COUNTRY]),
        f"{party}_address": _address(element, f"{name}/PstlAdr"),
    }


def _bic(element: Element, agent: str) -> str | None:
    return first(element, (f"{agent}/BICFI", f"{agent}/BIC"))


def _ultimate(element: Element, party: str, name: str) -> dict[str, Any]:
    return {
        f"{party}_name": text_at(element, f"{name}/Nm"),
        f"{party}_country": first(element, [f"{name}/{path}" for path in _PARTY_COUNTRY]),
        f"{party}_account": first(element, [f"{name}/{path}" for path in _PARTY_IDENTIFIER]),
    }


def _account(element: Element, account: str) -> tuple[str | None, str | None]:
    """Return an account's number and scheme; an alias stands in when there is no number."""
    if iban := text_at(element, f"{account}/Id/IBAN"):
        return iban, "IBAN"
    if number := text_at(element, f"{account}/Id/Othr/Id"):
        named = first(
            element,
            [f"{account}/Id/Othr/SchmeNm/Cd", f"{account}/Id/Othr/SchmeNm/Prtry"],
        )
        # Without a scheme's name the payment itself tells an IBAN by its shape.
        return number, _SCHEMES.get(named.upper(), "OTHER") if named else None
    alias = text_at(element, f"{account}/Prxy/Id")
    return alias, "OTHER" if alias else None


def _agent_country(element: Element, agent: str) -> str | None:
    """Return a bank's country from its address, else from its clearing system (USABA, GBDSC…)."""
    if country := text_at(element, f"{agent}/PstlAdr/Ctry"):
        return country
    clearing = text_at(element, f"{agent}/ClrSysMmbId/ClrSysId/Cd") or ""
    return clearing[:2] if clearing[:2] in COUNTRIES else None


def _address(element: Element, address: str) -> str | None:
    lines = texts_at(element, f"{address}/AdrLine")
    parts = [text for part in _ADDRESS if (text := text_at(element, f"{address}/{part}"))]
    return ", ".join([*lines, *parts]) or None
