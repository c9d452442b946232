"""A few events in words: what was found, what was missed, and who was flagged for nothing.

No account number and no name leaves: an event is called by a short digest that whoever holds the
data can make again, and of its time only the day is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.report import words

if TYPE_CHECKING:
    from models.runtime import Scorer
    from training.circumstances import Circumstances
    from training.metrics import Floats, Integers, Mask
    from training.prepare import Prepared

EACH = 4
REASONS = 4


@dataclass(frozen=True)
class Example:
    """One event: its pseudonym, what it was, how likely the model thought it, and why."""

    pseudonym: str
    text: str
    probability: str
    reasons: list[str]


@dataclass(frozen=True)
class Kind:
    """Examples of one kind, and how many events there are of it."""

    title: str
    text: str
    events: int
    examples: list[Example]


def pseudonym(event_id: str, version: str) -> str:
    """Return a short name for an event in the report of a model, the same for the same two."""
    return hashlib.sha256(f"{version}:{event_id}".encode()).hexdigest()[:8]


def kinds(
    prepared: Prepared,
    around: Circumstances,
    margin: Floats,
    probability: Floats,
    review: float,
    scorer: Scorer,
) -> list[Kind]:
    """Return hits, misses and false alarms: the most telling of each, of different subjects."""
    outcomes = prepared.test.outcomes
    flagged = probability >= review
    row = _Rows(prepared, around, probability, scorer)
    chosen = (
        (
            "Hits",
            "Fraud that the threshold flags, one of each typology first.",
            outcomes.target & flagged,
            -margin,
        ),
        (
            "Misses",
            "Fraud that it lets pass, the most valuable first, and what spoke for it most.",
            outcomes.target & ~flagged,
            -around.value,
        ),
        (
            "False alarms",
            "Honest events that it flags, the most suspicious first.",
            ~outcomes.target & flagged,
            -margin,
        ),
    )
    return [
        Kind(
            title,
            text,
            int(mask.sum()),
            [row.example(place) for place in _different(mask, order, outcomes.subject, around)],
        )
        for title, text, mask, order in chosen
    ]


def _different(
    mask: Mask, order: Floats, subject: Integers, around: Circumstances
) -> Sequence[int]:
    """Return the first rows of a mask, each of another subject, and of another typology first."""
    rows = [int(one) for one in np.flatnonzero(mask)[np.argsort(order[mask], kind="stable")]]
    taken: list[int] = []
    for new_kind in (True, False):
        for one in rows:
            if len(taken) == EACH:
                return taken
            if any(subject[one] == subject[other] for other in taken):
                continue
            if new_kind and any(around.typology[one] == around.typology[x] for x in taken):
                continue
            taken.append(one)
    return taken


@dataclass(frozen=True)
class _Rows:
    prepared: Prepared
    around: Circumstances
    probability: Floats
    scorer: Scorer

    def example(self, place: int) -> Example:
        from models.explain import explain

        row = np.full(self.scorer.width, np.nan)
        row[self.prepared.columns] = self.prepared.test.rows.features[place]
        return Example(
            pseudonym(self.around.event_id[place], self.scorer.bundle.version),
            self._text(place),
            words.percent(float(self.probability[place]), 1),
            [reason.text for reason in explain(self.scorer, row, REASONS)],
        )

    def _text(self, place: int) -> str:
        around, day = self.around, int(self.prepared.test.outcomes.day[place])
        parts = [words.day(day)]
        if around.value[place] > 0:
            parts.append(f"{around.value[place] / 100:,.2f} EUR")
        for name in ("corridor", "country", "channel"):
            told = around.dimensions.get(name)
            if told is not None and told[place]:
                parts.append(words.spaced(told[place]))
        if around.typology[place]:
            parts.append(words.spaced(around.typology[place]))
        return ", ".join(parts)
