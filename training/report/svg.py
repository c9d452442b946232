"""Small pictures as inline SVG: axes, lines, points, bars. Colours come from the page's style.

Every picture carries a title and a description for those who do not see it, needs no script, and
is the same bytes for the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

WIDTH, HEIGHT = 560, 340
LEFT, RIGHT, TOP, BOTTOM = 56, 20, 26, 44

Point = tuple[float, float]


@dataclass(frozen=True)
class Scale:
    """From values to places along an axis; with `log` equal steps are equal ratios."""

    low: float
    high: float
    log: bool = False

    def share(self, value: float) -> float:
        """Return how far along the axis a value lies, 0 to 1; beyond its ends, at them."""
        value = min(max(value, self.low), self.high)
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def number(value: float) -> str:
    """Write a coordinate: one decimal, no more than a picture needs."""
    return f"{value:.1f}".removesuffix(".0")


@dataclass
class Chart:
    """A picture with two axes; call what it should hold, then `svg`."""

    title: str
    description: str
    x: Scale
    y: Scale
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    parts: list[str] = field(default_factory=list)

    def at(self, point: Point) -> Point:
        """Return a value pair's place in the picture."""
        across = self.left + self.x.share(point[0]) * (self.width - self.left - RIGHT)
        down = self.height - BOTTOM - self.y.share(point[1]) * (self.height - BOTTOM - TOP)
        return across, down

    def axes(
        self,
        x_ticks: Iterable[tuple[float, str]],
        y_ticks: Iterable[tuple[float, str]],
        x_label: str,
        y_label: str = "",
    ) -> None:
        """Draw grid lines, tick labels and what the axes mean."""
        bottom, right = self.height - BOTTOM, self.width - RIGHT
        for value, label in y_ticks:
            _, down = self.at((self.x.low, value))
            self._line((self.left, down), (right, down), "grid")
            self.text((self.left - 8, down + 4), label, "tick end")
        for value, label in x_ticks:
            across, _ = self.at((value, self.y.low))
            self._line((across, bottom), (across, bottom + 5), "axis")
            self.text((across, bottom + 19), label, "tick middle")
        self._line((self.left, bottom), (right, bottom), "axis")
        self.text(((self.left + right) / 2, self.height - 6), x_label, "label middle")
        if y_label:
            self.text((self.left - 40, TOP - 14), y_label, "label start")

    def line(self, points: Sequence[Point], style: str) -> None:
        """Draw a line through value pairs."""
        places = [self.at(point) for point in points]
        self.parts.append(
            f'<polyline class="{style}" points="'
            + " ".join(f"{number(across)},{number(down)}" for across, down in places)
            + '"/>'
        )

    def rule(self, start: Point, end: Point, style: str) -> None:
        """Draw one straight line between value pairs."""
        self._line(self.at(start), self.at(end), style)

    def dot(self, point: Point, style: str, tip: str = "", radius: float = 4) -> None:
        """Draw a dot; `tip` shows where a pointer rests."""
        across, down = self.at(point)
        inside = f"<title>{escape(tip)}</title>" if tip else ""
        self.parts.append(
            f'<circle class="{style}" cx="{number(across)}" cy="{number(down)}" '
            f'r="{radius:g}">{inside}</circle>'
        )

    def bar(self, first: Point, second: Point, style: str, tip: str = "") -> None:
        """Draw a filled box between two corners."""
        (left, low), (right, high) = self.at(first), self.at(second)
        inside = f"<title>{escape(tip)}</title>" if tip else ""
        self.parts.append(
            f'<rect class="{style}" x="{number(min(left, right))}" y="{number(min(low, high))}" '
            f'width="{number(abs(right - left))}" height="{number(abs(low - high))}">'
            f"{inside}</rect>"
        )

    def note(self, point: Point, text: str, style: str = "note", right: float = 6) -> None:
        """Write a word beside a value pair, `right` units beside it and a little above."""
        across, down = self.at(point)
        self.text((across + right, down - 5), text, style)

    def text(self, place: Point, text: str, style: str) -> None:
        """Write text at a place of the picture (not a value pair)."""
        self.parts.append(
            f'<text class="{style}" x="{number(place[0])}" y="{number(place[1])}">'
            f"{escape(text)}</text>"
        )

    def svg(self) -> Markup:
        """Return the picture."""
        body = "".join(self.parts)
        # Everything inside was escaped where it was drawn.
        return Markup(  # noqa: S704
            f'<svg viewBox="0 0 {self.width} {self.height}" role="img" '
            f'aria-label="{escape(self.title)}. {escape(self.description)}">'
            f"{body}</svg>"
        )

    def _line(self, start: Point, end: Point, style: str) -> None:
        self.parts.append(
            f'<line class="{style}" x1="{number(start[0])}" y1="{number(start[1])}" '
            f'x2="{number(end[0])}" y2="{number(end[1])}"/>'
        )
