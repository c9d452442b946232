"""The report's section on drift: how far a run's test slice lies from what it was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training import baseline

if TYPE_CHECKING:
    from models.drift import Baseline
    from training.prepare import Prepared, Timeline
    from training.report import Section

_SHOWN = 12


def section(spread: Baseline, prepared: Prepared, line: Timeline) -> Section:
    """Return the section; `spread` is the baseline that the run's bundle keeps.

    Scores and reasons are left out, for the baseline's are of the test slice itself.
    """
    from models.drift import Sample, compare
    from training.report import Section, Table

    test = prepared.test
    rows = test.rows.features.astype(np.float32)
    corridors = baseline.corridors(line.events.take(test.places))
    sample = Sample(rows, corridors, np.zeros(0), [], [])
    shifts = [one for one in compare(spread, prepared.names, sample) if not one.corridor]
    count = {word: sum(one.word == word for one in shifts) for word in ("stable", "moved", "far")}
    moved = [one for one in shifts if one.word in ("moved", "far")][:_SHOWN]
    text = (
        f"Population stability index of the {len(test.rows.target):,} events of the test slice "
        f"against the training slice: of {len(shifts)} distributions {count['stable']} are "
        f"stable (below 0.1, or no more than chance explains), {count['moved']} moved and "
        f"{count['far']} lie far (from 0.25 on). Calendar features are not compared. The service "
        f"goes on comparing what it scores with the same baseline."
    )
    table = Table(
        ("distribution", "of", "PSI", "in a word"),
        [(one.name, one.of, f"{one.psi:.2f}", one.word) for one in moved],
    )
    return Section("Drift", text, [table] if moved else [])
