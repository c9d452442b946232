"""Write a world to files: payments, access events and labels as Parquet, the overlay as CSV.

Column names are the schema's own, times are timestamps in UTC, amounts decimal text. Writing the
same world twice gives the same bytes.
"""

from __future__ import annotations

import base64
import csv
import ipaddress
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.reference import currency_exponent
from training.simulate import networks
from training.simulate.chance import digest
from training.simulate.labels import Verdict
from training.simulate.records import Access, Party, Transfer
from training.simulate.world import World

_TIME = pa.timestamp("us", tz="UTC")


def identifier(prefix: str, key: str) -> str:
    """Return an identifier that tells nothing of whose event it is or why it happened."""
    return prefix + base64.b32encode(digest(prefix, key))[:10].decode().lower()


@lru_cache(maxsize=262_144)
def _address(text: str | None) -> str | None:
    return str(ipaddress.ip_address(text)) if text else None


def _behind(party: Party | None, what: str) -> str | None:
    """Return the name or the country of an ultimate party, None when not told."""
    return (getattr(party, what) or None) if party else None


def amount_text(minor: int, currency: str) -> str:
    """Return minor units as decimal text."""
    exponent = currency_exponent(currency) or 0
    if exponent == 0:
        return str(minor)
    return f"{minor // 10**exponent}.{minor % 10**exponent:0{exponent}d}"


_PAYMENT: dict[str, Callable[[Transfer], Any]] = {
    "event_id": lambda item: identifier("p", item.key),
    "time": lambda item: item.time,
    "currency": lambda item: item.currency,
    "amount": lambda item: amount_text(item.minor, item.currency),
    "debtor_account_scheme": lambda item: item.debtor.scheme,
    "debtor_account": lambda item: item.debtor.account,
    "debtor_account_country": lambda item: item.debtor.account_country or None,
    "debtor_agent": lambda item: item.debtor.agent or None,
    "debtor_name": lambda item: item.debtor.name or None,
    "debtor_country": lambda item: item.debtor.country or None,
    "creditor_account_scheme": lambda item: item.creditor.scheme,
    "creditor_account": lambda item: item.creditor.account,
    "creditor_account_country": lambda item: item.creditor.account_country or None,
    "creditor_agent": lambda item: item.creditor.agent or None,
    "creditor_name": lambda item: item.creditor.name or None,
    "creditor_country": lambda item: item.creditor.country or None,
    "ultimate_debtor_name": lambda item: _behind(item.ultimate_debtor, "name"),
    "ultimate_debtor_country": lambda item: _behind(item.ultimate_debtor, "country"),
    "ultimate_creditor_name": lambda item: _behind(item.ultimate_creditor, "name"),
    "ultimate_creditor_country": lambda item: _behind(item.ultimate_creditor, "country"),
    "intermediary_agents": lambda item: item.intermediary,
    "customer_id": lambda item: item.customer_id,
    "channel": lambda item: item.channel,
    "purpose": lambda item: item.purpose,
    "remittance_text": lambda item: item.text,
    "payee_verification": lambda item: item.verification,
    "device_id": lambda item: item.device_id,
    "ip_address": lambda item: _address(item.ip_address),
}
_ACCESS: dict[str, Callable[[Access], Any]] = {
    "event_id": lambda item: identifier("a", item.key),
    "time": lambda item: item.time,
    "user_id": lambda item: item.user_id,
    "action": lambda item: item.action,
    "outcome": lambda item: item.outcome,
    "ip_address": lambda item: _address(item.ip_address),
    "user_agent": lambda item: item.device.user_agent if item.device else None,
    "client_application": lambda item: item.device.application if item.device else None,
    "device_id": lambda item: item.device.device_id if item.device else None,
    "mfa_method": lambda item: item.mfa_method,
    "privilege": lambda item: item.privilege,
    "bytes": lambda item: item.bytes,
    "resource": lambda item: item.resource,
    "session_id": lambda item: item.session_id,
}
_EVENT_PREFIX = {"payment": "p", "access": "a"}
_LABEL: dict[str, Callable[[Verdict], Any]] = {
    "label_id": lambda item: identifier("l", item.key),
    "stream": lambda item: item.stream,
    "event_id": lambda item: identifier(_EVENT_PREFIX[item.stream], item.event_key),
    "is_fraud": lambda item: item.is_fraud,
    "typology": lambda item: item.typology,
    "subject_role": lambda item: item.role,
    "known_at": lambda item: item.known_at,
    "source": lambda item: item.source,
    "supersedes": lambda item: identifier("l", item.supersedes) if item.supersedes else None,
}
_TYPES = {"time": _TIME, "known_at": _TIME, "bytes": pa.int64(), "is_fraud": pa.bool_()}


def table(columns: dict[str, Callable[[Any], Any]], items: Sequence[Any]) -> pa.Table:
    """Return the items as an Arrow table with one column for each entry of `columns`."""
    arrays = {
        name: pa.array([value(item) for item in items], type=_TYPES.get(name, pa.string()))
        for name, value in columns.items()
    }
    return pa.table(arrays)


def payments_table(world: World) -> pa.Table:
    """Return all payments in the schema's columns."""
    return table(_PAYMENT, world.transfers)


def access_table(world: World) -> pa.Table:
    """Return all access events in the schema's columns."""
    return table(_ACCESS, world.accesses)


def labels_table(verdicts: Sequence[Verdict]) -> pa.Table:
    """Return labels in the schema's columns."""
    return table(_LABEL, verdicts)


def truth_table(world: World) -> pa.Table:
    """Return what really was criminal: one row for each criminal event, and no other."""
    rows = [
        (identifier("p", item.key), "payment", True, item.mark.typology, item.mark.incident)
        for item in world.transfers
        if item.mark
    ] + [
        (identifier("a", item.key), "access", True, item.mark.typology, item.mark.incident)
        for item in world.accesses
        if item.mark
    ]
    names = ("event_id", "stream", "is_fraud", "typology", "incident_id")
    return pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)})


def write_parquet(given: pa.Table, path: Path) -> None:
    """Write a table, small and the same bytes each time."""
    pq.write_table(given, path, compression="zstd", compression_level=19, write_statistics=False)


def write_overlay(rows: Iterable[networks.Network], path: Path) -> None:
    """Write the overlay of networks as `features.reference` reads it."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("prefix", "country", "asn", "network_name"))
        writer.writerows((row.prefix, row.country, row.asn, row.name) for row in rows)
