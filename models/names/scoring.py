"""The score of a pair of names, from the pairing of their words.

score = what is alike / (what is paired + what contradicts + what only one of them has)

A word that each side has and the other has not contradicts (John Kevin and John Robert); a word
that only one side has says less (John and John Kevin). How much is set per kind of name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from models.names.alignment import Alignment, Pair, align
from models.names.parts import Name, Part
from models.names.spelling import is_syllables, latin

ORDER = 0.985
"""Left of a score when the words stand in another order."""


@dataclass(frozen=True)
class Costs:
    """What differences cost, in units of the weight of the words that differ."""

    contradiction: float
    surplus: float
    one_word: float
    """Left of a score that rests on one word of a name of several."""


PERSON = Costs(contradiction=2.0, surplus=0.28, one_word=0.74)
ORGANISATION = Costs(contradiction=1.7, surplus=0.55, one_word=1.0)
_SURE = 0.9
_DOUBT = 0.8
_DOUBTFUL = 0.84
_DOUBTS = 0.92
_OTHER_PLACE = 0.82
_SPACED = 0.96
_SUFFIX = 0.6
_LEGAL_FORMS = 0.955
_OTHER_NUMBERS = 0.6
_VAGUE = 0.88
_OTHER_INITIAL = 0.9
_SWAPPED = 0.6
_MIXED = 0.8
_OTHER_SYLLABLE = 0.8
_SON_OF = frozenset({"bin", "ibn", "ben", "bint", "binti", "binte", "ould", "uld", "wuld"})
_MORE_NUMBERS = 0.82


def score(a: Name, b: Name) -> tuple[float, Alignment]:
    """Return how surely two names of one kind are one's (0 to 1), and the pairing it rests on."""
    alignment = align(a.parts, b.parts, a.kind == "person")
    if a.tidy == b.tidy and a.parts:
        return (1.0 if a.text == b.text else 0.998), alignment
    if not alignment.pairs:
        return _unpaired(a, b), alignment
    found = _person(a, b, alignment) if a.kind == "person" else _organisation(a, b, alignment)
    return round(max(0.0, min(found, 0.995)), 4), alignment


def _weighed(alignment: Alignment, costs: Costs) -> float:
    alike = sum(pair.weight * _told(pair.similarity) for pair in alignment.pairs)
    paired = sum(pair.weight for pair in alignment.pairs)
    only_a = sum(part.weight for part in alignment.only_a)
    only_b = sum(part.weight for part in alignment.only_b)
    contradiction = min(only_a, only_b)
    surplus = max(only_a, only_b) - contradiction
    found = alike / (paired + costs.contradiction * contradiction + costs.surplus * surplus)
    doubtful = sum(pair.similarity < _DOUBTFUL and pair.weight > 0.3 for pair in alignment.pairs)
    # One slip is a slip; two, or one beside words of one side only, are another name's likeness.
    return found * _DOUBTS ** max(0, doubtful - 1 + (surplus > 0.5))


def _told(similarity: float) -> float:
    """Return what a pair of words tells: near words tell less than their letters in common."""
    return similarity if similarity >= _SURE else similarity - _DOUBT * (_SURE - similarity)


def _person(a: Name, b: Name, alignment: Alignment) -> float:
    found = _weighed(alignment, PERSON)
    telling = sum(
        max(_names(pair.a), _names(pair.b))
        for pair in alignment.pairs
        if pair.similarity > 0.6 and "initial" not in (pair.a[0].role, pair.b[0].role)
    )
    most = max(_names(a.parts), _names(b.parts))
    if telling <= 1 and most > 1:
        found *= PERSON.one_word
    if not _in_order(a, b, alignment.pairs):
        found *= ORDER if _turned(alignment.pairs) else _MIXED
    if any(pair.a[0].family is not None and pair.b[0].family is not None
           and pair.a[0].family != pair.b[0].family for pair in alignment.pairs
           if pair.weight > 0.1):  # fmt: skip
        found *= _OTHER_PLACE
    if a.joined == b.joined and len(a.joined) > 5 and not _both_han(a, b):
        found = max(found, _SPACED)
    if _more_syllables(alignment):
        found *= _OTHER_SYLLABLE
    if _initials_differ(alignment):
        found *= _OTHER_INITIAL
    if _fathers_swapped(a, b):
        found *= _SWAPPED
    if a.suffix != b.suffix:
        found *= _SUFFIX if a.suffix and b.suffix else 0.97
    return found


def _organisation(a: Name, b: Name, alignment: Alignment) -> float:
    found = _weighed(alignment, ORGANISATION)
    if a.joined == b.joined:
        found = max(found, _SPACED)
    if a.numbers != b.numbers:
        found *= _OTHER_NUMBERS if a.numbers and b.numbers else _MORE_NUMBERS
    if a.legal and b.legal and not a.legal & b.legal:
        found *= _LEGAL_FORMS
    if not _in_order(a, b, alignment.pairs):
        found *= ORDER
    if a.vague or b.vague:
        found *= _VAGUE
    return max(found, _letters(a, b))


def _unpaired(a: Name, b: Name) -> float:
    if a.joined and a.joined == b.joined:
        return _SPACED
    return _letters(a, b) if a.kind == "organisation" else 0.0


def _letters(a: Name, b: Name) -> float:
    """Score an abbreviation against the words whose first letters it has."""
    best = 0.0
    for short, full in ((a, b), (b, a)):
        told = [part for part in short.parts if part.role not in ("legal", "stop")]
        if len(told) != 1 or not 3 <= len(told[0].latin) <= 8:
            continue
        every = [one for part in full.parts for one in _one_by_one(part)]
        words = [part for part in every if part.role != "legal"]
        for chosen in (
            words,
            [part for part in words if part.role != "stop"],
            every,
            [part for part in every if part.role != "stop"],
        ):
            if len(chosen) > 2 and "".join(p.latin[0] for p in chosen) == told[0].latin:
                best = max(best, min(0.54 + 0.06 * len(told[0].latin), 0.84))
    return best


def _one_by_one(part: Part) -> list[Part]:
    """Return the words of a part, since each word of a legal form may give its letter."""
    return [replace(part, latin=plain) for word in part.text.split() if (plain := latin(word))]


def _both_han(a: Name, b: Name) -> bool:
    return a.parts[0].script == "han" and b.parts[0].script == "han"


def _more_syllables(alignment: Alignment) -> bool:
    """Tell whether one side has a Chinese or Korean syllable more: Lee Min and Lee Min-jung."""
    over = [*alignment.only_a, *alignment.only_b]
    words = [part for pair in alignment.pairs for part in (*pair.a, *pair.b)]
    return bool(over) and all(
        part.script in ("han", "hangul") or (len(part.latin) < 6 and is_syllables(part.latin))
        for part in (*over, *words)
    )


def _turned(pairs: Sequence[Pair]) -> bool:
    """Tell whether one order of the words is the other turned round: family name first or last."""
    told = sorted(
        (pair.a[0].place, pair.b[0].place)
        for pair in pairs
        if pair.weight > 0.1 and "initial" not in (pair.a[0].role, pair.b[0].role)
    )
    places = [place for _, place in told]
    falls = sum(x > y for x, y in pairwise([*places, *places[:1]]))
    return len(places) < 3 or falls == 1


def _initials_differ(alignment: Alignment) -> bool:
    """Tell whether each side has an initial that the other has not: John A. and John B."""
    return all(
        any(part.role == "initial" for part in side)
        for side in (alignment.only_a, alignment.only_b)
    )


def _fathers_swapped(a: Name, b: Name) -> bool:
    """Tell whether one is the son of whom the other is the father: X bin Y and Y bin X."""
    of_b = _sons(b)
    return any((father, son) in of_b for son, father in _sons(a))


def _sons(name: Name) -> set[tuple[str, str]]:
    return {
        (before.sound, after.sound)
        for before, word, after in zip(name.parts, name.parts[1:], name.parts[2:], strict=False)
        if word.latin in _SON_OF
    }


def _names(parts: Sequence[Part]) -> int:
    return sum(part.role in ("name", "number") for part in parts)


def _in_order(a: Name, b: Name, pairs: Sequence[Pair]) -> bool:
    """Tell whether paired words stand in one order, also when one puts the family name first."""
    told = [pair for pair in pairs if pair.weight > 0.1]
    first = [pair.a[0].place for pair in told]
    second = [pair.b[0].place for pair in told]
    if _rising(first, second):
        return True
    return any(
        _rising(_given_first(pair_parts), other)
        for pair_parts, other in (
            ([pair.a[0] for pair in told], second),
            ([pair.b[0] for pair in told], first),
        )
    )


def _given_first(parts: Sequence[Part]) -> list[int]:
    return [part.place + (1000 if part.family else 0) for part in parts]


def _rising(first: Sequence[int], second: Sequence[int]) -> bool:
    ordered = [place for _, place in sorted(zip(first, second, strict=True))]
    return all(x < y for x, y in pairwise(ordered))
