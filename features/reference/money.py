"""Currencies: decimals, and dated exchange rates to the reference currency."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from currency_converter import CurrencyConverter
from iso4217 import Currency as IsoCurrency

REFERENCE_CURRENCY = "EUR"
DIGITAL_CURRENCIES = {"BTC": 8, "ETH": 8, "USDC": 6, "USDT": 6}
_EXPONENTS = {
    **{item.code: item.exponent for item in IsoCurrency if item.exponent is not None},
    # Currencies that left circulation but stand in older files; each had two decimals.
    **dict.fromkeys(("BGN", "CYP", "EEK", "HRK", "LTL", "LVL", "MTL", "ROL", "SIT", "SKK"), 2),
    **DIGITAL_CURRENCIES,
}


def currency_exponent(code: str) -> int | None:
    """Return how many decimals a currency has (ISO 4217; JPY 0, EUR 2, BHD 3), None if unknown."""
    return _EXPONENTS.get(code)


class Rates:
    """Dated exchange rates to the reference currency: the European Central Bank's daily fixings."""

    def __init__(self) -> None:
        self._converter = CurrencyConverter(
            fallback_on_missing_rate=True,
            fallback_on_missing_rate_method="last_known",
            fallback_on_wrong_date=True,
        )
        self.version = "ecb-" + self._converter.bounds["USD"].last_date.isoformat()
        self.factor = lru_cache(maxsize=65_536)(self._factor)

    def _factor(self, currency: str, day: int) -> float | None:
        """Return EUR cents per minor unit of `currency`, None when no rate is known.

        `day` counts from 1970-01-01; the last fixing on or before it is used, and a day after the
        table's end takes its last one.
        """
        exponent = currency_exponent(currency)
        if exponent is None:
            return None
        if currency == REFERENCE_CURRENCY:
            return 1.0
        when = date(1970, 1, 1) + timedelta(days=day)
        if (
            currency not in self._converter.currencies
            or when < self._converter.bounds[currency].first_date
        ):
            return None
        rate = self._converter.convert(1, currency, REFERENCE_CURRENCY, when)
        return float(10.0 ** (2 - exponent)) * float(rate)
