"""Learn which attributes are features, and the order of each one's categories.

Categories are ordered by their smoothed share of fraud (Micci-Barreca, 2001) among the rows of one
slice, the rehearsal's: nothing later is looked at. An attribute of many categories would tell the
rows of that slice their own labels; there each row gets its place from the other folds' rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.attributes import PREFIX
from training.fit import Floats

if TYPE_CHECKING:
    import numpy.typing as npt

    from features.table import EventTable
    from models.attributes import RawFeature, RawFeatures
    from training.data import Integers

# So many honest-or-fraud rows the slice's own share counts for in each category's.
SMOOTHING = 20.0
RARE = 5
"""A category of fewer rows says nothing, and is taken as never seen."""
MOST_CATEGORIES = 20_000
FEW = 32
"""Up to so many categories a row's own label is lost among the others of its category."""
_FOLDS = 5


def learn(
    events: EventTable, rows: Integers, target: npt.NDArray[np.bool_], seed: int
) -> tuple[RawFeatures, Floats]:
    """Return the raw features of a table, learnt from these rows, and their values of all events.

    The values of `rows` themselves come from folds where an attribute has many categories.
    """
    import pyarrow as pa

    from models.attributes import RawFeature, RawFeatures

    fold = np.random.default_rng(seed).integers(0, _FOLDS, len(rows))
    features, columns = [], []
    for name in events.table.column_names:
        if not name.startswith(PREFIX):
            continue
        attribute = name.removeprefix(PREFIX)
        if not pa.types.is_string(events.table[name].type):
            feature = RawFeature(attribute, "numeric")
            column = feature.column(events)
            if np.isnan(column[rows]).all():
                continue
        else:
            feature, column = _categorical(events, attribute, rows, target, fold)
            if len(feature.categories) < 2:
                continue
        features.append(feature)
        columns.append(column)
    values = np.stack(columns, axis=1) if columns else np.empty((len(events), 0))
    return RawFeatures(tuple(features)), values


def _categorical(
    events: EventTable,
    attribute: str,
    rows: Integers,
    target: npt.NDArray[np.bool_],
    fold: Integers,
) -> tuple[RawFeature, Floats]:
    from features.carried_columns import categories_of
    from models.attributes import RawFeature

    column = categories_of(events.table[f"{PREFIX}{attribute}"])
    encoded = column.combine_chunks().dictionary_encode()
    names = np.array(encoded.dictionary.to_pylist(), dtype=object)
    codes = np.asarray(encoded.indices.to_numpy(), dtype=np.int64)
    own = codes[rows]
    count: Floats = np.bincount(own, minlength=len(names)).astype(np.float64)
    fraud = np.asarray(np.bincount(own, weights=target, minlength=len(names)), dtype=np.float64)
    prior = float(target.mean()) if len(target) else 0.0
    rate = _smoothed(fraud, count, prior)
    seen = np.flatnonzero(count >= RARE)
    if len(seen) > MOST_CATEGORIES:
        seen = seen[np.lexsort((names[seen], -count[seen]))[:MOST_CATEGORIES]]
    # Ties by name, so that the order never hangs on where a category stood in the file.
    order = seen[np.lexsort((names[seen].astype(str), rate[seen]))]
    place = np.full(len(names), np.nan)
    place[order] = np.arange(len(order))
    values = place[codes]
    if len(order) > FEW:
        values[rows] = _from_others(own, target, fold, count, fraud, prior, rate[order], place)
    return RawFeature(attribute, "categorical", tuple(names[order].tolist())), values


def _from_others(
    own: Integers,
    target: npt.NDArray[np.bool_],
    fold: Integers,
    count: Floats,
    fraud: Floats,
    prior: float,
    rates: Floats,
    place: Floats,
) -> Floats:
    """Return each row's place by the share of fraud in its category among the other folds."""
    found = np.empty(len(own))
    for number in range(_FOLDS):
        inside = fold == number
        size = np.bincount(own[inside], minlength=len(count))
        hits = np.bincount(own[inside], weights=target[inside], minlength=len(count))
        others = _smoothed(fraud - hits, count - size, prior)[own[inside]]
        low = np.searchsorted(rates, others, "left")
        high = np.searchsorted(rates, others, "right")
        found[inside] = (low + high - 1) / 2
    return np.where(np.isnan(place[own]), np.nan, found)


def _smoothed(fraud: Floats, count: Floats, prior: float) -> Floats:
    return np.asarray((fraud + prior * SMOOTHING) / (count + SMOOTHING))
