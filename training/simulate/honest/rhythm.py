"""When people are about, and how much they buy: hours of the day and seasons of the year."""

from __future__ import annotations

from datetime import date

from training.simulate.calendars import Calendar
from training.simulate.chance import Chance, Weights

_WORKDAY_HOURS = Weights(
    (1, 0.5, 0.3, 0.2, 0.3, 0.8, 2, 5, 7, 6, 6, 7, 9, 8, 6, 6, 7, 9, 11, 11, 9, 7, 5, 2.5)
)
_REST_DAY_HOURS = Weights(
    (2, 1.2, 0.7, 0.4, 0.3, 0.4, 0.8, 2, 4, 7, 10, 11, 11, 10, 10, 9, 9, 9, 9, 8, 7, 6, 5, 3.5)
)
_FASTING_HOURS = Weights(
    (7, 6, 4, 4, 3, 1, 1, 1.5, 3, 5, 6, 6, 6, 6, 7, 8, 7, 4, 3, 6, 10, 11, 10, 8)
)


def hour(chance: Chance, days: Calendar, day: date) -> float:
    """Return a local hour at which people are about on such a day."""
    if days.fasting(day):
        weights = _FASTING_HOURS
    elif days.business_day(day):
        weights = _WORKDAY_HOURS
    else:
        weights = _REST_DAY_HOURS
    return weights.index(chance.between(0, 1)) + chance.between(0, 1)


def mood(days: Calendar, day: date) -> float:
    """Return how much is bought on such a day, 1 being an ordinary one."""
    factor = 1.25 if days.weekend(day) else 1.0
    if days.holiday(day):
        factor *= 0.55
    if days.feast_nears(day):
        factor *= 1.35
    if day.month in (7, 8):
        factor *= 1.1
    return factor * (1.15 if day.day >= 27 or day.day <= 3 else 1.0)
