"""Reference data that an event is read against: countries, currencies, rates, places of an IP.

Everything is offline and dated, and `Reference.version` names what was used, so that an assessment
can be repeated. Registration country of an address comes from the registries' own allocations
(`iptocc`); a place, and so a distance, only from a geolocation file that the operator supplies.
"""

from __future__ import annotations

import csv
import hashlib
import ipaddress
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import iptocc
import maxminddb
import pycountry
from currency_converter import CurrencyConverter
from iso4217 import Currency as IsoCurrency

from features.errors import BadReference

REFERENCE_CURRENCY = "EUR"
COUNTRIES = frozenset(country.alpha_2 for country in pycountry.countries) | {"XK"}
DIGITAL_CURRENCIES = {"BTC": 8, "ETH": 8, "USDC": 6, "USDT": 6}
MICROSECONDS_PER_DAY = 86_400_000_000
_EXPONENTS = {
    **{item.code: item.exponent for item in IsoCurrency if item.exponent is not None},
    # Currencies that left circulation but stand in older files; each had two decimals.
    **dict.fromkeys(("BGN", "CYP", "EEK", "HRK", "LTL", "LVL", "MTL", "ROL", "SIT", "SKK"), 2),
    **DIGITAL_CURRENCIES,
}
# Where the zone table's first entry is not where most people live.
_MOST_POPULOUS_ZONE = {
    "AR": "America/Argentina/Buenos_Aires",
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CD": "Africa/Kinshasa",
    "CL": "America/Santiago",
    "EC": "America/Guayaquil",
    "ES": "Europe/Madrid",
    "ID": "Asia/Jakarta",
    "KZ": "Asia/Almaty",
    "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "US": "America/New_York",
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


class IpOverlay:
    """A simulated or operator-kept table of networks with country and autonomous system.

    It is a CSV with the header `prefix,country,asn,network_name`; the longest prefix wins.
    """

    def __init__(self, path: Path) -> None:
        self._networks: dict[tuple[int, int], dict[int, tuple[str, int]]] = {}
        try:
            content = path.read_bytes()
            rows = list(csv.DictReader(content.decode().splitlines()))
            for row in rows:
                network = ipaddress.ip_network(row["prefix"])
                key = (network.version, network.prefixlen)
                self._networks.setdefault(key, {})[int(network.network_address)] = (
                    row["country"],
                    int(row["asn"]),
                )
        except (OSError, KeyError, ValueError) as error:
            raise BadReference(
                f"IP overlay {path}: {error}; expected a CSV with prefix,country,asn,network_name"
            ) from error
        self._lengths = sorted(self._networks, key=lambda key: -key[1])
        self.version = "overlay-" + hashlib.sha256(content).hexdigest()[:8]

    def find(self, ip: str) -> tuple[str, int] | None:
        """Return (country, autonomous system number) of the longest matching prefix."""
        address = ipaddress.ip_address(ip)
        number = int(address)
        for family, length in self._lengths:
            if family == address.version:
                network = (
                    number >> (address.max_prefixlen - length) << (address.max_prefixlen - length)
                )
                found = self._networks[family, length].get(network)
                if found:
                    return found
        return None


class Reference:
    """All reference data of one installation; immutable once made.

    `ip_overlay` is a CSV of networks (see `IpOverlay`), `mmdb` a geolocation file in MaxMind DB
    form; both are optional. Raises BadReference when a given file cannot be used.
    """

    def __init__(self, ip_overlay: Path | None = None, mmdb: Path | None = None) -> None:
        self.rates = Rates()
        self._overlay = IpOverlay(ip_overlay) if ip_overlay else None
        self._places: Any = None
        parts = [self.rates.version, "iptocc-" + version("iptocc")]
        if self._overlay:
            parts.append(self._overlay.version)
        if mmdb:
            try:
                self._places = maxminddb.open_database(str(mmdb), maxminddb.MODE_MEMORY)
            except (OSError, maxminddb.InvalidDatabaseError) as error:
                raise BadReference(f"geolocation file {mmdb}: {error}") from error
            parts.append("mmdb-" + hashlib.sha256(mmdb.read_bytes()).hexdigest()[:8])
        self.version = "+".join(parts)
        self.ip_country = lru_cache(maxsize=262_144)(self._ip_country)
        self.asn = lru_cache(maxsize=262_144)(self._asn)
        self.place = lru_cache(maxsize=262_144)(self._place)

    def _record(self, ip: str) -> dict[str, Any]:
        found = self._places.get(ip) if self._places else None
        return found if isinstance(found, dict) else {}

    def _ip_country(self, ip: str) -> str | None:
        if self._overlay and (found := self._overlay.find(ip)):
            return found[0]
        located = self._record(ip).get("country", {}).get("iso_code")
        return located or iptocc.country_code(ip) or None

    def _asn(self, ip: str) -> int | None:
        if self._overlay and (found := self._overlay.find(ip)):
            return found[1]
        return self._record(ip).get("autonomous_system_number")

    def _place(self, ip: str) -> tuple[float, float] | None:
        location = self._record(ip).get("location", {})
        if "latitude" in location and "longitude" in location:
            return float(location["latitude"]), float(location["longitude"])
        return None

    def amount_reference(self, minor: int, currency: str, time: int) -> int | None:
        """Return integer EUR cents of an amount by the fixing of its day, None without a rate."""
        factor = self.rates.factor(currency, time // MICROSECONDS_PER_DAY)
        return None if factor is None else round(minor * factor)

    def utc_offset(self, country: str, time: int) -> int:
        """Return seconds east of UTC in the country's most populous zone at that instant."""
        return _utc_offset(country, time // 3_600_000_000)


@lru_cache(maxsize=1)
def zone_of_country() -> dict[str, str]:
    """Return each country's time zone name, the most populous where there are several."""
    zones: dict[str, str] = {}
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text()
    for line in table.splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            zones.setdefault(country, zone)
    return zones | _MOST_POPULOUS_ZONE


@lru_cache(maxsize=512)
def _zone(country: str) -> ZoneInfo:
    return ZoneInfo(zone_of_country().get(country, "UTC"))


@lru_cache(maxsize=262_144)
def _utc_offset(country: str, hour: int) -> int:
    offset = datetime.fromtimestamp(hour * 3600, UTC).astimezone(_zone(country)).utcoffset()
    return int(offset.total_seconds()) if offset else 0
