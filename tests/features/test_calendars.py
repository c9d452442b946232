"""Holidays, weekends, paydays and cut-offs of a country, and an event's own local day."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime
from typing import Any

import pytest

from features.catalog import ACCESS, PAYMENTS
from features.engine import Engine
from features.events import AccessEvent, Payment, parse
from features.reference import COUNTRIES, Reference
from features.reference.calendars import CALENDAR_FIELDS, part


def day(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def read(reference: Reference, country: str, on: str) -> dict[str, int]:
    code = reference.calendars.of_day(country, day(on))
    return {name: part(name)(code) for name in CALENDAR_FIELDS}


@pytest.mark.parametrize(
    ("country", "on", "expected"),
    [
        # Thursday before a Friday holiday and a weekend; the 24th is no holiday by law.
        ("DE", "2026-12-24", {"is_holiday": 0, "rest_days_ahead": 3}),
        ("DE", "2026-12-25", {"is_holiday": 1, "is_weekend": 0, "rest_days_ahead": 3}),
        ("DE", "2026-11-18", {"is_holiday": 0, "is_weekend": 0, "rest_days_ahead": 0}),
        ("US", "2026-11-26", {"is_holiday": 1}),
        # The Emirates moved their weekend on 2022-01-01, Saudi Arabia on 2013-06-29.
        ("AE", "2021-11-19", {"is_weekend": 1}),
        ("AE", "2022-11-18", {"is_weekend": 0}),
        ("AE", "2022-11-20", {"is_weekend": 1}),
        ("SA", "2013-06-20", {"is_weekend": 1}),
        ("SA", "2013-07-04", {"is_weekend": 0}),
        # The 25th of October 2026 is a Sunday: wages come on Friday the 23rd.
        ("NL", "2026-10-23", {"since_payday": 0}),
        ("NL", "2026-10-26", {"since_payday": 3}),
        ("PH", "2026-06-17", {"since_payday": 2}),
        ("DE", "2026-05-29", {"since_payday": 0}),
        # 1 August 2026 is a Saturday, so that Turkish wages come on 31 July.
        ("TR", "2026-07-31", {"since_payday": 0}),
        ("US", "2021-03-05", {"cutoff_quarter": 18 * 4}),
        ("US", "2021-03-08", {"cutoff_quarter": 18 * 4 + 3}),
        ("IN", "2026-01-05", {"cutoff_quarter": 96}),
        ("GR", "2026-01-05", {"cutoff_quarter": 18 * 4}),
    ],
)
def test_a_day_of_a_country(
    reference: Reference, country: str, on: str, expected: dict[str, int]
) -> None:
    found = read(reference, country, on)
    assert {name: found[name] for name in expected} == expected


def test_every_country_has_a_calendar(reference: Reference) -> None:
    for country in COUNTRIES:
        found = read(reference, country, "2026-05-01")
        assert found["since_payday"] <= 40, country
        assert found["rest_days_ahead"] < 15, country


@pytest.mark.parametrize("on", ["1971-03-01", "2099-03-01"])
def test_years_without_known_holidays_have_none_and_say_nothing(
    reference: Reference, on: str
) -> None:
    # Warnings are errors here.
    assert all(read(reference, country, on)["is_holiday"] in (0, 1) for country in COUNTRIES)


def test_calendars_are_loaded_before_the_first_event() -> None:
    code = (
        "import sys; from features.reference import Reference; reference = Reference();"
        "assert 'holidays' not in sys.modules; reference.calendars.prepare();"
        "loaded = set(sys.modules); reference.calendars.of_two_days('PH', 20_000);"
        "assert 'holidays.countries.philippines' in loaded and set(sys.modules) == loaded"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def payment(time: str, **fields: Any) -> Payment:
    given = {"event_id": time, "time": time, "currency": "EUR", "amount": "100"}
    return parse(Payment, {**given, "debtor_account": "a", "creditor_account": "b", **fields})


def features_of(reference: Reference, event: Payment | AccessEvent) -> dict[str, float]:
    names = (PAYMENTS if isinstance(event, Payment) else ACCESS).names
    return dict(zip(names, Engine(reference).step(event).features, strict=True))


@pytest.mark.parametrize(
    ("time", "holiday"),
    [
        # Independence Day, 15 August, begins in India at 18:30 UTC of the 14th.
        ("2026-08-14T18:29:59Z", 0),
        ("2026-08-14T18:30:00Z", 1),
        ("2026-08-15T18:29:59Z", 1),
        ("2026-08-15T18:30:00Z", 0),
    ],
)
def test_the_day_is_the_debtors_own_to_the_minute(
    reference: Reference, time: str, holiday: int
) -> None:
    found = features_of(reference, payment(time, debtor_account_country="IN"))
    assert found["public_holiday"] == holiday


def test_cut_off_is_local_and_a_day_of_rest_is_after_it(reference: Reference) -> None:
    def late(time: str) -> float:
        found = features_of(reference, payment(time, debtor_account_country="DE"))
        return found["after_cutoff"]

    # 17:00 in Frankfurt is 16:00 UTC in winter and 15:00 UTC in summer.
    assert [late("2026-01-14T15:59:59Z"), late("2026-01-14T16:00:00Z")] == [0, 1]
    assert [late("2026-07-15T14:59:59Z"), late("2026-07-15T15:00:00Z")] == [0, 1]
    assert late("2026-01-17T09:00:00Z") == 1


def test_without_a_country_there_is_no_calendar(reference: Reference) -> None:
    found = features_of(reference, payment("2026-12-25T10:00:00Z"))
    for name in ("public_holiday", "rest_days_ahead", "after_cutoff", "days_since_payday"):
        assert found[name] != found[name], name
    assert found["hour"] == 10


def test_an_access_event_has_the_calendar_of_its_address(reference: Reference) -> None:
    given = {"event_id": "a", "user_id": "u", "action": "login", "outcome": "success"}
    french = parse(
        AccessEvent,
        {**given, "time": datetime(2026, 7, 14, 10).astimezone(), "ip_address": "80.67.169.12"},
    )
    nowhere = parse(AccessEvent, {**given, "time": datetime(2026, 7, 14, 10).astimezone()})
    assert features_of(reference, french)["public_holiday"] == 1
    missing = features_of(reference, nowhere)["public_holiday"]
    assert missing != missing
