"""How a word is spelled: in Latin letters, as the transliterations have it, as consonants.

Three readings of one word, each forgetting more than the one before it: `latin` forgets the script
and the accents, `sounded` forgets by which convention it was transliterated (Sergei, Sergey and
Sergej are one), `consonants` forgets the vowels, which Arabic and Hebrew do not write.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from anyascii import anyascii

# `abjad` is every script whose Latin spelling lacks vowels.
Script = Literal["latin", "abjad", "han", "hangul", "other"]

# Marks inside a word that separate nothing: apostrophes, ayn, hamza, soft signs, middle dots.
_SILENT = re.compile(
    "['\u2019\u2018`\u00b4\u02bb\u02bc\u02bd\u02be\u02bf\u02b9\u02ba\u2032\"\u00b7\u0640\u064b-\u065f\u0670\u0591-\u05c7]"
)
# Letters whose usual spelling in names is another than the table's; the e keeps z and h apart.
_USUAL = str.maketrans(
    {
        "\u0638": "z",
        "\u0630": "z",
        "\u0698": "j",
        "\u0647": "eh",
        "\u062d": "eh",
        "\u0936": "sh",
        "\u0937": "sh",
        "\u0639": "a",
        "\u0629": "a",
        "\u0649": "a",
        "\u06cc": "y",
        "\u05d1": "b",
        "\u05e4": "p",
    }
)
_NOT_LETTERS = re.compile(r"[^a-z0-9]+")
# From the longest to the shortest: what a convention writes, and what is kept of it.
_SOUNDS = tuple(
    (re.compile(pattern), kept)
    for pattern, kept in (
        (r"(?<=..)[aeiou]{1,2}l?d+[ie]{1,2}ne?$", "udin"),
        (r"(?:shch|stch|sch|sh|sj)", "S"),
        (r"(?:tsch|tch|cz|ch)", "C"),
        (r"(?:dzh|dj|dz)", "j"),
        (r"zh", "j"),
        (r"(?:kh|gh|ck|qu(?=[ei])|q)", "k"),
        (r"ph", "f"),
        (r"th", "t"),
        (r"dh", "d"),
        (r"bh", "b"),
        (r"(?:ts|tz)", "z"),
        (r"x", "ks"),
        (r"c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"w", "v"),
        (r"ou(?=[aei])", "v"),
        (r"(?:oo|ou)", "u"),
        (r"ee", "i"),
        (r"y", "i"),
        (r"i+[eo](?=.)", "e"),
    )
)
_GLIDE = re.compile(r"(?<=[aeiou])j(?![aeiou])")
_MUTE = re.compile(r"(?<=[aeiou])h(?![aeiou])")
_SYLLABLE = (
    r"(?:(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:iang|iong|uang|ang|eng|ing|ong|iao|ian|uai|uan|ai|an|ao|ei|en|er|ia|ie|in|iu|ou|ua|ue|ui"
    r"|un|uo|a|e|i|o|u))"
)
_PINYIN = re.compile(f"{_SYLLABLE}{{1,3}}")
_KOREAN = tuple(
    (re.compile(pattern), kept)
    for pattern, kept in (
        (r"(?:sh)", "s"),
        (r"(?:eo|eu|oo|ou|u)", "o"),
        (r"(?:ae|ai)", "e"),
        (r"wo", "o"),
        (r"(?:kk|g|q|c(?!h))", "k"),
        (r"(?:pp|b)", "p"),
        (r"(?:tt|d)", "t"),
        (r"(?:jj|ch)", "j"),
        (r"l", "r"),
        (r"(?<=[aeo])h", ""),
        (r"(.)\1+", r"\1"),
    )
)
# What a script without vowels means depends on the language: dad is d or z, shin sh or ch.
_ONE_LETTER = str.maketrans({"g": "k", "p": "b", "c": "s", "z": "d"})
_VOWELS = re.compile(r"[aeiouyvw]+")
_DOUBLED = re.compile(r"(.)\1+")


def script_of(text: str) -> Script:
    """Return the script that decides how a text's letters are read; Latin when in doubt."""
    for character in text:
        if character < "\u0370":
            continue
        code = ord(character)
        if 0x0590 <= code <= 0x08FF or 0xFB1D <= code <= 0xFDFF or 0xFE70 <= code <= 0xFEFF:
            return "abjad"
        if 0x0900 <= code <= 0x0DFF:
            return "abjad"  # the table leaves out the vowels that Indian scripts do not write
        if 0x4E00 <= code <= 0x9FFF or 0x3400 <= code <= 0x4DBF:
            return "han"
        if 0xAC00 <= code <= 0xD7AF or 0x1100 <= code <= 0x11FF:
            return "hangul"
        if character.isalpha():
            return "other"
    return "latin"


def tidy(text: str) -> str:
    """Return a text in one form of Unicode, without case or marks that separate nothing."""
    if text.isascii():
        return _SILENT.sub("", text.lower())
    form = unicodedata.normalize("NFKC", text).casefold()
    kept = (c for c in form if unicodedata.category(c) not in ("Cf", "Cc") or c in "\t\n")
    return _SILENT.sub("", "".join(kept))


@lru_cache(maxsize=200_000)
def latin(word: str) -> str:
    """Return a word (tidied) in plain Latin letters and digits; "" when nothing is left of it.

    >>> latin("щёкина")
    'shchekina'
    """
    if word.isascii() and word.isalnum():
        return word
    return _NOT_LETTERS.sub("", anyascii(word.translate(_USUAL)).lower())


@lru_cache(maxsize=200_000)
def sounded(word: str) -> str:
    """Return a Latin word in the spelling that the usual transliterations share.

    >>> sounded("sergey") == sounded("sergei") == sounded("sergej")
    True
    """
    return _DOUBLED.sub(r"\1", _MUTE.sub("", _heard(_GLIDE.sub("i", word))))


def _heard(word: str) -> str:
    for pattern, kept in _SOUNDS:
        word = pattern.sub(kept, word)
    return word


@lru_cache(maxsize=50_000)
def is_syllables(word: str) -> bool:
    """Tell whether a word may be one to three Chinese syllables, each with its meaning."""
    return _PINYIN.fullmatch(word) is not None


@lru_cache(maxsize=50_000)
def korean(word: str) -> str:
    """Return a romanised Korean word without what the romanisations differ in.

    >>> korean("jeongeun") == korean("jongun") == korean("jungeun")
    True
    """
    for pattern, kept in _KOREAN:
        word = pattern.sub(kept, word)
    return word


@lru_cache(maxsize=200_000)
def consonants(word: str) -> str:
    """Return the consonants of a Latin word, as a script without vowels would have them.

    >>> consonants("qadhafi") == consonants("gaddafi")
    True
    """
    heard = _DOUBLED.sub(r"\1", _VOWELS.sub("", _heard(word)).lower().translate(_ONE_LETTER))
    return heard.rstrip("h") or heard
