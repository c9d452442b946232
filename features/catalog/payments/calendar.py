"""Hour, weekday, holidays, paydays and cut-offs, as the debtor's country keeps them."""

from __future__ import annotations

from features.catalog.payments.views import HOURS
from features.definitions import F, Own, ratio

CALENDAR_FEATURES: tuple[F, ...] = (
    F(
        "unusual_hour",
        ratio(HOURS.same("30d"), HOURS.count("30d")),
        "share",
        "habit",
        "{value} of the debtor's payments of 30 days fell in this hour of the day",
        "Payments at hours at which the debtor never pays.",
    ),
    F(
        "hour",
        Own("hour"),
        "hour",
        "habit",
        "it was {value} local time",
        "Fraud is done when victims sleep.",
    ),
    F(
        "weekday",
        Own("weekday"),
        "day",
        "habit",
        "it was a {value}",
        "Weekends give more time before anyone notices.",
    ),
    F(
        "public_holiday",
        Own("is_holiday"),
        "flag",
        "calendar",
        "it was a public holiday in the debtor's country",
        "Operators strike when the bank's own people are away.",
        "country of the debtor's account unknown",
        otherwise="it was no public holiday in the debtor's country",
    ),
    F(
        "rest_days_ahead",
        Own("rest_days_ahead"),
        "count",
        "calendar",
        "banks of the debtor's country rest on {value} days before they work again (0: the next "
        "day is a working day)",
        "A recall waits until they work again, and the money is gone by then.",
        "country of the debtor's account unknown",
    ),
    F(
        "after_cutoff",
        Own("after_cutoff"),
        "flag",
        "calendar",
        "it was ordered after the day's cut-off in the debtor's country, or on a day of rest",
        "A recall waits until the banks work again, and the money is gone by then.",
        "country of the debtor's account unknown",
        otherwise="it was ordered before the day's cut-off in the debtor's country",
    ),
    F(
        "days_since_payday",
        Own("days_since_payday"),
        "count",
        "calendar",
        "the last usual payday in the debtor's country was {value} days ago (0: today)",
        "Accounts are fullest, and wages are taken by those who control the worker, right after "
        "payday.",
        "country of the debtor's account unknown",
    ),
)
