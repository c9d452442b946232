"""Control totals against what was ingested: counts, values, days, and the missing events."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from serving.cli import app
from serving.errors import Invalid
from tests.serving.harness import Running
from tests.serving.worlds import START, login, payment

DAY = START.date().isoformat()
NEXT = (START + timedelta(days=1)).date().isoformat()


@pytest.fixture
def ingested(service: Running) -> Running:
    """A member with payments of two days and currencies, and one login."""
    day = [payment(n, 1, START, amount=f"{n}.10") for n in (1, 2, 3)]
    yen = payment(4, 1, START, currency="JPY", amount="1000")
    # Late at night in UTC, the next day in Brussels.
    late = payment(5, 1, START.replace(hour=23, minute=30), amount="5.00")
    service.batch("payment", [*day, yen, late])
    service.batch("access", [login(1, 1, START)])
    return service


def reconcile(service: Running, totals: str, *words: str, ids: str | None = None) -> Any:
    """Run the command on files of these lines; return its status and JSON document."""
    folder = service.home / service.member
    folder.mkdir(exist_ok=True)
    (folder / "totals.csv").write_text(totals)
    options = ["--member", service.member, "--home", str(service.home), *words]
    if ids is not None:
        (folder / "ids.csv").write_text(ids)
        options += ["--ids", str(folder / "ids.csv")]
    result = CliRunner().invoke(app, ["reconcile", str(folder / "totals.csv"), *options, "--json"])
    if isinstance(result.exception, Invalid):
        raise result.exception
    return result.exit_code, json.loads(result.stdout)


def test_totals_that_agree_end_well(ingested: Running) -> None:
    totals = f"day,currency,count,value\n{DAY},EUR,4,11.30\n{DAY},JPY,1,1000\n"
    status, document = reconcile(ingested, totals)
    assert status == 0
    assert document["agrees"] is True
    assert [line["ingested_value"] for line in document["totals"]] == ["11.30", "1000"]


@pytest.mark.parametrize(
    ("line", "differs"),
    [
        ("EUR,5,11.30", "expected_count"),
        ("EUR,4,11.31", "expected_value"),
    ],
)
def test_a_count_or_a_cent_that_differs_is_status_one(
    ingested: Running, line: str, differs: str
) -> None:
    totals = f"day,currency,count,value\n{DAY},{line}\n{DAY},JPY,1,1000\n"
    status, document = reconcile(ingested, totals)
    assert status == 1
    (wrong,) = [one for one in document["totals"] if not one["agrees"]]
    assert wrong["currency"] == "EUR"
    assert Decimal(wrong[differs]) != Decimal(wrong[differs.replace("expected", "ingested")])


def test_what_the_source_does_not_know_is_a_difference(ingested: Running) -> None:
    status, document = reconcile(ingested, f"day,currency,count\n{DAY},EUR,4\n")
    assert status == 1
    (unknown,) = [one for one in document["totals"] if not one["agrees"]]
    assert (unknown["currency"], unknown["expected_count"], unknown["ingested_count"]) == (
        "JPY",
        0,
        1,
    )


def test_missing_and_surplus_events_are_named(ingested: Running) -> None:
    totals = f"day,currency,count\n{DAY},EUR,5\n{DAY},JPY,1\n"
    status, document = reconcile(ingested, totals, ids="event_id\np1\np2\np3\np5\np9\np8\n")
    assert status == 1
    assert [one["event_id"] for one in document["missing_events"]] == ["p8", "p9"]
    assert [one["event_id"] for one in document["surplus_events"]] == ["p4"]


def test_a_day_is_the_sources_own(ingested: Running) -> None:
    totals = f"day,currency,count\n{DAY},EUR,3\n{DAY},JPY,1\n{NEXT},EUR,1\n"
    assert reconcile(ingested, totals, "--time-zone", "Europe/Brussels")[0] == 0
    assert reconcile(ingested, totals)[0] == 1


def test_access_events_are_counted_without_a_currency(ingested: Running) -> None:
    status, document = reconcile(ingested, f"stream,day,count\naccess,{DAY},1\n")
    assert status == 0
    assert document["totals"][0]["currency"] is None


def test_another_members_events_do_not_count(
    ingested: Running, new_member: Callable[[], Running]
) -> None:
    other = new_member()
    totals = f"member,day,currency,count\n{other.member},{DAY},EUR,4\n"
    status, document = reconcile(ingested, totals)
    assert status == 1
    assert document["totals"][0]["ingested_count"] == 0


@pytest.mark.parametrize(
    ("totals", "field"),
    [
        ("day,currency\n", "count"),
        ("day,currency,count\nyesterday,EUR,1\n", "line 2, day"),
        (f"day,currency,count\n{DAY},EUR,-1\n", "line 2, count"),
        (f"day,currency,count\n{DAY},EURO,1\n", "line 2, currency"),
        (f"day,currency,count,value\n{DAY},EUR,1,NaN\n", "line 2, value"),
        (f"day,currency,count,stream\n{DAY},EUR,1,label\n", "line 2, stream"),
        (f"day,currency,count\n{DAY},EUR,1\n{DAY},EUR,2\n", "line 3"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_line(
    service: Running, totals: str, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        reconcile(service, totals)
    (problem,) = refusal.value.problems
    assert field in (problem.field, problem.value)
    assert problem.fix


def test_a_table_for_people_names_what_differs(ingested: Running, tmp_path: Path) -> None:
    totals = tmp_path / "totals.csv"
    totals.write_text(f"day,currency,count,value\n{DAY},EUR,5,11.30\n{DAY},JPY,1,1000\n")
    options = ["--member", ingested.member, "--home", str(ingested.home)]
    result = CliRunner().invoke(app, ["reconcile", str(totals), *options], env={"COLUMNS": "160"})
    assert result.exit_code == 1
    assert "differs" in result.stdout
    assert "1 of 2 totals agree" in result.stdout
