"""What is novel about an event, in words: the features that its novelty comes from.

Of one family only the most unusual feature speaks, and each attribute for itself. The words give
the value, what is usual among training events, and how rare so extreme a value is; a value that is
not rare by itself is unusual beside the event's others, and the words say that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.definitions import Attribute, F
from models.bundle import FeatureProfile
from models.explain import in_words, say
from models.forest import Float64
from models.runtime import Scorer

LIMIT = 3
NOVEL = "novel"
_UNKNOWN = "unknown"
_RARE = 20
_WITHOUT_RANGE = ("flag", "code", "day", "hour")


@dataclass(frozen=True)
class Unusual:
    """One feature that makes an event novel.

    `value` is in the feature's unit (None when missing), `low` and `high` are its 5 and 95 %
    quantiles among training events (None when it was never present). One training event in
    `one_in` has a value so far out; `contribution` is its part of the novelty score.
    """

    feature: str
    text: str
    value: float | None
    low: float | None
    high: float | None
    one_in: float
    contribution: float


def unusual(scorer: Scorer, features_row: Float64, limit: int = LIMIT) -> list[Unusual]:
    """Return the features that add most to a float64[k] catalogue row's novelty, largest first.

    At most `limit`, one of each family; none where the bundle has no detector.
    """
    detector = scorer.bundle.novelty
    if detector is None:
        return []
    rows = scorer.rows(features_row[None, :])
    terms, surprises = detector.contributions(rows)[0][0], detector.surprises(rows)[0]
    families: set[str] = set()
    found: list[Unusual] = []
    for place in np.argsort(-terms, kind="stable"):
        if terms[place] <= 0 or len(found) == limit:
            break
        name = scorer.bundle.features[detector.places[place]][0]
        feature = scorer.catalogue.feature(name)
        # Each attribute of the sender's own is about something of its own.
        theme = feature.name if isinstance(feature.expression, Attribute) else feature.family
        if theme in families:
            continue
        families.add(theme)
        rarity = float(np.exp(surprises[place]))
        found.append(_described(scorer, features_row, feature, rarity, float(terms[place])))
    return found


def claim(rank: float | None, found: Sequence[Unusual], scorer: Scorer) -> str:
    """Return why an event is for review by novelty, in one line."""
    families = ", ".join(scorer.catalogue.feature(one.feature).family for one in found)
    # Never rounded up to all of them: the rarest was still an event once.
    share = min(np.floor((rank or 0.0) * 10_000) / 100, 99.99)
    about = f": {families}" if families else ""
    return f"more unusual than {share:.2f} % of the events that the model learnt from{about}"


def _described(
    scorer: Scorer, row: Float64, feature: F, rarity: float, contribution: float
) -> Unusual:
    value = _value(scorer, row, feature.name)
    profile = scorer.bundle.profile.get(feature.name, FeatureProfile((), 1.0))
    low, high = (profile.quantiles[1], profile.quantiles[-2]) if profile.quantiles else (None, None)
    if value is None:
        raw = isinstance(feature.expression, Attribute)
        text = feature.missing if raw else f"{feature.family}: {feature.missing}"
    else:
        baseline = _UNKNOWN
        if feature.usual is not None:
            usual = _value(scorer, row, feature.usual)
            if usual is not None:
                baseline = in_words(usual, scorer.catalogue.feature(feature.usual).unit)
        text = say(feature, value, baseline)
    text += "; " + _rarity(feature, value, low, high, rarity)
    return Unusual(feature.name, text, value, low, high, round(rarity, 1), round(contribution, 6))


def _rarity(
    feature: F, value: float | None, low: float | None, high: float | None, rarity: float
) -> str:
    ranged = value is not None and low is not None and high is not None
    usual = ""
    if ranged and feature.unit not in _WITHOUT_RANGE and not feature.words:
        first, last = in_words(low or 0.0, feature.unit), in_words(high or 0.0, feature.unit)
        usual = f"usually {first}" + ("" if first == last else f" to {last}") + ", "
    if rarity < _RARE:
        return f"{usual}not rare by itself, but beside the event's other values"
    alike = value is None or feature.unit in _WITHOUT_RANGE or bool(feature.words)
    return f"{usual}1 event in {rarity:,.0f} is " + ("like that" if alike else "so far out")


def _value(scorer: Scorer, row: Float64, name: str) -> float | None:
    value = float(row[scorer.catalogue.index(name)])
    return None if np.isnan(value) else value
