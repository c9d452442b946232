"""Which addresses a webhook may have: never one that only this machine's network can reach."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from features.errors import Problem
from serving.errors import Invalid

_LONGEST = 2_000


class Unreachable(Exception):
    """The host has no address, or one that may not be called; says which in one word."""


@dataclass(frozen=True)
class Target:
    """Where a webhook's URL leads: the address is looked up once, checked, and then called."""

    url: str
    """The URL with the address in the host's place."""
    host: str
    """What to say to the server, and what its certificate must name."""
    header: str
    """The `Host` header."""


def check(url: str, anywhere: bool) -> None:
    """Raise `Invalid` unless a webhook may have this URL.

    With `anywhere` also plain HTTP and addresses of private networks.
    """
    wrong, fix = _fault(url, anywhere)
    if wrong:
        raise Invalid([Problem("url", url[:80], wrong, fix)])


def _fault(url: str, anywhere: bool) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "cannot be read", "give https://HOST/PATH"
    if not host or not url.isascii() or not url.isprintable() or " " in url or len(url) > _LONGEST:
        return "cannot be read", "give https://HOST/PATH"
    if parts.username or parts.password or parts.fragment:
        return "holds a password or fragment", "leave it out: messages are signed"
    if parts.scheme != "https" and not (anywhere and parts.scheme == "http"):
        return "is not https", "use https, so that nobody reads or changes messages"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "", ""
    if not anywhere and not public(address):
        return "is a private address", "give a public one, or set CROSSFLAG_WEBHOOK_PRIVATE"
    return "", ""


def public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Tell whether an address is one of the open network, however it is written."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return public(inner)
    return address.is_global and not address.is_multicast


async def target(url: str, anywhere: bool) -> Target:
    """Look the host up; raises `Unreachable`. The name may mean another address a moment later."""
    check(url, anywhere)
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unreachable("unknown_host") from error
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    if not anywhere and not all(map(public, addresses)):
        raise Unreachable("private_address")
    first = addresses[0]
    literal = f"[{first}]" if first.version == 6 else str(first)
    header = host if parts.port is None else f"{host}:{port}"
    return Target(parts._replace(netloc=f"{literal}:{port}").geturl(), host, header)
