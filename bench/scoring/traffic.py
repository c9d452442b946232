"""What is sent: the sample's last payments, on the history of those before, with a list in force.

Five of a hundred names have never been seen before, and the champion's thresholds are set so that
about one payment of a hundred is flagged, as where reviewers are few. Both are what makes a service
slow; a load without them would flatter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from features.catalog import CATALOGUES
from features.engine import Engine
from features.events import AccessEvent, Payment
from features.reference import Reference
from models.bundle import MODEL, Bundle
from models.champion import champion, promote
from models.runtime import Scorer
from serving import history, keys
from serving.cli.history import read_arrivals
from serving.settings import Settings
from serving.store.database import Database
from serving.watchlists.entities import Entity, Handling
from serving.watchlists.importing import Terms, import_list
from serving.watchlists.readers import Reading
from training.simulate.chance import Chance
from training.simulate.names import person

SAMPLE = Path(__file__).parents[2] / "data_samples"
MEMBER = "bench"
NEW_NAMES = 0.05
FLAGGED = 0.01
_BY_NOVELTY = 0.2
_NAMES = ("debtor_name", "creditor_name", "ultimate_debtor_name", "ultimate_creditor_name")
_SYLLABLES = tuple(first + second for first in "bdfgklmnprstvz" for second in "aeiou")
_GROUPS = ("germanic", "romance", "british", "slavic", "nordic", "turkish", "arabic", "indian")


@dataclass(frozen=True)
class Traffic:
    """Bodies to send in their order, what came before, and the rows that a model server gets.

    `rows` float32[n, features] are those of the bodies.
    """

    past: list[history.Arrival]
    bodies: list[bytes]
    bundle: Bundle
    rows: npt.NDArray[np.float32]


def make(home: Path, into: Path, count: int, before: int, known: int) -> Traffic:
    """Return `count` bodies after `before` earlier events; promote the bench's champion in `into`.

    The first `known` of them are those whose names the others mostly bear. `home` holds a promoted
    payment model. Raises CrossflagError when the sample cannot be read.
    """
    arrivals = list(read_arrivals(SAMPLE / "payments.parquet", SAMPLE / "access.parquet", None))
    payments = [place for place, (_, event) in enumerate(arrivals) if isinstance(event, Payment)]
    count = min(count, len(payments) // 2)
    first = payments[-count]
    past = arrivals[max(0, first - before) : first]
    sent = [event for _, event in arrivals[first:] if isinstance(event, Payment)]
    sent = _with_names(sent, known)
    found = champion(home / "models", "payment")
    if found is None:
        raise FileNotFoundError(home)
    bundle, rows = _with_thresholds(Bundle.load(found), past, sent, into)
    return Traffic(past, [event.canonical() for event in sent], bundle, rows)


def prepare(settings: Settings, past: Sequence[history.Arrival], records: int) -> str:
    """Fill a store with history and a list of made-up records; return an API key."""
    database = Database(settings.database)
    try:
        history.load(database, MEMBER, past)
        listed = Reading("csv", _listed(records))
        terms = Terms("made up", "BE", "bench", "PMC", "*")
        import_list(database, "bench", listed, Path("made-up.csv"), terms)
        scopes, pepper = ["score"], settings.pepper
        return keys.create(
            database, pepper, name="bench", member=MEMBER, country="BE", scopes=scopes, days=1
        )
    finally:
        database.close()


def _listed(count: int) -> list[Entity]:
    """Return records of people called like nobody in the sample: a list that meets few."""
    chance = Chance("bench", "list")

    def word() -> str:
        return "".join(chance.pick(_SYLLABLES) for _ in range(4)).title()

    return [
        Entity(f"m{number}", "Person", {"name": (f"{word()} {word()}",)}, Handling(("sanction",)))
        for number in range(count)
    ]


def _with_names(payments: list[Payment], known: int) -> list[Payment]:
    """Let names after the first `known` payments be theirs again, but for those that are new."""
    chance = Chance("bench", "scoring")
    seen = [name for one in payments[:known] for field in _NAMES if (name := getattr(one, field))]
    made = payments[:known]
    for number, payment in enumerate(payments[known:]):
        names: dict[str, str] = {}
        for field in _NAMES:
            if getattr(payment, field) is not None:
                new = chance.happens(NEW_NAMES)
                fresh = f"{person(chance, chance.pick(_GROUPS))} {chance.pick(_SYLLABLES)}"
                names[field] = f"{fresh}{number:x}".title() if new else chance.pick(seen)
        made.append(payment.model_copy(update=names))
    return made


def _with_thresholds(
    bundle: Bundle, past: Sequence[history.Arrival], sent: Sequence[Payment], into: Path
) -> tuple[Bundle, npt.NDArray[np.float32]]:
    """Promote the bundle with thresholds that flag `FLAGGED` of what is sent."""
    engine = Engine(Reference())
    for _, event in past:
        if isinstance(event, Payment | AccessEvent):
            engine.record(event)
    scorer = Scorer(bundle, CATALOGUES["payment"])
    rows = np.stack([scorer.row(engine.step(event).features, event) for event in sent])
    scores = scorer.score(rows)
    picked = scorer.rows(rows)
    review = least_of_share(scores.probability, FLAGGED * (1 - _BY_NOVELTY))
    novelty = bundle.novelty
    if novelty is not None:
        least = least_of_share(novelty.score(picked), FLAGGED * _BY_NOVELTY)
        novelty = replace(novelty, threshold=least)
    Bundle.write(
        into / "made",
        name=bundle.name,
        stream=bundle.stream,
        features=bundle.features,
        model=(bundle.directory / MODEL).read_bytes(),
        calibrator=bundle.calibrator,
        thresholds=replace(bundle.thresholds, review=review, urgent=max(review, 1.0)),
        metrics=bundle.metrics,
        profile=bundle.profile,
        training=bundle.training,
        parity_rows=picked,
        parity_margins=scores.margin.astype(np.float32),
        raw=bundle.raw,
        novelty=novelty,
        baseline=bundle.baseline,
    )
    promote(into / "models", into / "made", "bench", "thresholds for the bench's load")
    found = champion(into / "models", "payment")
    assert found is not None
    return Bundle.load(found), picked


def least_of_share(values: npt.NDArray[np.float64], share: float) -> float:
    """Return the least value from which on no more than a share of the values lies."""
    rising = np.sort(values)
    place = int(np.ceil(rising.size * (1 - share)))
    above = rising[place:]
    tied = above[above > rising[place - 1]] if place else above
    return float(tied[0] if tied.size else np.nextafter(rising[-1], np.inf))


def packs(bodies: Sequence[bytes], size: int) -> list[bytes]:
    """Return the bodies as bodies of batches."""
    rest = iter(bodies)
    made = []
    while part := list(islice(rest, size)):
        made.append(b'{"events":[' + b",".join(part) + b"]}")
    return made
