"""The conformity suite of reasons: what is said of a value is true of it, for every feature."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from event_worlds import random_world

from features import layout
from features.batch import build
from features.catalog import CATALOGUES
from features.definitions import Expression, F, Operation, Statistic, Stride
from features.reference import Reference
from models.explain import in_words, say

FEATURES = [
    pytest.param(stream, feature, id=f"{stream}.{feature.name}")
    for stream, catalogue in CATALOGUES.items()
    for feature in catalogue.features
]
SPANS = {
    "10m": "10 minutes",
    "1h": "hour",
    "24h": "24 hours",
    "7d": "7 days",
    "30d": "30 days",
}
_WINDOWED = {
    layout.TIMES: layout.WINDOWS,
    layout.VALUES: layout.ALL_MEAN,
    layout.FLAGS: layout.WINDOWS,
    layout.OTHERS: layout.SAME_GAP,
}


def statistics(expression: Expression) -> Iterator[Statistic]:
    if isinstance(expression, Statistic):
        yield expression
    elif isinstance(expression, Operation):
        for operand in expression.operands:
            yield from statistics(operand)


def windows(feature: F) -> set[str]:
    """Return the windows that a feature counts within."""
    if isinstance(feature.expression, Stride):
        counts = feature.expression.place != layout.WALK_SPENT
        return {feature.expression.walk.window} if counts else set()
    return {
        one.view.ring.windows[one.place % layout.WINDOWS]
        for one in statistics(feature.expression)
        if one.place < _WINDOWED[one.family]
    }


@pytest.fixture(scope="module")
def seen() -> dict[str, np.ndarray]:
    """Values of every feature in a random world, by stream and name."""
    payments, access, labels = random_world(5, size=600).tables
    built = build(payments, access, labels, Reference())
    return {
        f"{stream}.{feature.name}": built.features[stream][:, place]
        for stream, catalogue in CATALOGUES.items()
        for place, feature in enumerate(catalogue.features)
    }


@pytest.mark.parametrize(("stream", "feature"), FEATURES)
def test_what_is_said_is_true_of_the_value(
    stream: str, feature: F, seen: dict[str, np.ndarray]
) -> None:
    values = seen[f"{stream}.{feature.name}"]
    assert feature.missing or not np.isnan(values).any()
    for value in np.unique(values[~np.isnan(values)]).tolist():
        text = say(feature, value, "usual")
        assert "{" not in text
        if feature.unit == "flag":
            assert text == (feature.reason if value else feature.otherwise)
        elif feature.unit == "code":
            assert feature.words[int(value)] in text
        else:
            assert in_words(value, feature.unit).split()[0] in text


@pytest.mark.parametrize(("stream", "feature"), FEATURES)
def test_a_window_that_is_counted_within_is_named(stream: str, feature: F) -> None:
    counted = windows(feature)
    if len(counted) == 1:
        assert SPANS[counted.pop()] in feature.reason
    for span in SPANS:
        if feature.name.endswith(f"_{span}"):
            assert counted <= {span}


@pytest.mark.parametrize(("stream", "feature"), FEATURES)
def test_what_is_counted_in_buckets_is_said_to_be_about(stream: str, feature: F) -> None:
    bucketed = any(
        one.view.ring.hop and one.place < _WINDOWED[one.family]
        for one in statistics(feature.expression)
    )
    if bucketed:
        assert "about" in feature.reason
