"""The part of the queue that a reader asked for, as the query of an address says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from urllib.parse import parse_qsl, urlencode

from features.reference import COUNTRIES
from serving.auth import Principal
from serving.cases import Filter, Order, State
from serving.ui import words

STATES: dict[str, tuple[State, ...]] = {
    "waiting": ("open", "claimed"),
    "open": ("open",),
    "claimed": ("claimed",),
    "decided": ("decided",),
    "all": ("open", "claimed", "decided"),
}
STATE_NAMES = {
    "waiting": "Waiting for a decision",
    "open": "Open, nobody holds it",
    "late": "Late",
    "claimed": "Claimed",
    "mine": "Claimed by me",
    "decided": "Decided",
    "all": "All",
}
ORDERS: dict[str, Order] = {"priority": "priority", "loss": "loss", "age": "age"}
ORDER_NAMES = {"priority": "loss and urgency", "loss": "expected loss", "age": "age"}
AGES = {"": "Any", "1d": "Under 1 day", "1d+": "Over 1 day", "3d+": "Over 3 days", "7d+": "Over 7"}
PAGE = 50
_DAY = 86_400_000_000
_LARGEST = 10**12


@dataclass(frozen=True)
class Selection:
    """What the reader asked for; words that are not known fall back to the widest choice."""

    state: str = "waiting"
    stream: str = ""
    advice: str = ""
    found_by: str = ""
    suspicion: str = ""
    typology: str = ""
    corridor: str = ""
    """Two country codes with `>` between; either may be missing."""
    age: str = ""
    amount_from: str = ""
    """Whole EUR."""
    amount_to: str = ""
    model: str = ""
    text: str = ""
    order: str = "priority"
    cursor: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Selection:
        """Return the selection that an address's query describes."""

        def among(name: str, known: Mapping[str, object], default: str = "") -> str:
            value = query.get(name, "")
            return value if value in known else default

        return cls(
            state=among("state", STATE_NAMES, "waiting"),
            stream=among("stream", words.STREAMS),
            advice=among("advice", {"urgent": 1, "review": 1}),
            found_by=among("found_by", {"novelty": 1}),
            suspicion=query.get("suspicion", "").strip()[:100],
            typology=among("typology", words.TYPOLOGIES),
            corridor=_corridor(query.get("corridor", "")),
            age=among("age", AGES),
            amount_from=_whole(query.get("amount_from", "")),
            amount_to=_whole(query.get("amount_to", "")),
            model=query.get("model", "").strip()[:80],
            text=query.get("text", "").strip()[:100],
            order=among("order", ORDERS, "priority"),
            cursor=query.get("cursor", ""),
        )

    @classmethod
    def parse(cls, address: str) -> Selection:
        """Return the selection of an address's query as text."""
        return cls.read(dict(parse_qsl(address)))

    @property
    def narrowed(self) -> bool:
        """True when more than the state is asked for."""
        beside = ("state", "order", "cursor")
        return any(getattr(self, one.name) for one in fields(self) if one.name not in beside)

    @property
    def more(self) -> bool:
        """True when a filter is set that the page keeps folded."""
        folded = ("suspicion", "typology", "corridor", "age", "amount_from", "amount_to", "model")
        return any(getattr(self, name) for name in folded)

    def address(self, **changed: str) -> str:
        """Return the query of this selection with some of its words changed."""
        asked = {**self.__dict__, "cursor": "", **changed}
        plain = {"order": "priority", "state": "waiting"}
        return urlencode(
            {name: word for name, word in asked.items() if word and plain.get(name) != word}
        )

    def filter(self, principal: Principal) -> Filter:
        """Return what the queue is asked for."""
        debtor, _, creditor = self.corridor.partition(">")
        days = self.age.removesuffix("+").removesuffix("d")
        long = int(days) * _DAY if days else None
        return Filter(
            states=STATES.get(self.state, ("open", "claimed")),
            claimed_by=principal.name if self.state == "mine" else None,
            advice=self.advice or None,
            stream=self.stream or None,
            suspicion=self.suspicion or None,
            typology=self.typology or None,
            debtor_country=debtor or None,
            creditor_country=creditor or None,
            amount_from=int(self.amount_from) * 100 if self.amount_from else None,
            amount_to=int(self.amount_to) * 100 if self.amount_to else None,
            model_version=self.model or None,
            novel=self.found_by == "novelty",
            older_than=long if self.age.endswith("+") else None,
            younger_than=None if self.age.endswith("+") else long,
            late=self.state == "late",
            text=self.text,
        )


def _whole(text: str) -> str:
    digits = text.strip().replace(",", "").replace(" ", "")
    fits = digits.isascii() and digits.isdecimal() and int(digits) < _LARGEST
    return str(int(digits)) if fits else ""


def _corridor(text: str) -> str:
    """Return a corridor such as ES>RO from `ES>RO`, `es → ro`, `ES-RO`, `ES RO` or `>RO`."""
    for sign in ("→", "-", " "):
        text = text.strip().replace(sign, ">")
    first, _, second = text.upper().partition(">")
    pair = [code if code in COUNTRIES else "" for code in (first.strip(">"), second.strip(">"))]
    return ">".join(pair) if any(pair) else ""
