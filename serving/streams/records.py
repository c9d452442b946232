"""One record of the topic of events: whose event it is, of which stream, or why it is none.

A record's value is an event in JSON, as the API takes it. Its header `stream` says `payment` or
`access`. Its key decides the partition, and with it the process that owns the history; it is the
member's name, or a name that members share who pool their histories: the header `member` then says
whose event it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from features.errors import InvalidEvent
from features.events import AccessEvent, Payment, parse

TOO_LARGE = "too_large"
_READERS: dict[str, Callable[[bytes, datetime], Payment | AccessEvent]] = {
    "payment": partial(parse, Payment),
    "access": partial(parse, AccessEvent),
}


class Record(Protocol):
    """What a Kafka client gives of a record."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


@dataclass(frozen=True)
class Sent:
    """An event, and whose it is."""

    member: str
    event: Payment | AccessEvent


@dataclass(frozen=True)
class Poison:
    """A record that can never be scored; `kind` is one word for it, `reason` a sentence."""

    kind: str
    reason: str


def read(record: Record, limit: int) -> Sent | Poison:
    """Return the event of a record, or why there is none; `limit` is in bytes of the value."""
    headers = dict(record.headers)
    member = _text(headers.get("member", record.key))
    if not member:
        return Poison("no_member", "no key and no header `member`; one must name the member")
    stream = _text(headers.get("stream"))
    if stream not in _READERS:
        return Poison("no_stream", "the header `stream` is neither payment nor access")
    body = record.value or b""
    if len(body) > limit:
        return Poison(TOO_LARGE, f"the value is larger than {limit} bytes")
    try:
        return Sent(member, _READERS[stream](body, datetime.now(UTC)))
    except InvalidEvent as error:
        said = "; ".join(f"{one.field}: {one.problem}; {one.fix}" for one in error.problems)
        return Poison("invalid", said[:1_000])


def _text(given: bytes | None) -> str | None:
    try:
        return given.decode() if given else None
    except UnicodeDecodeError:
        return None
