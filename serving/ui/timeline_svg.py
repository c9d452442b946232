"""The picture of a subject's time: money out above the line, money in below, access underneath.

Stems grow with the logarithm of the reference amount; flagged events are numbered diamonds whose
numbers stand in the table beside the picture. An access mark is a dot when it succeeded and a cross
when it failed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from markupsafe import Markup

MICROSECONDS = 1_000_000
_LEFT, _RIGHT, _WIDTH = 78, 944, 960
_TALLEST, _SHORTEST = 88.0, 12.0
_STEPS = tuple(
    seconds * MICROSECONDS
    for seconds in (
        *(1, 5, 15, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 172_800),
        *(604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000, 315_360_000),
    )
)


@dataclass(frozen=True)
class Mark:
    """One event to draw.

    `at_us` is its time in microseconds since 1970 UTC; `amount` is in reference currency units
    (None for access events, or when no rate is known); `number` is given to flagged events only;
    `title` is what a pointer resting on the mark shows.
    """

    at_us: int
    lane: Literal["out", "in", "access"]
    title: str
    amount: float | None = None
    number: int | None = None
    failed: bool = False


@dataclass(frozen=True)
class _Scale:
    start: int
    end: int
    largest: float

    def across(self, at_us: int) -> float:
        return _LEFT + (at_us - self.start) / (self.end - self.start) * (_RIGHT - _LEFT)

    def stem(self, amount: float | None) -> float:
        if not amount or amount <= 0:
            return _SHORTEST
        grown = math.log1p(amount) / math.log1p(self.largest)
        return _SHORTEST + grown * (_TALLEST - _SHORTEST)


def timeline(marks: Sequence[Mark], start_us: int, end_us: int) -> Markup:
    """Draw the marks between two times (microseconds since 1970 UTC, start before end)."""
    shown = sorted((m for m in marks if start_us <= m.at_us <= end_us), key=lambda m: m.at_us)
    lanes: set[str] = {mark.lane for mark in shown}
    largest = max((mark.amount or 0.0 for mark in shown), default=0.0)
    scale = _Scale(start_us, end_us, max(largest, 1.0))
    base = 26 + (_TALLEST if lanes & {"out", "in"} else 0)
    below = base + (_TALLEST + 14 if "in" in lanes else 12)
    access = below + 18
    bottom = access + 20 if "access" in lanes else below
    parts = [*_axis(scale, bottom), *_frame(lanes, base, access)]
    for mark in shown:
        if mark.lane != "access":
            parts.append(_stem(mark, scale, base))
    parts.extend(_access(shown, scale, access))
    parts.extend(_numbers(shown, scale, base, access))
    said = f"{len(shown)} events from {_moment(start_us)} to {_moment(end_us)} UTC"
    return Markup(
        '<svg viewBox="0 0 {} {:.0f}" data-left="{}" data-right="{}" role="img" aria-label="{}">'
        "{}</svg>"
    ).format(
        _WIDTH,
        bottom + 26,
        _LEFT,
        _RIGHT,
        f"{said}; the table below lists them",
        Markup("").join(parts),
    )


def _frame(lanes: set[str], base: float, access: float) -> list[Markup]:
    parts = []
    if lanes & {"out", "in"}:
        parts.append(_line("svg-axis", _LEFT, base, _RIGHT, base))
    if "out" in lanes:
        parts.append(_text(0, base - 14, "Paid out", "svg-strong"))
    if "in" in lanes:
        parts.append(_text(0, base + 24, "Received", "svg-strong"))
    if "access" in lanes:
        parts.append(_text(0, access + 4, "Access", "svg-strong"))
        parts.append(_line("svg-line", _LEFT, access, _RIGHT, access))
    return parts


def _axis(scale: _Scale, bottom: float) -> list[Markup]:
    parts = []
    for tick in ticks(scale.start, scale.end):
        x = scale.across(tick)
        said = _text(x, bottom + 16, _tick(tick, scale.end - scale.start), anchor="middle")
        parts.append(_at(x, _line("svg-line", x, 12, x, bottom) + said))
    return parts


def ticks(start_us: int, end_us: int) -> list[int]:
    """Return at most eight round moments between two times, evenly apart."""
    step = next((s for s in _STEPS if (end_us - start_us) / s <= 8), _STEPS[-1])
    first = -(-start_us // step) * step
    return list(range(first, end_us + 1, step))


def _stem(mark: Mark, scale: _Scale, base: float) -> Markup:
    x, length = scale.across(mark.at_us), scale.stem(mark.amount)
    tip = base - length if mark.lane == "out" else base + length
    flagged = mark.number is not None
    line = _line("svg-stem-flagged" if flagged else "svg-stem", x, base, x, tip)
    if flagged:
        head = _diamond(x, tip, 8)
    else:
        head = Markup('<circle class="svg-{}" cx="{:.1f}" cy="{:.1f}" r="4"/>').format(
            mark.lane, x, tip
        )
    return _at(x, line + head, mark.title)


def _access(shown: Sequence[Mark], scale: _Scale, y: float) -> list[Markup]:
    parts = []
    for mark in shown:
        if mark.lane != "access":
            continue
        x = scale.across(mark.at_us)
        if mark.number is not None:
            shape = _diamond(x, y, 8)
        elif mark.failed:
            shape = Markup('<path class="svg-failed" d="M{:.1f} {:.1f}l8 8m0 -8l-8 8"/>').format(
                x - 4, y - 4
            )
        else:
            shape = Markup('<circle class="svg-login" cx="{:.1f}" cy="{:.1f}" r="4"/>').format(x, y)
        parts.append(_at(x, shape, mark.title))
    return parts


def _numbers(shown: Sequence[Mark], scale: _Scale, base: float, access: float) -> list[Markup]:
    parts = []
    for mark in shown:
        if mark.number is None:
            continue
        stem = scale.stem(mark.amount)
        y = {"out": base - stem, "in": base + stem, "access": access}[mark.lane]
        text = str(mark.number) if mark.number < 100 else "…"
        x = scale.across(mark.at_us)
        said = Markup('<text class="svg-mark" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>')
        parts.append(_at(x, said.format(x, y + 4, text)))
    return parts


def _diamond(x: float, y: float, reach: float) -> Markup:
    return Markup(
        '<path class="svg-flagged" d="M{:.1f} {:.1f}l{r} {r}l-{r} {r}l-{r} -{r}z"/>'
    ).format(x, y - reach, r=reach)


def _at(x: float, drawn: Markup, title: str = "") -> Markup:
    """Return what stands at a moment; `data-x` lets a script stretch time around it."""
    told = Markup("<title>{}</title>").format(title) if title else ""
    return Markup('<g data-x="{:.1f}">{}{}</g>').format(x, told, drawn)


def _line(style: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    return Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(
        style, x1, y1, x2, y2
    )


def _text(x: float, y: float, said: str, style: str = "svg-text", anchor: str = "start") -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
        style, x, y, anchor, said
    )


def _moment(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / MICROSECONDS, UTC).strftime("%Y-%m-%d %H:%M")


def _tick(at_us: int, span_us: int) -> str:
    moment = datetime.fromtimestamp(at_us / MICROSECONDS, UTC)
    if span_us > 400 * 86_400 * MICROSECONDS:
        return moment.strftime("%b %Y")
    if span_us > 8 * 86_400 * MICROSECONDS or (moment.hour, moment.minute) == (0, 0):
        return moment.strftime("%d %b")
    return moment.strftime("%H:%M:%S" if span_us < 300 * MICROSECONDS else "%H:%M")
