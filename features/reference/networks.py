"""What is known of an address: registries' country, an operator's overlay, a geolocation file."""

from __future__ import annotations

import csv
import hashlib
import ipaddress
import socket
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import iptocc
import maxminddb

from features.errors import BadReference

NETWORK_KINDS = ("corporate_vpn", "carrier_nat", "roaming", "hosting", "anonymiser")
"""What a network is, where somebody has said so; its place in this list is its code."""
PLACELESS = frozenset(("corporate_vpn", "carrier_nat", "roaming"))
"""Kinds whose address says nothing of where its user is, so that no journey is told from it."""
_COLUMNS = "prefix,country,asn,network_name and perhaps kind"
_ANONYMOUS = (
    "is_anonymous",
    "is_anonymous_vpn",
    "is_public_proxy",
    "is_residential_proxy",
    "is_tor_exit_node",
)


def packed_address(ip: str) -> bytes:
    """Return an address that was checked before as its 4 or 16 bytes, quickly."""
    if ":" in ip:
        # What follows a per cent sign names an interface of the machine that saw it.
        return socket.inet_pton(socket.AF_INET6, ip.partition("%")[0])
    return socket.inet_pton(socket.AF_INET, ip)


@dataclass(frozen=True)
class Network:
    """What an overlay says of one prefix; `kind` is one of NETWORK_KINDS or None."""

    country: str
    asn: int
    kind: str | None


class IpOverlay:
    """A simulated or operator-kept table of networks with country and autonomous system.

    It is a CSV with the header `prefix,country,asn,network_name` and perhaps `kind` (one of
    NETWORK_KINDS, or empty); the longest prefix wins. Raises BadReference.
    """

    def __init__(self, path: Path) -> None:
        self._networks: dict[tuple[int, int], dict[int, Network]] = {}
        try:
            content = path.read_bytes()
            for row in csv.DictReader(content.decode().splitlines()):
                network = ipaddress.ip_network(row["prefix"])
                kind = row.get("kind") or None
                if kind is not None and kind not in NETWORK_KINDS:
                    raise ValueError(f"kind {kind!r} is none of {', '.join(NETWORK_KINDS)}")
                key = (network.version, network.prefixlen)
                self._networks.setdefault(key, {})[int(network.network_address)] = Network(
                    row["country"], int(row["asn"]), kind
                )
        except (OSError, KeyError, ValueError) as error:
            raise BadReference(
                f"IP overlay {path}: {error}; expected a CSV with {_COLUMNS}"
            ) from error
        self._lengths = sorted(self._networks, key=lambda key: -key[1])
        self.version = "overlay-" + hashlib.sha256(content).hexdigest()[:8]

    def find(self, ip: str) -> Network | None:
        """Return what is said of the longest matching prefix."""
        version, size = (6, 128) if ":" in ip else (4, 32)
        number = int.from_bytes(packed_address(ip))
        for family, length in self._lengths:
            if family == version:
                network = number >> (size - length) << (size - length)
                found = self._networks[family, length].get(network)
                if found:
                    return found
        return None


class Addresses:
    """Country, autonomous system, kind and place of an address; an overlay's word goes first.

    `overlay` is a CSV (see `IpOverlay`), `mmdb` a geolocation file in MaxMind DB form; both are
    optional. Raises BadReference when a given file cannot be used.
    """

    def __init__(self, overlay: Path | None, mmdb: Path | None) -> None:
        self._overlay = IpOverlay(overlay) if overlay else None
        self._places: Any = None
        parts = ["iptocc-" + version("iptocc")]
        if self._overlay:
            parts.append(self._overlay.version)
        if mmdb:
            try:
                self._places = maxminddb.open_database(str(mmdb), maxminddb.MODE_MEMORY)
            except (OSError, maxminddb.InvalidDatabaseError) as error:
                raise BadReference(f"geolocation file {mmdb}: {error}") from error
            parts.append("mmdb-" + hashlib.sha256(mmdb.read_bytes()).hexdigest()[:8])
        self.version = "+".join(parts)
        self.country = lru_cache(maxsize=262_144)(self._country)
        self.asn = lru_cache(maxsize=262_144)(self._asn)
        self.kind = lru_cache(maxsize=262_144)(self._kind)
        self.place = lru_cache(maxsize=262_144)(self._place)

    def _said(self, ip: str) -> Network | None:
        return self._overlay.find(ip) if self._overlay else None

    def _record(self, ip: str) -> dict[str, Any]:
        found = self._places.get(ip) if self._places else None
        return found if isinstance(found, dict) else {}

    def _country(self, ip: str) -> str | None:
        if said := self._said(ip):
            return said.country
        located = self._record(ip).get("country", {}).get("iso_code")
        return located or iptocc.country_code(ip) or None

    def _asn(self, ip: str) -> int | None:
        if said := self._said(ip):
            return said.asn
        record = self._record(ip)
        number: int | None = record.get("autonomous_system_number")
        traits = record.get("traits", {})
        return number if number is not None else traits.get("autonomous_system_number")

    def _kind(self, ip: str) -> str | None:
        if (said := self._said(ip)) and said.kind:
            return said.kind
        record = self._record(ip)
        traits = record.get("traits", {})
        known = {**record, **(traits if isinstance(traits, dict) else {})}
        if any(known.get(name) for name in _ANONYMOUS):
            return "anonymiser"
        if known.get("is_hosting_provider") or known.get("user_type") == "hosting":
            return "hosting"
        if "cellular" in (known.get("user_type"), str(known.get("connection_type")).lower()):
            return "carrier_nat"
        return None

    def _place(self, ip: str) -> tuple[float, float] | None:
        location = self._record(ip).get("location", {})
        if "latitude" in location and "longitude" in location:
            return float(location["latitude"]), float(location["longitude"])
        return None
