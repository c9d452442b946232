"""Small pictures, drawn on the server as SVG. Each one stands beside the table of its numbers.

Colours are classes of the stylesheet, so pictures follow light and dark; sizes are attributes,
because the content security policy allows no inline style. All text is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

_WIDTH = 272
_SIDES, _TALL = 144, 32
_BAR_LEFT, _BAR_RIGHT = 52, 156


def comparison(value: float, usual: float, value_text: str, usual_text: str) -> Markup:
    """Draw a value above the subject's own usual one, as two bars on one scale from zero."""
    scale = max(abs(value), abs(usual)) or 1.0
    rows = (
        ("now", value, value_text, "svg-value"),
        ("usually", usual, usual_text, "svg-usual"),
    )
    parts = [
        _bar(label, abs(number) / scale, text, style, 4 + 20 * index)
        for index, (label, number, text, style) in enumerate(rows)
    ]
    said = f"now {value_text}, usually {usual_text}"
    return _picture(_WIDTH, 44, said, parts)


def _bar(label: str, share: float, text: str, style: str, top: int) -> Markup:
    width = max(2.0, share * (_BAR_RIGHT - _BAR_LEFT))
    return Markup(
        '<text class="svg-text" x="0" y="{}">{}</text>'
        '<rect class="{}" x="{}" y="{}" width="{:.1f}" height="10" rx="2"/>'
        '<text class="svg-strong" x="{:.1f}" y="{}">{}</text>'
    ).format(
        top + 12, label, style, _BAR_LEFT, top + 3, width, _BAR_LEFT + width + 6, top + 12, text
    )


def share(value: float, said: str) -> Markup:
    """Draw a part of a whole, 0 to 1, as one thin bar that fills its box."""
    filled = 100 * min(1.0, max(0.0, value))
    return Markup(
        '<svg class="loss-bar" viewBox="0 0 100 4" preserveAspectRatio="none" role="img"'
        ' aria-label="{}"><rect class="svg-track" width="100" height="4"/>'
        '<rect class="svg-usual" width="{:.1f}" height="4"/></svg>'
    ).format(said, filled)


def two_sides(then: Sequence[float], now: Sequence[float], said: str) -> Markup:
    """Draw the shares of bins then and now, side by side, on one scale from zero."""
    scale = max(*then, *now) or 1.0
    step = _SIDES / len(then)
    width = (step - 2) / 2
    parts = []
    for place, pair in enumerate(zip(then, now, strict=True)):
        for side, share_ in enumerate(pair):
            height = _TALL * share_ / scale
            parts.append(
                Markup(
                    '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
                ).format(
                    "svg-usual" if side == 0 else "svg-value",
                    place * step + side * width,
                    _TALL - height,
                    width,
                    max(height, 0.5),
                )
            )
    return _picture(_SIDES, _TALL, said, parts)


def _picture(width: int, height: int, said: str, parts: Sequence[Markup]) -> Markup:
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        width, height, said, Markup("").join(parts)
    )
