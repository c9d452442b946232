from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from serving.ui import words


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (words.money(123_450), "1,234.50 EUR"),
        (words.money(None), "—"),
        (words.short_money(1_234_567), "12,346 EUR"),
        (words.amount("1234567.50", "USD"), "1,234,567.50 USD"),
        (words.amount("7E+2", "JPY"), "700 JPY"),
        (words.short_money(999), "9.99 EUR"),
        (words.percent(0.0), "0 %"),
        (words.percent(0.0004), "under 0.1 %"),
        (words.percent(0.0123), "1.2 %"),
        (words.percent(0.87), "87 %"),
        (words.percent(0.9999), "over 99.9 %"),
        (words.percent(1.0), "100 %"),
        (words.span(timedelta(seconds=20)), "under 1 min"),
        (words.span(timedelta(minutes=90)), "2 h"),
        (words.span(timedelta(days=3)), "3 d"),
        (words.many(1, "event"), "1 event"),
        (words.many(2, "address", "addresses"), "2 addresses"),
        (words.country_name("AE"), "United Arab Emirates"),
        (words.country_name("XK"), "Kosovo"),
        (words.country_name("ZZ"), "ZZ"),
        (words.account("ES9121000418450200051332"), "ES91 2100 0418 4502 0005 1332"),
        (words.account("card-77"), "card-77"),
        (words.sentence("it is empty"), "It is empty."),
        (words.measure(0.71234), "0.712"),
        (words.measure(1500.0), "1,500"),
    ],
)
def test_things_are_said_plainly(said: str, expected: str) -> None:
    assert said == expected


def test_times_are_shown_in_utc_and_carry_the_machine_form() -> None:
    at = datetime(2026, 5, 4, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    said = words.moment(at)
    assert '<time datetime="2026-05-03T23:30:00Z"' in said
    assert ">2026-05-03 23:30</time>" in said
    assert words.moment(at.astimezone(UTC)) == said


def test_a_corridor_names_unknown_ends_and_escapes() -> None:
    said = words.corridor(("ES", None))
    assert 'title="Spain"' in said
    assert "??" in said
    assert "<b>" not in words.corridor(("<b>", "ES"))
