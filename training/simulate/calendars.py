"""Real calendars: local time, weekends, public holidays, paydays and Ramadan of each country."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays
from hijridate import Gregorian

from features.reference import zone_of_country
from training.simulate.geography import COUNTRIES, FASTING, Country

EPOCH = date(1970, 1, 1)
MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
RAMADAN = 9
_DIFFERENT_WEEKENDS = {"HK": frozenset({5, 6})}
_MOST_POPULOUS_PART = {"GB": "ENG", "CH": "ZH", "CA": "ON", "DE": "NW", "ES": "MD"}
_ORTHODOX = frozenset(("GR", "RO", "BG", "UA"))
_NO_EASTER = frozenset(("IN", "PK", "JP", "HK", "SG"))


@dataclass(frozen=True, slots=True)
class Span:
    """The simulated days; `start` and `end` are microseconds UTC."""

    first_day: date
    days: int

    @property
    def start(self) -> int:
        """First instant."""
        return (self.first_day - EPOCH).days * DAY

    @property
    def end(self) -> int:
        """First instant after the last day."""
        return self.start + self.days * DAY

    def dates(self) -> list[date]:
        """Return every day."""
        return [self.first_day + timedelta(days=number) for number in range(self.days)]

    def months(self) -> list[tuple[int, int]]:
        """Return the (year, month) pairs that the days touch."""
        return list(dict.fromkeys((day.year, day.month) for day in self.dates()))


@lru_cache(maxsize=4096)
def hijri(day: date) -> tuple[int, int]:
    """Return month and day in the Hijri calendar (Umm al-Qura)."""
    converted = Gregorian(day.year, day.month, day.day).to_hijri()
    return converted.month, converted.day


@cache
def easter_monday(country: str, year: int) -> date:
    """Return the day of a year's Easter Monday as the church of that country reckons it."""
    # Without a language the names would follow the machine's own.
    table: dict[date, str] = holidays.country_holidays(country, years=year, language="en_US")
    return next(day for day, name in table.items() if name == "Easter Monday")


class Calendar:
    """The days of one country."""

    def __init__(self, country: Country) -> None:
        self.country = country
        self.zone = ZoneInfo(zone_of_country()[country.code])
        table: Any = holidays.country_holidays(
            country.code, subdiv=_MOST_POPULOUS_PART.get(country.code)
        )
        self._table = table
        self._weekend = _DIFFERENT_WEEKENDS.get(country.code, frozenset(table.weekend))
        self.holiday = lru_cache(maxsize=None)(self._holiday)

    def _holiday(self, day: date) -> bool:
        return day in self._table

    def weekend(self, day: date) -> bool:
        """Tell whether it is a day of rest (Friday and Saturday in some countries)."""
        return day.weekday() in self._weekend

    def business_day(self, day: date) -> bool:
        """Tell whether banks and offices work."""
        return not self.weekend(day) and not self.holiday(day)

    def on_or_after(self, day: date) -> date:
        """Return the first business day from this day on."""
        while not self.business_day(day):
            day += timedelta(days=1)
        return day

    def on_or_before(self, day: date) -> date:
        """Return the last business day up to this day."""
        while not self.business_day(day):
            day -= timedelta(days=1)
        return day

    def paydays(self, year: int, month: int) -> list[date]:
        """Return the days of a month on which wages arrive, moved off weekends and holidays."""
        last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        fixed = {"day_25": 25, "day_1": 1, "day_10": 10}
        rule = self.country.payday
        if rule in fixed:
            return [self.on_or_before(last.replace(day=fixed[rule]))]
        if rule == "twice_a_month":
            return [self.on_or_before(last.replace(day=15)), self.on_or_before(last)]
        return [self.on_or_before(last)]

    def fasting(self, day: date) -> bool:
        """Tell whether it is Ramadan where most people keep it."""
        return self.country.code in FASTING and hijri(day)[0] == RAMADAN

    def feast_nears(self, day: date) -> bool:
        """Tell whether a feast with presents lies within the next ten days."""
        if self.country.code in FASTING:
            month, number = hijri(day)
            return (month == RAMADAN and number >= 20) or (month == 12 and number < 10)
        if day.month == 12 and 10 <= day.day <= 24:
            return True
        if self.country.code in _NO_EASTER:
            return False
        church = "GR" if self.country.code in _ORTHODOX else "FR"
        return timedelta(0) < easter_monday(church, day.year) - day <= timedelta(days=9)

    def moment(self, day: date, hour: float) -> int:
        """Return the UTC microsecond of a local day and hour (24 and more is the next day)."""
        local = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        offset = (local + timedelta(hours=min(hour, 23.9))).utcoffset()
        shift = offset.total_seconds() if offset else 0.0
        midnight = (day - EPOCH).days * DAY
        return midnight + int(hour * HOUR) - int(shift) * 1_000_000

    def local_day(self, moment: int) -> date:
        """Return the local day of a UTC microsecond."""
        return datetime.fromtimestamp(moment / 1e6, self.zone).date()

    def local_hour(self, moment: int) -> float:
        """Return the local hour, with its fraction, of a UTC microsecond."""
        local = datetime.fromtimestamp(moment / 1e6, self.zone)
        return local.hour + local.minute / 60


@cache
def calendar(code: str) -> Calendar:
    """Return the calendar of a country of the simulated world."""
    return Calendar(COUNTRIES[code])
