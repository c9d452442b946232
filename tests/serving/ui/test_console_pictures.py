from __future__ import annotations

import itertools
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.ui import svg
from serving.ui.timeline_svg import Mark, ticks, timeline

DAY = 86_400_000_000
HOSTILE = "</title></svg><script>alert('x')</script>\"&"


def elements(picture: str, name: str) -> list[ElementTree.Element]:
    return [one for one in ElementTree.fromstring(picture).iter() if one.tag == name]


def test_the_larger_of_value_and_usual_fills_the_scale() -> None:
    now, usual = elements(svg.comparison(40, 10, "40", "10"), "rect")
    assert float(now.get("width", 0)) == pytest.approx(4 * float(usual.get("width", 0)), rel=0.01)


def test_a_comparison_of_zeros_can_be_drawn() -> None:
    assert len(elements(svg.comparison(0, 0, "0", "0"), "rect")) == 2


def test_texts_in_pictures_are_escaped() -> None:
    marks = [Mark(DAY, "out", HOSTILE, 10.0, 1), Mark(2 * DAY, "access", HOSTILE)]
    for picture in (svg.comparison(1, 2, HOSTILE, HOSTILE), timeline(marks, 0, 3 * DAY)):
        assert "<script>" not in picture
        ElementTree.fromstring(picture)


def test_pictures_carry_no_inline_style() -> None:
    picture = timeline([Mark(DAY, "in", "x", 10.0)], 0, 2 * DAY)
    assert "style=" not in picture + svg.share(0.5, "half") + svg.comparison(1, 2, "1", "2")


def test_a_mark_stands_where_its_time_is() -> None:
    marks = [Mark(at * DAY, "access", str(at)) for at in (0, 1, 2)]
    xs = [float(one.get("cx", 0)) for one in elements(timeline(marks, 0, 2 * DAY), "circle")]
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.2)
    assert xs[0] < xs[1]


def test_marks_outside_the_window_are_left_out() -> None:
    marks = [Mark(at * DAY, "access", str(at)) for at in range(10)]
    assert len(elements(timeline(marks, 2 * DAY, 4 * DAY), "circle")) == 3


def test_flagged_marks_are_numbered_diamonds_and_failures_are_crosses() -> None:
    marks = [
        Mark(DAY, "out", "flagged", 10.0, number=7),
        Mark(DAY + 1, "access", "failed", failed=True),
        Mark(DAY + 2, "in", "plain", 5.0),
    ]
    picture = timeline(marks, 0, 2 * DAY)
    assert [one.get("class") for one in elements(picture, "path")] == ["svg-flagged", "svg-failed"]
    assert "7" in [one.text for one in elements(picture, "text") if one.get("class") == "svg-mark"]
    assert [one.get("class") for one in elements(picture, "circle")] == ["svg-in"]


def test_a_larger_amount_has_a_longer_stem() -> None:
    marks = [Mark(DAY, "out", "small", 10.0), Mark(DAY + 1, "out", "large", 5_000.0)]
    picture = timeline(marks, 0, 2 * DAY)
    stems = [one for one in elements(picture, "line") if one.get("class") == "svg-stem"]
    small, large = (float(one.get("y1", 0)) - float(one.get("y2", 0)) for one in stems)
    assert large > small > 0


@given(start=st.integers(0, 50_000 * DAY), length=st.integers(1_000_000, 20_000 * DAY))
def test_ticks_lie_inside_and_are_few_and_even(start: int, length: int) -> None:
    found = ticks(start, start + length)
    assert len(found) <= 9
    assert all(start <= tick <= start + length for tick in found)
    assert len({after - before for before, after in itertools.pairwise(found)}) <= 1


def test_an_axis_over_months_names_days_and_over_hours_names_hours() -> None:
    hours = timeline([], 0, int(timedelta(hours=6) / timedelta(microseconds=1)))
    months = timeline([], 0, 60 * DAY)
    assert any(":" in (one.text or "") for one in elements(hours, "text"))
    assert not any(":" in (one.text or "") for one in elements(months, "text"))
