"""Statutory clocks: what the law of the office's country wants done of a case, and until when.

The duties are dated reference data (`clocks.csv`), a start and not legal advice: an operator
replaces the file by its own (`CROSSFLAG_REFERENCE_DATA`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeAlias, get_args
from zoneinfo import ZoneInfo

from features.reference import Reference, zone_of_country
from features.reference.dated import DatedTable, day_of

Start: TypeAlias = Literal["opened", "confirmed", "reported", "continuing", "incident", "recalled"]
"""What starts a clock: the case itself, a decision, a crime against access, or a recall."""
ClockState: TypeAlias = Literal["running", "late", "met", "met late"]
_UNITS = ("hours", "days", "business_days")
EEA = frozenset(re.findall("..", "ATBEBGCYCZDEDKEEESFIFRGRHRHUIEISITLILTLULVMTNLNOPLPTROSESISK"))
_COLUMNS = ("country", "clock", "starts", "length", "unit", "duty")


@dataclass(frozen=True)
class _Duty:
    clock: str
    starts: Start
    length: int
    unit: str
    duty: str


@dataclass(frozen=True)
class Clock:
    """One duty of a case and its time limit."""

    clock: str
    """The duty's name, such as suspicious_activity_report."""
    duty: str
    """What is to be done, in words."""
    source: str
    """The rule behind it."""
    started_at: datetime
    due_at: datetime
    state: ClockState
    met_by: str | None = None


class Clocks:
    """The duties of every country, as of a day. Raises BadReference for a broken file."""

    def __init__(self, folder: Path | None, reference: Reference) -> None:
        self._duties = DatedTable(folder, "clocks.csv", _COLUMNS, _duty, single=False)
        self._calendars = reference.calendars

    def of(
        self,
        country: str,
        starts: Mapping[Start, datetime],
        stopped: Mapping[str, tuple[datetime, str]],
        now: datetime,
    ) -> tuple[Clock, ...]:
        """Return the clocks that these starts set going in a country, soonest first."""
        running = []
        for start, at in starts.items():
            day = day_of(at.date().isoformat())
            for key in (country, *(("EEA",) if country in EEA else ())):
                for one, source in self._duties.sourced(key, day):
                    if one.starts == start:
                        due = self._due(country, at, one)
                        done = stopped.get(one.clock)
                        clock = Clock(one.clock, one.duty, source, at, due, _state(due, done, now))
                        running.append(replace(clock, met_by=done[1] if done else None))
        return tuple(sorted(running, key=lambda clock: (clock.due_at, clock.clock)))

    def _due(self, country: str, at: datetime, duty: _Duty) -> datetime:
        """Return the end of a term; one of days ends with the last day, in local time."""
        if duty.unit == "hours":
            return at + timedelta(hours=duty.length)
        zone = ZoneInfo(zone_of_country().get(country, "UTC"))
        day = at.astimezone(zone).date()
        left = duty.length
        while left:
            day += timedelta(days=1)
            number = day_of(day.isoformat())
            rest = self._calendars.is_weekend(country, number) or self._calendars.is_holiday(
                country, number
            )
            left -= duty.unit == "days" or not rest
        end = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=zone)
        return end.astimezone(UTC)


def _duty(clock: str, starts: Start, length: str, unit: str, duty: str) -> _Duty:
    if starts not in get_args(Start):
        raise ValueError(f"starts {starts!r} is none of {', '.join(get_args(Start))}")
    if unit not in _UNITS:
        raise ValueError(f"unit {unit!r} is none of {', '.join(_UNITS)}")
    if not length.isdecimal():
        raise ValueError(f"length {length!r} is no whole number")
    return _Duty(clock, starts, int(length), unit, duty)


def _state(due: datetime, done: tuple[datetime, str] | None, now: datetime) -> ClockState:
    if done is None:
        return "late" if now > due else "running"
    return "met late" if done[0] > due else "met"
