"""How far the test days had moved from what the model learnt from: the report's part on drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.report import words
from training.report.charts import Table
from training.report.section import Section

if TYPE_CHECKING:
    from models.drift import Shift
    from models.runtime import Scorer
    from training.judging import Judged
    from training.metrics import Floats
    from training.prepare import Prepared

SHOWN = 12


def section(prepared: Prepared, judged: Judged, margin: Floats, scorer: Scorer) -> Section | None:
    """Return the shifts of features and of the mix of corridors between training and test days.

    Scores and reasons are left out: their baseline is the test slice itself. None for a bundle
    without a baseline.
    """
    from models.drift import Sample, compare, corridor_name

    if scorer.bundle.baseline is None:
        return None
    if scorer.bundle.stream == "payment":
        pairs = zip(*judged.around.countries, strict=True)
        corridors = [corridor_name(one or None, other or None) for one, other in pairs]
    else:
        corridors = [""] * len(margin)
    rows = prepared.test.rows.features.astype(np.float32)
    sample = Sample(rows, corridors, margin, corridors, [])
    shifts = [
        one
        for one in compare(scorer.bundle.baseline, prepared.names, sample)
        if not one.corridor and one.of in ("feature", "corridor")
    ]
    return Section(
        "Drift",
        f"How far the test days ({prepared.test.span}) had moved from the days that the model "
        f"learnt from ({prepared.train.span}). {_counts(shifts)} The index is the population "
        "stability index; a feature that moved far is no longer what the trees were grown on. "
        "Lengths of histories move by themselves while the data are young.",
        [
            Table(
                ("what", "index", "in a word", "events"),
                [_row(one) for one in shifts[:SHOWN]],
            )
        ],
    )


def _row(one: Shift) -> tuple[str, str, str, str]:
    name = "mix of corridors" if one.of == "corridor" else words.spaced(one.name)
    return name, f"{one.psi:.3f}", one.word, f"{one.events:,}"


def _counts(shifts: list[Shift]) -> str:
    said = [one.word for one in shifts]
    counted = ", ".join(
        f"{said.count(word)} {word}"
        for word in ("stable", "moved", "far", "too few")
        if word in said
    )
    return f"Of {len(said)} distributions: {counted}."
