"""A column of times in any of a file's spellings, as microseconds since 1970-01-01 UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import BadMapping
from features.fields import EPOCH, microseconds

_MINUTE = 60_000_000
_HOUR = 60 * _MINUTE
# Only days that every year has, so that the cast behind it cannot fail; 29 February goes by hand.
_DATE = (
    r"(?:19[7-9]\d|[2-9]\d{3})-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
)
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?"
# What lies below a microsecond is cut off, as the schema does.
_NANOSECONDS = r"(:\d\d\.\d{6})\d{1,3}"
_NAIVE = rf"\A{_DATE}[T ]{_CLOCK}\z"
_ZONED = rf"\A{_DATE}[T ]{_CLOCK}(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)\z"
_UNIX = {"unix_seconds": 1e6, "unix_milliseconds": 1e3}
SINCE_START = {
    "seconds_since_start": 1e6,
    "minutes_since_start": 60e6,
    "hours_since_start": 3600e6,
    "days_since_start": 86_400e6,
}
"""Forms of time that only count from the first event, and the microseconds of their unit."""
# Also 1e+05, as some programs write a hundred thousand.
_COUNT = r"\A\d{1,10}(?:\.\d{1,9})?(?:[eE]\+?\d{1,2})?\z"
_PARTS = {
    "Y": r"\d{4}",
    "m": r"\d{1,2}",
    "d": r"\d{1,2}",
    "H": r"\d{1,2}",
    "M": r"\d{1,2}",
    "S": r"\d{1,2}",
    "f": r"\d{1,6}",
    "z": r"Z|[+-]\d\d:?\d\d",
}


@dataclass(frozen=True)
class Clock:
    """How a file spells its times: the zone of those without one, the form, and where they start.

    `form` is a mapping's `time_format`; `origin` (microseconds) is the moment from which a form
    such as seconds_since_start counts.
    """

    zone: str | None = None
    form: str | None = None
    origin: int = 0


def to_microseconds(column: pa.Array, texts: pa.Array, clock: Clock, name: str) -> pa.Array:
    """Return a time column as int64 microseconds, null where the spelling is not understood.

    `column` is as the file holds it and `texts` the same as text. Times without zone are read in
    the clock's: the earlier instant when it shows it twice, and with the offset before the jump
    when it never shows it. Raises BadMapping when a column of a zoneless type has no zone to be
    read in.
    """
    kind, zone, form = column.type, clock.zone, clock.form
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        plain = pc.cast(
            pc.cast(column, pa.timestamp("us", getattr(kind, "tz", None)), safe=False), pa.int64()
        )
        if getattr(kind, "tz", None) is not None:
            return plain
        if zone is None:
            raise BadMapping(
                f"column {name!r} holds times without a zone: say which it is in the mapping,"
                ' such as time_zone = "Europe/Brussels" above the tables'
            )
        return _localise(plain, zone)
    if form in _UNIX:
        numbers = _only(texts, r"\A\d{1,13}(?:\.\d{1,6})?\z")
        scaled = pc.round(pc.multiply(pc.cast(numbers, pa.float64()), _UNIX[form]))
        return pc.cast(scaled, pa.int64())
    if form in SINCE_START:
        numbers = pc.cast(_only(texts, _COUNT), pa.float64())
        passed = pc.round(pc.multiply(numbers, SINCE_START[form]))
        return pc.add(pc.cast(passed, pa.int64()), clock.origin)
    if form is not None:
        texts = _rewritten(texts, form)
    if pc.any(pc.match_substring_regex(texts, _NANOSECONDS)).as_py():
        texts = pc.replace_substring_regex(texts, _NANOSECONDS, r"\1")
    found = pc.cast(pc.cast(_only(texts, _ZONED), pa.timestamp("us", "UTC")), pa.int64())
    if zone is None:
        return found
    naive = pc.cast(pc.cast(_only(texts, _NAIVE), pa.timestamp("us")), pa.int64())
    found = pc.coalesce(found, _localise(naive, zone))
    left = pc.and_(pc.is_null(found), pc.is_valid(texts))
    if pc.any(left).as_py():
        by_hand = [
            _by_hand(text, zone) if odd else None
            for text, odd in zip(texts.to_pylist(), left.to_pylist(), strict=True)
        ]
        found = pc.coalesce(found, pa.array(by_hand, pa.int64()))
    return found


def as_datetime(time: int) -> datetime:
    """Return the aware UTC time of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=time)


def _only(texts: pa.Array, pattern: str) -> pa.Array:
    return pc.if_else(pc.match_substring_regex(texts, pattern), texts, None)


def _localise(local: pa.Array, zone: str) -> pa.Array:
    """Turn the microseconds that a wall clock in `zone` would show into UTC."""
    known = np.asarray(local.is_valid())
    clock = np.asarray(local.fill_null(0).to_numpy(zero_copy_only=False), dtype=np.int64)
    offsets = _offsets(clock, zone)
    return pa.array(clock - offsets, pa.int64(), mask=~known)


def _offsets(clock: npt.NDArray[np.int64], zone: str) -> npt.NDArray[np.int64]:
    hours, where = np.unique(clock // _HOUR, return_inverse=True)
    first = np.array([_offset(int(hour) * 60, zone) for hour in hours], dtype=np.int64)
    last = np.array([_offset(int(hour) * 60 + 59, zone) for hour in hours], dtype=np.int64)
    offsets = first[where] if len(clock) else clock
    for row in np.flatnonzero((first != last)[where]) if len(clock) else ():
        offsets[row] = _offset(int(clock[row] // _MINUTE), zone)
    return offsets


@lru_cache(maxsize=2**20)
def _offset(minute: int, zone: str) -> int:
    try:
        wall = EPOCH.replace(tzinfo=None) + timedelta(minutes=minute)
    except OverflowError:
        return 0
    offset = wall.replace(tzinfo=_zone(zone)).utcoffset() or timedelta(0)
    return offset // timedelta(microseconds=1)


@lru_cache(maxsize=16)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _by_hand(text: str, zone: str) -> int | None:
    try:
        time = datetime.fromisoformat(text)
        return (
            None if time.tzinfo else microseconds(time.replace(tzinfo=_zone(zone)).astimezone(UTC))
        )
    except (ValueError, OverflowError):
        return None


def _rewritten(texts: pa.Array, form: str) -> pa.Array:
    """Rewrite times spelt as `form` (a pattern of %Y %m %d …) to RFC 3339; leave others alone."""
    pieces = re.split(r"%(.)", form)
    pattern = ""
    for index, piece in enumerate(pieces):
        if index % 2 == 0 or piece == "%":
            pattern += re.escape(piece)
        else:
            pattern += f"(?P<{piece}>{_PARTS[piece]})"
    found = pc.extract_regex(texts, rf"\A{pattern}\z")

    def part(directive: str, width: int) -> Any:
        if f"%{directive}" not in form:
            return "0" * width
        return pc.utf8_lpad(pc.struct_field(found, directive), width, "0")

    date = pc.binary_join_element_wise(part("Y", 4), part("m", 2), part("d", 2), "-")
    clock = pc.binary_join_element_wise(part("H", 2), part("M", 2), part("S", 2), ":")
    whole = pc.binary_join_element_wise(date, clock, "T")
    if "%f" in form:
        whole = pc.binary_join_element_wise(whole, pc.struct_field(found, "f"), ".")
    if "%z" in form:
        zone = pc.replace_substring_regex(
            pc.struct_field(found, "z"), r"^([+-]\d\d)(\d\d)$", r"\1:\2"
        )
        whole = pc.binary_join_element_wise(whole, zone, "")
    return pc.coalesce(whole, texts)
