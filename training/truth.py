"""What is established of each event by a time, and whose word that is.

The latest confirmed label known by then counts. Without one an event is honest once it is old
enough, and marked as reviewed by nobody; before that nothing is known of it. A suspicion, such as
stands behind a filed report, is no ground truth: an event of which no more is known is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from training.data import UNKNOWN, Integers, Targets
from training.offences import UNNAMED, offences_of

if TYPE_CHECKING:
    from features.table import EventTable
    from training.recipe import Labels

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Known:
    """What is known of n events by a time.

    `target` is 1, 0 or UNKNOWN (int8[n]); `label` the row among `labels` that it rests on, -1
    where nobody said anything (int64[n]); `suspected` and `another` say which events are left out
    because of a mere suspicion, or of an offence that is not asked for; `propensity` is the chance
    with which the event was to be reviewed, NaN where nobody knows.
    """

    target: Targets
    label: Integers
    suspected: Mask
    another: Mask
    propensity: Floats
    labels: EventTable | None

    @property
    def reviewed(self) -> Mask:
        """Tell of which events somebody established something."""
        return self.label >= 0

    @property
    def typologies(self) -> list[str]:
        """The typology that each event's label names, empty without."""
        if self.labels is None:
            return [""] * len(self.label)
        named = self.labels.column("typology").fill_null("").to_pylist()
        return [named[place] if place >= 0 else "" for place in self.label]


def known_by(
    events: EventTable, labels: EventTable | None, time: int, maturity: int, rule: Labels
) -> Known:
    """Return what is known of events before a time, as the recipe counts it.

    Both times are in microseconds; `maturity` is the age at which silence means honest.

    Raises BadRecipe when a label's typology is of no known offence and one offence is asked for.
    """
    none = np.zeros(len(events), dtype=bool)
    nowhere = np.full(len(events), UNKNOWN)
    old_enough = events.integers("time") <= time - maturity
    target = np.where(old_enough, 0, UNKNOWN).astype(np.int8)
    unknown = np.full(len(events), np.nan)
    if labels is None or len(labels) == 0:
        return Known(target, nowhere, none, none, unknown, labels)
    own = np.asarray(pc.equal(labels.column("stream"), events.stream).fill_null(False))
    usable = own & (labels.integers("known_at") < time)
    suspicion = np.asarray(pc.equal(labels.column("status"), "suspected").fill_null(False))
    label = _latest(events, labels, usable & ~suspicion)
    suspected = (label < 0) & (_latest(events, labels, usable & suspicion) >= 0)
    fraud = np.asarray(labels.column("is_fraud").to_numpy()).astype(np.int8)
    target = np.where(label >= 0, fraud[label], target).astype(np.int8)
    target[suspected] = 1 if rule.suspicions == "positive" else UNKNOWN
    another = (target == 1) & (label >= 0) & ~_asked_for(labels, usable & (fraud == 1), rule)[label]
    target[another] = UNKNOWN
    return Known(
        target,
        label,
        suspected & (target == UNKNOWN),
        another,
        _propensity(events, labels, usable),
        labels,
    )


def _asked_for(labels: EventTable, crimes: Mask, rule: Labels) -> Mask:
    """Tell which labels are of the offence that the recipe asks for."""
    if rule.target == "crime":
        return np.ones(len(labels), dtype=bool)
    names = pc.coalesce(labels.column("typology"), UNNAMED)
    met = pc.unique(names.filter(pa.array(crimes))).to_pylist()
    offences = offences_of(met, rule.offences, rule.target)
    wanted = [name for name, offence in offences.items() if offence == rule.target]
    return np.asarray(pc.is_in(names, value_set=pa.array(wanted, pa.string())))


def _propensity(events: EventTable, labels: EventTable, usable: Mask) -> Floats:
    """Return the chance of review that the latest label to tell one tells, NaN where none does."""
    if not labels.has("review_propensity"):
        return np.full(len(events), np.nan)
    column = labels.column("review_propensity")
    told = np.asarray(column.fill_null(np.nan).to_numpy(), dtype=np.float64)
    place = _latest(events, labels, usable & ~np.isnan(told))
    return np.where(place >= 0, told[place], np.nan)


def _latest(events: EventTable, labels: EventTable, usable: Mask) -> Integers:
    """Return the row of each event's latest usable label, -1 without one.

    Of labels that became known at one instant the later row counts, as in the service's log.
    """
    rows = np.flatnonzero(usable)
    # Latest first: the search below takes the first entry of an event.
    rows = rows[np.argsort(labels.integers("known_at")[rows], kind="stable")][::-1]
    if not len(rows):
        return np.full(len(events), UNKNOWN)
    latest = labels.column("event_id").take(pa.array(rows)).combine_chunks()
    found = pc.index_in(events.column("event_id"), value_set=latest)
    place = np.asarray(found.fill_null(UNKNOWN).to_numpy(), dtype=np.int64)
    return np.where(place >= 0, rows[place], UNKNOWN)
