"""The corridor map: where a case's flagged payments go, and how the countries were listed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from serving.ui import words

_WORLD = Path(__file__).parent / "world" / "countries.json"
_LEAST = 0.34
"""The part of the world's width that is shown at least."""


@dataclass(frozen=True)
class Way:
    """Payments from one country to another; `total` in EUR cents."""

    debtor: str | None
    creditor: str | None
    payments: int
    total: int


@lru_cache(maxsize=1)
def world() -> dict[str, Any]:
    """Return the outlines: width, height, and each country's path and middle."""
    loaded: dict[str, Any] = json.loads(_WORLD.read_text())
    return loaded


def corridor_map(ways: Sequence[Way], listed: Mapping[str, str]) -> Markup | None:
    """Draw the arcs of some ways; `listed` says which countries stood on a list, and which.

    Returns None when no way has two countries that the map knows.
    """
    countries = world()["countries"]
    drawn = [way for way in ways if way.debtor in countries and way.creditor in countries]
    if not drawn:
        return None
    part = {str(code) for way in drawn for code in (way.debtor, way.creditor)}
    box = _box([(countries[code]["x"], countries[code]["y"]) for code in part])
    size = box[2] / 960
    shapes = [
        Markup('<path class="svg-land {}" d="{}"/>').format(
            " ".join(
                name
                for name, there in (
                    ("svg-part", code in part),
                    (f"svg-{listed.get(code, '').replace('_', '-')}", code in listed),
                )
                if there
            ),
            shape["d"],
        )
        for code, shape in countries.items()
    ]
    largest = max(way.total for way in drawn) or 1
    arcs = [_arc(way, largest, size) for way in drawn]
    names = [_name(code, listed.get(code), size) for code in sorted(part)]
    said = "; ".join(_said(way) for way in drawn[:8])
    return Markup(
        '<svg class="map" viewBox="{:.0f} {:.0f} {:.0f} {:.0f}" role="img" aria-label="{}">{}</svg>'
    ).format(*box, f"Map: {said}", Markup("").join([*shapes, *arcs, *names]))


def _box(places: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    """Return the part of the world that holds the places, twice as wide as high."""
    whole = world()
    xs, ys = zip(*places, strict=True)
    width = max(whole["width"] * _LEAST, (max(xs) - min(xs)) * 1.5, (max(ys) - min(ys)) * 3)
    width = min(width, whole["width"])
    height = min(width / 2, whole["height"])
    left = min(max((min(xs) + max(xs)) / 2 - width / 2, 0), whole["width"] - width)
    top = min(max((min(ys) + max(ys)) / 2 - height / 2, 0), whole["height"] - height)
    return left, top, width, height


def _said(way: Way) -> str:
    places = f"{words.country_name(way.debtor)} to {words.country_name(way.creditor)}"
    return f"{places}, {words.many(way.payments, 'payment')}, {words.short_money(way.total)}"


def _arc(way: Way, largest: int, size: float) -> Markup:
    countries = world()["countries"]
    start, end = countries[way.debtor], countries[way.creditor]
    width = (1.5 + 4.5 * math.sqrt(max(way.total, 0) / largest)) * size
    label = words.short_money(way.total)
    if way.debtor == way.creditor:
        x, y, reach = start["x"], start["y"], 15 * size
        body = Markup(
            '<circle class="svg-arc" cx="{:.1f}" cy="{:.1f}" r="{:.1f}" stroke-width="{:.2f}"/>'
        ).format(x, y, reach, width)
        at = (x, y - reach - 6 * size)
    else:
        dx, dy = end["x"] - start["x"], end["y"] - start["y"]
        length = math.hypot(dx, dy) or 1.0
        # To the left of its own direction: there and back stay two arcs.
        bend = 0.22 * length + 6 * size
        x, y = (
            (start["x"] + end["x"]) / 2 + dy / length * bend,
            ((start["y"] + end["y"]) / 2 - dx / length * bend),
        )
        body = Markup(
            '<path class="svg-arc" d="M{:.1f} {:.1f}Q{:.1f} {:.1f} {:.1f} {:.1f}" '
            'stroke-width="{:.2f}"/>'
        ).format(start["x"], start["y"], x, y, end["x"], end["y"], width)
        body += _head((x, y), (end["x"], end["y"]), 5 * size + width)
        at = ((start["x"] + 2 * x + end["x"]) / 4, (start["y"] + 2 * y + end["y"]) / 4 - 5 * size)
    said = Markup(
        '<text class="svg-place svg-sum" x="{:.1f}" y="{:.1f}" font-size="{:.1f}">{}</text>'
    ).format(*at, 13 * size, label)
    return Markup("<g><title>{}</title>{}{}</g>").format(_said(way), body, said)


def _head(start: tuple[float, float], end: tuple[float, float], reach: float) -> Markup:
    angle = math.atan2(end[1] - start[1], end[0] - start[0])
    points = [
        (end[0] - reach * math.cos(angle + turn), end[1] - reach * math.sin(angle + turn))
        for turn in (0.45, -0.45)
    ]
    told = " ".join(f"{x:.1f},{y:.1f}" for x, y in (end, *points))
    return Markup('<polygon class="svg-head" points="{}"/>').format(told)


def _name(code: str, status: str | None, size: float) -> Markup:
    place = world()["countries"][code]
    mark = {"increased_monitoring": " ▲", "call_for_action": " ▲▲"}.get(status or "", "")
    return Markup(
        '<circle class="svg-dot" cx="{x}" cy="{y}" r="{r:.1f}"/>'
        '<text class="svg-place" x="{x}" y="{at:.1f}" font-size="{font:.1f}">{name}</text>'
    ).format(
        x=place["x"],
        y=place["y"],
        r=3 * size,
        at=place["y"] + 16 * size,
        font=13 * size,
        name=f"{words.country_name(code)}{mark}",
    )
