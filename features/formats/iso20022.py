"""ISO 20022 customer credit transfers (pacs.008.001.08 and later) as payments.

The paths below are the field map; an element that the schema of a payment has no place for is not
read. The message is not validated against its XSD: what matters is checked by the payment itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from lxml import etree

from features.errors import InvalidEvent, Problem, UnreadableFile
from features.events import Payment, parse
from features.reference import COUNTRIES

Element: TypeAlias = etree._Element
OLDEST_VERSION = 8
_NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:pacs\.008\.001\.(\d\d)")
_NOT_PROVIDED = "NOTPROVIDED"
_LONGEST_TEXT = 1024
_SCHEMES = {"BBAN": "BBAN", "CARD": "CARD", "WALLET": "WALLET", "MERCHANT": "MERCHANT"}

_IDENTIFIERS = ("PmtId/UETR", "PmtId/TxId", "PmtId/EndToEndId")
_AMOUNTS = ("InstdAmt", "IntrBkSttlmAmt")
_AGENTS_BETWEEN = (
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
    "Id/OrgId/Othr/Id",
    "Id/PrvtId/Othr/Id",
)
_ADDRESS = ("StrtNm", "BldgNb", "BldgNm", "PstBx", "PstCd", "TwnNm", "CtrySubDvsn", "Ctry")


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
    version .08 or later.
    """
    message_id: str | None = None
    found: list[Transaction] = []
    for document in _documents(_parse_xml(data)):
        body = document.find(_in(document, "FIToFICstmrCdtTrf"))
        if body is None:
            raise UnreadableFile("the pacs.008 Document holds no FIToFICstmrCdtTrf element")
        message_id = message_id or _text(body, "GrpHdr/MsgId")
        created = _text(body, "GrpHdr/CreDtTm")
        for element in body.findall(_in(document, "CdtTrfTxInf")):
            found.append(_transaction(len(found) + 1, element, created, time_zone, now))
    if not found:
        raise UnreadableFile("the pacs.008 message holds no CdtTrfTxInf: no transaction to read")
    return IsoRead(message_id, tuple(found))


def _parse_xml(data: bytes) -> Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        # Else text would end at the first comment inside it.
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableFile(f"not well-formed XML: {error.msg}") from None
    except ValueError as error:
        raise UnreadableFile(f"not readable as XML: {error}") from None
    if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableFile(
            "the message has a document type definition (DOCTYPE), which is refused: leave it out"
        )
    return root


def _documents(root: Element) -> Iterator[Element]:
    seen = False
    for element in root.iter("{*}Document"):
        namespace = etree.QName(element).namespace or ""
        version = _NAMESPACE.fullmatch(namespace)
        if version is None:
            continue
        if int(version[1]) < OLDEST_VERSION:
            raise UnreadableFile(
                f"the message is {namespace.rsplit(':', 1)[1]}: send pacs.008.001.08 or later"
            )
        seen = True
        yield element
    if not seen:
        name = etree.QName(root)
        raise UnreadableFile(
            f"no pacs.008 message: the root is {name.localname} of namespace"
            f" {name.namespace or '(none)'}; expected Document of"
            " urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08 or later"
        )


def _transaction(
    number: int, element: Element, created: str | None, zone: str | None, now: datetime | None
) -> Transaction:
    reference = next(
        (text for path in _IDENTIFIERS if (text := _text(element, path)) and text != _NOT_PROVIDED),
        None,
    )
    line = int(element.sourceline or 0)
    given = _payment(element, reference)
    time, problem = _time(element, created, zone)
    if time is not None:
        given["time"] = time
    try:
        payment = parse(Payment, given, now)
    except InvalidEvent as error:
        problems = [one for one in error.problems if problem is None or one.field != "time"]
        return Transaction(
            number, line, reference, None, (*problems, *([problem] if problem else []))
        )
    return Transaction(number, line, reference, payment)


def _time(
    element: Element, created: str | None, zone: str | None
) -> tuple[datetime | str | None, Problem | None]:
    accepted = _text(element, "AccptncDtTm")
    text, name = (accepted, "AccptncDtTm") if accepted else (created, "GrpHdr/CreDtTm")
    if text is None:
        return None, Problem("time", "", "neither AccptncDtTm nor GrpHdr/CreDtTm", "send one")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return text, None
    if time.tzinfo is not None:
        return text, None
    if zone is None:
        fix = f"send {name} with its offset, such as {text}+01:00, or say which zone it is in"
        return None, Problem("time", text, f"{name} has no time zone", fix)
    return time.replace(tzinfo=ZoneInfo(zone)), None


def _payment(element: Element, reference: str | None) -> dict[str, Any]:
    """Return the fields of a payment that one CdtTrfTxInf holds, its time excepted."""
    given: dict[str, Any] = {"event_id": reference, "uetr": _text(element, "PmtId/UETR")}
    end_to_end = _text(element, "PmtId/EndToEndId")
    given["end_to_end_id"] = None if end_to_end == _NOT_PROVIDED else end_to_end
    for path in _AMOUNTS:
        amount = element.find(_in(element, path))
        if amount is not None:
            given["amount"] = (amount.text or "").strip()
            given["currency"] = amount.get("Ccy")
            break
    for party, name in (("debtor", "Dbtr"), ("creditor", "Cdtr")):
        given |= _party(element, party, name)
        given |= _ultimate(element, f"ultimate_{party}", f"Ultmt{name}")
    between = (_text(element, f"{agent}/FinInstnId/BICFI") for agent in _AGENTS_BETWEEN)
    given["intermediary_agents"] = [bic for bic in between if bic]
    given["purpose"] = _text(element, "Purp/Cd")
    given["remittance_text"] = " ".join(_texts(element, "RmtInf/Ustrd")) or None
    for name in ("remittance_text", "debtor_address", "creditor_address"):
        if given[name] and len(given[name]) > _LONGEST_TEXT:
            given[name], given["truncated"] = given[name][:_LONGEST_TEXT].rstrip(), True
    return {name: value for name, value in given.items() if value is not None}


def _party(element: Element, party: str, name: str) -> dict[str, Any]:
    number, scheme = _account(element, f"{name}Acct")
    agent = f"{name}Agt/FinInstnId"
    bic = _text(element, f"{agent}/BICFI")
    return {
        f"{party}_account": number,
        f"{party}_account_scheme": scheme,
        f"{party}_agent": bic,
        f"{party}_agent_country": None if bic else _agent_country(element, agent),
        f"{party}_name": _text(element, f"{name}/Nm"),
        f"{party}_country": _first(element, [f"{name}/{path}" for path in _PARTY_COUNTRY]),
        f"{party}_address": _address(element, f"{name}/PstlAdr"),
    }


def _ultimate(element: Element, party: str, name: str) -> dict[str, Any]:
    return {
        f"{party}_name": _text(element, f"{name}/Nm"),
        f"{party}_country": _first(element, [f"{name}/{path}" for path in _PARTY_COUNTRY]),
        f"{party}_account": _first(element, [f"{name}/{path}" for path in _PARTY_IDENTIFIER]),
    }


def _account(element: Element, account: str) -> tuple[str | None, str | None]:
    """Return an account's number and scheme; an alias stands in when there is no number."""
    if iban := _text(element, f"{account}/Id/IBAN"):
        return iban, "IBAN"
    if number := _text(element, f"{account}/Id/Othr/Id"):
        named = _first(
            element,
            [f"{account}/Id/Othr/SchmeNm/Cd", f"{account}/Id/Othr/SchmeNm/Prtry"],
        )
        # Without a scheme's name the payment itself tells an IBAN by its shape.
        return number, _SCHEMES.get(named.upper(), "OTHER") if named else None
    alias = _text(element, f"{account}/Prxy/Id")
    return alias, "OTHER" if alias else None


def _agent_country(element: Element, agent: str) -> str | None:
    """Return a bank's country from its address, else from its clearing system (USABA, GBDSC…)."""
    if country := _text(element, f"{agent}/PstlAdr/Ctry"):
        return country
    clearing = _text(element, f"{agent}/ClrSysMmbId/ClrSysId/Cd") or ""
    return clearing[:2] if clearing[:2] in COUNTRIES else None


def _address(element: Element, address: str) -> str | None:
    lines = _texts(element, f"{address}/AdrLine")
    parts = [text for part in _ADDRESS if (text := _text(element, f"{address}/{part}"))]
    return ", ".join([*lines, *parts]) or None


def _first(element: Element, paths: list[str]) -> str | None:
    return next((text for path in paths if (text := _text(element, path))), None)


def _text(element: Element, path: str) -> str | None:
    return next(iter(_texts(element, path)), None)


def _texts(element: Element, path: str) -> list[str]:
    """Return the non-empty texts at a path, runs of white space as one blank."""
    found = (" ".join((one.text or "").split()) for one in element.findall(_in(element, path)))
    return [text for text in found if text]


def _in(element: Element, path: str) -> str:
    return _qualified(etree.QName(element).namespace or "", path)


@lru_cache(maxsize=1024)
def _qualified(namespace: str, path: str) -> str:
    return "/".join(f"{{{namespace}}}{step}" for step in path.split("/"))
