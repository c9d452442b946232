"""From what was read to what is fitted: features of every event, slices in time, targets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from training import backfill, data, evidence, splits, truth
from training.errors import MissingInput, NotEnoughData
from training.evidence import Evidence
from training.fit import Floats, Rows
from training.metrics import Outcomes
from training.recipe import Recipe, Weeks

if TYPE_CHECKING:
    from features.definitions import Catalogue
    from features.reference import Reference
    from features.table import EventTable
    from models.attributes import RawFeatures
    from training.progress import Advance


@dataclass(frozen=True)
class Counts:
    """One slice: its days, events and frauds."""

    span: str
    events: int
    frauds: int


@dataclass(frozen=True)
class Slice:
    """The rows of one slice whose label is settled."""

    span: splits.Span
    places: data.Integers
    """Where its rows stand among the timeline's events."""
    rows: Rows
    outcomes: Outcomes
    evidence: Evidence
    """Which labels it rests on: none in the gap."""
    weight: Floats
    """Each row's inverse chance of review, 0 where nobody knows it."""

    @property
    def counts(self) -> Counts:
        """Its days, events and frauds."""
        return Counts(str(self.span), len(self.outcomes.target), int(self.outcomes.target.sum()))

    @property
    def day_share(self) -> float:
        """How much of its days the slice covers: below 1 where it is cut by the minute."""
        days = (self.span.end - self.span.first) / self.span.per_day
        return min(days / max(len(np.unique(self.outcomes.day)), 1), 1.0)


@dataclass(frozen=True)
class Prepared:
    """The slices of a split, with the features that the data can serve.

    `names` are the features used, in catalogue order, and `columns` their places there; `absent`
    those whose inputs are wholly missing from the data. The gap's events stand as if nothing were
    known of them.
    """

    catalogue: Catalogue
    raw: RawFeatures
    split: splits.Split
    columns: data.Integers
    names: list[str]
    absent: list[str]
    rehearsal: Slice
    calibration: Slice
    train: Slice
    gap: Slice
    test: Slice

    @property
    def evidence(self) -> dict[str, Evidence]:
        """Which labels each of those slices rests on."""
        names = ("rehearsal", "calibration", "train", "test")
        return {name: getattr(self, name).evidence for name in names}

    @property
    def counts(self) -> dict[str, Counts]:
        """The counts of the slices that have labels."""
        names = ("rehearsal", "calibration", "train", "test")
        return {name: getattr(self, name).counts for name in names}


@dataclass(frozen=True)
class Timeline:
    """One stream's events with their features, days and subjects, and all labels.

    `places` says which row of `features` is each event's, -1 where a folder of features was read
    for the recipe's slices only; None when they stand row by row.
    """

    events: EventTable
    labels: EventTable | None
    features: Floats
    absent: list[str]
    day: data.Integers
    subject: data.Integers
    places: data.Integers | None = None
    held: data.Integers | None = None
    """Where each feature of the catalogue stands in `features`, -1 for one that is not there; None
    when they stand as in the catalogue."""
    raw: Floats | None = None
    """Raw features of every event, behind the catalogue's; None when there are none."""
    tick: data.Integers | None = None
    """The tick of each event (see `training.splits`), where that is not its day."""

    @property
    def known_by(self) -> int:
        """The microsecond after everything that is known."""
        return known_by(self.events, self.labels)

    def inside(self, span: splits.Span) -> splits.Mask:
        """Tell which events lie within a span."""
        return span.covers(self.day if self.tick is None else self.tick)

    def before(self, span: splits.Span) -> splits.Mask:
        """Tell which events lie before a span."""
        return (self.day if self.tick is None else self.tick) < span.first

    def rows(self, chosen: data.Integers, columns: data.Integers) -> Floats:
        """Return these columns of the features of some events, the raw ones last."""
        width = self.features.shape[1] if self.held is None else len(self.held)
        own, behind = columns[columns < width], columns[columns >= width] - width
        places = chosen if self.places is None else self.places[chosen]
        found: Floats = self.features[np.ix_(places, own if self.held is None else self.held[own])]
        if self.held is not None:
            found[:, self.held[own] < 0] = np.nan
        if not len(behind):
            return found
        raw = np.full((len(chosen), len(behind)), np.nan)
        if self.raw is not None:
            raw = self.raw[np.ix_(chosen, behind)]
        return np.concatenate([found, raw], axis=1)


def known_by(events: EventTable, labels: EventTable | None) -> int:
    """Return the microsecond after everything that is known, NEVER when all events have labels."""
    if labels is not None and _complete(events, labels):
        return data.NEVER
    last = int(events.integers("time").max())
    if labels is not None and len(labels):
        last = max(last, int(labels.integers("known_at").max()))
    return last + 1


def _complete(events: EventTable, labels: EventTable) -> bool:
    """Tell whether each event has a label, so that silence means nothing."""
    import pyarrow.compute as pc

    if len(labels) < len(events):
        return False
    known = labels.table.filter(pc.equal(labels.column("stream"), events.stream))
    return bool(pc.all(pc.is_in(events.column("event_id"), known["event_id"])).as_py())


def timeline(
    recipe: Recipe,
    stream: str,
    inputs: data.Inputs,
    reference: Reference,
    advance: Advance,
    kept: Path | None = None,
) -> Timeline:
    """Return the stream's events with features as of each; both streams give history.

    The features of the recipe's slices are read from the folder `kept` where one is given. Raises
    MissingInput when there are no events of the stream, or no labels at all, and BadFeatureFolder
    for a folder of another program or of other data.
    """
    from features.batch import build

    if inputs.labels is None or len(inputs.labels) == 0:
        raise MissingInput(
            "labels are missing: give a file of them (--labels) or a mapping with [labels]"
        )
    start, end = splits.bounds(recipe)
    payments = data.cut(inputs.payments, start, end)
    access = data.cut(inputs.access, start, end)
    events = data.Inputs(payments, access, inputs.labels, inputs.sources).events(stream)
    day = data.day_numbers(events.integers("time"), recipe.data.time_zone)
    tick = splits.ticks(events.integers("time"), recipe)
    subject = data.subjects(events)
    if kept is not None:
        split = splits.of(recipe, events.integers("time"), known_by(events, inputs.labels))
        needed = np.logical_or.reduce([span.covers(tick) for span in split.spans])
        taken = backfill.take(kept, backfill.origin_of(recipe, inputs, reference), events, needed)
        return Timeline(
            events,
            inputs.labels,
            taken.features,
            taken.absent,
            day,
            subject,
            taken.places,
            tick=tick,
        )
    if stream in inputs.alone:
        return _alone(events, inputs, reference, day, subject, tick)
    built = build(
        payments,
        access,
        inputs.labels,
        reference,
        progress=advance,
        wanted=(stream,),
        statuses=inputs.statuses,
    )
    return Timeline(
        events,
        inputs.labels,
        built.features[stream],
        built.absent[stream],
        day,
        subject,
        tick=tick,
    )


def _alone(
    events: EventTable,
    inputs: data.Inputs,
    reference: Reference,
    day: data.Integers,
    subject: data.Integers,
    tick: data.Integers,
) -> Timeline:
    """Return the timeline of rows that stand alone: with features of the event itself only."""
    from features.batch import build
    from features.catalog import CATALOGUES
    from features.own import own_program

    stream = events.stream
    program = own_program(stream, inputs.alone[stream])
    tables = {"payment": (events, None), "access": (None, events)}[stream]
    built = build(*tables, None, reference, program=program, wanted=(stream,))
    kept = program.catalogues[stream].names
    place = {name: number for number, name in enumerate(kept)}
    names = CATALOGUES[stream].names
    return Timeline(
        events,
        inputs.labels,
        built.features[stream],
        [*built.absent[stream], *(name for name in names if name not in place)],
        day,
        subject,
        tick=tick,
        held=np.array([place.get(name, -1) for name in names], dtype=np.int64),
    )


def prepare(
    recipe: Recipe, catalogue: Catalogue, line: Timeline, split: splits.Split | None = None
) -> Prepared:
    """Return the recipe's slices, or those of another split of the same protocol.

    Raises NotEnoughData when one cannot be learnt from.
    Raw features are learnt from the rehearsal slice, so that none of them knows of later labels.
    """
    split = split or splits.of(recipe, line.events.integers("time"), line.known_by)
    usable = usable_of(recipe, catalogue, line, split)
    line, columns = usable.line, usable.columns
    slices = {
        name: slice_of(line, recipe, split, name, columns)
        for name in ("rehearsal", "calibration", "train", "test")
    }
    slices["gap"] = gap_of(line, recipe, split, columns)
    return Prepared(
        usable.catalogue,
        usable.raw,
        split,
        columns,
        usable.names,
        sorted(line.absent),
        **slices,
    )


@dataclass(frozen=True)
class Usable:
    """The features that a split's rehearsal may learn from, raw ones of its own last."""

    raw: RawFeatures
    line: Timeline
    catalogue: Catalogue
    columns: data.Integers
    names: list[str]


def usable_of(recipe: Recipe, catalogue: Catalogue, line: Timeline, split: splits.Split) -> Usable:
    """Return the features whose inputs are there, with raw ones learnt from the rehearsal slice."""
    from training import attributes

    first = slice_of(line, recipe, split, "rehearsal", np.empty(0, dtype=np.int64))
    raw, values = attributes.learn(line.events, first.places, first.rows.target, recipe.seed)
    line, catalogue = replace(line, raw=values), raw.behind(catalogue)
    absent = set(line.absent)
    columns = np.flatnonzero([name not in absent for name in catalogue.names])
    return Usable(raw, line, catalogue, columns, [catalogue.names[place] for place in columns])


def slice_of(
    line: Timeline, recipe: Recipe, split: splits.Split, name: str, columns: data.Integers
) -> Slice:
    """Return the rows of a slice whose label is settled, with these columns of the catalogue.

    What was known counts: a slice to learn from is labelled as of its end and the gap, the test
    slice by all that came to light. Raises NotEnoughData unless it holds frauds and honest events.
    """
    span: splits.Span = getattr(split, name)
    before = {"calibration": split.rehearsal, "test": split.train}.get(name)
    inside = _inside(line, recipe, span, before)
    known_by = splits.cutoff(span, recipe.gap_days, recipe.data.time_zone)
    known = what_is_known(line, line.known_by if name == "test" else known_by, recipe)
    chosen = np.flatnonzero(inside & (known.target != data.UNKNOWN))
    found = _slice(line, span, chosen, known.target[chosen] == 1, columns)
    found.rows.check(f"{name} ({span})")
    weight = evidence.weights(known)[chosen]
    return replace(found, evidence=evidence.of(known, inside), weight=weight)


def gap_of(line: Timeline, recipe: Recipe, split: splits.Split, columns: data.Integers) -> Slice:
    """Return the events between training and test; what they were is not looked at."""
    chosen = np.flatnonzero(_inside(line, recipe, split.gap, split.train))
    if len(chosen) == 0:
        raise NotEnoughData(
            f"no event lies in the gap ({split.gap}), whose scores set the review threshold; "
            f"give data without such a hole, or move the recipe's [split]"
        )
    return _slice(line, split.gap, chosen, np.zeros(len(chosen), dtype=bool), columns)


def _inside(
    line: Timeline, recipe: Recipe, span: splits.Span, before: splits.Span | None
) -> splits.Mask:
    """Tell which rows a slice holds; in the handbook's split without subjects already known."""
    if before is None or not isinstance(recipe.split, Weeks):
        return line.inside(span)
    fraud = what_is_known(line, line.known_by, recipe).target == 1
    return splits.without_known(
        span, before.first, recipe.split.delay_days, line.day, line.subject, fraud
    )


def _slice(
    line: Timeline,
    span: splits.Span,
    chosen: data.Integers,
    fraud: splits.Mask,
    columns: data.Integers,
) -> Slice:
    return Slice(
        span,
        chosen,
        Rows(line.rows(chosen, columns), fraud),
        Outcomes(fraud, line.subject[chosen], line.day[chosen]),
        evidence.NONE,
        np.zeros(len(chosen)),
    )


def typologies_of(line: Timeline, rows: Slice, recipe: Recipe) -> list[str]:
    """Return the typology of each event of a slice by all that came to light, empty without."""
    events = line.events.take(rows.places)
    return truth.known_by(events, line.labels, line.known_by, 0, recipe.labels).typologies


def what_is_known(line: Timeline, time: int, recipe: Recipe) -> truth.Known:
    """Return what is known of each event before a time (microseconds)."""
    maturity = round(recipe.gap_days * data.MICROSECONDS_PER_DAY)
    return truth.known_by(line.events, line.labels, time, maturity, recipe.labels)
