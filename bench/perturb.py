"""Names as somebody else would write them: slips, another order, another transliteration."""

from __future__ import annotations

import random
import re

_SPELLINGS = (
    ("kh", "h"), ("q", "k"), ("ou", "u"), ("oo", "u"), ("ee", "i"), ("y", "i"), ("w", "v"),
    ("ph", "f"), ("sh", "sch"), ("ch", "tch"), ("zh", "j"), ("dj", "j"), ("ck", "k"), ("ei", "ey"),
    ("ts", "tz"), ("gh", "g"), ("th", "t"), ("aa", "a"), ("ll", "l"), ("ss", "s"), ("mm", "m"),
    ("u", "ou"), ("i", "y"), ("k", "kh"), ("v", "w"), ("j", "dj"),
)  # fmt: skip
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WORD = re.compile(r"\w+")
KINDS = ("typo", "order", "transliteration")


def perturbed(name: str, kind: str, chance: random.Random) -> str | None:
    """Return a name changed in one way of `KINDS`, None when that cannot be done to it."""
    if kind == "typo":
        words = [found for found in _WORD.finditer(name) if len(found[0]) > 4]
        if not words:
            return None
        word = chance.choice(words)
        return name[: word.start()] + _slip(word[0], chance) + name[word.end() :]
    if kind == "order":
        parts = name.replace(",", " ").split()
        if len(parts) < 2:
            return None
        turn = chance.randrange(1, len(parts))
        return " ".join(parts[turn:] + parts[:turn])
    lowered = name.lower()
    there = [(old, new) for old, new in _SPELLINGS if old in lowered]
    if not there:
        return None
    old, new = chance.choice(there)
    return lowered.replace(old, new, 1)


def _slip(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word) - 1)
    letter = chance.choice(_LETTERS)
    return chance.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )
