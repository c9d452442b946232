"""From contributions to reasons in words: what a reviewer reads beside a flag.

The rule: of the groups of features (`models.groups`) that raised this event's margin together, the
strongest first, at most `limit`. A group speaks once, by the feature that raised the margin most.
Where nothing raised it, one reason says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from features.definitions import Attribute, F
from models.errors import BadRows
from models.forest import Float64
from models.groups import Grouping
from models.runtime import Scorer

LIMIT = 5
BASELINE = "baseline"
_UNKNOWN = "unknown"
# From this share of past events on a number is worth comparing with them.
_EDGE = 0.9
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


_PLURALS = {
    "accounts": "account",
    "actions": "action",
    "addresses": "address",
    "banks": "bank",
    "calls": "call",
    "challenges": "challenge",
    "changes": "change",
    "characters": "character",
    "countries": "country",
    "debtors": "debtor",
    "devices": "device",
    "downloads": "download",
    "events": "event",
    "kinds": "kind",
    "logins": "login",
    "names": "name",
    "networks": "network",
    "payees": "payee",
    "payments": "payment",
    "users": "user",
    "zeros": "zero",
}
_ONE = re.compile(rf"((?<![\d.,])1 (?:[a-z-]+ ){{0,2}}?)({'|'.join(_PLURALS)})\b")


@dataclass(frozen=True)
class Reason:
    """One reason for a score.

    `feature` names the measure (or is `BASELINE`, when no feature raised the score), `value` is
    what it was for this event and `usual` the subject's own baseline where there is one, both in
    the feature's unit, None when missing. `group` is what the measure speaks for, and
    `contribution` what all measures of the group together added to the margin (log-odds).
    """

    feature: str
    text: str
    value: float | None
    usual: float | None
    contribution: float
    group: str = ""


def explain(scorer: Scorer, features_row: Float64, limit: int = LIMIT) -> list[Reason]:
    """Return one to `limit` reasons for the score of one float64[k] row in catalogue order.

    Contributions are exact path-dependent TreeSHAP values (`models.attribution`). Raises `BadRows`
    when the row has another shape.

    `explain(scorer, row)[0].text` reads, say, "9 payments to new payees in 24 hours".
    """
    if features_row.ndim != 1:
        raise BadRows(f"explain takes one row of shape ({scorer.width},), not {features_row.shape}")
    contributions = scorer.contributions(features_row[None, :])
    names = tuple(name for name, _ in scorer.bundle.features)
    grouping = Grouping.of(scorer.catalogue, names)
    sums = grouping.sums(contributions)[0]
    members = np.array(grouping.place)
    reasons: list[Reason] = []
    for group in np.argsort(-sums, kind="stable")[:limit]:
        if sums[group] <= 0:
            break
        own = np.flatnonzero(members == group)
        feature = scorer.catalogue.feature(names[own[np.argmax(contributions[0, own])]])
        reasons.append(
            _reason(scorer, features_row, feature, grouping.names[group], float(sums[group]))
        )
    return reasons or [
        Reason(
            BASELINE,
            "no single measure raises this score; the model starts this high",
            None,
            None,
            scorer.bias,
        )
    ]


def in_words(value: float, unit: str) -> str:
    """Write a feature's value as a reader expects it.

    EUR are integer cents ("1,234.50 EUR"), seconds raw seconds ("3 h"), shares 0 to 1 ("12 %"),
    hours of the day ("03:00"), days 0 = Monday; counts are plain numbers.

    >>> in_words(123450, "EUR"), in_words(10800, "seconds"), in_words(0.12, "share")
    ('1,234.50 EUR', '3 h', '12 %')
    """
    match unit:
        case "EUR":
            return f"{value / 100:,.2f} EUR"
        case "seconds":
            return _duration(value)
        case "share":
            return f"{_short(value * 100)} %"
        case "hour":
            return f"{int(value):02d}:{round(value % 1 * 60):02d}"
        case "day":
            return _WEEKDAYS[int(value) % 7]
        case "km/h" | "characters":
            return f"{value:,.0f} {unit}"
        case "ratio" | "score":
            return _short(value)
        case "value":
            return _plain(value)
        case _:
            return f"{value:,.0f}"


def _reason(scorer: Scorer, row: Float64, feature: F, group: str, contribution: float) -> Reason:
    value = _value(scorer, row, feature.name)
    usual = None if feature.usual is None else _value(scorer, row, feature.usual)
    raw = isinstance(feature.expression, Attribute)
    if value is None:
        text = feature.missing if raw else f"{feature.family}: {feature.missing}"
    elif raw:
        text = say(feature, value, _UNKNOWN) + _standing(scorer, feature, value)
    else:
        baseline = _UNKNOWN
        if feature.usual is not None and usual is not None:
            baseline = in_words(usual, scorer.catalogue.feature(feature.usual).unit)
        text = say(feature, value, baseline)
    return Reason(feature.name, text, value, usual, contribution, group)


def _standing(scorer: Scorer, feature: F, value: float) -> str:
    """Say where a number lies among the events that the model learnt from, if at their edge."""
    profile = scorer.bundle.profile.get(feature.name)
    if feature.unit != "value" or profile is None or not profile.quantiles:
        return ""
    quantiles = np.array(profile.quantiles)
    below = int(np.searchsorted(quantiles, value, "left")) - 1
    above = len(quantiles) - int(np.searchsorted(quantiles, value, "right")) - 1
    steps = len(quantiles) - 1
    for word, beyond in (("more", below), ("less", above)):
        share = min(beyond / steps, 0.99 if beyond == steps else 1.0)
        if share >= _EDGE:
            return f", {word} than in {share:.0%} of past events".replace("%", " %")
    return ""


def say(feature: F, value: float, baseline: str) -> str:
    """Return a feature's reason for a known value; `baseline` is its usual value in words."""
    if feature.unit == "flag":
        return feature.reason if value else feature.otherwise
    shown = feature.words[int(value)] if feature.words else in_words(value, feature.unit)
    return singular(feature.reason.format(value=shown, usual=baseline))


def singular(text: str) -> str:
    """Put the noun that a leading or inner "1" counts into the singular.

    >>> singular("1 failed logins of this user"), singular("21 payments")
    ('1 failed login of this user', '21 payments')
    """
    return _ONE.sub(lambda found: found[1] + _PLURALS[found[2]], text, count=1)


def _value(scorer: Scorer, row: Float64, name: str) -> float | None:
    value = float(row[scorer.catalogue.index(name)])
    return None if np.isnan(value) else value


def _plain(value: float) -> str:
    """Write a number of unknown meaning: whole ones as they are, others to four digits."""
    return f"{value:,.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.4g}"


def _short(value: float) -> str:
    """Round to a whole number from 10 on, else to one decimal, or two below 0.1."""
    size = abs(value)
    if size >= 9.95:
        return f"{value:,.0f}"
    return f"{value:.2g}" if size < 0.1 and size >= 0.0001 else f"{value:.1f}".removesuffix(".0")


def _duration(seconds: float) -> str:
    if seconds < 59.5:
        return "1 second" if round(seconds) == 1 else f"{seconds:.0f} seconds"
    if seconds < 59.5 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 47.5 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86_400:,.0f} days"
