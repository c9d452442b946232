"""Whom an event is about: the customer where one is named, else the account that pays."""

from __future__ import annotations

from typing import Literal

from features.events import AccessEvent, Payment

Kind = Literal["customer", "account"]


def subject_of(event: Payment | AccessEvent) -> str:
    """Return the subject, with its kind before the first colon; equal for payments and logins."""
    if isinstance(event, AccessEvent):
        return f"customer:{event.user_id}"
    if event.customer_id is not None:
        return f"customer:{event.customer_id}"
    return f"account:{event.debtor_identity}"


def counterparty_of(event: Payment | AccessEvent) -> str | None:
    """Return the identity of the account that is paid, None for an access event."""
    return event.creditor_identity if isinstance(event, Payment) else None


def references_of(event: Payment | AccessEvent) -> dict[str, str | None]:
    """Return the references by which others name a payment, empty for an access event."""
    if isinstance(event, AccessEvent):
        return {}
    return {"uetr": event.uetr, "end_to_end_id": event.end_to_end_id}


def shown(subject: str) -> tuple[Kind, str]:
    """Return a subject's kind, and its customer id or account number."""
    kind, _, identity = subject.partition(":")
    if kind == "customer":
        return "customer", identity
    return "account", identity.split(":", 2)[2]
