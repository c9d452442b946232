"""Columns of names and remittance text: equality of names, length, digits, scripts."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from features.columns.kinds import hashed
from features.reference import Reference

SCRIPT_WORDS = ("Latin letters", "another script", "several scripts", "scripts mixed in one word")
"""What a text is written in; its place in this list is its code."""
_LATIN, _OTHER, _SEVERAL, _MIXED = range(4)
# Their letters look alike, so that a word of two of them is read as a word of one.
_LOOKALIKES = frozenset(
    ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "FULLWIDTH", "MATHEMATICAL")
)
# Written together as a matter of course.
_EAST_ASIAN = dict.fromkeys(("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"), "EAST ASIAN")
_ASCII_WORDS = {code: " " for code in range(128) if not chr(code).isalnum()}
# First words in the names of letters that belong to no script.
_NO_SCRIPT = frozenset(("FEMININE", "MASCULINE", "MICRO", "MODIFIER", "SUBSCRIPT", "SUPERSCRIPT"))


@lru_cache(maxsize=65_536)
def _script(letter: str) -> str | None:
    """Return the script of a letter by its Unicode name, None for what belongs to none."""
    if not letter.isalpha():
        return None
    word = unicodedata.name(letter, "").partition(" ")[0]
    return None if word in _NO_SCRIPT else _EAST_ASIAN.get(word, word)


def script(_: Reference, text: str | None) -> int | None:
    """Return what a text is written in, as a place in SCRIPT_WORDS; None without a letter."""
    if text is None:
        return None
    if text.isascii():
        return _LATIN if any(map(str.isalpha, text)) else None
    # Composed, so that an accent is part of its letter.
    words = unicodedata.normalize("NFC", text).split()
    by_word = [{found for letter in word if (found := _script(letter))} for word in words]
    scripts = set().union(*by_word)
    if not scripts:
        return None
    if any(len(found & _LOOKALIKES) > 1 for found in by_word):
        return _MIXED
    if len(scripts) > 1:
        return _SEVERAL
    return _LATIN if scripts == {"LATIN"} else _OTHER


def name(_: Reference, text: str | None) -> int | None:
    """Return a number that is equal for names that differ in case, accents or order only."""
    if text is None:
        return None
    if text.isascii():
        plain = text.lower().translate(_ASCII_WORDS)
    else:
        folded = unicodedata.normalize("NFKD", text).casefold()
        # An accent that stands apart is dropped, so that José and Jose are one name.
        letters = (c for c in folded if not unicodedata.combining(c))
        plain = "".join(c if c.isalnum() else " " for c in letters)
    return hashed(" ".join(sorted(plain.split())))


def length(_: Reference, text: str | None) -> int | None:
    """Return how many characters a text has."""
    return None if text is None else len(text)


def digits(_: Reference, text: str | None) -> int | None:
    """Return how many of a text's characters are digits."""
    return None if text is None else sum(c.isdigit() for c in text)


def words(_: Reference, text: str | None) -> int:
    """Return how many words a text has, 0 without one."""
    return 0 if text is None else len(text.split())
