"""What of an event is asked of the lists, and what a hit does to its advice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from features.events import AccessEvent, Payment
from models.decision import Advice, RuleHit
from serving.watchlists.screener import Hit, Screener

_NAMES = ("debtor_name", "creditor_name", "ultimate_debtor_name", "ultimate_creditor_name")
_ACCOUNTS = (
    "debtor_account", "creditor_account", "ultimate_debtor_account", "ultimate_creditor_account",
)  # fmt: skip
_AGENTS = ("debtor_agent", "creditor_agent")
_LONG_WORD = re.compile(r"[A-Za-z0-9]{15,90}")
_GRAVE = frozenset({"sanction", "wanted", "trafficking"})


def screen(screener: Screener, event: Payment | AccessEvent, member: str) -> list[Hit]:
    """Return every record that an event meets, each once by field, the surest first."""
    hits: dict[tuple[str, str, str], Hit] = {}
    for hit in _hits(screener, event, member):
        key = (hit.list_name, hit.entity_id, hit.field)
        if key not in hits or hits[key].score < hit.score:
            hits[key] = hit
    return sorted(hits.values(), key=lambda hit: (-hit.exact, -hit.score, hit.entity_id, hit.field))


def _hits(screener: Screener, event: Payment | AccessEvent, member: str) -> Iterator[Hit]:
    if not screener.lists:
        return
    for field, text in names_of(event):
        yield from screener.name(text, field, member)
    for kind, field, value in indicators_of(event):
        yield from screener.indicator(kind, value, field, member)


def names_of(event: Payment | AccessEvent) -> Iterator[tuple[str, str]]:
    """Yield the fields of an event that hold a name, and the names."""
    if isinstance(event, Payment):
        for field in _NAMES:
            if text := getattr(event, field):
                yield field, text


def indicators_of(event: Payment | AccessEvent) -> Iterator[tuple[str, str, str]]:
    """Yield what identifies somebody in an event: kind (as in `Indicators`), field and value."""
    if isinstance(event, Payment):
        told = [("account", field, getattr(event, field)) for field in _ACCOUNTS]
        told += [("agent", field, getattr(event, field)) for field in _AGENTS]
        told += [("agent", "intermediary_agents", value) for value in event.intermediary_agents]
        words = _LONG_WORD.findall(event.remittance_text or "")
        told += [("account", "remittance_text", value) for value in words]
    else:
        told = [("email", "user_id", event.user_id if "@" in event.user_id else None)]
    told.append(("ip", "ip_address", str(event.ip_address) if event.ip_address else None))
    told.append(("device", "device_id", event.device_id))
    yield from ((kind, field, value) for kind, field, value in told if value)


def rule_hits(hits: Sequence[Hit]) -> list[RuleHit]:
    """Return what hits ask of the decision: a look, at once for an exact one on a grave list.

    Persons to be protected ask for nothing: a hit on them is no risk of the event's.
    """
    return [
        RuleHit(f"watchlist {hit.list_name}", _advice(hit), _sentence(hit))
        for hit in hits
        if not hit.protected
    ]


def _advice(hit: Hit) -> Advice:
    return "urgent" if hit.exact and not _GRAVE.isdisjoint(hit.topics) else "review"


def _sentence(hit: Hit) -> str:
    field = hit.field.replace("_", " ")
    if hit.exact:
        return f"{field} is that of {hit.entity_id} (version {hit.version})"
    said = f"{field} is like {hit.by!r} of {hit.entity_id}"
    return f"{said} (score {hit.score:.2f}, version {hit.version})"
