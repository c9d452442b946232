"""Payments to measure with: the Fraud Detection Handbook's file, or made-up ones of its shape.

A made-up world has the handbook's density whatever its size: a customer pays 1.9 times a day at a
few terminals near by, half as many customers as terminals, 183 days. More events are more
customers, so that what is measured at two sizes differs in size alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from features.errors import UnreadableFile
from features.formats.mapping import read_mapping
from features.formats.readers import read_events
from features.table import EventTable

DAY = 86_400_000_000
DELAY = 7 * DAY
_DAYS = 183
_START = 1_767_225_600_000_000
_PER_CUSTOMER = 350
_MAPPING = Path(__file__).parent.parent / "training" / "recipes" / "handbook.mapping.toml"
_COUNTRIES = np.array(["BE", "DE", "ES", "FR", "IT", "NL", "PL", "PT"])


def handbook(path: Path, rows: int | None = None) -> tuple[EventTable, EventTable]:
    """Return the earliest payments of the handbook's file and their labels, row beside row."""
    read = read_events(path, mapping=read_mapping(_MAPPING))
    if read.labels is None or read.labels.column("event_id") != read.table.column("event_id"):
        raise UnreadableFile(
            f"{path} has payments without a label: give the handbook's transactions file"
        )
    order = np.argsort(read.table.integers("time"), kind="stable")[:rows]
    return _chosen(read.table, order), _chosen(read.labels, order)


def _chosen(table: EventTable, rows: Any) -> EventTable:
    return EventTable(table.stream, table.table.take(pa.array(rows)).combine_chunks())


def made_up(rows: int, seed: int = 0) -> tuple[EventTable, EventTable]:
    """Return card payments and their labels, as many as asked for, in order of time."""
    random = np.random.default_rng(seed)
    times, customer, terminal = _who_pays_whom(rows, random)
    amounts = np.maximum(1, random.gamma(2.0, 2_700, rows).astype(np.int64))
    compromised = random.random(int(terminal.max()) + 1) < 0.01
    fraud = (random.random(rows) < 0.004) | (compromised[terminal] & (random.random(rows) < 0.4))
    names = _numbered("t", np.arange(rows))
    payments = {
        "event_id": names,
        "time": times,
        "currency": _one("EUR", rows),
        "amount_minor": amounts,
        "debtor_account": _numbered("", customer),
        "debtor_account_scheme": _one("CARD", rows),
        "creditor_account": _numbered("", terminal),
        "creditor_account_scheme": _one("MERCHANT", rows),
        "customer_id": _numbered("", customer),
        "channel": _one("card", rows),
    }
    labels = {
        "label_id": _numbered("l", np.arange(rows)),
        "stream": _one("payment", rows),
        "event_id": names,
        "is_fraud": fraud,
        "known_at": times + DELAY,
        "source": _one("dispute", rows),
    }
    return EventTable("payment", pa.table(payments)), EventTable("label", pa.table(labels))


def _who_pays_whom(rows: int, random: np.random.Generator) -> tuple[Any, Any, Any]:
    """Return times (whole seconds, rising), and who pays at which terminal."""
    customers = max(1, rows // _PER_CUSTOMER)
    seconds = np.sort(random.integers(0, _DAYS * 86_400, rows))
    weights = random.gamma(3.0, size=customers)
    customer = random.choice(customers, rows, p=weights / weights.sum())
    terminal = (customer * 2 + random.integers(0, 28, rows)) % (customers * 2)
    return _START + seconds * 1_000_000, customer, terminal


def transfers(rows: int, seed: int = 0) -> EventTable:
    """Return payments that fill every field which the catalogue reads, as many as asked for."""
    random = np.random.default_rng(seed)
    times, customer, payee = _who_pays_whom(rows, random)
    countries = len(_COUNTRIES)
    home, there = customer % countries, np.where(payee % 6 == 0, payee // 6, customer) % countries
    banks = pa.array([f"ZQ{letter}A{c}P0" for c in _COUNTRIES for letter in "BCD"])
    channels = pa.array(["card", "mobile", "online", "api"])
    purposes = pa.array(["SALA", "SUPP", "GDDS", None])
    texts = pa.array([f"invoice {number}" for number in range(5_000)])
    return EventTable(
        "payment",
        pa.table(
            {
                "event_id": _numbered("p", np.arange(rows)),
                "time": times + random.integers(0, 1_000_000, rows),
                "currency": _one("EUR", rows),
                "amount_minor": np.maximum(1, random.gamma(2.0, 5_400, rows).astype(np.int64)),
                "debtor_account": _numbered("d", customer),
                "debtor_account_scheme": _one("BBAN", rows),
                "debtor_account_country": _taken(pa.array(_COUNTRIES), home),
                "debtor_agent": _taken(banks, home * 3 + customer % 3),
                "debtor_agent_country": _taken(pa.array(_COUNTRIES), home),
                "debtor_name": _numbered("Customer ", customer),
                "debtor_country": _taken(pa.array(_COUNTRIES), home),
                "creditor_account": _numbered("c", payee),
                "creditor_account_scheme": _one("BBAN", rows),
                "creditor_account_country": _taken(pa.array(_COUNTRIES), there),
                "creditor_agent": _taken(banks, there * 3 + payee % 3),
                "creditor_agent_country": _taken(pa.array(_COUNTRIES), there),
                "creditor_name": _numbered("Payee ", payee),
                "creditor_country": _taken(pa.array(_COUNTRIES), there),
                "customer_id": _numbered("", customer),
                "channel": _taken(channels, random.integers(0, 4, rows)),
                "purpose": _taken(purposes, random.integers(0, 4, rows)),
                "remittance_text": _taken(texts, random.integers(0, 5_000, rows)),
                "payee_verification": _taken(
                    pa.array(["match", "no_match"]), random.random(rows) < 0.02
                ),
                "device_id": _numbered("device ", customer),
                "ip_address": _taken(_addresses(int(customer.max()) + 1), customer),
            }
        ),
    )


def _addresses(count: int) -> pa.Array:
    return pa.array([f"2001:db8:{number >> 8:x}::{number & 255:x}" for number in range(count)])


def _numbered(prefix: str, numbers: Any) -> pa.Array:
    texts = pa.array(numbers).cast(pa.string())
    return pa.compute.binary_join_element_wise(prefix, texts, "") if prefix else texts


def _taken(values: pa.Array, places: Any) -> pa.Array:
    return values.take(pa.array(np.asarray(places, np.int64)))


def _one(value: str, rows: int) -> pa.Array:
    return pa.repeat(value, rows)
