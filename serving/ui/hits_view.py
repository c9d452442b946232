"""Watchlist hits of a case, each beside what it met, with the parts of both that agree marked."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

from markupsafe import Markup, escape

from serving.cases import CaseDetail
from serving.ui import words

_SHORTEST = 2


@dataclass(frozen=True)
class HitView:
    """One hit: what of the event met which record, and how well."""

    event_id: str
    field: str
    ours: Markup
    theirs: Markup
    caption: str
    list_name: str
    version: int
    score: float
    exact: bool
    topics: tuple[str, ...]
    entity_id: str


def hits_of(case: CaseDetail) -> list[HitView]:
    """Return the hits of the case's flagged events, the surest first, none twice."""
    found: dict[tuple[str, str, str], HitView] = {}
    for entry in case.timeline:
        if not entry.in_case or entry.assessment is None:
            continue
        for hit in entry.assessment.watchlist_hits:
            value = str(entry.event.get(hit["field"]) or "")
            ours, theirs = aligned(value, str(hit["by"]))
            key = (hit["list_name"], hit["entity_id"], value)
            found.setdefault(
                key,
                HitView(
                    event_id=entry.event_id,
                    field=words.first_upper(hit["field"].replace("_", " ")),
                    ours=ours,
                    theirs=theirs,
                    caption=hit["caption"],
                    list_name=hit["list_name"],
                    version=hit["version"],
                    score=hit["score"],
                    exact=hit.get("exact", False),
                    topics=tuple(hit.get("topics", ())),
                    entity_id=hit["entity_id"],
                ),
            )
    return sorted(found.values(), key=lambda one: -one.score)


def aligned(ours: str, theirs: str) -> tuple[Markup, Markup]:
    """Return both texts with the parts that agree, case aside, marked."""
    pairs = SequenceMatcher(None, ours.casefold(), theirs.casefold(), autojunk=False)
    blocks = [one for one in pairs.get_matching_blocks() if one.size >= _SHORTEST]
    return (
        _marked(ours, [(one.a, one.size) for one in blocks]),
        _marked(theirs, [(one.b, one.size) for one in blocks]),
    )


def _marked(text: str, parts: list[tuple[int, int]]) -> Markup:
    # Folding case can change a text's length (ß); nothing is marked then.
    if len(text.casefold()) != len(text):
        return escape(text)
    done, written = 0, Markup("")
    for start, size in parts:
        written += escape(text[done:start])
        written += Markup("<mark>{}</mark>").format(text[start : start + size])
        done = start + size
    return written + escape(text[done:])
