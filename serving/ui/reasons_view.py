"""Why the events of a case were flagged, as the case page shows it: words, weights, pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from features.catalog import CATALOGUES
from models.explain import in_words
from serving.assessments import Assessment, Reason
from serving.ui import svg
from serving.ui.timeline_view import Row

_NO_SIZE = ("flag", "code", "day", "hour")


@dataclass(frozen=True)
class Ground:
    """One reason: its words, what it speaks for, its part of the score, the value drawn."""

    text: str
    group: str
    weight: float
    picture: Markup | None


@dataclass(frozen=True)
class Explained:
    """One flagged event with the reasons that were frozen when it was assessed."""

    row: Row
    assessment: Assessment
    grounds: tuple[Ground, ...]


def explain(rows: Sequence[Row]) -> list[Explained]:
    """Return the case's flagged events, the most probable first, each with its reasons."""
    explained = [
        Explained(row, row.entry.assessment, _grounds(row.entry.assessment))
        for row in rows
        if row.number is not None and row.entry.assessment is not None
    ]
    return sorted(explained, key=lambda one: -one.assessment.probability)


def _grounds(assessment: Assessment) -> tuple[Ground, ...]:
    whole = sum(max(reason.contribution, 0.0) for reason in assessment.reasons) or 1.0
    return tuple(
        Ground(
            text=reason.text,
            group=reason.group,
            weight=max(reason.contribution, 0.0) / whole,
            picture=_picture(reason, assessment.stream),
        )
        for reason in assessment.reasons
    )


def _picture(reason: Reason, stream: str) -> Markup | None:
    """Draw the value against the subject's own usual one, where both are amounts of one kind.

    A ratio to the usual is drawn as what it stands for: the usual so many times.
    """
    if reason.value is None or reason.usual is None:
        return None
    features = {one.name: one for one in CATALOGUES[stream].features}
    feature = features.get(reason.feature)
    usual = features.get(feature.usual or "") if feature else None
    if feature is None or usual is None or usual.unit in _NO_SIZE:
        return None
    if feature.unit == "ratio" != usual.unit:
        value = reason.value * reason.usual
    elif feature.unit == usual.unit:
        value = reason.value
    else:
        return None
    return svg.comparison(
        value, reason.usual, in_words(value, usual.unit), in_words(reason.usual, usual.unit)
    )
