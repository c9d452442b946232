"""How long a crime goes on before it is flagged.

A case here is what one subject suffers or does of one typology. Its time to detect runs from its
first fraudulent event to its first fraudulent event that is flagged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.metrics.outcomes import Floats, Integers, Mask, Outcomes
from training.offences import UNNAMED

MICROSECONDS_PER_HOUR = 3_600_000_000


@dataclass(frozen=True)
class CaseDelay:
    """One case: when it began and when it was first flagged."""

    typology: str
    began: int
    """Time of its first fraudulent event, in microseconds."""
    events: int
    hours: float | None
    """From there to the first flagged fraudulent event; None when none is flagged."""
    events_before: int
    """Fraudulent events before the first flagged one; all of them when none is."""
    value_before: float
    """Their value, in cents of the reference currency."""
    value: float
    """Value of all its fraudulent events, in cents."""


@dataclass(frozen=True)
class Delay:
    """Time to detect of several cases."""

    cases: int
    found: int
    at_first_event: int
    """Cases that were flagged at their first fraudulent event."""
    median_hours: float | None
    """Of the cases that were found."""
    late_hours: float | None
    """Nine of ten found cases took no longer."""
    value_before_share: float | None
    """Share of the value that had moved before the first flag; None without amounts."""


def cases(
    outcomes: Outcomes,
    typology: Sequence[str],
    time: Integers,
    value: Floats,
    flagged: Mask,
    began_before: Mask | None = None,
) -> list[CaseDelay]:
    """Return every case among the frauds, by typology and time.

    Cases with an event of `began_before` (a fraud whose case is older than the events judged) are
    left out: when they could first have been flagged is not known.
    """
    rows = np.flatnonzero(outcomes.target)
    if not len(rows):
        return []
    names = np.array([typology[row] or UNNAMED for row in rows.tolist()], dtype=str)
    kinds, kind = np.unique(names, return_inverse=True)
    order = np.lexsort((time[rows], outcomes.subject[rows], kind))
    rows, kind = rows[order], kind[order]
    subject = outcomes.subject[rows]
    edges = np.flatnonzero((np.diff(kind) != 0) | (np.diff(subject) != 0)) + 1
    found = []
    for own, name in zip(np.split(rows, edges), kind[[0, *edges.tolist()]], strict=True):
        if began_before is not None and began_before[own].any():
            continue
        hits = np.flatnonzero(flagged[own])
        before = int(hits[0]) if len(hits) else len(own)
        hours = (time[own[before]] - time[own[0]]) / MICROSECONDS_PER_HOUR if len(hits) else None
        found.append(
            CaseDelay(
                str(kinds[name]),
                int(time[own[0]]),
                len(own),
                None if hours is None else round(float(hours), 3),
                before,
                float(value[own[:before]].sum()),
                float(value[own].sum()),
            )
        )
    return sorted(found, key=lambda one: (one.typology, one.began))


def delay(several: Sequence[CaseDelay]) -> Delay:
    """Return the time to detect of several cases."""
    hours = np.array([one.hours for one in several if one.hours is not None])
    value = sum(one.value for one in several)
    before = sum(one.value_before for one in several)
    median, late = np.quantile(hours, (0.5, 0.9)) if len(hours) else (None, None)
    return Delay(
        len(several),
        len(hours),
        sum(one.events_before == 0 for one in several),
        None if median is None else round(float(median), 3),
        None if late is None else round(float(late), 3),
        round(before / value, 6) if value > 0 else None,
    )


def by_typology(several: Sequence[CaseDelay]) -> dict[str, Delay]:
    """Return the time to detect of each typology."""
    names = sorted({one.typology for one in several})
    return {name: delay([one for one in several if one.typology == name]) for name in names}
