"""The words that names are made of: titles, legal forms, weak words, short forms. Data files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from models.names.spelling import sounded

_FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True)
class PersonWords:
    """What a word may be in a person's name; every word is in plain Latin letters."""

    titles: frozenset[str]
    suffixes: dict[str, str]
    particles: frozenset[str]
    common: frozenset[str]
    same: dict[str, frozenset[int]]
    """By word: the groups of spellings and short forms that it belongs to."""
    different: dict[str, frozenset[int]]
    """By word: the groups of near spellings in which each word is another name."""
    japanese_family: dict[str, str]
    """Family names in Chinese characters, and how Japanese reads them."""
    japanese_given: dict[str, str]


@dataclass(frozen=True)
class OrganisationWords:
    """What a word may be in an organisation's name."""

    legal: dict[str, str]
    """By word: its class of legal forms; forms of several words are joined by underscores."""
    longest: int
    """Words in the longest legal form."""
    weak: dict[str, str]
    """By word: the class of weak words, which is one across languages."""
    stop: frozenset[str]
    numbers: dict[str, str]
    translated: dict[str, str]
    """By word: the class of words that name, and that are one across languages."""
    unspaced: dict[str, str]
    """Chinese and Korean words, which stand without spaces, and the word each is one with."""


@cache
def person_words() -> PersonWords:
    """Return the words of persons' names."""
    sections = _sections("persons.txt")
    japanese = _sections("japanese.txt")
    return PersonWords(
        titles=frozenset(_flat(sections["titles"])),
        suffixes={word: line[0] for line in sections["suffixes"] for word in line},
        particles=frozenset(_flat(sections["particles"])),
        common=frozenset(_flat(sections["common"])),
        same=_groups(_lines("same_names.txt")),
        different=_groups(_widened(_lines("different_names.txt"), _lines("same_names.txt"))),
        japanese_family=dict(_two(japanese["family"])),
        japanese_given=dict(_two(japanese["given"])),
    )


@cache
def organisation_words() -> OrganisationWords:
    """Return the words of organisations' names."""
    sections = _sections("organisations.txt")
    legal = _classes(sections["legal"])
    return OrganisationWords(
        legal=legal,
        longest=max(form.count("_") + 1 for form in legal),
        weak=_classes(sections["weak"]),
        stop=frozenset(_flat(sections["stop"])),
        numbers={word: line[0] for line in _lines("numbers.txt") for word in line[1:]},
        translated=_classes(sections["translated"]),
        unspaced={word: line[0] for line in _lines("unspaced.txt") for word in line[1:]},
    )


def _lines(name: str) -> list[list[str]]:
    text = (_FOLDER / name).read_text(encoding="utf-8")
    return [line.split() for line in text.splitlines() if line.strip() and line[0] != "#"]


def _sections(name: str) -> dict[str, list[list[str]]]:
    sections: dict[str, list[list[str]]] = {}
    for line in _lines(name):
        if line[0][0] == "[":
            found = sections.setdefault(line[0].strip("[]"), [])
        else:
            found.append(line)
    return sections


def _two(lines: list[list[str]]) -> list[tuple[str, str]]:
    return [(line[0], line[1]) for line in lines]


def _flat(lines: list[list[str]]) -> list[str]:
    return [word for line in lines for word in line]


def _classes(lines: list[list[str]]) -> dict[str, str]:
    classes: dict[str, str] = {}
    for line in lines:
        for word in line:
            plain = word.replace(".", "")
            classes.setdefault(plain, line[0])
            # Also by its sound, so that each transliteration of it is found.
            if "_" not in plain and len(plain) > 5:
                classes.setdefault(sounded(plain), line[0])
    return classes


def _groups(lines: list[list[str]]) -> dict[str, frozenset[int]]:
    groups: dict[str, set[int]] = {}
    for number, line in enumerate(lines):
        for word in line:
            groups.setdefault(word, set()).add(number)
    return {word: frozenset(numbers) for word, numbers in groups.items()}


def _widened(lines: list[list[str]], same: list[list[str]]) -> list[list[str]]:
    """Add to each line every spelling of its names, so that one spelling of each is enough."""
    return [
        [*line, *(word for group in same if not set(group).isdisjoint(line) for word in group)]
        for line in lines
    ]
