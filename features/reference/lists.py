"""Dated lists of countries: currencies in use, reporting thresholds, FATF statements, browsers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias, cast, get_args

from features.reference.dated import DatedTable
from features.reference.money import Rates, currency_exponent

FatfStatus: TypeAlias = Literal["increased_monitoring", "call_for_action"]
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Threshold:
    """The amount from which a country has payments reported, in its rule's own currency."""

    currency: str
    minor: int


def _threshold(currency: str, amount: str) -> Threshold:
    exponent = currency_exponent(currency)
    if exponent is None:
        raise ValueError(f"currency {currency!r} is unknown")
    return Threshold(currency, int(amount) * 10**exponent)


def _status(word: str) -> FatfStatus:
    if word not in get_args(FatfStatus):
        raise ValueError(f"status {word!r} is none of {', '.join(get_args(FatfStatus))}")
    return cast(FatfStatus, word)


class Lists:
    """The dated lists; `folder` may hold the operator's own files. Raises BadReference."""

    def __init__(self, folder: Path | None, rates: Rates) -> None:
        self._rates = rates
        self._currencies = DatedTable(
            folder, "currencies.csv", ("country", "currency"), str, single=False
        )
        self._thresholds = DatedTable(
            folder, "thresholds.csv", ("country", "currency", "amount"), _threshold
        )
        self._fatf = DatedTable(folder, "fatf.csv", ("country", "status"), _status)
        self._browsers = DatedTable(
            folder, "browsers.csv", ("browser", "version"), int, single=False
        )
        self.digests = [
            table.digest
            for table in (self._currencies, self._thresholds, self._fatf, self._browsers)
        ]
        self.threshold = lru_cache(maxsize=65_536)(self._threshold)
        self._steps = {
            browser: sorted((version, day) for day, version in self._browsers.starts(browser))
            for browser in ("chrome", "firefox", "safari")
        }

    def uses_currency(self, country: str, currency: str, day: int) -> bool:
        """Tell whether a currency is that country's own on a day (days since 1970-01-01)."""
        return currency in self._currencies.values(country, day)

    def _threshold(self, country: str, currency: str, day: int) -> int | None:
        """Return the country's reporting threshold of a day in minor units of `currency`.

        A rule in another currency is converted by that day's rate; None without a rate.
        """
        rule = self._thresholds.at(country, day)
        if rule is None:
            return None
        if rule.currency == currency:
            return rule.minor
        own, paid = self._rates.factor(rule.currency, day), self._rates.factor(currency, day)
        return None if own is None or paid is None else round(rule.minor * own / paid)

    def fatf_status(self, country: str, day: int) -> FatfStatus | None:
        """Return the FATF list that names a country on a day (days since 1970-01-01)."""
        return self._fatf.at(country, day)

    def fatf_source(self, country: str, day: int) -> str | None:
        """Return the statement by which the country stood on that list on a day."""
        return self._fatf.source(country, day)

    def browser_released(self, browser: str, version: int) -> int | None:
        """Return about when a browser's version came out, in days since 1970-01-01.

        Versions between two listed ones are spread evenly; one beyond the list is as new as the
        newest listed, one before it as old as the oldest.
        """
        steps = self._steps.get(browser)
        if not steps:
            return None
        below = [step for step in steps if step[0] <= version]
        above = [step for step in steps if step[0] > version]
        if not below or not above:
            return (below or above)[-1 if below else 0][1]
        (low, since), (high, until) = below[-1], above[0]
        return since + (until - since) * (version - low) // (high - low)


@lru_cache(maxsize=1)
def _ours() -> Lists:
    return Lists(None, Rates())


def fatf_status(country: str, day: date) -> FatfStatus | None:
    """Return how the Financial Action Task Force listed a country on a day, by our own file.

    "call_for_action" is the list of high-risk jurisdictions, "increased_monitoring" the other;
    None when neither names the country. Context for people and for rules, never a feature.

    >>> fatf_status("MT", date(2022, 1, 31)), fatf_status("MT", date(2022, 6, 17))
    ('increased_monitoring', None)
    """
    return _ours().fatf_status(country, (day - _EPOCH).days)
