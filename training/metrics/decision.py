"""The figures by which people decide on a model, all together: see docs/training.md for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Protocol

import numpy as np

from training.metrics import alerts, delay, groups, reliability
from training.metrics.alerts import Band, Days, Point, Reviewed, Stability, Worth
from training.metrics.areas import Ranked
from training.metrics.bootstrap import LEVEL, Interval, Redrawn, redraw, subjects_in
from training.metrics.delay import CaseDelay, Delay
from training.metrics.groups import Disparity, Group, Grouped
from training.metrics.outcomes import Floats, Integers, Mask, Outcomes, pairs
from training.metrics.reliability import Binned, Reliability
from training.metrics.typology import recall_by_typology
from training.offences import UNNAMED

CASES_LISTED = 200
BURDENED = ("corridor", "country")


class Surroundings(Protocol):
    """What is needed to know around each event; see `training.circumstances`."""

    @property
    def time(self) -> Integers:
        """Times in microseconds."""

    @property
    def value(self) -> Floats:
        """Amounts in cents of the reference currency."""

    @property
    def typology(self) -> list[str]:
        """Kinds of crime, empty where nobody said."""

    @property
    def dimensions(self) -> dict[str, list[str]]:
        """Names of groups by dimension."""

    @property
    def began_before(self) -> Mask:
        """Frauds whose case is older than the slice."""


@dataclass(frozen=True)
class Settings:
    """What the figures are told by."""

    review: float
    """The review threshold, a probability."""
    capacities: Sequence[float]
    """Reviews a day."""
    worth: Worth
    seed: int
    draws: int


@dataclass(frozen=True)
class TypologyFigures:
    """How much of one typology the review threshold finds, by subject days."""

    subject_days: int
    found: int
    recall: Interval
    value_detection: Interval


@dataclass(frozen=True)
class WithoutCountries:
    """Average precision of a refit without the features that a country reaches."""

    average_precision: Interval
    difference: Interval
    """The model's own average precision less this one."""
    features_left_out: list[str]


@dataclass(frozen=True)
class Decision:
    """The figures by which people decide; intervals are 95 per cent, over redrawn subjects."""

    level: float
    draws: int
    weighted: bool
    """Whether events were weighed."""
    average_precision: Interval
    roc_auc: Interval
    brier: Interval
    share_of_fraud: float
    at_threshold: Reviewed
    at_capacity: dict[str, Reviewed]
    """By reviews a day."""
    sensitivity: list[Point]
    """Half of the review threshold to twice it."""
    lines: list[Band]
    """The test above and below the line."""
    reliability: Reliability
    by_typology: dict[str, TypologyFigures]
    time_to_detect: Delay
    time_to_detect_by_typology: dict[str, Delay]
    cases: list[CaseDelay]
    """The cases behind the time to detect, 200 at most."""
    by: dict[str, list[Group]]
    """Groups by dimension: corridor or country, channel, segment, ramadan, holiday."""
    disparity: Disparity | None
    alerts_a_day: Stability
    curve: list[Point]
    """The alert-capacity curve: threshold to alerts a day, precision and recall."""
    without_countries: WithoutCountries | None = None
    """None where nothing was fitted again, or no feature reads a country."""

    def document(self) -> dict[str, Any]:
        """Return everything as JSON-able values."""
        return asdict(self)

    def compact(self) -> dict[str, Any]:
        """Return what a bundle keeps: all but single cases and days, the curve as plain rows."""
        body = self.document()
        del body["cases"], body["alerts_a_day"]["days"]
        body["curve"] = {
            "columns": [one.name for one in fields(Point)],
            "rows": [list(point.values()) for point in body["curve"]],
        }
        return body


def decide(
    outcomes: Outcomes,
    around: Surroundings,
    margin: Floats,
    probability: Floats,
    settings: Settings,
) -> Decision:
    """Return the figures of a model's scores of held-back events.

    `margin` ranks, `probability` (calibrated, six decimals) is what thresholds cut.
    """
    flagged = probability >= settings.review
    weight, worth = outcomes.weights, settings.worth
    by_margin = Days.of(outcomes, margin, around.value)
    by_probability = Days.of(outcomes, probability, around.value)
    binned = Binned.of(outcomes.target, probability, outcomes.subject)
    grouped = {
        name: Grouped.of(names, outcomes, margin, probability, flagged, around.value)
        for name, names in around.dimensions.items()
    }
    whole = Grouped.of(["all"] * len(margin), outcomes, margin, probability, flagged, around.value)
    bands = alerts.bands(by_probability, settings.review)
    typologies = _Typologies.of(outcomes, around, flagged)
    ranked = Ranked.of(outcomes.target, margin)
    parts: dict[str, Callable[[Floats], Floats]] = {
        "areas": lambda each: ranked.areas(each)[0],
        "whole": lambda each: whole.figures(each)[0],
        "threshold": lambda each: alerts.ratios(
            by_probability.flagged(each, settings.review),
            by_probability.there(each),
            by_probability.count,
            worth,
        ),
        "capacities": lambda each: np.stack(
            [
                alerts.ratios(
                    by_margin.reviewed(each, capacity),
                    by_margin.there(each),
                    by_margin.count,
                    worth,
                )
                for capacity in settings.capacities
            ]
        ),
        "bins": binned.shares,
        "bands": lambda each: np.array(
            [alerts.band_share(by_probability, rows, each) for _, rows in bands]
        ),
        "typologies": typologies.shares,
    }
    for name, one in grouped.items():
        parts[f"ratios {name}"], parts[f"precisions {name}"] = one.figures, one.precisions
    drawn = redraw(outcomes, parts, settings.seed, settings.draws)
    cases = delay.cases(
        outcomes, around.typology, around.time, around.value, flagged, around.began_before
    )
    return Decision(
        level=LEVEL,
        draws=len(drawn["areas"].draws),
        weighted=outcomes.weight is not None,
        average_precision=drawn["areas"].at(0),
        roc_auc=drawn["areas"].at(1),
        brier=drawn["whole"].at(groups.BRIER),
        share_of_fraud=round(float((weight * outcomes.target).sum() / weight.sum()), 6),
        at_threshold=alerts.reviewed(by_probability, drawn["threshold"]),
        at_capacity={
            f"{capacity:g}": alerts.reviewed(by_margin, drawn["capacities"], place)
            for place, capacity in enumerate(settings.capacities)
        },
        sensitivity=alerts.sensitivity(by_probability, weight, settings.review, worth),
        lines=[
            alerts.band(by_probability, side, rows, drawn["bands"], place)
            for place, (side, rows) in enumerate(bands)
        ],
        reliability=reliability.reliability(binned, weight, drawn["bins"]),
        by_typology=typologies.figures(drawn["typologies"]),
        time_to_detect=delay.delay(cases),
        time_to_detect_by_typology=delay.by_typology(cases),
        cases=cases[:CASES_LISTED],
        by={
            name: groups.figures(one, drawn[f"ratios {name}"], drawn[f"precisions {name}"])
            for name, one in grouped.items()
        },
        disparity=_disparity(grouped, drawn),
        alerts_a_day=alerts.stability(by_probability, settings.review, outcomes.day),
        curve=alerts.curve(by_probability, weight, worth),
    )


def _disparity(grouped: dict[str, Grouped], drawn: dict[str, Redrawn]) -> Disparity | None:
    whole = drawn["whole"]
    rate = Redrawn(whole.value[[groups.FALSE_FLAGS]], whole.draws[:, [groups.FALSE_FLAGS]])
    for name in BURDENED:
        if name in grouped:
            return groups.disparity(grouped[name], drawn[f"ratios {name}"], rate)
    return None


@dataclass(frozen=True)
class _Typologies:
    """Subject days with a crime, by typology: which are found, and their value."""

    names: list[str]
    counts: dict[str, tuple[int, int]]
    group: Integers
    place: Integers
    values: Floats
    subjects: Integers

    @classmethod
    def of(cls, outcomes: Outcomes, around: Surroundings, flagged: Mask) -> _Typologies:
        found = recall_by_typology(outcomes, around.typology, flagged)
        counts = {name: (one.subject_days, one.found_subject_days) for name, one in found.items()}
        names = list(found)
        subject_day = pairs(outcomes.subject, outcomes.day)
        seen = np.isin(subject_day, subject_day[flagged])
        rows = np.flatnonzero(outcomes.target)
        number = {name: place for place, name in enumerate(names)}
        kind = np.array([number[around.typology[row] or UNNAMED] for row in rows], dtype=np.int64)
        keys = pairs(kind, subject_day[rows])
        _, first, group = np.unique(keys, return_index=True, return_inverse=True)
        value = np.bincount(group, weights=around.value[rows], minlength=len(first))
        found_day = seen[rows][first]
        return cls(
            names,
            counts,
            kind[first],
            rows[first],
            np.column_stack([np.ones(len(first)), found_day, value, value * found_day]),
            subjects_in(outcomes.subject[rows[first]], kind[first], len(names)),
        )

    def shares(self, weight: Floats) -> Floats:
        """Return recall and value detection of each typology, float64[typologies, 2]."""
        from training.metrics import passes

        sums = passes.sums(weight[self.place], self.group, self.values, len(self.names))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.column_stack([sums[:, 1] / sums[:, 0], sums[:, 3] / sums[:, 2]])

    def figures(self, drawn: Redrawn) -> dict[str, TypologyFigures]:
        """Return each typology's figures with intervals."""
        return {
            name: TypologyFigures(
                *self.counts[name],
                drawn.share_at(int(self.subjects[place]), place, 0),
                drawn.share_at(int(self.subjects[place]), place, 1),
            )
            for place, name in enumerate(self.names)
        }
