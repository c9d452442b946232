"""Reference data that an event is read against: countries, currencies, rates, calendars, networks.

Everything is offline and dated, and `Reference.version` names what was used, so that an assessment
can be repeated. Registration country of an address comes from the registries' own allocations
(`iptocc`); a place, and so a distance, only from a geolocation file that the operator supplies.
"""

from __future__ import annotations

import hashlib
from datetime import date
from importlib.metadata import version
from pathlib import Path

from features.errors import BadReference
from features.reference.calendars import Calendars
from features.reference.countries import COUNTRIES, utc_offset, zone_of_country
from features.reference.lists import FatfStatus, Lists, fatf_status
from features.reference.money import (
    DIGITAL_CURRENCIES,
    REFERENCE_CURRENCY,
    Rates,
    currency_exponent,
)
from features.reference.networks import NETWORK_KINDS, PLACELESS, Addresses, IpOverlay

__all__ = [
    "COUNTRIES",
    "DIGITAL_CURRENCIES",
    "MICROSECONDS_PER_DAY",
    "NETWORK_KINDS",
    "PLACELESS",
    "REFERENCE_CURRENCY",
    "FatfStatus",
    "IpOverlay",
    "Rates",
    "Reference",
    "currency_exponent",
    "fatf_status",
    "zone_of_country",
]

MICROSECONDS_PER_DAY = 86_400_000_000
_MICROSECONDS_PER_HOUR = 3_600_000_000
_EPOCH = date(1970, 1, 1)


class Reference:
    """All reference data of one installation; immutable once made.

    `ip_overlay` is a CSV of networks (see `IpOverlay`), `mmdb` a geolocation file in MaxMind DB
    form, `data` a folder of dated files that replace ours by name (see `docs/reference-data.md`);
    all are optional. Raises BadReference when a given file cannot be used.
    """

    def __init__(
        self, ip_overlay: Path | None = None, mmdb: Path | None = None, data: Path | None = None
    ) -> None:
        if data is not None and not data.is_dir():
            raise BadReference(f"reference data {data}: no such folder; give one, or leave it out")
        self.rates = Rates()
        self.lists = Lists(data, self.rates)
        self.calendars = Calendars(data)
        addresses = Addresses(ip_overlay, mmdb)
        self.ip_country = addresses.country
        self.asn = addresses.asn
        self.network_kind = addresses.kind
        self.place = addresses.place
        digest = hashlib.sha256(b"".join(self.lists.digests + self.calendars.digests))
        self.version = "+".join(
            (
                self.rates.version,
                addresses.version,
                "holidays-" + version("holidays"),
                "data-" + digest.hexdigest()[:8],
            )
        )

    def amount_reference(self, minor: int, currency: str, time: int) -> int | None:
        """Return integer EUR cents of an amount by the fixing of its day, None without a rate."""
        factor = self.rates.factor(currency, time // MICROSECONDS_PER_DAY)
        return None if factor is None else round(minor * factor)

    def utc_offset(self, country: str, time: int) -> int:
        """Return seconds east of UTC in the country's most populous zone at that instant."""
        return utc_offset(country, time // _MICROSECONDS_PER_HOUR)

    def fatf_listing(self, country: str, day: date) -> tuple[FatfStatus, str] | None:
        """Return how the FATF listed a country on a day, and by which statement."""
        number = (day - _EPOCH).days
        status = self.lists.fatf_status(country, number)
        source = self.lists.fatf_source(country, number)
        return (status, source) if status and source else None

    def fatf_status(self, country: str, day: date) -> FatfStatus | None:
        """Return how the FATF listed a country on a day; see `fatf_status`."""
        return self.lists.fatf_status(country, (day - _EPOCH).days)
