"""Dated reference data: what holds on which day, and how an operator's own file replaces ours."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from features.errors import BadReference
from features.reference import COUNTRIES, Reference, currency_exponent, fatf_status
from features.reference.dated import ANYWHERE, OURS, DatedTable

FILES = sorted(path.name for path in OURS.glob("*.csv"))


def day(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


@pytest.mark.parametrize("name", FILES)
def test_every_row_of_ours_is_dated_and_has_a_source(name: str) -> None:
    with (OURS / name).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        assert row["source"].strip() and date.fromisoformat(row["valid_from"])
        if "country" in row:
            assert row["country"] in {*COUNTRIES, ANYWHERE, "EEA"}, row
        if "currency" in row:
            assert currency_exponent(row["currency"]) is not None, row


@pytest.mark.parametrize(
    ("country", "on", "status"),
    [
        ("MT", "2021-06-24", None),
        ("MT", "2021-06-25", "increased_monitoring"),
        ("MT", "2022-06-16", "increased_monitoring"),
        ("MT", "2022-06-17", None),
        ("MM", "2022-10-20", "increased_monitoring"),
        ("MM", "2022-10-21", "call_for_action"),
        ("ZA", "2024-01-01", "increased_monitoring"),
        ("ZA", "2025-10-24", None),
        ("KW", "2026-02-13", "increased_monitoring"),
        ("KP", "2019-01-01", "call_for_action"),
        ("FR", "2026-01-01", None),
    ],
)
def test_fatf_lists_hold_between_plenaries(country: str, on: str, status: str | None) -> None:
    assert fatf_status(country, date.fromisoformat(on)) == status


def test_a_fatf_listing_names_its_statement(reference: Reference) -> None:
    source = reference.lists.fatf_source("MT", day("2022-01-01"))
    assert source == "FATF public statement of 2021-06-25; ended by that of 2022-06-17"
    assert reference.lists.fatf_source("FR", day("2022-01-01")) is None


def test_the_number_of_listed_countries_is_what_the_statements_say() -> None:
    grey = {
        on: sum(
            fatf_status(country, date.fromisoformat(on)) == "increased_monitoring"
            for country in COUNTRIES
        )
        for on in ("2019-11-01", "2021-11-01", "2023-03-01", "2024-07-01", "2025-11-01")
    }
    assert grey == {
        "2019-11-01": 12,
        "2021-11-01": 23,
        "2023-03-01": 23,
        "2024-07-01": 21,
        "2025-11-01": 20,
    }


@pytest.mark.parametrize(
    ("country", "currency", "on", "expected"),
    [
        ("CH", "CHF", "2019-12-31", 2_500_000),
        ("CH", "CHF", "2020-01-01", 1_500_000),
        ("GB", "GBP", "2021-01-01", 1_000_000),
        ("US", "USD", "2026-01-01", 1_000_000),
        ("JP", "JPY", "2026-01-01", 1_000_000),
        # ECB fixing of 2020-01-31: 1 EUR = 1.1052 USD.
        ("US", "EUR", "2020-01-31", 904_814),
        ("DE", "USD", "2020-01-31", 1_105_200),
        # No rule of its own: the one for anywhere.
        ("LI", "EUR", "2020-01-31", 1_000_000),
        # A rule in a currency without a rate can only be compared with its own.
        ("NG", "NGN", "2026-01-01", 500_000_000),
        ("NG", "EUR", "2026-01-01", None),
    ],
)
def test_thresholds_are_those_of_country_and_day(
    reference: Reference, country: str, currency: str, on: str, expected: int | None
) -> None:
    assert reference.lists.threshold(country, currency, day(on)) == expected


@pytest.mark.parametrize(
    ("country", "currency", "on", "own"),
    [
        ("HR", "HRK", "2022-12-31", True),
        ("HR", "EUR", "2022-12-31", False),
        ("HR", "EUR", "2023-01-01", True),
        ("HR", "HRK", "2023-01-01", False),
        ("BG", "EUR", "2026-01-01", True),
        ("BG", "BGN", "2026-01-01", False),
        ("LT", "LTL", "2014-12-31", True),
        ("PA", "USD", "2026-01-01", True),
        ("PA", "PAB", "2026-01-01", True),
        ("SN", "XOF", "2026-01-01", True),
        ("CH", "EUR", "2026-01-01", False),
    ],
)
def test_a_country_uses_its_currency_from_the_day_it_joined(
    reference: Reference, country: str, currency: str, on: str, own: bool
) -> None:
    assert reference.lists.uses_currency(country, currency, day(on)) is own


def test_a_browser_is_as_old_as_its_version(reference: Reference) -> None:
    released = reference.lists.browser_released
    assert released("chrome", 120) == day("2023-12-05")
    assert day("2023-12-05") < (released("chrome", 122) or 0) < day("2024-05-14")
    assert released("chrome", 40) == released("chrome", 70)
    assert released("chrome", 999) == released("chrome", 140)
    assert released("lynx", 3) is None


def own_file(folder: Path, name: str, *lines: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(lines) + "\n")
    return folder


THRESHOLDS = "country,currency,amount,valid_from,valid_to,source"


def test_an_operators_file_replaces_ours_and_shows_in_the_version(tmp_path: Path) -> None:
    folder = own_file(
        tmp_path / "own", "thresholds.csv", THRESHOLDS, "LI,CHF,5000,2020-01-01,,House rule 7"
    )
    ours, own = Reference(), Reference(data=folder)
    assert own.lists.threshold("LI", "CHF", day("2026-01-01")) == 500_000
    assert own.lists.threshold("DE", "EUR", day("2026-01-01")) is None
    # Files that are not there are still ours.
    assert own.fatf_status("KP", date(2026, 1, 1)) == "call_for_action"
    assert own.version != ours.version


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (("country,currency,amount,valid_from,valid_to",), "column source is missing"),
        ((THRESHOLDS, "DE,EUR,1,2020-01-01,,"), "line 2: source is empty"),
        ((THRESHOLDS, "DE,EUX,1,2020-01-01,,a"), "line 2: currency 'EUX' is unknown"),
        ((THRESHOLDS, "DE,EUR,1,yesterday,,a"), "line 2: .*yesterday"),
        (
            (THRESHOLDS, "DE,EUR,1,2020-01-01,2019-01-01,a"),
            "line 2: valid_to lies before valid_from",
        ),
        (
            (THRESHOLDS, "DE,EUR,1,2020-01-01,,a", "DE,EUR,2,2021-01-01,,a"),
            "line 3: DE has another row that holds on these days",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(
    tmp_path: Path, lines: tuple[str, ...], problem: str
) -> None:
    folder = own_file(tmp_path / "own", "thresholds.csv", *lines)
    with pytest.raises(BadReference, match=problem) as refused:
        Reference(data=folder)
    assert "thresholds.csv" in str(refused.value)
    assert "expected a CSV with country,currency,amount,valid_from" in str(refused.value)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadReference, match="no such folder"):
        Reference(data=tmp_path / "nowhere")


def test_a_row_holds_on_its_first_and_its_last_day(tmp_path: Path) -> None:
    folder = own_file(
        tmp_path / "own",
        "x.csv",
        "country,word,valid_from,valid_to,source",
        "DE,old,2020-01-01,2020-01-31,a",
        "DE,new,2020-02-01,,a",
    )
    table = DatedTable(folder, "x.csv", ("country", "word"), str)
    days = ("2019-12-31", "2020-01-01", "2020-01-31", "2020-02-01", "2999-01-01")
    assert [table.at("DE", day(on)) for on in days] == [None, "old", "old", "new", "new"]
