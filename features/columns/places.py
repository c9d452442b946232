"""Columns of where and when: address, network, place, local time and the country's calendar."""

from __future__ import annotations

from typing import Any

from features.columns.kinds import (
    MICROSECONDS_PER_HOUR,
    Column,
    Computed,
    Mapped,
    hash_of,
    hashed,
    letters,
)
from features.layout import MISSING
from features.reference import NETWORK_KINDS, PLACELESS, Reference
from features.reference.calendars import first_day, part, second_day
from features.reference.dated import ANYWHERE
from features.reference.networks import packed_address

_DAY = 86_400


def _network(_: Reference, ip: str | None) -> int | None:
    if ip is None:
        return None
    return hashed(packed_address(ip)[: 6 if ":" in ip else 3].hex())


def _ip_country(reference: Reference, ip: str | None) -> int | None:
    country = reference.ip_country(ip) if ip else None
    return letters(country) if country else None


def _kind(reference: Reference, ip: str | None) -> int | None:
    kind = reference.network_kind(ip) if ip else None
    return NETWORK_KINDS.index(kind) if kind else None


def _place(reference: Reference, ip: str | None) -> int | None:
    # Behind these the user may sit anywhere, so that no journey can be told from the address.
    if ip is None or reference.network_kind(ip) in PLACELESS:
        return None
    place = reference.place(ip)
    if place is None:
        return None
    return (round((place[0] + 90) * 10_000) << 22) | round((place[1] + 180) * 10_000)


def asn(reference: Reference, number: int | None, ip: str | None) -> int | None:
    """Return the autonomous system number that was sent, else that of the address."""
    return number if number is not None else reference.asn(ip) if ip else None


def country_clock(
    reference: Reference, country: str | None, agent_country: str | None, hour: int
) -> int:
    """Return local time and calendar of the account's country, else of its bank's; see `_clock`."""
    return _clock(reference, country or agent_country, hour)


def ip_clock(reference: Reference, ip: str | None, hour: int) -> int:
    """Return local time and calendar of the address's country of registration."""
    return _clock(reference, reference.ip_country(ip) if ip else None, hour)


# A clock holds, from its lowest bit: seconds east of UTC (biased), whether the country is known,
# and the codes of two days. One number, so that each hour of each country is looked up once.
_OFFSET_BITS, _BIAS = 18, 1 << 17
_CODES = _OFFSET_BITS + 1


def _clock(reference: Reference, country: str | None, hour: int) -> int:
    if country is None:
        day = hour // 24
        return reference.calendars.of_two_days(ANYWHERE, day) << _CODES | _BIAS
    offset = reference.utc_offset(country, hour * MICROSECONDS_PER_HOUR)
    days = reference.calendars.of_two_days(country, (hour * 3600 + offset) // _DAY)
    return days << _CODES | 1 << _OFFSET_BITS | (offset + _BIAS)


def _offset(clock: Any) -> Any:
    return (clock & ((1 << _OFFSET_BITS) - 1)) - _BIAS


def known_today(today: Any, clock: Any) -> Any:
    """Return the day's code, MISSING where it is only that of the usual week."""
    known = (clock >> _OFFSET_BITS) & 1
    return today * known + MISSING * (1 - known)


def _hour(time: Any, offset: Any) -> Any:
    return (time // 1_000_000 + offset) // 3600 % 24


def _weekday(time: Any, offset: Any) -> Any:
    return ((time // 1_000_000 + offset) // _DAY + 3) % 7


def _today(time: Any, offset: Any, clock: Any) -> Any:
    """Return the local day's code: of the day on which the hour began, or of the one after.

    Midnight falls within an hour where the offset from UTC is no whole number of hours.
    """
    codes = clock >> _CODES
    began = (time // MICROSECONDS_PER_HOUR * 3600 + offset) // _DAY
    crossed = (time // 1_000_000 + offset) // _DAY - began
    return first_day(codes) * (1 - crossed) + second_day(codes) * crossed


_weekend, _holiday, _cutoff = part("is_weekend"), part("is_holiday"), part("cutoff_quarter")


def _is_rest_day(today: Any) -> Any:
    return _weekend(today) | _holiday(today)


def _after_cutoff(today: Any, time: Any, offset: Any) -> Any:
    quarter = (time // 1_000_000 + offset) // 900 % 96
    return (quarter >= _cutoff(today)) | (_is_rest_day(today) == 1)


LOCAL_TIME: tuple[Column, ...] = (
    Computed("utc_offset", ("clock",), _offset),
    Computed("hour", ("time", "utc_offset"), _hour),
    Computed("weekday", ("time", "utc_offset"), _weekday),
    Computed("today", ("time", "utc_offset", "clock"), _today),
    Computed("is_rest_day", ("today",), _is_rest_day),
)
"""What follows from `time` and `clock`; without a country it is UTC and the usual week."""

BANKING_DAY: tuple[Column, ...] = (
    Computed("known_today", ("today", "clock"), known_today),
    Computed("is_holiday", ("known_today",), part("is_holiday")),
    Computed("rest_days_ahead", ("known_today",), part("rest_days_ahead")),
    Computed("days_since_payday", ("known_today",), part("since_payday")),
    Computed("after_cutoff", ("known_today", "time", "utc_offset"), _after_cutoff),
)
"""What follows where the country is known."""

PLACE_AND_NETWORK: tuple[Column, ...] = (
    Mapped("ip", ("ip_address",), hash_of),
    Mapped("ip_network", ("ip_address",), _network),
    Mapped("ip_country", ("ip_address",), _ip_country),
    Mapped("place", ("ip_address",), _place),
    Mapped("network_kind", ("ip_address",), _kind),
    Mapped("device", ("device_id",), hash_of),
)
