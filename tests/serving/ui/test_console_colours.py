"""Every pair of colours that the style sheet sets text in can be read, in light and in dark."""

from __future__ import annotations

import re

import pytest

from serving.ui.http import STATIC

CSS = (STATIC / "console.css").read_text()
GROUNDS = {
    "ink": ("paper", "surface", "sunken", "accent-soft", "urgent-soft"),
    "quiet": ("paper", "surface", "sunken", "accent-soft"),
    "accent": ("paper", "surface", "sunken", "accent-soft"),
    "accent-ink": ("accent",),
    "urgent": ("surface", "urgent-soft"),
    "review": ("surface", "review-soft"),
    "clear": ("surface", "clear-soft"),
    "surface": ("urgent",),
}
TEXT = [(ink, ground, 4.5) for ink, grounds in GROUNDS.items() for ground in grounds]
EDGES = [(edge, ground, 3.0) for edge in ("edge", "usual") for ground in ("surface", "paper")]


def palette(scheme: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.S)
    named = re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light)
    if scheme == "dark":
        named += re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark)
    return dict(named)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), TEXT + EDGES)
def test_contrast_is_enough(scheme: str, ink: str, ground: str, least: float) -> None:
    colours = palette(scheme)
    lighter, darker = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= least


def test_both_schemes_set_the_same_colours() -> None:
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.S)
    pattern = r"--([\w-]+): #"
    assert set(re.findall(pattern, light)) == set(re.findall(pattern, dark))
