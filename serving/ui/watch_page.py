"""What changes meanwhile: novel events that grow alike, and drift, as of the last look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from fastapi import APIRouter, Response
from markupsafe import Markup

from features.catalog import CATALOGUES
from features.definitions import F
from models.drift import Shift
from models.explain import in_words
from serving.drift import StreamDrift
from serving.ui import svg, words
from serving.ui.http import ROOT, ConsoleRoute, page
from serving.ui.session import SignedIn, Use

router = APIRouter(prefix=ROOT, route_class=ConsoleRoute, include_in_schema=False)
_SHOWN = 20
_ALWAYS = ("score", "reason", "corridor")
_TITLES = {"margin": "score", "first reason": "first reason", "corridors": "corridors"}


@dataclass(frozen=True)
class Line:
    """One distribution: what it is of, how far it moved in a word, and its picture."""

    name: str
    about: str
    corridor: str
    shift: Shift
    picture: Markup
    most: str
    """In words, the bin that changed most."""


@dataclass(frozen=True)
class StreamLines:
    """One stream's drift, ready to be shown: over everything, and within corridors."""

    drift: StreamDrift
    whole: tuple[Line, ...]
    within: tuple[Line, ...]


@router.get("/watch")
async def show_watch(session: SignedIn, service: Use) -> Response:
    """Show the last look's alarms and drift of the reader's member."""
    watched = service.watch.last(session.principal)
    return page(
        "watch.html",
        session=session,
        here="watch",
        watched=watched,
        streams=[lines(one) for one in watched.drift] if watched else [],
        minutes=service.watch.minutes,
        days=service.watch.days,
        now=datetime.now(UTC),
    )


def lines(drift: StreamDrift) -> StreamLines:
    """Return what is worth showing of a stream: scores, reasons and corridors, and what moved."""
    whole = [one for one in drift.shifts if not one.corridor]
    first = [one for one in whole if one.of in _ALWAYS]
    moved = [one for one in whole if one.of not in _ALWAYS and one.word in ("moved", "far")]
    within = [one for one in drift.shifts if one.corridor and one.word in ("moved", "far")]
    return StreamLines(
        drift,
        tuple(_line(one, drift.stream) for one in [*first, *moved[:_SHOWN]]),
        tuple(_line(one, drift.stream) for one in within[:_SHOWN]),
    )


def _line(shift: Shift, stream: str) -> Line:
    feature = next((one for one in CATALOGUES[stream].features if one.name == shift.name), None)
    bins = _bins(shift, feature)
    change = [now - then for then, now in zip(shift.then, shift.now, strict=True)]
    place = max(range(len(change)), key=lambda at: abs(change[at]))
    then, now = (words.percent(side[place]) for side in (shift.then, shift.now))
    most = f"{bins[place]}: {then} then, {now} now"
    return Line(
        name=_TITLES.get(shift.name, shift.name),
        about=feature.family if feature else "",
        corridor=shift.corridor.replace(">", " → "),
        shift=shift,
        picture=svg.two_sides(shift.then, shift.now, most),
        most=most,
    )


def _bins(shift: Shift, feature: F | None) -> list[str]:
    """Return the bins' names, for a person."""
    if shift.bins:
        return [name.replace(">", " → ") for name in shift.bins]
    if feature is not None and feature.words and shift.edges:
        stops = [*(int(edge) + 1 for edge in shift.edges), len(feature.words)]
        parts = [feature.words[start:stop] for start, stop in pairwise([0, *stops])]
        return [*(", ".join(part) or "none" for part in parts), "missing"]
    unit = feature.unit if feature else "score"
    ends = [in_words(edge, unit) for edge in shift.edges]
    if not ends:
        return ["any value", "missing"]
    return [
        f"up to {ends[0]}",
        *(f"up to {end}" for end in ends[1:]),
        f"over {ends[-1]}",
        "missing",
    ]
