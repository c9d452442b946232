"""The part of the queue that a reader asked for: state, stream, advice and searched text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from serving.auth import Principal
from serving.cases import Cases, CaseSummary, Order, State
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
    "claimed": "Claimed",
    "mine": "Claimed by me",
    "decided": "Decided",
    "all": "All",
}
PAGE = 50
_MOST_PARTS = 20


@dataclass(frozen=True)
class Selection:
    """What the reader asked for; words that are not known fall back to the widest choice."""

    state: str = "waiting"
    stream: str = ""
    advice: str = ""
    found_by: str = ""
    text: str = ""
    order: Order = "loss"
    cursor: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Selection:
        """Return the selection that an address's query describes."""
        state, stream, advice = (query.get(name, "") for name in ("state", "stream", "advice"))
        return cls(
            state=state if state in STATE_NAMES else "waiting",
            stream=stream if stream in words.STREAMS else "",
            advice=advice if advice in ("urgent", "review") else "",
            found_by="novelty" if query.get("found_by") == "novelty" else "",
            text=query.get("text", "").strip()[:100],
            order="age" if query.get("order") == "age" else "loss",
            cursor=query.get("cursor", ""),
        )

    @property
    def narrowed(self) -> bool:
        """True when more than the state is asked for."""
        return bool(self.stream or self.advice or self.found_by or self.text)

    def address(self, **changed: str) -> str:
        """Return the query of this selection with some of its words changed."""
        asked = {**self.__dict__, "cursor": "", **changed}
        return urlencode({name: word for name, word in asked.items() if word})

    def wants(self, case: CaseSummary) -> bool:
        """Return whether the case has the stream, the advice and every searched word."""
        told = (case.case_id, case.subject, case.subject_name, case.first_reason, case.claimed_by)
        places = [words.country_name(code) for code in case.corridor or () if code]
        said = " ".join([*(part or "" for part in told), *places]).casefold()
        return (
            (not self.stream or self.stream in case.streams)
            and (not self.advice or self.advice == case.advice)
            and (not self.found_by or case.novel)
            and all(word in said for word in self.text.casefold().split())
        )


@dataclass(frozen=True)
class Found:
    """The cases of one page; `total` is None when only the shown part was counted."""

    cases: tuple[CaseSummary, ...]
    next_cursor: str | None
    total: int | None


async def find(cases: Cases, principal: Principal, selection: Selection) -> Found:
    """Return a page of the queue: parts are fetched until enough cases fit the selection."""
    mine = selection.state == "mine"
    states = STATES.get(selection.state, ("claimed",))
    cursor: str | None = selection.cursor or None
    found: list[CaseSummary] = []
    for _ in range(_MOST_PARTS):
        part = await cases.queue(
            principal, states=states, order=selection.order, mine=mine, cursor=cursor, limit=PAGE
        )
        if not selection.narrowed:
            return Found(part.cases, part.next_cursor, part.total)
        found += [case for case in part.cases if selection.wants(case)]
        cursor = part.next_cursor
        if cursor is None or len(found) >= PAGE:
            break
    return Found(tuple(found), cursor, None)
