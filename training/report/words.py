"""How the report writes figures: short, with the interval in smaller type behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from training.splits import as_date

if TYPE_CHECKING:
    from training.metrics.bootstrap import Interval

NOT_KNOWN = Markup('<span class="none">not known</span>')


def plain(value: float | None, digits: int = 2) -> str:
    """Write a number with thousands apart."""
    return "not known" if value is None else f"{value:,.{digits}f}"


def interval(figure: Interval, digits: int = 2) -> Markup:
    """Write a figure with its interval."""
    if figure.value is None:
        return NOT_KNOWN
    value = plain(figure.value, digits)
    if figure.low is None or figure.high is None:
        return Markup("{}").format(value)
    return Markup('{} <span class="span">{} to {}</span>').format(
        value, plain(figure.low, digits), plain(figure.high, digits)
    )


def percent(value: float | None, digits: int = 0) -> str:
    """Write a share as a percentage."""
    return "not known" if value is None else f"{value * 100:.{digits}f} %"


def share(figure: Interval) -> Markup:
    """Write a share and its interval as percentages."""
    if figure.value is None:
        return NOT_KNOWN
    if figure.low is None or figure.high is None:
        return Markup("{}").format(percent(figure.value))
    return Markup('{} <span class="span">{:.0f} to {:.0f}</span>').format(
        percent(figure.value), figure.low * 100, figure.high * 100
    )


def day(number: int) -> str:
    """Write a day number as a date."""
    return as_date(number).isoformat()


def spaced(name: str) -> str:
    """Write a name of code or data as words."""
    return name.replace("_", " ")


def hours(value: float | None) -> str:
    """Write a duration in hours as people say it."""
    if value is None:
        return "not known"
    if value < 1:
        return "at once" if value == 0 else f"{value * 60:.0f} min"
    return f"{value:.0f} h" if value < 48 else f"{value / 24:.0f} days"
