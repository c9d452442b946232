"""What a model is worth without looking at countries: the features that do, and a fit without them.

A supervisor asks how much a model rests on where people live. The refit has the same trees and
settings on the same rows, less every feature that a country reaches: countries of accounts, banks,
persons and addresses, corridors, lists and calendars of countries. The local hour and day of the
week stay.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from training import fit
from training.metrics.areas import AVERAGE_PRECISION, Ranked
from training.metrics.bootstrap import interval, redraw
from training.metrics.decision import WithoutCountries

if TYPE_CHECKING:
    from features.definitions import Catalogue
    from training.metrics.outcomes import Floats
    from training.prepare import Prepared
    from training.recipe import Recipe

_OF_ADDRESS = frozenset({"ip_country", "place", "clock"})
_STAY = frozenset({"hour", "weekday", "utc_offset"})


@cache
def country_columns(stream: str) -> frozenset[str]:
    """Return the columns of a stream's rows that a country reaches."""
    from features.columns import COLUMNS, Computed, Mapped

    reached: set[str] = set()
    for column in COLUMNS[stream]:
        if column.name in _STAY:
            continue
        if isinstance(column, Mapped):
            fields = column.fields
            if column.name in _OF_ADDRESS or any(name.endswith("_country") for name in fields):
                reached.add(column.name)
        elif isinstance(column, Computed) and reached & set(column.columns):
            reached.add(column.name)
    return frozenset(reached)


def reads_countries(catalogue: Catalogue, name: str) -> bool:
    """Tell whether a country reaches a feature of the catalogue, of its own or another stream."""
    for column in catalogue.feature(name).inputs(catalogue.stream):
        origin, _, own = column.rpartition(".")
        stream = origin.removesuffix("_label").removesuffix("_return") or catalogue.stream
        if own in country_columns(stream):
            return True
    return False


def without_countries(
    recipe: Recipe, prepared: Prepared, trees: int, margin: Floats
) -> WithoutCountries | None:
    """Refit without the features that a country reaches; None when the model has none of them.

    `margin` are the model's own margins of the test slice.
    """
    left_out = [name for name in prepared.names if reads_countries(prepared.catalogue, name)]
    if not left_out or len(left_out) == len(prepared.names):
        return None
    kept = np.array([name not in set(left_out) for name in prepared.names])
    names = [name for name, stays in zip(prepared.names, kept, strict=True) if stays]
    rows = fit.Rows(prepared.train.rows.features[:, kept], prepared.train.rows.target)
    booster = fit.boost(recipe, names, rows, None, trees)
    test = prepared.test
    other = fit.margins(booster, test.rows.features[:, kept], names)
    both = [Ranked.of(test.outcomes.target, one) for one in (margin, other)]

    def precisions(weight: Floats) -> Floats:
        return np.array([one.areas(weight)[0, AVERAGE_PRECISION] for one in both])

    drawn = redraw(test.outcomes, {"both": precisions}, recipe.seed)["both"]
    return WithoutCountries(
        drawn.at(1),
        interval(float(drawn.value[0] - drawn.value[1]), drawn.draws[:, 0] - drawn.draws[:, 1]),
        left_out,
    )
