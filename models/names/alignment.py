"""Which word of one name stands for which of the other, written apart or together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.names.parts import Part
from models.names.similarity import (
    LEAST,
    SAME_LATIN,
    SAME_TEXT,
    similarity,
    without_vowels,
    word_similarity,
)
from models.names.spelling import consonants, korean

_LONGEST_JOIN = 3
_PREFIXES = ("al", "el", "ul", "abdul")


@dataclass(frozen=True, slots=True)
class Pair:
    """Words of `a` and of `b` that stand for each other; `similarity` 0 to 1, `weight` shared."""

    a: tuple[Part, ...]
    b: tuple[Part, ...]
    similarity: float
    weight: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """The pairs, and what is left over on either side."""

    pairs: tuple[Pair, ...]
    only_a: tuple[Part, ...]
    only_b: tuple[Part, ...]


def align(a: Sequence[Part], b: Sequence[Part], person: bool) -> Alignment:
    """Return the pairing of two names' parts: the same words first, then the most alike.

    The order of words plays no part here. Words that are `LEAST` alike or less stay unpaired.
    """
    left, right = list(a), list(b)
    pairs: list[Pair] = []
    by_text: dict[str, list[Part]] = {}
    for part in right:
        by_text.setdefault(part.latin, []).append(part)
    for part in a:
        # Which sense a one-letter word has is for the comparison of what is left to say.
        same = by_text.get(part.latin)
        if same:
            other = same.pop(0)
            alike = similarity(part, other, person)
            if alike >= LEAST:
                pairs.append(_pair((part,), (other,), alike))
                left.remove(part)
                right.remove(other)
    if left and right:
        found = _singles(left, right, person)
        found += _joins(left, right, person)
        found.sort(key=lambda pair: (-pair.similarity, -pair.weight, pair.a[0].place))
        used_a: set[int] = set()
        used_b: set[int] = set()
        for pair in found:
            if used_a.isdisjoint(p.place for p in pair.a) and used_b.isdisjoint(
                p.place for p in pair.b
            ):
                pairs.append(pair)
                used_a.update(p.place for p in pair.a)
                used_b.update(p.place for p in pair.b)
        left = [part for part in left if part.place not in used_a]
        right = [part for part in right if part.place not in used_b]
    pairs.sort(key=lambda pair: pair.a[0].place)
    return Alignment(tuple(pairs), tuple(left), tuple(right))


def _singles(left: Sequence[Part], right: Sequence[Part], person: bool) -> list[Pair]:
    found = []
    for x in left:
        for y in right:
            alike = similarity(x, y, person)
            if alike >= LEAST:
                found.append(_pair((x,), (y,), alike))
    return found


def _joins(left: Sequence[Part], right: Sequence[Part], person: bool) -> list[Pair]:
    found = _joined(left, right, person)
    found += [Pair(p.b, p.a, p.similarity, p.weight) for p in _joined(right, left, person)]
    return found


def _joined(many: Sequence[Part], ones: Sequence[Part], person: bool) -> list[Pair]:
    """Pair neighbouring words with one that is written together: `Abu Bakr` with `Abubakr`."""
    whole = [one for one in ones if one.role not in ("number", "initial")]
    found = []
    for start in range(len(many)):
        text = many[start].latin
        for end in range(start + 1, min(len(many), start + _LONGEST_JOIN)):
            if many[end].place != many[end - 1].place + 1:
                break
            text += many[end].latin
            for one in whole:
                alike = _alike(text, many[start].script == "abjad", one, person)
                if alike:
                    found.append(_pair(tuple(many[start : end + 1]), (one,), alike))
    return found + (_without_prefix(many, ones) if person else [])


def _without_prefix(many: Sequence[Part], ones: Sequence[Part]) -> list[Pair]:
    """Pair words where one lacks the article or the servant, or has it written together."""
    found = []
    for one in ones:
        for prefix in _PREFIXES:
            bare = one.latin[len(prefix) :]
            if not one.latin.startswith(prefix) or len(bare) < 4:
                continue
            for other in many:
                if other.latin == bare or word_similarity(other.latin, bare, True) > 0.85:
                    found.append(_pair((other,), (one,), 0.9 if len(prefix) == 2 else 0.8))
    return found


def _alike(text: str, abjad: bool, one: Part, person: bool) -> float:
    if abjad != (one.script == "abjad"):
        alike = without_vowels(text, one.latin) if abs(len(text) - len(one.latin)) < 6 else 0.0
        return alike if alike > 0.7 and len(consonants(text)) > 3 else 0.0
    if text == one.latin:
        return SAME_LATIN - 0.01
    if abs(len(one.latin) - len(text)) > 2:
        return 0.0
    if one.script == "hangul" and korean(text) == korean(one.latin):
        return 0.92
    if len(text) > 5:
        alike = word_similarity(text, one.latin, person)
        return alike - 0.02 if alike > 0.8 else 0.0
    return 0.0


def _pair(a: tuple[Part, ...], b: tuple[Part, ...], alike: float) -> Pair:
    weight = (sum(part.weight for part in a) + sum(part.weight for part in b)) / 2
    if len(a) == len(b) == 1 and "initial" in (a[0].role, b[0].role):
        weight = max(a[0].weight, b[0].weight) * 0.6
    return Pair(a, b, min(alike, SAME_TEXT), weight)
