"""What novelty finds of a crime that nobody has labelled yet, against the classifier alone.

One typology at a time is kept from training: none of its labels is known, and none of its events
happened before the test slice, neither as rows nor as history. Then the classifier, our detector
and an isolation forest (scikit-learn's, as it comes) each rank the test slice's events of a stream,
and what is counted is how many of the typology's events and incidents lie among the first 1 %.
"Together" is the same 1 %, half of it by the classifier and the rest by novelty.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from features.events import STREAMS
from training.coverage.measure import Truth, larger, read_truth
from training.errors import MissingInput

if TYPE_CHECKING:
    import numpy.typing as npt

    from features.reference import Reference
    from training.data import Inputs
    from training.fit import Floats
    from training.prepare import Timeline
    from training.progress import Teller
    from training.recipe import Recipe
    from training.splits import Split

METHODS = ("classifier", "novelty", "isolation_forest", "together")
ALERTS = 0.01
_FOREST_ROWS = 40_000


@dataclass(frozen=True)
class HeldOut:
    """One typology of which training knew nothing: what each method finds of it in the test slice.

    An incident is found when one of its events in either stream is. `found_events` and
    `found_incidents` are by method.
    """

    events: int
    incidents: int
    found_events: dict[str, int]
    found_incidents: dict[str, int]


@dataclass(frozen=True)
class Compared:
    """All typologies, and what they were measured on."""

    payments: int
    access_events: int
    span: str
    alerts: float
    trees: dict[str, int]
    typologies: dict[str, HeldOut]

    def document(self) -> dict[str, Any]:
        """Return everything as JSON-able values, the means over typologies at the top level."""
        return {**asdict(self), "mean_recall": self.means()}

    def means(self) -> dict[str, dict[str, float]]:
        """Return each method's mean recall over typologies, of events and of incidents."""
        return {
            name: {
                "events": _mean([one.found_events[name] / one.events for one in self._all]),
                "incidents": _mean(
                    [one.found_incidents[name] / one.incidents for one in self._all]
                ),
            }
            for name in METHODS
        }

    @property
    def _all(self) -> list[HeldOut]:
        return list(self.typologies.values())


def compare(
    recipe: Recipe, customers: int | None, only: Collection[str], teller: Teller
) -> Compared:
    """Hold out each typology of the recipe's data, or of `only`, in turn.

    With `customers`, a world of so many is simulated and takes the place of the recipe's files.
    Raises MissingInput when there is no truth beside them, or no such typology in it.
    """
    with TemporaryDirectory() as folder:
        if customers is not None:
            with teller.stage("simulating"):
                recipe = larger(recipe, customers, Path(folder) / "world")
        return _compare(recipe, only, teller)


def _compare(recipe: Recipe, only: Collection[str], teller: Teller) -> Compared:
    from features.reference import Reference
    from training import data

    real = read_truth(recipe)
    with teller.stage("reading"):
        inputs = data.read(recipe.data, teller.say)
        given = recipe.data
        reference = Reference(given.ip_overlay, given.geolocation, given.reference_data)
    names = sorted(set(real.typology.values()))
    unknown = sorted(set(only) - set(names))
    if unknown:
        raise MissingInput(
            f"--typology {unknown[0]!r}: not in this data; use one of {', '.join(names)}"
        )
    with teller.stage("choosing trees"):
        lines, split = _lines(recipe, inputs, reference)
        trees = {stream: _trees(recipe, line, split) for stream, line in lines.items()}
    found: dict[str, HeldOut] = {}
    for name in sorted(only) or names:
        with teller.stage(f"without {name.replace('_', ' ')}"):
            one = _held_out(recipe, inputs, reference, real, name, split, trees)
            if one is not None:
                found[name] = one
    return Compared(
        payments=len(inputs.payments or ()),
        access_events=len(inputs.access or ()),
        span=str(split.test),
        alerts=ALERTS,
        trees=trees,
        typologies=found,
    )


def _held_out(
    recipe: Recipe,
    inputs: Inputs,
    reference: Reference,
    real: Truth,
    name: str,
    split: Split,
    trees: dict[str, int],
) -> HeldOut | None:
    """Return what is found of one typology; None when it has no event in the test slice."""
    lines, _ = _lines(recipe, _without(recipe, inputs, real, name, split), reference)
    events, incidents = 0, set[str]()
    found_events = dict.fromkeys(METHODS, 0)
    found: dict[str, set[str]] = {method: set() for method in METHODS}
    for stream, line in lines.items():
        test = np.flatnonzero(split.test.covers(line.day))
        keys = [(stream, one) for one in line.events.take(test).column("event_id").to_pylist()]
        own = np.array([real.typology.get(key) == name for key in keys])
        if not own.any():
            continue
        events += int(own.sum())
        incidents |= {real.incident[keys[place]] for place in np.flatnonzero(own)}
        scores = _scores(recipe, line, split, test, trees[stream])
        for method, alerted in _alerted(scores, max(1, round(ALERTS * len(test)))).items():
            hits = np.flatnonzero(own & alerted)
            found_events[method] += len(hits)
            found[method] |= {real.incident[keys[place]] for place in hits}
    if not events:
        return None
    return HeldOut(
        events, len(incidents), found_events, {key: len(value) for key, value in found.items()}
    )


def _without(recipe: Recipe, inputs: Inputs, real: Truth, name: str, split: Split) -> Inputs:
    """Return the inputs without a typology's labels, and its events before the test slice."""
    from training import data

    gone = {key for key, typology in real.typology.items() if typology == name}
    tables = {}
    for role, stream in (("payments", "payment"), ("access", "access")):
        table = getattr(inputs, role)
        if table is None:
            continue
        day = data.day_numbers(table.integers("time"), recipe.data.time_zone)
        own = [(stream, one) in gone for one in table.column("event_id").to_pylist()]
        tables[role] = table.take(~(np.array(own) & (day < split.test.first)))
    labels = inputs.labels
    if labels is not None:
        pairs = zip(
            labels.column("stream").to_pylist(),
            labels.column("event_id").to_pylist(),
            strict=True,
        )
        labels = labels.take(np.array([pair not in gone for pair in pairs], dtype=bool))
    return replace(inputs, **tables, labels=labels)


def _lines(
    recipe: Recipe, inputs: Inputs, reference: Reference
) -> tuple[dict[str, Timeline], Split]:
    """Return each stream's events with features, built once for both, and the split in time."""
    from features.batch import build
    from training import data, prepare, splits

    given = {"payment": inputs.payments, "access": inputs.access}
    streams = tuple(stream for stream in STREAMS if given[stream] is not None)
    built = build(
        inputs.payments,
        inputs.access,
        inputs.labels,
        reference,
        wanted=streams,
        statuses=inputs.statuses,
    )
    lines: dict[str, Timeline] = {}
    for stream in streams:
        events = inputs.events(stream)
        day = data.day_numbers(events.integers("time"), recipe.data.time_zone)
        lines[stream] = prepare.Timeline(
            events,
            inputs.labels,
            built.features[stream],
            built.absent[stream],
            day,
            data.subjects(events),
        )
    first = next(iter(lines.values()))
    return lines, splits.of(recipe, first.events.integers("time"), first.known_by)


def _columns(line: Timeline) -> tuple[npt.NDArray[np.int64], list[str]]:
    from features.catalog import CATALOGUES

    names = CATALOGUES[line.events.stream].names
    columns = np.flatnonzero([name not in set(line.absent) for name in names])
    return columns, [names[place] for place in columns]


def _trees(recipe: Recipe, line: Timeline, split: Split) -> int:
    """Return how many trees the rehearsal stops at, with nothing held out."""
    from training import fit, prepare

    columns, names = _columns(line)
    learnt, stop = (
        prepare.slice_of(line, recipe, split, name, columns).rows
        for name in ("rehearsal", "calibration")
    )
    limit = recipe.boosting.n_estimators
    return int(fit.boost(recipe, names, learnt, stop, limit).num_boosted_rounds())


def _scores(
    recipe: Recipe, line: Timeline, split: Split, test: npt.NDArray[np.int64], trees: int
) -> dict[str, Floats]:
    """Return each method's scores of the test slice's events."""
    from features.catalog import CATALOGUES
    from training import fit, novelty, prepare

    columns, names = _columns(line)
    learnt = prepare.slice_of(line, recipe, split, "train", columns).rows
    features = line.rows(test, columns)
    booster = fit.boost(recipe, names, learnt, None, trees)
    places = novelty.looked_at(names, CATALOGUES[line.events.stream])
    unknown = learnt.features[~learnt.target]
    ages = novelty.ages_of(names, CATALOGUES[line.events.stream])
    detector = novelty.learn(unknown, places, recipe.seed, ages)
    return {
        "classifier": fit.margins(booster, features, names),
        "novelty": detector.score(features.astype(np.float32)),
        "isolation_forest": _isolation(unknown[:, places], features[:, places], recipe.seed),
    }


def _isolation(learnt: Floats, features: Floats, seed: int) -> Floats:
    from sklearn.ensemble import IsolationForest

    if len(learnt) > _FOREST_ROWS:
        chosen = np.random.default_rng(seed).choice(len(learnt), _FOREST_ROWS, replace=False)
        learnt = learnt[np.sort(chosen)]
    forest = IsolationForest(random_state=seed).fit(np.nan_to_num(learnt, nan=-1.0))
    return np.asarray(-forest.score_samples(np.nan_to_num(features, nan=-1.0)))


def _alerted(scores: dict[str, Floats], count: int) -> dict[str, npt.NDArray[np.bool_]]:
    """Return which events each method alerts, `count` each."""
    order = {name: np.argsort(-score, kind="stable") for name, score in scores.items()}
    chosen = {name: places[:count] for name, places in order.items()}
    half = order["classifier"][: count // 2]
    others = order["novelty"][~np.isin(order["novelty"], half)]
    chosen["together"] = np.concatenate([half, others[: count - len(half)]])
    alerted = {}
    for name in METHODS:
        alerted[name] = np.zeros(len(order["classifier"]), dtype=bool)
        alerted[name][chosen[name]] = True
    return alerted


def _mean(values: list[float]) -> float:
    return round(float(np.mean(values)), 4) if values else 0.0
