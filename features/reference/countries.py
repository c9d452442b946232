"""Countries and their local time."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import pycountry

COUNTRIES = frozenset(country.alpha_2 for country in pycountry.countries) | {"XK"}
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
def utc_offset(country: str, hour: int) -> int:
    """Return seconds east of UTC in a country; `hour` is whole hours since 1970 (UTC)."""
    offset = datetime.fromtimestamp(hour * 3600, UTC).astimezone(_zone(country)).utcoffset()
    return int(offset.total_seconds()) if offset else 0
