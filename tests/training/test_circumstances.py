"""What stands around a judged event, and which features a country reaches."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from features.catalog import CATALOGUES
from features.reference import Reference
from features.table import EventTable
from training import circumstances, countries, data, evidence, prepare, recipe, splits
from training.recipe import Figures, Recipe

DAY = 86_400_000_000


def a_slice(recipe_: Recipe, table: pa.Table, labels: pa.Table) -> circumstances.Circumstances:
    """The circumstances of the events from day 100 of 2026 on."""
    events = EventTable("payment", table)
    line = prepare.Timeline(
        events,
        EventTable("label", labels),
        np.zeros((len(events), 1)),
        [],
        events.integers("time") // DAY,
        data.subjects(events),
    )
    span = splits.Span(splits.day_number(date(2026, 3, 1)), splits.day_number(date(2026, 6, 1)))
    chosen = np.flatnonzero(span.covers(line.day))
    target = prepare.what_is_known(line, line.known_by, recipe_).target[chosen] == 1
    rows = prepare.Slice(
        span,
        chosen,
        prepare.Rows(np.zeros((len(chosen), 1)), target),
        prepare.Outcomes(target, line.subject[chosen], line.day[chosen]),
        evidence.NONE,
        np.zeros(len(chosen)),
    )
    return circumstances.circumstances(recipe_, line, rows, Reference())


def payments(days: list[date], **columns: list[object]) -> pa.Table:
    count = len(days)
    times = [splits.day_number(day) * DAY + 40_000_000_000 for day in days]
    given: dict[str, list[object]] = {
        "event_id": [f"p{place}" for place in range(count)],
        "time": list(times),
        "currency": ["EUR"] * count,
        "amount_minor": [12_345] * count,
        "debtor_account": ["A"] * count,
        "creditor_account": ["B"] * count,
    }
    return pa.table(given | columns)


def labels(*events: str) -> pa.Table:
    count = len(events)
    return pa.table(
        {
            "label_id": [f"l{place}" for place in range(count)],
            "stream": ["payment"] * count,
            "event_id": list(events),
            "is_fraud": [True] * count,
            "typology": ["mule_chain"] * count,
            "known_at": [splits.day_number(date(2026, 7, 1)) * DAY] * count,
            "source": ["police"] * count,
        }
    )


DAYS = [date(2026, 1, 5), date(2026, 3, 3), date(2026, 5, 1), date(2026, 5, 5)]


def test_corridor_worth_season_and_segment_are_told_where_the_data_have_them() -> None:
    found = a_slice(
        recipe.load("default"),
        payments(
            DAYS,
            currency=["EUR", "EUR", "JPY", "XXX"],
            debtor_account_country=["FR", "FR", "FR", None],
            debtor_agent_country=[None, None, None, "DE"],
            creditor_account_country=["DE", "DE", None, "ES"],
            channel=["card", "card", "online", None],
            extra_segment=["retail", "retail", "firm", "firm"],
        ),
        labels("p0", "p1"),
    )
    assert found.event_id == ["p1", "p2", "p3"]
    assert found.dimensions["corridor"] == ["FR→DE", "", "DE→ES"]
    assert found.dimensions["channel"] == ["card", "online", ""]
    assert found.dimensions["segment"] == ["retail", "firm", "firm"]
    assert found.segment_field == "extra_segment"
    # Labour Day is a holiday in France; Ramadan of 2026 runs from 18 February to 19 March.
    assert found.dimensions["holiday"] == ["other day", "public holiday", "other day"]
    assert found.dimensions["ramadan"] == ["in Ramadan", "outside", "outside"]
    assert found.value[0] == 12_345
    assert 0 < found.value[1] < 12_345  # yen have no cents and are worth less
    assert found.value[2] == 0
    assert found.typology == ["mule_chain", "", ""]
    assert found.began_before.tolist() == [True, False, False]


def test_what_the_data_lack_is_left_out() -> None:
    found = a_slice(recipe.load("default"), payments(DAYS[2:]), labels("p1"))
    assert found.dimensions == {}
    assert found.segment_field is None


def test_a_recipe_may_name_the_segments_column() -> None:
    base = recipe.load("default")
    own = base.model_copy(update={"figures": Figures(segment="tariff")})
    table = payments(DAYS, extra_tariff=["gold", "gold", "base", "gold"])
    found = a_slice(own, table, labels("p1"))
    assert (found.segment_field, found.dimensions["segment"]) == (
        "extra_tariff",
        ["gold", "base", "gold"],
    )


@pytest.mark.parametrize(
    ("day", "inside"),
    [
        (date(2025, 3, 1), True),
        (date(2025, 2, 28), False),
        (date(2025, 3, 29), True),
        (date(2025, 3, 30), False),
        (date(1900, 1, 1), False),
    ],
)
def test_ramadan_follows_the_umm_al_qura_calendar(day: date, inside: bool) -> None:
    assert circumstances.is_ramadan(splits.day_number(day)) is inside


def test_countries_reach_what_is_made_of_them_and_nothing_else() -> None:
    catalogue = CATALOGUES["payment"]
    reached = {name for name in catalogue.names if countries.reads_countries(catalogue, name)}
    assert {"corridor_payments_30d", "public_holiday", "ip_country_is_new"} <= reached
    assert not {"debtor_payments_24h", "amount", "device_payments_24h"} & reached
    access = CATALOGUES["access"]
    reached = {name for name in access.names if countries.reads_countries(access, name)}
    assert any("country" in name for name in reached)
    assert len(reached) < len(access.names) / 2
