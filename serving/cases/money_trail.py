"""Where the money went: hop by hop through the stored payments, first in, first out.

What is stolen arrives at an account and leaves it again with later payments; those carry it on up
to their own amount, in the order in which they came. What no later payment carried on lies there
still, as far as this member's own log tells: another bank's payments are not in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from features.events import Payment
from features.reference import Reference

DEEPEST = 6
LONGEST = timedelta(days=10)
"""How long after the last payment of the trail another one is still thought part of it."""


@dataclass(frozen=True)
class Hop:
    """One payment of the trail."""

    sequence: int
    """Place of the payment in the log."""
    depth: int
    """1 for a payment of the case itself."""
    event_id: str
    time: datetime
    debtor_account: str
    debtor_name: str | None
    creditor_account: str
    creditor_name: str | None
    creditor_agent: str | None
    creditor_country: str | None
    amount: str
    """In the payment's own currency."""
    currency: str
    carried: int
    """EUR cents of the stolen money that it carried on."""


@dataclass(frozen=True)
class Resting:
    """An account at which part of the money lies, as far as the log tells."""

    account: str
    name: str | None
    agent: str | None
    country: str | None
    amount: int
    """EUR cents."""
    depth: int


@dataclass(frozen=True)
class Trail:
    """The whole trail; `cut` when more payments came after than were looked at."""

    hops: tuple[Hop, ...]
    resting: tuple[Resting, ...]
    cut: bool = False


@dataclass
class _Purse:
    amount: int
    depth: int
    payment: Payment


def follow(
    first: Iterable[tuple[int, Payment]],
    later: Iterable[tuple[int, Payment]],
    reference: Reference,
) -> Trail:
    """Follow stolen payments through later ones, both given as (sequence, payment) in log order."""
    purses: dict[str, _Purse] = {}
    hops: list[Hop] = []
    start = dict(first)
    after = {sequence: payment for sequence, payment in later if sequence not in start}
    for sequence, payment in sorted([*start.items(), *after.items()]):
        value = _value(payment, reference)
        purse = purses.get(payment.debtor_identity)
        if sequence in start:
            carried, depth = value, 1
        elif purse is not None and _carries(purse, payment):
            carried, depth = min(value, purse.amount), purse.depth + 1
        else:
            continue
        if purse is not None:
            # What a stolen payment takes from an account on the trail is counted once.
            purse.amount = max(purse.amount - carried, 0)
        hops.append(_hop(sequence, payment, depth, carried))
        arrived = purses.setdefault(payment.creditor_identity, _Purse(0, depth, payment))
        arrived.amount += carried
        arrived.depth, arrived.payment = max(arrived.depth, depth), payment
    resting = [
        Resting(
            purse.payment.creditor_account,
            purse.payment.creditor_name,
            purse.payment.creditor_agent,
            _country(purse.payment),
            purse.amount,
            purse.depth,
        )
        for purse in purses.values()
        if purse.amount > 0
    ]
    return Trail(tuple(hops), tuple(sorted(resting, key=lambda one: -one.amount)))


def _carries(purse: _Purse, payment: Payment) -> bool:
    """Tell whether a payment out of an account may carry on what lies in its purse."""
    arrived = purse.payment.time
    in_time = arrived <= payment.time <= arrived + LONGEST
    return purse.amount > 0 and purse.depth < DEEPEST and in_time


def _value(payment: Payment, reference: Reference) -> int:
    value = reference.amount_reference(payment.amount_minor, payment.currency, payment.time_us)
    return value or 0


def _country(payment: Payment) -> str | None:
    return (
        payment.creditor_account_country
        or payment.creditor_agent_country
        or payment.creditor_country
    )


def _hop(sequence: int, payment: Payment, depth: int, carried: int) -> Hop:
    return Hop(
        sequence=sequence,
        depth=depth,
        event_id=payment.event_id,
        time=payment.time,
        debtor_account=payment.debtor_account,
        debtor_name=payment.debtor_name,
        creditor_account=payment.creditor_account,
        creditor_name=payment.creditor_name,
        creditor_agent=payment.creditor_agent,
        creditor_country=_country(payment),
        amount=f"{payment.amount:f}",
        currency=payment.currency,
        carried=carried,
    )
