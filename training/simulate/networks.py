"""Networks of the simulated world, all from the ranges kept for documentation (RFC 5737, 3849).

Homes have IPv6 addresses that change every few weeks; telephones share their carrier's few IPv4
addresses; offices, VPN exits and hosting centres stand behind shared IPv4 addresses.
"""

from __future__ import annotations

from dataclasses import dataclass

from training.simulate.calendars import DAY
from training.simulate.chance import Chance, digest
from training.simulate.geography import ORDER

_CARRIERS = 26
_MOBILE = ORDER[:32]
VPN_EXITS = ("NL", "CH", "US", "SG", "SE", "GB", "DE", "RO")
HOSTING = ("NL", "US", "DE", "SG", "RO", "HK", "FR", "ZA")
_OFFICE_BLOCKS = 256


@dataclass(frozen=True, slots=True)
class Network:
    """One row of the overlay: a prefix with its country and autonomous system."""

    prefix: str
    country: str
    asn: int
    name: str


def asn(index: int) -> int:
    """Return one of the 32 numbers kept for documentation (RFC 5398)."""
    return 64496 + index if index < 16 else 65536 + index - 16


def overlay(offices: dict[str, str]) -> list[Network]:
    """Return all networks; `offices` maps each office address to its country."""
    rows = []
    for index, country in enumerate(ORDER):
        carrier = asn(index % _CARRIERS)
        name = f"Example Telecom {country}"
        rows.append(Network(f"2001:db8:{index:x}00::/40", country, carrier, name))
        if country in _MOBILE:
            rows.append(Network(f"198.51.100.{index * 8}/29", country, carrier, f"{name} Mobile"))
    for index, country in enumerate(VPN_EXITS):
        prefix = f"192.0.2.{128 + index * 16}/28"
        rows.append(Network(prefix, country, asn(26 + index % 2), f"Example Privacy {country}"))
    for index, country in enumerate(HOSTING):
        number = asn(28 + index % 3)
        rows.append(
            Network(f"192.0.2.{index * 16}/28", country, number, f"Example Hosting {country}")
        )
        rows.append(
            Network(f"2001:db8:f{index:x}00::/40", country, number, f"Example Hosting {country}")
        )
    rows += [
        Network(f"{address}/32", country, asn(31), f"Example Offices {country}")
        for address, country in offices.items()
    ]
    return rows


def home(country: str, household: str, moment: int) -> str:
    """Return a household's address, which its provider renews every three to eight weeks."""
    number = int.from_bytes(digest("home", household)[:8], "little")
    lease = (21 + number % 35) * DAY
    renewed = (moment + number % lease) // lease
    part = int.from_bytes(digest("lease", household, renewed)[:4], "little")
    return f"2001:db8:{ORDER.index(country):x}{number % 200:02x}:{part & 0xFFFF:x}::{part >> 24:x}"


def mobile(country: str, chance: Chance) -> str:
    """Return the address under which a carrier shows one of its telephones."""
    index = ORDER.index(country)
    if country in _MOBILE:
        return f"198.51.100.{index * 8 + chance.whole(1, 6)}"
    return f"2001:db8:{index:x}fe:{chance.whole(1, 12):x}::1"


def public_wifi(country: str, chance: Chance) -> str:
    """Return the address of a hotel, an airport or a café."""
    return f"2001:db8:{ORDER.index(country):x}fd:{chance.whole(1, 60):x}::1"


def office(number: int, country: str, offices: dict[str, str]) -> str:
    """Return the shared address of a firm, and note it in `offices`."""
    for step in range(_OFFICE_BLOCKS):
        address = f"203.0.113.{(number + step) % _OFFICE_BLOCKS}"
        if offices.setdefault(address, country) == country:
            return address
    return f"2001:db8:{ORDER.index(country):x}fc:{number % 0xFFFF:x}::1"


def vpn(chance: Chance) -> str:
    """Return an exit of a commercial VPN."""
    return f"192.0.2.{128 + chance.whole(0, len(VPN_EXITS) - 1) * 16 + chance.whole(1, 3)}"


def hosting(chance: Chance, block: int | None = None) -> str:
    """Return an address in a hosting centre; `block` keeps to one network."""
    index = chance.whole(0, len(HOSTING) - 1) if block is None else block % len(HOSTING)
    if chance.happens(0.6):
        return f"192.0.2.{index * 16 + chance.whole(1, 14)}"
    return f"2001:db8:f{index:x}00:{chance.whole(1, 400):x}::{chance.whole(1, 40):x}"


def residential_proxy(country: str, chance: Chance) -> str:
    """Return somebody's home address, lent without their knowing."""
    return home(country, f"proxy {chance.hexadecimal(6)}", 0)
