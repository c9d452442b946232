"""One door to every format: which reader a file needs, told by its content and its name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from features.errors import Problem, UnreadableFile
from features.events import MODELS, Payment, PaymentStatus
from features.formats.chunks import PARQUET_MAGIC, column_names
from features.formats.iso20022 import PAYMENT_MESSAGE, transfers
from features.formats.iso_status import STATUS_MESSAGES, statuses_of
from features.formats.iso_xml import Message, read_messages
from features.formats.mapping import Mapping
from features.formats.ocsf import looks_like_json, read_ocsf
from features.formats.rejects import Read, RejectLog
from features.formats.sshd import looks_like_syslog, read_sshd
from features.formats.tabular import read_tabular
from features.table import from_events

_HEAD_BYTES = 8192
_TELLING = {
    "label": {"is_fraud", "known_at"},
    "payment": {"debtor_account", "creditor_account"},
    "access": {"user_id", "action"},
    "payment_status": {"event_id", "time", "status"},
}


def read_events(
    path: Path,
    stream: str | None = None,
    mapping: Mapping | None = None,
    rejects: Path | None = None,
    year: int | None = None,
    time_zone: str | None = None,
    now: datetime | None = None,
) -> Read:
    """Read a file of events: Parquet, CSV, ISO 20022 XML, OCSF JSON lines or an sshd log.

    `stream` is needed only for a table whose columns do not tell it. `year` is for logs without
    one, `time_zone` for times without one (of a table, the mapping says it). Raises UnreadableFile
    when the file is none of these or holds another stream, BadMapping when its columns do not fit.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise UnreadableFile(f"cannot read {path}: {error}") from error
    kind = _kind(path, head)
    if kind == "xml":
        return _read_xml(path, stream, rejects, time_zone, now)
    if kind == "ocsf":
        _expect(stream, "access", path)
        return read_ocsf(path, rejects, now)
    if kind == "sshd":
        _expect(stream, "access", path)
        return read_sshd(path, year, time_zone or "UTC", rejects)
    stream = stream or (mapping.stream if mapping else None) or _stream_of(path)
    if stream not in MODELS:
        raise UnreadableFile(f"no stream {stream!r}: use one of {', '.join(MODELS)}")
    return read_tabular(path, stream, mapping, rejects, now)


def _kind(path: Path, head: bytes) -> str:
    if head.startswith(PARQUET_MAGIC):
        return "table"
    if not head.strip():
        raise UnreadableFile(f"{path} is empty")
    if path.suffix.lower() == ".xml" or head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(
        b"<?"
    ):
        return "xml"
    if b"\0" in head:
        raise UnreadableFile(
            f"{path} is none of the formats read here: Parquet, CSV, ISO 20022 XML, OCSF JSON,"
            " an sshd log"
        )
    if looks_like_json(head):
        return "ocsf"
    lines = head.decode("utf-8", "replace").splitlines()[:5]
    if path.suffix.lower() == ".log" or any(looks_like_syslog(line) for line in lines):
        return "sshd"
    return "table"


def _expect(stream: str | None, found: str, path: Path) -> None:
    if stream not in (None, found):
        raise UnreadableFile(f"{path} holds the stream {found!r}, not {stream!r}")


def _stream_of(path: Path) -> str:
    there = set(column_names(path))
    for stream, telling in _TELLING.items():
        if telling <= there:
            return stream
    raise UnreadableFile(
        f"the columns of {path} ({', '.join(sorted(there))}) do not tell whether these are"
        f" payments or access events: say which of {', '.join(MODELS)} they are, or give a mapping"
    )


def _read_xml(
    path: Path,
    stream: str | None,
    rejects: Path | None,
    time_zone: str | None,
    now: datetime | None,
) -> Read:
    try:
        messages = read_messages(path.read_bytes())
        names = {message.name for message in messages}
        if PAYMENT_MESSAGE in names and names & STATUS_MESSAGES:
            raise UnreadableFile(
                f"holds payments and statuses ({', '.join(sorted(names))}): one file for each"
            )
        if names & STATUS_MESSAGES:
            _expect(stream, "payment_status", path)
            return _read_statuses(messages, rejects, time_zone, now)
        if PAYMENT_MESSAGE not in names:
            raise UnreadableFile(
                f"holds {', '.join(sorted(names))}: read here are "
                f"{', '.join([PAYMENT_MESSAGE, *sorted(STATUS_MESSAGES)])}"
            )
        _expect(stream, "payment", path)
        return _read_payments(messages, rejects, time_zone, now)
    except UnreadableFile as error:
        told = str(error)
        raise UnreadableFile(told if str(path) in told else f"{path}: {told}") from error


def _read_payments(
    messages: list[Message], rejects: Path | None, time_zone: str | None, now: datetime | None
) -> Read:
    read = transfers(messages, time_zone, now)
    items = [(one.line, one.payment, one.problems) for one in read.transactions]
    return _collected("payment", items, rejects, "give each transaction a UETR or TxId of its own")


def _read_statuses(
    messages: list[Message], rejects: Path | None, time_zone: str | None, now: datetime | None
) -> Read:
    read = statuses_of(messages, time_zone, now)
    items = [(one.line, one.status, one.problems) for one in read.items]
    fix = "give each message, and each status in it, an identification of its own"
    found = _collected("payment_status", items, rejects, fix)
    return replace(found, skipped=read.skipped.total(), skipped_kinds=dict(read.skipped))


def _collected(
    stream: str,
    items: Iterable[tuple[int, Payment | PaymentStatus | None, Sequence[Problem]]],
    rejects: Path | None,
    fix: str,
) -> Read:
    accepted: list[Payment | PaymentStatus] = []
    first: dict[str, int] = {}
    with RejectLog(rejects) as log:
        for line, event, problems in items:
            if event is None:
                log.add(line, problems)
            elif event.event_id in first:
                problem = f"the same identifier as in line {first[event.event_id]}"
                log.add(line, [Problem("event_id", event.event_id, problem, fix)])
            else:
                first[event.event_id] = line
                accepted.append(event)
    return Read(
        table=from_events(stream, accepted),
        rows=len(accepted) + log.rejected,
        rejected=log.rejected,
        problems=tuple(log.first),
    )
