"""Calendars are real: local time, weekends, holidays, paydays and Ramadan."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from training.simulate.calendars import calendar, hijri
from training.simulate.chance import Chance
from training.simulate.honest.rhythm import hour, mood


def instant(moment: int) -> datetime:
    return datetime.fromtimestamp(moment / 1e6, UTC)


@pytest.mark.parametrize(
    ("country", "day", "expected"),
    [
        ("DE", date(2026, 3, 28), "2026-03-28T08:00:00+00:00"),
        ("DE", date(2026, 3, 30), "2026-03-30T07:00:00+00:00"),
        ("IN", date(2026, 5, 1), "2026-05-01T03:30:00+00:00"),
        ("US", date(2026, 6, 1), "2026-06-01T13:00:00+00:00"),
        ("JP", date(2026, 6, 1), "2026-06-01T00:00:00+00:00"),
    ],
)
def test_nine_in_the_morning_is_local(country: str, day: date, expected: str) -> None:
    moment = calendar(country).moment(day, 9.0)
    assert instant(moment).isoformat() == expected
    assert calendar(country).local_day(moment) == day
    assert calendar(country).local_hour(moment) == 9.0


@pytest.mark.parametrize(
    ("country", "day", "works"),
    [
        ("SA", date(2026, 6, 5), False),
        ("SA", date(2026, 6, 7), True),
        ("EG", date(2026, 6, 6), False),
        ("DE", date(2026, 6, 5), True),
        ("DE", date(2026, 6, 7), False),
        ("DE", date(2026, 5, 1), False),
        ("GB", date(2026, 4, 6), False),
        ("US", date(2026, 4, 6), True),
        ("HK", date(2026, 6, 6), False),
    ],
)
def test_weekends_and_holidays_are_each_countrys_own(country: str, day: date, works: bool) -> None:
    assert calendar(country).business_day(day) is works


@pytest.mark.parametrize(
    ("country", "year", "month", "expected"),
    [
        ("DE", 2026, 5, [date(2026, 5, 29)]),
        ("SE", 2026, 4, [date(2026, 4, 24)]),
        ("US", 2026, 3, [date(2026, 3, 13), date(2026, 3, 31)]),
        ("SA", 2026, 4, [date(2026, 4, 30)]),
        ("PL", 2026, 5, [date(2026, 5, 8)]),
        ("DE", 2026, 12, [date(2026, 12, 31)]),
    ],
)
def test_paydays_move_off_weekends_and_holidays(
    country: str, year: int, month: int, expected: list[date]
) -> None:
    assert calendar(country).paydays(year, month) == expected


def test_ramadan_is_kept_where_most_people_keep_it() -> None:
    assert hijri(date(2026, 3, 3))[0] == 9
    assert calendar("TR").fasting(date(2026, 3, 3))
    assert not calendar("DE").fasting(date(2026, 3, 3))
    assert not calendar("TR").fasting(date(2026, 4, 3))
    assert calendar("TR").feast_nears(date(2026, 3, 15))
    assert calendar("FR").feast_nears(date(2026, 12, 20))
    assert calendar("FR").feast_nears(date(2026, 4, 1))
    assert not calendar("FR").feast_nears(date(2026, 4, 9))
    assert calendar("GR").feast_nears(date(2026, 4, 9))
    assert not calendar("JP").feast_nears(date(2026, 4, 1))


def test_fasting_moves_life_into_the_night() -> None:
    days, chance = calendar("TR"), Chance("night")
    ordinary = [hour(chance, days, date(2026, 5, 5)) for _ in range(500)]
    fasting = [hour(chance, days, date(2026, 3, 5)) for _ in range(500)]

    def night(hours: list[float]) -> int:
        return sum(moment < 4 or moment > 21 for moment in hours)

    assert night(fasting) > 2 * night(ordinary)


def test_more_is_bought_at_weekends_and_before_feasts() -> None:
    days = calendar("FR")
    assert mood(days, date(2026, 5, 16)) > mood(days, date(2026, 5, 13))
    assert mood(days, date(2026, 12, 16)) > mood(days, date(2026, 11, 18))
    assert mood(days, date(2026, 7, 14)) < mood(days, date(2026, 7, 15))
