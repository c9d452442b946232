"""Declarations that cannot hold are refused by name, with the fix."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from features.definitions import Catalogue, F, Own, Ring, Walk, duration, ratio
from features.errors import BadDefinition

RING = Ring("r", "payment", "debtor", value="amount", other="creditor", windows=("1h", "24h"))
VIEW = RING.read("payment", "debtor", "creditor", "amount")


def feature(**changes: object) -> F:
    given: dict[str, object] = {
        "name": "f",
        "expression": VIEW.count("1h"),
        "unit": "count",
        "family": "test",
        "reason": "{value} payments",
        "why": "test",
    }
    return F(**{**given, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("declare", "said"),
    [
        (lambda: Ring("r", "payment", "debitor"), "ring r: by='debitor' is no column of payment"),
        (lambda: Ring("r", "payment", "debtor", keep="30d"), "together exceed what it keeps"),
        (lambda: Ring("r", "payment", "debtor", windows=("7d", "1h")), "shortest first"),
        (lambda: Ring("r", "payment", "debtor", cap=1000), "must be a power of two"),
        (lambda: RING.read("access", "debtor"), "key='debtor' is no column of access"),
        (lambda: VIEW.count("7d"), "has no window 7d; it has 1h, 24h"),
        (lambda: VIEW.flagged("1h"), "records no flag; declare flag=…"),
        (lambda: ratio(VIEW.count("1h"), VIEW.count("1h")), "circular ratio"),
        (lambda: ratio(Own("amount"), Own("amount")), "circular ratio"),
        (lambda: Walk.flow(RING, RING, "90d"), "walk over ring r: window 90d and grace 24h"),
        (
            lambda: Walk.flow(RING, RING, "7d").hops(),
            "a walk along money knows circle",
        ),
        (lambda: duration("1 hour"), "write a whole number and s, m, h or d"),
        (
            lambda: Catalogue("c", "payment", (feature(), feature())),
            "feature f is declared twice; rename one",
        ),
        (
            lambda: Catalogue("c", "payment", (feature(unit="flag"),)),
            "a flag needs otherwise=… and a code words=…",
        ),
        (
            lambda: Catalogue("c", "payment", (feature(unit="flag", otherwise="not"),)),
            "a flag's has none",
        ),
        (
            lambda: Catalogue("c", "payment", (feature(reason="{v} payments"),)),
            "its reason needs {value}",
        ),
        (
            lambda: Catalogue("c", "payment", (feature(reason="{value}, usually {usual}"),)),
            "name {usual} in the reason and give usual=…",
        ),
        (
            lambda: Catalogue(
                "c", "payment", (feature(reason="{value}, usually {usual}", usual="g"),)
            ),
            "usual='g' is no feature of c",
        ),
        (
            lambda: Catalogue("c", "access", (feature(),)),
            "reads a view of payment, but c is about access",
        ),
        (
            lambda: Catalogue(
                "c", "payment", (feature(expression=ratio(Own("sum"), Own("time"))),)
            ),
            "'sum' is no column of payment",
        ),
    ],
)
def test_a_bad_definition_is_named_with_its_fix(declare: Callable[[], object], said: str) -> None:
    with pytest.raises(BadDefinition) as caught:
        declare()
    assert said in str(caught.value)


def test_a_catalogues_version_follows_its_features() -> None:
    first = Catalogue("c", "payment", (feature(),))
    assert first.version == Catalogue("c", "payment", (feature(),)).version
    assert first.version != Catalogue("c", "payment", (feature(version=2),)).version
