"""ISO 20022 messages about earlier payments, as payment statuses.

Read are status reports (pacs.002), returns (pacs.004), recalls (camt.056) and their answers
(camt.029), and cover payments (pacs.009 with an underlying customer transfer). What tells nothing
of a customer's payment yet, or is about another kind of message, is counted by kind and skipped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from features.errors import InvalidEvent, Problem, UnreadableFile
from features.events import PaymentStatus, parse
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
    zoned,
)

OLDEST = {"pacs.002": 3, "pacs.004": 2, "camt.056": 1, "camt.029": 3, "pacs.009": 2}
STATUS_MESSAGES = frozenset(OLDEST)
_ACCEPTED = ("ACCP", "ACTC", "ACSP", "ACWC", "ACWP", "ACFC", "PATC", "ACPT", "ACPD")
_REPORTED = {
    **dict.fromkeys(_ACCEPTED, "accepted"),
    "ACSC": "settled",
    "ACCC": "settled",
    "RJCT": "rejected",
    "CANC": "recall_accepted",
}
_ANSWERED = {
    "ACCR": "recall_accepted",
    "CNCL": "recall_accepted",
    "RJCR": "recall_refused",
}
_UNDECIDED = ("RCVD", "PDNG", "PART", "BLCK", "PDCR", "PECR", "PTNR", "UWFW", "INFO")
# Of the messages that carry customers' payments; the status of another is not of a payment here.
_ORIGINALS = ("pacs.008", "pain.001", "MT103", "103")


@dataclass(frozen=True)
class StatusItem:
    """What a message says of one payment, or everything that is wrong with that.

    `number` counts from 1 within the file and `line` is where it begins.
    """

    number: int
    line: int
    status: PaymentStatus | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class StatusRead:
    """What came out of some messages, in their order, and what was skipped, by kind."""

    items: tuple[StatusItem, ...]
    skipped: Counter[str]

    @property
    def statuses(self) -> list[PaymentStatus]:
        """The valid statuses."""
        return [one.status for one in self.items if one.status is not None]

    @property
    def refused(self) -> list[StatusItem]:
        """What is no valid status; each says why."""
        return [one for one in self.items if one.status is None]


@dataclass(frozen=True)
class _Part:
    """One message's word on one payment: where to look things up, and what holds for all."""

    element: Element
    paths: _Paths
    message_id: str
    created: str | None
    code: str | None = None
    reason: str | None = None
    original: str | None = None


@dataclass(frozen=True)
class _Paths:
    """Where a kind of message keeps things, below the element of one payment."""

    body: tuple[str, ...]
    items: tuple[str, ...]
    message_id: str = "GrpHdr/MsgId"
    created: str = "GrpHdr/CreDtTm"
    own_id: tuple[str, ...] = ()
    code: str = ""
    reason: str = ""
    amounts: tuple[str, ...] = ()
    group: str = ""
    group_code: str = ""
    group_reason: str = ""
    uetr: tuple[str, ...] = ("OrgnlUETR",)
    end_to_end: tuple[str, ...] = ("OrgnlEndToEndId",)
    transaction: str = "OrgnlTxId"


_PATHS = {
    "pacs.002": _Paths(
        body=("FIToFIPmtStsRpt",),
        items=("TxInfAndSts",),
        own_id=("StsId",),
        code="TxSts",
        reason="StsRsnInf/Rsn/Cd",
        amounts=("OrgnlTxRef/Amt/InstdAmt", "OrgnlTxRef/IntrBkSttlmAmt"),
        group="OrgnlGrpInfAndSts",
        group_code="OrgnlGrpInfAndSts/GrpSts",
        group_reason="OrgnlGrpInfAndSts/StsRsnInf/Rsn/Cd",
    ),
    "pacs.004": _Paths(
        body=("PmtRtr",),
        items=("TxInf",),
        own_id=("RtrId",),
        reason="RtrRsnInf/Rsn/Cd",
        amounts=("RtrdInstdAmt", "RtrdIntrBkSttlmAmt"),
        group="OrgnlGrpInf",
        group_reason="OrgnlGrpInf/RtrRsnInf/Rsn/Cd",
    ),
    "camt.056": _Paths(
        body=("FIToFIPmtCxlReq",),
        items=("Undrlyg/TxInf",),
        message_id="Assgnmt/Id",
        created="Assgnmt/CreDtTm",
        own_id=("CxlId",),
        reason="CxlRsnInf/Rsn/Cd",
        amounts=("OrgnlIntrBkSttlmAmt",),
        group="Undrlyg/OrgnlGrpInfAndCxl",
        group_reason="Undrlyg/OrgnlGrpInfAndCxl/CxlRsnInf/Rsn/Cd",
    ),
    "camt.029": _Paths(
        body=("RsltnOfInvstgtn",),
        items=("CxlDtls/TxInfAndSts", "CxlDtls/OrgnlPmtInfAndSts/TxInfAndSts"),
        message_id="Assgnmt/Id",
        created="Assgnmt/CreDtTm",
        own_id=("CxlStsId",),
        code="TxCxlSts",
        reason="CxlStsRsnInf/Rsn/Cd",
        amounts=("OrgnlIntrBkSttlmAmt", "OrgnlInstdAmt"),
        group="CxlDtls/OrgnlGrpInfAndSts",
        group_code="Sts/Conf",
        uetr=("OrgnlUETR", "UETR"),
    ),
    "pacs.009": _Paths(
        body=("FICdtTrf", "FinInstnCdtTrf"),
        items=("CdtTrfTxInf",),
        own_id=("PmtId/TxId", "PmtId/InstrId"),
        amounts=("IntrBkSttlmAmt",),
        uetr=("UndrlygCstmrCdtTrf/PmtId/UETR", "PmtId/UETR"),
        end_to_end=("UndrlygCstmrCdtTrf/PmtId/EndToEndId", "PmtId/EndToEndId"),
        transaction="UndrlygCstmrCdtTrf/PmtId/TxId",
    ),
}
_WITHOUT_CODE = {"pacs.004": "returned", "camt.056": "recall_requested", "pacs.009": "cover"}


def read_statuses(
    data: bytes, time_zone: str | None = None, now: datetime | None = None
) -> StatusRead:
    """Read what messages say of earlier payments; one file may hold several kinds.

    The time of a status is its message's creation; one without zone is read in `time_zone` when
    that is given, and is a problem otherwise. With `now` (aware) a time after it is refused.
    Raises UnreadableFile when this is no well-formed XML or none of the messages read here.
    """
    return statuses_of(read_messages(data), time_zone, now)


def statuses_of(
    messages: list[Message], time_zone: str | None = None, now: datetime | None = None
) -> StatusRead:
    """Read statuses of messages taken apart already; see `read_statuses`."""
    items: list[StatusItem] = []
    skipped: Counter[str] = Counter()
    for message in chosen(messages, OLDEST):
        for number, part in enumerate(_parts(message), start=1):
            kind = _tells_nothing(part)
            if kind is not None:
                skipped[kind] += 1
                continue
            status, problems = _status(message, part, number, time_zone, now)
            line = int(part.element.sourceline or 0)
            items.append(StatusItem(len(items) + 1, line, status, tuple(problems)))
    return StatusRead(tuple(items), skipped)


def _parts(message: Message) -> Iterator[_Part]:
    paths = _PATHS[message.name]
    bodies = [found for name in paths.body for found in every(message.document, name)]
    if not bodies:
        raise UnreadableFile(f"the {message.name} Document holds no {paths.body[0]} element")
    for body in bodies:
        group = paths.group
        shared = {
            "message_id": text_at(body, paths.message_id) or "",
            "created": text_at(body, paths.created),
            "code": text_at(body, paths.group_code) if paths.group_code else None,
            "reason": text_at(body, paths.group_reason) if paths.group_reason else None,
            "original": text_at(body, f"{group}/OrgnlMsgNmId") if group else None,
        }
        elements = [found for path in paths.items for found in every(body, path)]
        # A word on a whole message names no payment; it stands as one item, to be refused.
        for element in elements or [body]:
            yield _Part(element, paths, **shared)  # type: ignore[arg-type]


def _code(part: _Part) -> str | None:
    own = text_at(part.element, part.paths.code) if part.paths.code else None
    return own or part.code


def _tells_nothing(part: _Part) -> str | None:
    """Return why a part is no status of a payment, None when it claims to be one."""
    original = text_at(part.element, "OrgnlGrpInf/OrgnlMsgNmId") or part.original
    if original and not original.startswith(_ORIGINALS):
        return f"about {original[:8]}"
    code = _code(part)
    return f"undecided ({code})" if code in _UNDECIDED else None


def _status(
    message: Message, part: _Part, number: int, zone: str | None, now: datetime | None
) -> tuple[PaymentStatus | None, list[Problem]]:
    element, paths = part.element, part.paths
    amount, currency = amount_at(element, paths.amounts)
    time, problem = zoned(part.created, paths.created, zone)
    own = first(element, paths.own_id) or str(number)
    uetr = first(element, paths.uetr)
    given: dict[str, Any] = {
        "event_id": f"{message.name}:{part.message_id}:{own}",
        "time": time,
        "payment_event_id": provided(element, [paths.transaction]),
        "uetr": uetr.lower() if uetr else None,
        "end_to_end_id": provided(element, paths.end_to_end),
        "status": _WITHOUT_CODE.get(message.name),
        "reason": (text_at(element, paths.reason) if paths.reason else None) or part.reason,
        "amount": amount,
        "currency": currency,
    }
    wrong = [problem] if problem else []
    if not part.message_id:
        fix = "send the message's own identification"
        wrong.append(Problem(paths.message_id, "", "missing", fix))
    if message.name == "pacs.009" and not every(element, "UndrlygCstmrCdtTrf"):
        fix = "send the customers' pacs.008; a transfer between banks is no customer's payment"
        told = "a pacs.009 without an underlying customer transfer covers no payment"
        return None, [Problem("UndrlygCstmrCdtTrf", "", told, fix), *wrong]
    if paths.code:
        code = _code(part)
        given["status"] = {**_REPORTED, **_ANSWERED}.get(code or "")
        if given["status"] is None:
            known = ", ".join(_REPORTED if message.name == "pacs.002" else _ANSWERED)
            wrong.append(Problem(paths.code, code or "", "no status known here", f"send {known}"))
    said = {"status", *(["time"] if problem else [])}
    if not (given["uetr"] or given["payment_event_id"] or given["end_to_end_id"]):
        said.add("event")
        fix = "send OrgnlUETR, OrgnlTxId or OrgnlEndToEndId of each payment"
        wrong.append(Problem(paths.uetr[0], "", "nothing says which payment this is about", fix))
    try:
        status = parse(PaymentStatus, {k: v for k, v in given.items() if v is not None}, now)
    except InvalidEvent as error:
        # What is told above in the message's own words is not told again.
        wrong += [one for one in error.problems if one.field not in said]
        return None, wrong
    return (None, wrong) if wrong else (status, [])
