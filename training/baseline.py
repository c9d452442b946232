"""What drift is measured against: how a run's training rows and first scores were spread.

Features are those of the training slice, which the model learnt from. Margins and first reasons
are of the test slice, which it did not: on what it learnt its own scores are too good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from features.definitions import Catalogue
    from features.table import EventTable
    from models.drift import Baseline
    from models.forest import Forest
    from training.fit import Floats
    from training.pipeline import Fitted
    from training.prepare import Prepared, Timeline
    from training.splits import Mask

# A week is never like the whole of the training slice in these, and nothing is the matter.
UNWATCHED = ("calendar",)
_AGE = "_history_seconds"
# At one time nearly the same for every event of a corridor.
SAME_WITHIN = ("corridor", "known frauds")


def of(line: Timeline, prepared: Prepared, fitted: Fitted, probability: Floats) -> Baseline:
    """Return the baseline of a run; `probability` is the test slice's."""
    from models.drift import Sample, baseline_of

    train, test = prepared.train, prepared.test
    rows = test.rows.features.astype(np.float32)
    forest = fitted.forest
    flagged = probability >= fitted.thresholds.review
    sample = Sample(
        rows=train.rows.features.astype(np.float32),
        corridors=corridors(line.events.take(train.places)),
        margins=forest.margin(rows).astype(np.float64),
        scored_corridors=corridors(line.events.take(test.places)),
        reasons=first_groups(forest, rows, flagged, prepared.names, prepared.catalogue),
    )
    family = {name: prepared.catalogue.feature(name).family for name in prepared.names}
    watched = [
        name
        for name in prepared.names
        if family[name] not in UNWATCHED
        and prepared.catalogue.feature(name).unit != "day"
        # Histories go on growing by themselves.
        and not name.endswith(_AGE)
    ]
    within = [name for name in watched if family[name] not in SAME_WITHIN]
    return baseline_of(prepared.names, sample, watched, within)


def corridors(events: EventTable) -> list[str]:
    """Return each event's corridor by name, as `features.events.Payment.corridor`; empty without.

    Access events have none.
    """
    from models.drift import corridor_name

    if events.stream != "payment":
        return [""] * len(events)
    sides = []
    for role in ("debtor", "creditor"):
        own = events.column(f"{role}_account_country").to_pylist()
        agents = events.column(f"{role}_agent_country").to_pylist()
        sides.append([one or agent for one, agent in zip(own, agents, strict=True)])
    return [corridor_name(*pair) for pair in zip(*sides, strict=True)]


def first_groups(
    forest: Forest,
    rows: npt.NDArray[np.float32],
    flagged: Mask,
    names: list[str],
    catalogue: Catalogue,
) -> list[str]:
    """Return the group of the first reason of each flagged row, as `models.explain` gives it."""
    from models.attribution import Attribution
    from models.groups import Grouping

    if not flagged.any():
        return []
    grouping = Grouping.of(catalogue, tuple(names))
    sums = grouping.sums(Attribution.of(forest).contributions(rows[flagged]))
    return [grouping.names[place] for place in sums.argmax(axis=1)[sums.max(axis=1) > 0]]
