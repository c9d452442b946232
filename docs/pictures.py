"""Draw the pictures of exactness.md: `make docs`. Every number in them comes from the engine.

A test fails when a picture is not what this program draws. The SVGs are plain text, carry their own
background, and follow the reader's light or dark setting.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

from features.catalog import PAYMENTS
from features.compiling import compile_program
from features.definitions import Catalogue, F, Ring, View, buckets
from features.engine import Engine, Step
from features.events import Label, Payment, parse
from features.reference import Reference

IMAGES = Path(__file__).parent / "images"
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
WIDTH, LEFT, RIGHT = 760, 40, 720
STYLE = """
    text { font: 13px system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', sans-serif; }
    text { fill: #475569; } .strong { fill: #0f172a; font-weight: 650; }
    .page { fill: #f8fafc; stroke: #d5dde7; }
    .axis { stroke: #64748b; stroke-width: 1.6; } .thin { stroke: #94a3b8; stroke-dasharray: 4 4; }
    .in { fill: #1d4ed8; stroke: #1d4ed8; } .own { fill: #b45309; stroke: #b45309; }
    .out { fill: none; stroke: #64748b; stroke-width: 1.8; }
    .band { fill: #1d4ed8; opacity: 0.13; } .edge { stroke: #1d4ed8; stroke-width: 2; }
    @media (prefers-color-scheme: dark) {
      text { fill: #a9b6c4; } .strong { fill: #e8eef5; }
      .page { fill: #0f1720; stroke: #2b3846; }
      .axis { stroke: #8494a6; } .thin { stroke: #55657a; } .out { stroke: #8494a6; }
      .in { fill: #60a5fa; stroke: #60a5fa; } .own { fill: #fbbf24; stroke: #fbbf24; }
      .band { fill: #60a5fa; } .edge { stroke: #60a5fa; }
    }
"""


class Drawing:
    """An SVG with a time axis from `first` to `last`, in whatever unit the picture counts."""

    def __init__(self, title: str, text: str, height: int, first: float, last: float) -> None:
        self.title, self.text, self.height = title, text, height
        self.first, self.last = first, last
        self.parts: list[str] = []

    def x(self, moment: float) -> float:
        """Return where a moment lies."""
        return round(LEFT + (moment - self.first) / (self.last - self.first) * (RIGHT - LEFT), 1)

    def say(self, x: float, y: float, text: str, kind: str = "", anchor: str = "middle") -> None:
        """Write a line of text."""
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str = "axis") -> None:
        """Draw a straight line."""
        self.parts.append(f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" class="{kind}"/>')

    def box(self, x1: float, y1: float, x2: float, y2: float, kind: str = "band") -> None:
        """Draw a rectangle."""
        self.parts.append(
            f'<rect x="{x1:g}" y="{y1:g}" width="{x2 - x1:g}" height="{y2 - y1:g}" class="{kind}"/>'
        )

    def dot(self, x: float, y: float, kind: str) -> None:
        """Draw an event."""
        self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="6" class="{kind}"/>')

    def axis(self, y: float, name: str) -> None:
        """Draw the whole axis, with its name at the left above it."""
        self.line(LEFT - 20, y, RIGHT + 20, y)
        self.say(LEFT - 20, y - 14, name, anchor="start")

    def svg(self) -> str:
        """Return the picture."""
        body = "\n  ".join(self.parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" '
            f'role="img" aria-labelledby="title text">\n'
            f'  <title id="title">{escape(self.title)}</title>\n'
            f'  <desc id="text">{escape(self.text)}</desc>\n  <style>{STYLE}  </style>\n'
            f'  <rect class="page" x="0.5" y="0.5" width="{WIDTH - 1}" height="{self.height - 1}" '
            f'rx="12"/>\n  {body}\n</svg>\n'
        )


def payment(hours: float, **fields: str) -> Payment:
    """Return a payment so many hours after noon."""
    time = NOON + timedelta(hours=hours)
    given = {"currency": "EUR", "amount": "10", "debtor_account": "ana", "creditor_account": "shop"}
    return parse(Payment, {"event_id": f"p{hours}", "time": time, **given, **fields})


def counts(view: View, window: str, hours: Sequence[float], **fields: str) -> list[Step]:
    """Return what the engine gives for payments that arrive in this order: the view's count."""
    counted = F("count", view.count(window), "payments", "picture", "{value}", "A picture.")
    catalogue = Catalogue("picture", "payment", (counted,))
    engine = Engine(Reference(), compile_program({"payment": catalogue}))
    return [engine.step(payment(moment, **fields)) for moment in hours]


def own_payments(grace: str = "24h") -> View:
    """Return a debtor's own payments, this one included, as the catalogue counts them."""
    ring = Ring("outgoing", "payment", "debtor", windows=("1h", "24h", "7d"), grace=grace)
    return ring.read("payment", "debtor", includes_event=True)


def window() -> Drawing:
    """A window holds what lies in (t - 24 h, t]."""
    hours = [-27, -24, -20, -9, -3, 0]
    number = counts(own_payments(), "24h", hours)[-1].features[0]
    picture = Drawing(
        "A window of 24 hours",
        f"Of six payments, the one exactly 24 hours old is outside; the count is {number:.0f}.",
        170,
        -29.5,
        1.5,
    )
    start, end = picture.x(-24), picture.x(0)
    picture.box(start, 62, end, 118)
    picture.line(end, 62, end, 118, "edge")
    picture.line(LEFT - 20, 90, RIGHT + 20, 90)
    for moment in hours:
        inside = -24 < moment < 0
        picture.dot(picture.x(moment), 90, "own" if moment == 0 else "in" if inside else "out")
        picture.say(picture.x(moment), 142, "now" if moment == 0 else f"{-moment} h ago")
    picture.say(
        (start + end) / 2, 32, f"{number:.0f} payments in 24 hours, this one included", "strong"
    )
    picture.say(start, 54, "exactly 24 h: out")
    picture.say(end, 54, "now: in")
    return picture


def order() -> Drawing:
    """Events count in the order of their arrival, whatever their own times are."""
    happened = {"A": 0.0, "B": 20.0, "C": 10.0, "D": 40.0, "E": 40.0}
    arrived = {"A": 1.0, "B": 21.0, "C": 30.0, "D": 41.0, "E": 47.0}
    steps = counts(own_payments(), "1h", [minute / 60 for minute in happened.values()])
    seen = {name: step.features[0] for name, step in zip(happened, steps, strict=True)}
    picture = Drawing(
        "Order of arrival",
        "C happened before B and arrived after it: B does not count C, and C does not count B.",
        230,
        -14,
        52,
    )
    picture.axis(170, "when it happened")
    picture.axis(80, "when it arrived")
    for name in happened:
        below, above = picture.x(happened[name]), picture.x(arrived[name])
        # Two payments of one instant stand one upon the other.
        low = 160 if name == "E" else 170
        picture.line(below, low, above, 80, "thin")
        picture.dot(below, low, "in")
        picture.dot(above, 80, "in")
        picture.say(above, 62, f"{name}: {seen[name]:.0f}", "strong")
    picture.say(RIGHT, 32, "payments in 1 hour that each counts, itself included", anchor="end")
    for name in ("A", "C", "B"):
        picture.say(picture.x(happened[name]), 196, f"{name}  12:{happened[name]:02.0f}")
    picture.say(picture.x(40), 196, "D and E  12:40")
    return picture


def lateness() -> Drawing:
    """An event behind the ring's newest by more than the grace period does not join history."""
    hours = [-33, 0, -6, -30, 0.5]
    steps = counts(own_payments(), "7d", hours)
    picture = Drawing(
        "Lateness and grace",
        "A payment 6 hours behind the newest joins history, one 30 hours behind does not.",
        200,
        -37,
        4,
    )
    picture.box(picture.x(-24), 72, picture.x(0), 128)
    picture.line(picture.x(0), 72, picture.x(0), 128, "edge")
    picture.line(LEFT - 20, 100, RIGHT + 20, 100)
    words = {-33: "came in time", 0: "newest so far", -6: "comes now: 6 h late", -30: "30 h late"}
    for place, (moment, step) in enumerate(zip(hours, steps, strict=True)):
        late = "out" if step.late else "in"
        picture.dot(picture.x(moment), 100, "own" if place == len(hours) - 1 else late)
        if moment in words:
            picture.say(picture.x(moment), 172 if moment in (-30, 0) else 152, words[moment])
    picture.say(picture.x(-12), 62, "grace: 24 hours before the newest", "strong")
    picture.say(picture.x(-30), 32, "too late: scored, stored, marked", "strong")
    picture.line(picture.x(-30), 40, picture.x(-30), 90, "thin")
    number = steps[-1].features[0]
    picture.say(RIGHT + 20, 32, f"the next payment counts {number:.0f} in 7 days", anchor="end")
    return picture


def labels() -> Drawing:
    """A label counts from when it became known."""
    engine, place = Engine(Reference()), PAYMENTS.names.index("creditor_frauds_30d")
    fraud = payment(24, creditor_account="mule")
    engine.step(fraud)
    before = engine.step(payment(8 * 24, creditor_account="mule")).features[place]
    known = {"stream": "payment", "event_id": fraud.event_id, "is_fraud": True, "source": "police"}
    when = NOON + timedelta(days=10)
    engine.label(fraud, parse(Label, {**known, "known_at": when}), None)
    after = engine.step(payment(12 * 24, creditor_account="mule")).features[place]
    picture = Drawing(
        "Labels",
        "A fraud of day 1 that becomes known on day 10 counts on day 12, and not on day 8.",
        190,
        -0.5,
        13.5,
    )
    picture.line(LEFT - 20, 100, RIGHT + 20, 100)
    picture.dot(picture.x(1), 100, "out")
    picture.say(picture.x(1), 134, "day 1: the fraud")
    picture.line(picture.x(1), 92, picture.x(10), 44, "thin")
    picture.line(picture.x(10), 40, picture.x(10), 112, "edge")
    picture.say(picture.x(10), 32, "day 10: it becomes known", "strong")
    for day, number in ((8, before), (12, after)):
        picture.dot(picture.x(day), 100, "own")
        picture.say(picture.x(day), 134, f"day {day}")
        picture.say(picture.x(day), 152, f"known frauds: {number:.0f}", "strong")
    picture.say(picture.x(4.2), 60, "nobody knows", anchor="end")
    return picture


def bucketed() -> Drawing:
    """Buckets count whole hours, so their texts say about."""
    hours = [-6.8, -6.3, -5.8, -5.7, -5.2, -4.6, -3.9, -3.4, -3.2, -2.5, -1.7, -1.2, -0.9, -0.6]
    now = 0.4
    ring = buckets("corridor", "payment", "corridor", "1h", ("6h",))
    steps = counts(
        ring.read("payment", "corridor"),
        "6h",
        [*hours, now],
        debtor_account_country="FR",
        creditor_account_country="SG",
    )
    about = steps[-1].features[0]
    exact = sum(now - 6 < moment <= now for moment in hours)
    picture = Drawing(
        "Buckets",
        f"Six hours hold {exact} payments; whole hours from the first full one hold {about:.0f}.",
        210,
        -7.4,
        1,
    )
    for hour in range(-7, 1):
        inside = now - 6 < hour
        number = sum(hour <= moment < hour + 1 for moment in hours)
        top = 150 - 22 * number
        end = min(hour + 1, now)
        picture.box(picture.x(hour) + 3, top, picture.x(end) - 3, 150, "in" if inside else "out")
    picture.line(LEFT - 20, 150, RIGHT + 20, 150)
    for moment in hours:
        picture.line(picture.x(moment), 154, picture.x(moment), 164)
    for moment, text in ((now - 6, "6 h ago"), (now, "now")):
        picture.line(picture.x(moment), 56, picture.x(moment), 170, "edge")
        picture.say(picture.x(moment), 190, text)
    said = f"really {exact} payments in 6 hours; the feature says: about {about:.0f}"
    picture.say(WIDTH / 2, 32, said, "strong")
    return picture


def saturated() -> Drawing:
    """A full ring folds its oldest quarter into hours."""
    view, minutes = own_payments(), 1500
    moments = [-minute / 60 for minute in range(minutes, -1, -1)]
    said = counts(view, "24h", moments)[-1].features[0]
    really = sum(-24 < moment <= 0 for moment in moments)
    quarter = view.ring.cap // 4
    folded = -((view.ring.cap - minutes) // quarter) * quarter
    exact = -(minutes - folded) / 60
    picture = Drawing(
        "A hot account",
        f"Of {really:,} payments in 24 hours, one a minute, the feature counts {said:,.0f}.",
        170,
        -26,
        1,
    )
    for hour in range(-26, math.ceil(exact)):
        inside = hour > -24
        left, right = max(hour, -minutes / 60), min(hour + 1, exact)
        if right > left:
            picture.box(
                picture.x(left) + 2, 84, picture.x(right) - 2, 118, "in" if inside else "out"
            )
    picture.box(picture.x(exact), 84, picture.x(0), 118)
    for step in range(120):
        x = picture.x(exact - exact * step / 120)
        picture.line(x, 90, x, 112, "edge")
    picture.line(LEFT - 20, 118, RIGHT + 20, 118)
    for moment, text in ((-24, "24 h ago"), (0, "now")):
        picture.line(picture.x(moment), 74, picture.x(moment), 126, "edge")
        picture.say(picture.x(moment), 146, text)
    picture.say(picture.x((exact - 24) / 2), 62, "folded into hours")
    picture.say(picture.x(exact / 2), 62, f"the newest {-round(exact * 60):,} one by one")
    told = f"really {really:,} payments in 24 hours; the feature says: at least {said:,.0f}"
    picture.say(WIDTH / 2, 32, told, "strong")
    return picture


PICTURES = {
    "exact-window.svg": window,
    "exact-order.svg": order,
    "exact-lateness.svg": lateness,
    "exact-labels.svg": labels,
    "exact-buckets.svg": bucketed,
    "exact-saturated.svg": saturated,
}


def main() -> None:
    """Write every picture that has changed and say which."""
    for name, picture in PICTURES.items():
        path, text = IMAGES / name, picture().svg()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"docs: wrote images/{name}", file=sys.stderr)


if __name__ == "__main__":
    main()
