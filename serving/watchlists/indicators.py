"""Exact indicators: numbers and addresses that are the same or are not. A look-up, no matching."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from serving.watchlists.entities import Entity

_PLAIN = re.compile(r"[^0-9a-z]")
KEPT = {
    "iban": "account",
    "accountNumber": "account",
    "publicKey": "account",
    "swiftBic": "agent",
    "device": "device",
    "domain": "domain",
    "email": "email",
    "phone": "phone",
    "passportNumber": "document",
    "idNumber": "document",
    "taxNumber": "document",
    "registrationNumber": "document",
    "imoNumber": "document",
    "leiCode": "document",
}
"""Which properties of a record are indicators, and of what."""
_LEAST = 5


class Indicators:
    """Records by what identifies them: account, agent, device, domain, email, document, ip…"""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], list[int]] = {}
        self._networks: dict[tuple[int, int], dict[int, list[int]]] = {}

    def __len__(self) -> int:
        return len(self._values) + sum(map(len, self._networks.values()))

    def add(self, entity: Entity, number: int) -> None:
        """Add what identifies a record, under its number."""
        for name, kind in KEPT.items():
            for value in entity.properties.get(name, ()):
                plain = plain_form(kind, value)
                if len(plain) >= _LEAST:
                    self._values.setdefault((kind, plain), []).append(number)
        for value in entity.properties.get("network", ()):
            network = ipaddress.ip_network(value)
            key = (network.version, network.prefixlen)
            first = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
            self._networks.setdefault(key, {}).setdefault(first, []).append(number)

    def find(self, kind: str, value: str) -> Iterator[int]:
        """Yield the numbers of the records that a value identifies, `kind` as in the class."""
        if kind == "ip":
            yield from self._address(value)
            return
        yield from self._values.get((kind, plain_form(kind, value)), ())
        if kind == "email":
            yield from self._domain(value.rpartition("@")[2])
        elif kind == "domain":
            yield from self._domain(value.partition(".")[2])

    def _domain(self, value: str) -> Iterator[int]:
        while value:
            yield from self._values.get(("domain", plain_form("domain", value)), ())
            value = value.partition(".")[2]

    def _address(self, value: str) -> Iterator[int]:
        if not self._networks:
            return
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            return
        number, bits = int(address), address.max_prefixlen
        for (version, length), networks in self._networks.items():
            if version == address.version:
                yield from networks.get(number >> (bits - length), ())


def plain_form(kind: str, value: str) -> str:
    """Return the one form in which values of a kind are kept and asked."""
    lowered = value.strip().lower()
    if kind in ("domain", "email", "device"):
        return lowered.rstrip(".")
    return _PLAIN.sub("", lowered)
