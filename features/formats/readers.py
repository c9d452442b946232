"""One door to every format: which reader a file needs, told by its content and its name."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from features.errors import Problem, UnreadableFile
from features.events import MODELS
from features.formats.chunks import PARQUET_MAGIC, column_names
from features.formats.iso20022 import read_pacs008
from features.formats.mapping import Mapping
from features.formats.rejects import Read, RejectLog
from features.formats.sshd import looks_like_syslog, read_sshd
from features.formats.tabular import read_tabular
from features.table import from_events

_HEAD_BYTES = 8192
_TELLING = {
    "label": {"is_fraud", "known_at"},
    "payment": {"debtor_account", "creditor_account"},
    "access": {"user_id", "action"},
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
    """Read a file of events: Parquet, CSV, pacs.008 XML or an sshd log.

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
    if kind == "pacs.008":
        _expect(stream, "payment", path)
        return _read_message(path, rejects, time_zone, now)
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
        return "pacs.008"
    if b"\0" in head:
        raise UnreadableFile(
            f"{path} is none of the formats read here: Parquet, CSV, pacs.008 XML, sshd log"
        )
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


def _read_message(
    path: Path, rejects: Path | None, time_zone: str | None, now: datetime | None
) -> Read:
    try:
        message = read_pacs008(path.read_bytes(), time_zone, now)
    except UnreadableFile as error:
        raise UnreadableFile(f"{path}: {error}") from error
    payments = []
    first: dict[str, int] = {}
    with RejectLog(rejects) as log:
        for one in message.transactions:
            if one.payment is None:
                log.add(one.line, one.problems)
            elif one.payment.event_id in first:
                earlier = first[one.payment.event_id]
                problem = f"the same identifier as in line {earlier}"
                fix = "give each transaction a UETR or TxId of its own"
                log.add(one.line, [Problem("event_id", one.payment.event_id, problem, fix)])
            else:
                first[one.payment.event_id] = one.line
                payments.append(one.payment)
    return Read(
        table=from_events("payment", payments),
        rows=len(payments) + log.rejected,
        rejected=log.rejected,
        problems=tuple(log.first),
    )
