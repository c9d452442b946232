"""Days of rest, public holidays, paydays and cut-offs of each country, as of the day.

Public holidays come from the library `holidays` (nationwide ones only); days of rest, paydays and
cut-offs are dated files.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache, lru_cache
from pathlib import Path

from features.reference.countries import COUNTRIES
from features.reference.dated import DatedTable

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EPOCH = date(1970, 1, 1)
_FIXED_PAYDAYS = {"day_1": (1,), "day_10": (10,), "day_25": (25,)}
_PAYDAY_RULES = (*_FIXED_PAYDAYS, "last_business_day", "twice_a_month")
CALENDAR_FIELDS = {
    "is_holiday": (0, 1),
    "is_weekend": (1, 1),
    "rest_days_ahead": (2, 4),
    "since_payday": (6, 6),
    "cutoff_quarter": (12, 7),
}
"""Place and width of each part of a day's code: see `Calendars.of_day`."""
_CODE_BITS = 19
_ANY_YEAR = 2026


def first_day(codes: int) -> int:
    """Return the code of the first of two days (arrays too)."""
    return codes & ((1 << _CODE_BITS) - 1)


def second_day(codes: int) -> int:
    """Return the code of the second of two days (arrays too)."""
    return codes >> _CODE_BITS


def part(name: str) -> Callable[[int], int]:
    """Return the function that reads one part of a day's code (of arrays too)."""
    place, width = CALENDAR_FIELDS[name]
    mask = (1 << width) - 1
    return lambda code: (code >> place) & mask


def _weekdays(text: str) -> frozenset[int]:
    return frozenset(_WEEKDAYS.index(word) for word in text.split())


def _payday_rule(text: str) -> str:
    if text not in _PAYDAY_RULES:
        raise ValueError(f"rule {text!r} is none of {', '.join(_PAYDAY_RULES)}")
    return text


def _quarter(text: str) -> int:
    """Return a time of day such as 17:45 in whole quarters of an hour; 24:00 is no cut-off."""
    hours, _, minutes = text.partition(":")
    quarter = (int(hours) * 60 + int(minutes)) // 15
    if not 0 < quarter <= 96:
        raise ValueError(f"time {text!r} is no time of day; write it as 17:45, or 24:00 for none")
    return quarter


@cache
def _public_holidays(country: str, year: int) -> frozenset[int]:
    # Imported here: it takes a third of a second, and many commands never ask.
    import holidays

    try:
        with warnings.catch_warnings():
            # It warns of years of which it knows no holidays; then there are none.
            warnings.simplefilter("ignore")
            table = holidays.country_holidays(country, years=year)
    except NotImplementedError:
        return frozenset()
    return frozenset((day - _EPOCH).days for day in table)


class Calendars:
    """Calendars of all countries; `folder` may hold the operator's own files."""

    def __init__(self, folder: Path | None) -> None:
        self._weekends = DatedTable(folder, "weekends.csv", ("country", "days"), _weekdays)
        self._paydays = DatedTable(folder, "paydays.csv", ("country", "rule"), _payday_rule)
        self._cutoffs = DatedTable(
            folder, "cutoffs.csv", ("country", "system", "closes"), lambda _, time: _quarter(time)
        )
        self.digests = [self._weekends.digest, self._paydays.digest, self._cutoffs.digest]
        self.of_day = lru_cache(maxsize=65_536)(self._of_day)
        self.of_two_days = lru_cache(maxsize=65_536)(self._of_two_days)
        self._rests = lru_cache(maxsize=65_536)(self._rest)
        self._payday = lru_cache(maxsize=4096)(self._payday_of)

    def prepare(self) -> None:
        """Load every country's holidays now (half a second), not while the first event waits."""
        for country in sorted(COUNTRIES):
            _public_holidays(country, _ANY_YEAR)

    def _of_two_days(self, country: str, day: int) -> int:
        """Return the codes of a day and of the one after it; see `first_day`, `second_day`."""
        return self.of_day(country, day) | self.of_day(country, day + 1) << _CODE_BITS

    def is_holiday(self, country: str, day: int) -> bool:
        """Tell whether a day (days since 1970-01-01) is a nationwide public holiday."""
        return day in _public_holidays(country, (_EPOCH + timedelta(days=day)).year)

    def is_weekend(self, country: str, day: int) -> bool:
        """Tell whether the weekend of that country and time falls on the day."""
        rest = self._weekends.at(country, day)
        return rest is not None and (day + 3) % 7 in rest

    def _rest(self, country: str, day: int) -> bool:
        return self.is_weekend(country, day) or self.is_holiday(country, day)

    def _of_day(self, country: str, day: int) -> int:
        """Return a day's code (days since 1970-01-01).

        It holds: a public holiday, a weekend, days of rest before banks work again (this one
        included), days since the last payday, and the cut-off in quarters of an hour.
        """
        ahead = 0
        first = day if self._rests(country, day) else day + 1
        while ahead < 15 and self._rests(country, first + ahead):
            ahead += 1
        values = {
            "is_holiday": self.is_holiday(country, day),
            "is_weekend": self.is_weekend(country, day),
            "rest_days_ahead": ahead,
            "since_payday": self._since_payday(country, day),
            "cutoff_quarter": self._cutoffs.at(country, day) or 96,
        }
        return sum(int(value) << CALENDAR_FIELDS[name][0] for name, value in values.items())

    def _since_payday(self, country: str, day: int) -> int:
        when = _EPOCH + timedelta(days=day)
        for year, month in _months_back(when):
            past = [one for one in self._payday(country, year, month) if one <= day]
            if past:
                return min(day - past[-1], 63)
        return 63

    def _payday_of(self, country: str, year: int, month: int) -> list[int]:
        """Return a month's paydays, moved back off days of rest, earliest first."""
        last = (date(year + month // 12, month % 12 + 1, 1) - _EPOCH).days - 1
        first = (date(year, month, 1) - _EPOCH).days
        rule = self._paydays.at(country, first)
        numbers: tuple[int, ...] = _FIXED_PAYDAYS.get(rule or "", ())
        if rule == "twice_a_month":
            numbers = (15,)
        days = [first + number - 1 for number in numbers]
        if rule in ("twice_a_month", "last_business_day"):
            days.append(last)
        return [self._on_or_before(country, day) for day in days]

    def _on_or_before(self, country: str, day: int) -> int:
        for earlier in range(day, day - 15, -1):
            if not self._rests(country, earlier):
                return earlier
        return day


def _months_back(when: date) -> Iterator[tuple[int, int]]:
    """Yield the month after (its first payday may be moved back into this one), then earlier."""
    number = when.year * 12 + when.month - 1
    for month in (number + 1, number, number - 1, number - 2):
        yield month // 12, month % 12 + 1
