"""Drift: how far what is scored now lies from what a bundle learnt from, by PSI.

The population stability index of two distributions over the same bins is the sum of
(now - then) * log(now / then) over shares of the bins. The rule of thumb of credit scoring says
that below 0.1 little changed, and from 0.25 on much; Yurdakul and Naranjo ("Statistical properties
of the population stability index", Journal of Risk Model Validation, 2020) cite it, and show that
without any change the index is about (1/n + 1/m) times a chi-squared variable of one degree of
freedom less than bins. So a sample too small to tell is said to be that, and what chance explains
is stable. Events of one person are alike, so the noise is rather more than that says.

A `Baseline` is the reference side: shares of bins of every feature, of the margin, of the groups
that first reasons speak for, and of corridors, each also within the largest corridors.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from models.errors import BadBaseline
from models.forest import Float32, Float64

MOVED, FAR = 0.1, 0.25
BINS = 10
CORRIDORS = 8
FEWEST = 200
OTHER = "other"
ANY = ""
MARGIN = "margin"
_DIGITS = 5
Word = Literal["stable", "moved", "far", "too few"]
Of = Literal["feature", "score", "reason", "corridor"]


@dataclass(frozen=True)
class Spread:
    """Shares of bins: up to each of the rising `edges`, above the last, and missing at the end."""

    edges: tuple[float, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Part:
    """One corridor's side, or everything: how many events, shares by feature, shares of margins."""

    events: int
    features: dict[str, tuple[float, ...]]
    margin_events: int
    margin: tuple[float, ...]


@dataclass(frozen=True)
class Baseline:
    """What a bundle's training saw, in shares; `edges` are each feature's and `MARGIN`'s bins.

    `parts` holds everything under `ANY`, and the largest corridors as "BE>RO". `reasons` are the
    shares of the groups that first reasons speak for, among `flagged` events.
    """

    edges: dict[str, tuple[float, ...]]
    parts: dict[str, Part]
    corridors: dict[str, float]
    reasons: dict[str, float]
    flagged: int

    def to_json(self) -> bytes:
        """Return the baseline as JSON; `from_json` reads it back."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Baseline:
        """Read what `to_json` wrote; raises `BadBaseline` when it is something else."""
        try:
            body = json.loads(data)
            body["edges"] = {name: tuple(edges) for name, edges in body["edges"].items()}
            body["parts"] = {name: _part(part) for name, part in body["parts"].items()}
            baseline = cls(**body)
            widths = {name: len(edges) + 2 for name, edges in baseline.edges.items()}
            for part in baseline.parts.values():
                for name, shares in {**part.features, MARGIN: part.margin}.items():
                    if len(shares) != widths[name]:
                        raise ValueError(f"{name} has {len(shares)} shares")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadBaseline(f"the drift baseline cannot be read ({error!r})") from error
        return baseline


def _part(body: dict[str, Any]) -> Part:
    features = {name: tuple(shares) for name, shares in body["features"].items()}
    return Part(body["events"], features, body["margin_events"], tuple(body["margin"]))


@dataclass(frozen=True, eq=False)
class Sample:
    """Scored events: rows float32[n, k] of a bundle's features, and the corridor of each.

    `margins` and `scored_corridors` are of those scored by this very model, `reasons` the groups
    that first reasons speak for, one for each flagged event.
    """

    rows: Float32
    corridors: Sequence[str]
    margins: Float64
    scored_corridors: Sequence[str]
    reasons: Sequence[str]


@dataclass(frozen=True)
class Shift:
    """One distribution then and now: its PSI, in a word, and the shares of both sides.

    `edges` are of the bins (empty for groups and corridors, whose names are `bins`).
    """

    of: Of
    name: str
    corridor: str
    psi: float
    word: Word
    events: int
    edges: tuple[float, ...]
    bins: tuple[str, ...]
    then: tuple[float, ...]
    now: tuple[float, ...]


def corridor_name(debtor_country: str | None, creditor_country: str | None) -> str:
    """Return a corridor's name, such as "BE>RO"; empty where a country is unknown."""
    return f"{debtor_country}>{creditor_country}" if debtor_country and creditor_country else ""


def psi(then: Sequence[float], now: Sequence[float], n: int, m: int) -> float:
    """Return the population stability index of shares from n and m events over the same bins.

    Half an event is added to each bin of both sides, so that an empty one counts by what it could
    hold rather than without bound.

    >>> round(psi([0.5, 0.5], [0.6, 0.4], 100_000, 100_000), 4)
    0.0405
    """
    sides = []
    for shares, count in ((then, n), (now, m)):
        counts = np.asarray(shares, dtype=np.float64) * count + 0.5
        sides.append(counts / counts.sum())
    return float(((sides[1] - sides[0]) * np.log(sides[1] / sides[0])).sum())


def by_chance(bins: int, n: int, m: int) -> float:
    """Return the index that chance exceeds once in twenty times when nothing changed."""
    freedom = max(bins - 1, 1)
    part = 2 / (9 * freedom)
    # The 95 % quantile of chi-squared, by Wilson and Hilferty (1931).
    quantile = freedom * (1 - part + 1.645 * math.sqrt(part)) ** 3
    return float(quantile * (1 / max(n, 1) + 1 / max(m, 1)))


def in_a_word(index: float, bins: int, n: int, m: int) -> Word:
    """Say what an index means: stable, moved, far, or that there are too few events to tell."""
    noise = by_chance(bins, n, m)
    if noise >= FAR:
        return "too few"
    if index < max(MOVED, noise):
        return "stable"
    return "moved" if index < FAR else "far"


def edges_of(values: npt.NDArray[Any]) -> tuple[float, ...]:
    """Return edges that part the present values into ten bins of one size, as far as ties let."""
    present = values[~np.isnan(values)]
    if present.size == 0:
        return ()
    levels = np.linspace(0, 1, BINS + 1)[1:-1]
    edges = np.unique(np.quantile(present, levels, method="inverted_cdf"))
    # Nothing lies above the largest value: such an edge would make an empty bin.
    return tuple(float(edge) for edge in edges if edge < present.max()) or (float(edges[0]),)


def shares_of(values: npt.NDArray[Any], edges: Sequence[float]) -> tuple[float, ...]:
    """Return the share of values in each bin of `edges`, that of missing ones last."""
    missing = np.isnan(values)
    place = np.searchsorted(np.asarray(edges, dtype=values.dtype), values, side="left")
    place[missing] = len(edges) + 1
    counts = np.bincount(place, minlength=len(edges) + 2)
    return tuple(round(float(count), _DIGITS) for count in counts / max(len(values), 1))


def baseline_of(
    names: Sequence[str], sample: Sample, watched: Collection[str], within: Collection[str]
) -> Baseline:
    """Return the reference side of a sample; `names` are those of the columns of its rows.

    `watched` are the names to compare, and `within` those to compare within a corridor as well.
    """
    edges = {
        name: edges_of(sample.rows[:, place]) for place, name in enumerate(names) if name in watched
    }
    edges[MARGIN] = edges_of(sample.margins)
    counts = Counter(sample.corridors)
    counts.pop("", None)
    largest = [
        name
        for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:CORRIDORS]
        if count >= FEWEST
    ]
    corridors = list(largest)
    return Baseline(
        edges=edges,
        parts={
            ANY: _side(edges, sample, ANY, names, watched),
            **{key: _side(edges, sample, key, names, within) for key in largest},
        },
        corridors=_named_shares(sample.corridors, corridors),
        reasons=_named_shares(sample.reasons, sorted(set(sample.reasons))),
        flagged=len(sample.reasons),
    )


def compare(baseline: Baseline, names: Sequence[str], sample: Sample) -> list[Shift]:
    """Return every shift of a sample against the baseline, the largest index first.

    `names` are those of the columns of the sample's rows. What has no event on a side is left out.
    """
    shifts: list[Shift] = []
    for key, then in baseline.parts.items():
        now = _side(baseline.edges, sample, key, names, then.features)
        if then.events and now.events:
            shifts += [
                _shift(
                    "feature", name, key, baseline.edges[name], then.features[name], shares, n, m
                )
                for name, shares in now.features.items()
                for n, m in ((then.events, now.events),)
            ]
        if then.margin_events and now.margin_events:
            sizes = (then.margin_events, now.margin_events)
            edges = baseline.edges[MARGIN]
            shifts.append(_shift("score", MARGIN, key, edges, then.margin, now.margin, *sizes))
    shifts += _named("reason", baseline.reasons, sample.reasons, baseline.flagged)
    shifts += _named("corridor", baseline.corridors, sample.corridors, baseline.parts[ANY].events)
    return sorted(shifts, key=lambda one: (-one.psi, one.of, one.name, one.corridor))


def _side(
    edges: Mapping[str, tuple[float, ...]],
    sample: Sample,
    key: str,
    names: Sequence[str],
    wanted: Collection[str],
) -> Part:
    """Return one side's shares of the wanted features, of everything or of one corridor."""
    rows, margins = sample.rows, sample.margins
    if key != ANY:
        rows = rows[np.array([name == key for name in sample.corridors], dtype=bool)]
        margins = margins[np.array([name == key for name in sample.scored_corridors], dtype=bool)]
    columns = [(name, place) for place, name in enumerate(names) if name in wanted]
    return Part(
        events=len(rows),
        features={name: shares_of(rows[:, place], edges[name]) for name, place in columns},
        margin_events=len(margins),
        margin=shares_of(margins, edges[MARGIN]),
    )


def _shift(
    of: Of,
    name: str,
    corridor: str,
    edges: tuple[float, ...],
    then: tuple[float, ...],
    now: tuple[float, ...],
    n: int,
    m: int,
) -> Shift:
    index = round(psi(then, now, n, m), _DIGITS)
    word = in_a_word(index, len(then), n, m)
    return Shift(of, name, corridor, index, word, m, edges, (), then, now)


def _named(
    of: Literal["reason", "corridor"], then: Mapping[str, float], now: Sequence[str], n: int
) -> Iterable[Shift]:
    if not then or not now or not n:
        return
    names = tuple(name for name in then if name != OTHER)
    shares = _named_shares(now, names)
    sides = tuple(then.values()), tuple(shares[name] for name in then)
    index = round(psi(*sides, n, len(now)), _DIGITS)
    word = in_a_word(index, len(then), n, len(now))
    name = "first reason" if of == "reason" else "corridors"
    yield Shift(of, name, ANY, index, word, len(now), (), tuple(then), *sides)


def _named_shares(given: Sequence[str], names: Sequence[str]) -> dict[str, float]:
    """Return the share of each name and of all others; empty when nothing was given a name."""
    if not names:
        return {}
    counts, total = Counter(given), max(len(given), 1)
    shares = {name: round(counts[name] / total, _DIGITS) for name in names}
    known = sum(counts[name] for name in names)
    return {**shares, OTHER: round((len(given) - known) / total, _DIGITS)}
