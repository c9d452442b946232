"""How alike two words of names are: 1 the same as written, 0 nothing to do with each other."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz.distance import OSA

from models.names.parts import Part
from models.names.romanising import one_in_chinese, one_in_korean
from models.names.spelling import consonants, is_syllables, korean, sounded
from models.names.words import person_words

_VOWELS = re.compile("[aeiou]")
SAME_TEXT = 1.0
SAME_LATIN = 0.985
SAME_SOUND = 0.95
SAME_CLASS = 0.94
SAME_NAME = 0.92
SAME_CONSONANTS = 0.9
SAME_KOREAN = 0.86
SAME_BUT_VOWELS = 0.88
SHORTENED = 0.8
INITIAL = 0.85
LEAST = 0.4
"""Below this two words count as different."""


def similarity(a: Part, b: Part, person: bool) -> float:
    """Return how alike two parts of names are (0 to 1)."""
    if a.text == b.text:
        return SAME_TEXT
    if "number" in (a.role, b.role):
        return SAME_LATIN if a.latin == b.latin else 0.0
    if a.script == "han" and b.script == "han":
        # Another character of the same sound is another name; an older form of it is not.
        return 0.75 if a.latin == b.latin else 0.0
    if a.latin == b.latin:
        return SAME_LATIN
    if "initial" in (a.role, b.role):
        return INITIAL if person and a.latin[0] == b.latin[0] and a.role != b.role else 0.0
    if a.klass is not None and a.klass == b.klass:
        return SAME_CLASS
    if "hangul" in (a.script, b.script):
        return _korean(a.latin, b.latin)
    if "abjad" in (a.script, b.script) and a.script != b.script:
        return without_vowels(a.latin, b.latin)
    return word_similarity(a.latin, b.latin, person)


@lru_cache(maxsize=500_000)
def word_similarity(a: str, b: str, person: bool) -> float:
    """Return how alike two different Latin words are (0 to 1), as written and as heard.

    >>> word_similarity("morozov", "morosov", True) > 0.8 > word_similarity("jamal", "jamil", True)
    True
    """
    if person:
        words = person_words()
        if words.same.get(a, _NONE) & words.same.get(b, _NONE):
            return SAME_NAME
        if words.different.get(a, _NONE) & words.different.get(b, _NONE):
            return 0.0
        if one_in_chinese(a, b):
            return SAME_NAME
        if min(len(a), len(b)) > 7 and a.startswith(_SERVANT) and b.startswith(_SERVANT):
            # What is served is the name; all such names begin alike.
            rest = a[len(_SERVANT) :], b[len(_SERVANT) :]
            return SAME_LATIN if rest[0] == rest[1] else word_similarity(*rest, True)
        if one_in_korean(a, b):
            return SAME_KOREAN
    shorter, longer = sorted((a, b), key=len)
    if person and len(shorter) > 3 and longer[:-1] == shorter and longer[-1] in _ENDINGS:
        return _ENDINGS[longer[-1]]
    if person and len(shorter) > 3 and _derived(shorter, longer):
        return _DERIVED
    if not person and _shortened(shorter, longer):
        return SHORTENED
    return _spelled_alike(a, b, person)


def _derived(shorter: str, longer: str) -> bool:
    """Tell whether a family name is made of another name: Harrison of Harris."""
    return longer.startswith(shorter) and longer[len(shorter) :] in _MADE_BY


def _shortened(shorter: str, longer: str) -> bool:
    """Tell whether a word is another's consonants, as in Trdg for Trading: first letter first."""
    if len(shorter) < 3 or _VOWELS.search(shorter) or shorter[0] != longer[0]:
        return False
    letters = iter(longer)
    return len(longer) > len(shorter) + 1 and all(letter in letters for letter in shorter)


def _spelled_alike(a: str, b: str, person: bool) -> float:
    sound_a, sound_b = sounded(a), sounded(b)
    if sound_a == sound_b:
        return SAME_SOUND if len(sound_a) > 2 else 0.8
    shorter, longer = sorted((a, b), key=len)
    turned = sorted(a) == sorted(b)
    written = _edited(OSA.distance(a, b), len(longer), len(shorter), turned)
    lengths = sorted((len(sound_a), len(sound_b)))
    heard = _edited(OSA.distance(sound_a, sound_b), lengths[1], lengths[0]) - 0.02
    best = max(written, heard)
    if best < 0.86 and len(shorter) > 3:
        bones = _VOWELS.sub("", sound_a)
        if len(bones) > 2 and bones == _VOWELS.sub("", sound_b) and a[0] == b[0]:
            best = max(best, 0.8 if abs(len(a) - len(b)) < 3 else 0.65)
    syllables = is_syllables(a) and is_syllables(b)
    told = len(shorter) > (4 if syllables else 3)
    if told and _near_vowels(sound_a, sound_b):
        return max(best, SAME_BUT_VOWELS)
    if a[0] != b[0] and sound_a[:1] != sound_b[:1]:
        best -= 0.06 if len(shorter) > 5 and (person or len(a) != len(b)) else 0.2
    if person and best < 0.9 and syllables and not _slip(a, b):
        best -= 0.2
    return best if best >= LEAST else 0.0


_SERVANT = "abdul"
_DERIVED = 0.55
_MADE_BY = frozenset(
    {"son", "sson", "sen", "ez", "es", "ski", "sky", "skaya", "enko", "ov", "ova", "ev", "eva",
     "yan", "zadeh", "zade", "pour", "poor", "uddin", "ullah", "ian", "ini", "ino", "ina", "etti",
     "elli", "man", "mann", "ing", "ton", "field", "berg", "stein", "ani"}
)  # fmt: skip
# A woman's form of a family name, or another given name; a name of origin, and what it is made of.
_ENDINGS = {"a": 0.7, "i": 0.78}
_NONE: frozenset[int] = frozenset()


def _near_vowels(a: str, b: str) -> bool:
    """Tell whether two words differ only in vowels that transliterations confuse: o, u and e, i."""
    return a.translate(_NEAR) == b.translate(_NEAR)


_NEAR = str.maketrans({"o": "u", "e": "i"})


def _slip(a: str, b: str) -> bool:
    """Tell whether two words differ as by a slip of the hand: a letter more, or two in turn."""
    return OSA.distance(a, b) == 1 and (len(a) != len(b) or sorted(a) == sorted(b))


def _edited(edits: int, longer: int, shorter: int, turned: bool = False) -> float:
    """Return what edits leave of a word: a slip is little in a long word, much in a short one."""
    if shorter < 4:
        return 0.0 if edits > 1 or shorter < 2 else 0.5 if shorter == 3 else 0.4
    share = edits / longer
    if edits == 1 and longer == shorter == 4 and turned:
        return 0.74
    if edits == 1:
        return {4: 0.62, 5: 0.76, 6: 0.84, 7: 0.88}.get(longer, 0.9)
    if edits == 2:
        return 0.0 if longer < 6 else {6: 0.55, 7: 0.66, 8: 0.74}.get(longer, 0.8)
    return 0.0 if share > 0.34 else 0.78 - share


def without_vowels(a: str, b: str) -> float:
    """Return how alike two Latin words are whose vowels one of them never had (0 to 1)."""
    bones_a, bones_b = consonants(a), consonants(b)
    if bones_a == bones_b and bones_a:
        return {1: 0.7, 2: 0.8}.get(len(bones_a), SAME_CONSONANTS)
    length = max(len(bones_a), len(bones_b))
    if length > 2 and OSA.distance(bones_a, bones_b) == 1:
        return 0.6 if length == 3 else 0.76
    return 0.0


def _korean(a: str, b: str) -> float:
    words = person_words()
    if words.same.get(a, _NONE) & words.same.get(b, _NONE):
        return SAME_NAME
    heard_a, heard_b = korean(a), korean(b)
    if heard_a == heard_b:
        return SAME_NAME
    edits = OSA.distance(heard_a, heard_b)
    return 0.7 if edits == 1 and min(len(heard_a), len(heard_b)) > 4 else 0.0
