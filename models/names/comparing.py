"""Compare two names, or two subjects with what else is known of them, and say why."""

from __future__ import annotations

from dataclasses import dataclass

from models.names.alignment import Alignment
from models.names.evidence import Subject, weigh
from models.names.parsing import parse, readings
from models.names.parts import Kind, Part
from models.names.scoring import score

THRESHOLD = 0.64
"""Score from which two names count as one's; docs/watchlists.md shows how it was chosen."""
_OTHER_READING = 0.97


@dataclass(frozen=True)
class AlignedPart:
    """Words of the two names that were laid side by side; one side is "" for a word left over."""

    a: str
    b: str
    similarity: float
    weight: float


@dataclass(frozen=True)
class Comparison:
    """What came of comparing two names: a score of 0 to 1, and the words that it rests on."""

    score: float
    match: bool
    parts: tuple[AlignedPart, ...]
    reasons: tuple[str, ...] = ()
    """What else was weighed: dates, countries, identifiers."""


def compare(a: str, b: str, kind: Kind = "person", threshold: float = THRESHOLD) -> Comparison:
    """Compare two names of persons or of organisations.

    >>> compare("Морозов, Сергей", "Sergey Morozov").match
    True
    >>> compare("Sergey Morozov", "Sergey Orlov").match
    False
    """
    found, alignment = best(a, b, kind)
    return Comparison(found, found >= threshold, explain(alignment))


def compare_subjects(a: Subject, b: Subject, threshold: float = THRESHOLD) -> Comparison:
    """Compare two subjects by their best pair of names, and by what else is known of both."""
    found, alignment = max(
        (best(x, y, a.kind) for x in a.names for y in b.names),
        key=lambda one: one[0],
        default=(0.0, Alignment((), (), ())),
    )
    weighed, reasons = weigh(found, a, b)
    return Comparison(weighed, weighed >= threshold, explain(alignment), reasons)


def best(a: str, b: str, kind: Kind) -> tuple[float, Alignment]:
    """Return the best score of two names with all their readings, and its pairing of words."""
    first, second = parse(a, kind), parse(b, kind)
    found = score(first, second)
    if "(" not in a + b and "[" not in a + b:
        return found
    (outer_a, *inner_a), (outer_b, *inner_b) = readings(a), readings(b)
    # What is in brackets is compared with the other's name, not with what that has in brackets.
    pairs = [(outer_a, outer_b)]
    pairs += [(x, outer_b) for x in inner_a if len(x) > 3] + [
        (outer_a, y) for y in inner_b if len(y) > 3
    ]
    for x, y in pairs:
        other = score(parse(x, kind), parse(y, kind))
        if other[0] * _OTHER_READING > found[0]:
            found = (round(other[0] * _OTHER_READING, 4), other[1])
    return found


def explain(alignment: Alignment) -> tuple[AlignedPart, ...]:
    """Return the pairing in the words of the two names, what is paired first."""
    pairs = [
        AlignedPart(_text(pair.a), _text(pair.b), round(pair.similarity, 3), round(pair.weight, 2))
        for pair in alignment.pairs
    ]
    pairs += [AlignedPart(part.text, "", 0.0, round(part.weight, 2)) for part in alignment.only_a]
    pairs += [AlignedPart("", part.text, 0.0, round(part.weight, 2)) for part in alignment.only_b]
    return tuple(pairs)


def _text(parts: tuple[Part, ...]) -> str:
    return " ".join(part.text for part in parts)
