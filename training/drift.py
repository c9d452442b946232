"""`crossflag drift`: how far a file's last days lie from what a trained model learnt from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from training import baseline, data, evaluation, splits
from training.errors import MissingInput, NotEnoughData
from training.recipe import Recipe

if TYPE_CHECKING:
    from pathlib import Path

    from models.drift import Shift
    from training.progress import Teller


@dataclass(frozen=True)
class Drift:
    """Every shift of the compared days, the largest index first."""

    stream: str
    version: str
    span: str
    events: int
    shifts: list[Shift]

    @property
    def words(self) -> dict[str, int]:
        """How many distributions over all corridors are stable, moved, far, or too few to tell."""
        whole = [one.word for one in self.shifts if not one.corridor]
        return {word: whole.count(word) for word in ("stable", "moved", "far", "too few")}

    def document(self) -> dict[str, Any]:
        """Return everything as JSON-able values."""
        return {**asdict(self), "words": self.words}


def measure(
    recipe: Recipe, stream: str, home: Path, version: str | None, days: int, *, teller: Teller
) -> Drift:
    """Compare the last `days` days of the recipe's events with what a model learnt from.

    Everything before them is history. Raises NoChampion when there is no such model, MissingInput
    for a bundle that was trained before bundles had a baseline, NotEnoughData without events.
    """
    from features.batch import build
    from features.catalog import CATALOGUES
    from features.reference import Reference
    from models.bundle import Bundle
    from models.drift import Sample, compare
    from models.runtime import Scorer

    catalogue = CATALOGUES[stream]
    directory = evaluation.directory_of(home, stream, version)
    scorer = Scorer(Bundle.load(directory, catalogue), catalogue)
    reference_side = scorer.bundle.baseline
    if reference_side is None:
        raise MissingInput(
            f"version={scorer.bundle.version!r}: this bundle holds no baseline of drift; train it "
            f"again"
        )
    with teller.stage("reading"):
        inputs = data.read(recipe.data, teller.say)
    with teller.stage("building features") as advance:
        given = recipe.data
        reference = Reference(given.ip_overlay, given.geolocation, given.reference_data)
        start, end = splits.bounds(recipe)
        payments, access = (data.cut(one, start, end) for one in (inputs.payments, inputs.access))
        events = data.Inputs(payments, access, inputs.labels, inputs.sources).events(stream)
        built = build(
            payments,
            access,
            inputs.labels,
            reference,
            progress=advance,
            wanted=(stream,),
            statuses=inputs.statuses,
        )
    with teller.stage("comparing"):
        day = data.day_numbers(events.integers("time"), recipe.data.time_zone)
        last = int(day.max())
        recent = np.flatnonzero(day > last - days)
        if not len(recent):
            raise NotEnoughData(f"--days {days}: no event to compare; give more days")
        events = events.take(recent)
        features = scorer.joined(built.features[stream][recent], scorer.bundle.raw.of_table(events))
        scores = scorer.score(features)
        names = [name for name, _ in scorer.bundle.features]
        rows, corridors = scorer.rows(features), baseline.corridors(events)
        flagged = scores.probability >= scorer.bundle.thresholds.review
        groups = baseline.first_groups(scorer.bundle.forest, rows, flagged, names, scorer.catalogue)
        sample = Sample(rows, corridors, scores.margin, corridors, groups)
        shifts = compare(reference_side, names, sample)
    span = splits.Span(last - days + 1, last + 1)
    return Drift(stream, scorer.bundle.version, str(span), len(recent), shifts)
