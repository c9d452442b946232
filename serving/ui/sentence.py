"""The one sentence at the head of a case: who did what, where to, and why it is here now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from serving.cases import CaseDetail, TimelineEntry
from serving.sampling import SOURCE
from serving.ui import words


def sentence(case: CaseDetail) -> str:
    """Return the case in one plain sentence; names in it are as they came, so escape it."""
    who = case.summary.subject_name or case.summary.subject
    flagged = [entry for entry in case.timeline if entry.in_case]
    paid = _payments("paid", "to", [e for e in flagged if e.direction == "out"], "creditor")
    received = _payments("received", "from", [e for e in flagged if e.direction == "in"], "debtor")
    by_lot = case.summary.source == SOURCE
    shown = _access([e for e in flagged if e.direction == "access"], "" if by_lot else "unusual ")
    money = " and ".join(part for part in (paid, received) if part)
    if money and shown:
        what = f"{money}, with {shown}"
    else:
        what = money or (f"had {shown}" if shown else "was flagged")
    why = case.summary.first_reason
    if by_lot:
        return f"{who} {what}{_within(flagged)}; {why}."
    return f"{who} {what}{_within(flagged)}{f'; flagged because: {why}' if why else ''}."


def _payments(did: str, whom: str, entries: Sequence[TimelineEntry], party: str) -> str:
    if not entries:
        return ""
    known = [e.assessment.amount_reference for e in entries if e.assessment is not None]
    total = sum(cents for cents in known if cents is not None)
    if len(entries) == 1:
        event = entries[0].event
        amount, times = words.amount(str(event["amount"]), event["currency"]), ""
    else:
        amount = words.short_money(total) if total else "an unknown amount"
        times = f" in {len(entries)} payments"
    accounts = _distinct(str(e.event[f"{party}_account"]) for e in entries)
    names = _distinct(e.event.get(f"{party}_name") for e in entries)
    if len(accounts) == 1:
        other = names[0] if names else accounts[0]
    else:
        other = words.many(len(accounts), "account")
    places = _distinct(_country(e, party) for e in entries)
    where = f" in {_listed([words.country_name(place) for place in places])}" if places else ""
    return f"{did} {amount}{times} {whom} {other}{where}"


def _country(entry: TimelineEntry, party: str) -> str | None:
    event = entry.event
    for field in (f"{party}_account_country", f"{party}_agent_country", f"{party}_country"):
        if event.get(field):
            return str(event[field])
    return None


def _access(entries: Sequence[TimelineEntry], kind: str) -> str:
    if not entries:
        return ""
    failed = sum(entry.event["outcome"] == "failure" for entry in entries)
    names = _distinct(words.ACTIONS.get(e.event["action"], "action").lower() for e in entries)
    what = names[0] if len(names) == 1 else "access event"
    addresses = _distinct(entry.event.get("ip_address") for entry in entries)
    source = ""
    if addresses:
        one = len(addresses) == 1
        source = (
            f" from {addresses[0] if one else words.many(len(addresses), 'address', 'addresses')}"
        )
    fate = f" ({failed} failed)" if failed else ""
    return f"{words.many(len(entries), kind + what)}{fate}{source}"


def _within(entries: Sequence[TimelineEntry]) -> str:
    if len(entries) < 2:
        return ""
    times = [entry.time for entry in entries]
    length = max(times) - min(times)
    return f" within {words.span(length)}" if length >= timedelta(minutes=1) else " within a minute"


def _distinct(values: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def _listed(names: Sequence[str], most: int = 3) -> str:
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more countries"
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
