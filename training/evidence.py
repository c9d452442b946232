"""Which labels a figure rests on: whose word, how much was never looked at, how much is unbiased.

Only flagged events are looked at as a rule, so reviewed labels are no fair sample (selective
labels; Lakkaraju and others, 2017, "The Selective Labels Problem"). An event that was to be
reviewed with a known chance stands for its inverse number of events like it (Horvitz and Thompson,
1952): over those events alone, weighed so, a figure is unbiased.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from features.events import BLAMELESS
from training import metrics
from training.data import UNKNOWN
from training.offences import OFFENCES, UNNAMED, offences_of

if TYPE_CHECKING:
    from training.data import Integers
    from training.metrics import Outcomes
    from training.recipe import Labels
    from training.truth import Floats, Known, Mask

FEWEST = 5
"""Crimes, and honest events, below which no unbiased figure is given."""


@dataclass(frozen=True)
class Evidence:
    """Which labels a slice rests on, in events."""

    positives: dict[str, int]
    """Crimes, by who says so."""
    victims: int
    """Crimes whose subject was the victim: crimes as events, never held against the account."""
    reviewed_negatives: dict[str, int]
    """Events that somebody looked at and cleared, by whom."""
    unreviewed_negatives: int
    """Events that count as honest because nobody said otherwise in time."""
    left_out: dict[str, int]
    """Events that neither help nor hurt: too_young, suspected, another_offence."""
    drawn: int
    """Events whose chance of review is known."""
    drawn_at_random: int
    """Those of them that were below the threshold and looked at by lot."""
    unbiased_share: float
    """Share of the labelled events whose chance of review is known; the others' labels came in by
    ways that may favour some crimes."""


NONE = Evidence({}, 0, {}, 0, {}, 0, 0, 0.0)
"""That of a slice of which no label is asked."""


def of(known: Known, inside: Mask) -> Evidence:
    """Return which labels the events inside a slice rest on."""
    target, reviewed = known.target[inside], known.reviewed[inside]
    left_out = target == UNKNOWN
    judged = ~left_out & reviewed
    drawn = judged & ~np.isnan(known.propensity[inside])
    places = known.label[inside]
    roles = _words(known, "subject_role", places)
    crimes = (target == 1) & reviewed
    sources = _words(known, "source", places)
    suspected, another = known.suspected[inside], known.another[inside]
    positives = Counter(sources[crimes].tolist())
    # Only where the recipe takes a suspicion for a crime.
    positives["suspected"] += int(((target == 1) & ~reviewed).sum())
    return Evidence(
        positives=_sorted(positives),
        victims=int(np.isin(roles[crimes], sorted(BLAMELESS)).sum()),
        reviewed_negatives=_sorted(Counter(sources[(target == 0) & reviewed].tolist())),
        unreviewed_negatives=int(((target == 0) & ~reviewed).sum()),
        left_out=_sorted(
            Counter(
                too_young=int((left_out & ~suspected & ~another).sum()),
                suspected=int(suspected.sum()),
                another_offence=int(another.sum()),
            )
        ),
        drawn=int(drawn.sum()),
        drawn_at_random=int((drawn & (known.propensity[inside] < 1)).sum()),
        unbiased_share=float(drawn.sum() / max(judged.sum(), 1)),
    )


def weights(known: Known) -> Floats:
    """Return each event's inverse chance of review, 0 where nobody established or knows it."""
    drawn = known.reviewed & ~np.isnan(known.propensity)
    return np.where(drawn, 1 / np.where(drawn, known.propensity, 1.0), 0.0)


def unbiased(
    outcomes: Outcomes, score: Floats, weight: Floats, stream: str, reviews_per_day: float
) -> dict[str, float]:
    """Return the figures over events that were reviewed with a known chance, by its inverse.

    Keys: those of `metrics.ranking` with unbiased_ before them, unbiased_events (how many events
    there are) and unbiased_effective_events (how many equally weighed ones would tell as much;
    Kish, 1965). Empty below `FEWEST` crimes or honest events.
    """
    drawn = weight > 0
    chosen = replace(outcomes, weight=weight).take(drawn)
    if min(int(chosen.target.sum()), int((~chosen.target).sum())) < FEWEST:
        return {}
    share = chosen.weights
    figures = metrics.ranking(chosen, score[drawn], stream, reviews_per_day)
    return {
        **{f"unbiased_{name}": value for name, value in figures.items()},
        "unbiased_events": float(len(share)),
        "unbiased_effective_events": float(share.sum() ** 2 / (share**2).sum()),
    }


def by_offence(
    outcomes: Outcomes, typologies: Sequence[str], score: Floats, rule: Labels
) -> dict[str, float]:
    """Return the average precision of each offence against the honest events, others left out.

    Keys are average_precision_fraud and the like; only where every crime is asked for, and for
    offences with `FEWEST` crimes and more. Typologies of no known offence are left out.
    """
    if rule.target != "crime":
        return {}
    table = offences_of(typologies, rule.offences, rule.target)
    offence = np.array([table.get(name or UNNAMED, "") for name in typologies], dtype=object)
    found = {}
    for one in OFFENCES:
        own = outcomes.target & (offence == one)
        if int(own.sum()) >= FEWEST:
            chosen = own | ~outcomes.target
            found[f"average_precision_{one}"] = metrics.average_precision(
                own[chosen], score[chosen]
            )
    return found


def _words(known: Known, name: str, places: Integers) -> npt.NDArray[np.object_]:
    if known.labels is None:
        return np.full(len(places), "", dtype=object)
    words = np.array(known.labels.column(name).fill_null("").to_pylist(), dtype=object)
    return np.where(places >= 0, words[places], "")


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in sorted(counts.items()) if count}
