"""A person's name taken apart: titles left out, initials, particles and generation told apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.names.parts import COMMON, SHORT, WEIGHTS, Name, Part, Role
from models.names.spelling import Script, latin, script_of, sounded, tidy
from models.names.tokens import ARTICLE, ARTICLE_BEFORE, QUOTES, WORDS
from models.names.words import PersonWords, person_words

_DOUBLE_SURNAMES = ("欧阳", "司马", "上官", "诸葛", "歐陽", "司馬", "諸葛", "남궁", "황보", "선우")
_SERVANT = frozenset({"abd", "abdul", "abdel", "abdal", "abdol", "abdur", "abdu", "abed"})
# `Abdelkader`, `Abderrahmane` and `Abdurrahman`: the article takes the letter that follows it.
_ONE_SERVANT = re.compile(r"^abd(?:[aeu]|ou?)(?:l|r(?=r)|s(?=s)|n(?=n)|d(?=d)|z(?=z))(?=[a-z]{3})")
_SERVANT_ABJAD = "\u0639\u0628\u062f"
_GOD_ABJAD = "\u0627\u0644\u0644\u0647"
_ARTICLES = frozenset({"al", "el", "ul", "ol", "ur", "ar", "as", "us", "az", "an", "ad", "ud", "l"})
_ABJAD_PARTICLES = frozenset(
    {ARTICLE, "\u0628\u0646", "\u0627\u0628\u0646", "\u0628\u0646\u062a", "\u05d1\u05df"}
)


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    latin: str
    before_comma: bool


def person(text: str) -> Name:
    """Take a person's name apart; `FAMILY, Given` tells which part is the family name."""
    words = person_words()
    clean = tidy(QUOTES.sub(" ", text))
    before, comma, after = clean.partition(",")
    family_first = bool(comma and WORDS.search(before) and WORDS.search(after))
    found = [(word, True) for word in _split(before)]
    found += [(word, False) for word in _split(after.replace(",", " "))]
    told = [
        _Word(word, plain, first)
        for word, first in _servants(found)
        if (plain := _ONE_SERVANT.sub("abdul", latin(word)))
    ]
    told, titles, suffix = _bare(told, words, bool(comma))
    several = sum(len(word.latin) > 1 for word in told) > 1
    parts = [
        _part(word, place, several, words, word.before_comma if family_first else None)
        for place, word in enumerate(told)
    ]
    if all(part.role in ("particle", "initial") for part in parts):
        parts = [part.as_role("name") for part in parts]
    return Name(
        text,
        clean,
        "person",
        tuple(parts),
        joined="".join(part.latin for part in parts),
        titles=titles,
        suffix=suffix,
    )


def _bare(
    told: Sequence[_Word], words: PersonWords, comma: bool
) -> tuple[list[_Word], tuple[str, ...], str | None]:
    """Return the words that name, the titles and the generation; a name keeps at least one word."""
    kept: list[_Word] = []
    titles: list[str] = []
    suffix: str | None = None
    names = sum(len(word.latin) > 1 for word in told)
    for at, word in enumerate(told):
        last = at == len(told) - 1
        if names > 1 and at and (len(word.latin) > 1 or last) and word.latin in words.suffixes:
            suffix = words.suffixes[word.latin]
            continue
        ends = last and at > 0 and not comma
        if names - len(titles) > 1 and not ends and word.latin in words.titles:
            titles.append(word.text)
            continue
        kept.append(word)
    return kept, tuple(titles), suffix


def _part(word: _Word, place: int, several: bool, words: PersonWords, family: bool | None) -> Part:
    script = script_of(word.text)
    role = _role(word, script, several, words)
    weight = WEIGHTS[role]
    if role == "name" and word.latin in words.common:
        weight = COMMON
    elif role == "name" and len(word.latin) < 3:
        weight = SHORT
    return Part(word.text, word.latin, sounded(word.latin), script, role, weight, place, family)


def _role(word: _Word, script: Script, several: bool, words: PersonWords) -> Role:
    if len(word.latin) == 1 and script in ("latin", "other"):
        return "initial"
    if several and word.text in _ABJAD_PARTICLES:
        return "particle"
    if several and script in ("latin", "other") and word.latin in words.particles:
        return "particle"
    return "name"


def _split(text: str) -> Iterator[str]:
    """Yield the words; Chinese and Korean family names are cut off, and the Arabic article."""
    for run in WORDS.findall(text.replace(".", " ").replace("_", " ")):
        script = script_of(run)
        if script == "han" and (read := _japanese(run)):
            yield from read
        elif script in ("han", "hangul") and 2 <= len(run) <= 4:
            family = 2 if run[:2] in _DOUBLE_SURNAMES and len(run) > 2 else 1
            yield from (run[:family], run[family:])
        elif script == "abjad" and len(run) > 4 and ARTICLE_BEFORE.search(run):
            yield from (ARTICLE, ARTICLE_BEFORE.sub("", run))
        else:
            yield run


def _japanese(run: str) -> tuple[str, ...]:
    """Return a Japanese name in Latin letters, () when its characters are none that is known."""
    words = person_words()
    for width in (3, 2, 1):
        family, given = words.japanese_family.get(run[:width]), run[width:]
        if family and given in words.japanese_given:
            return family, words.japanese_given[given]
        if family and width > 1 and len(run) > 2:
            return family, given
    # A family name of one character may as well be Chinese.
    return (words.japanese_family[run],) if run in words.japanese_family and len(run) > 1 else ()


def _servants(words: Sequence[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    """Join `Abd al-Rahman`, `Abdul Rahman` and `Abdel-Rahman` into one word, as it is one name."""
    at = 0
    while at < len(words):
        rest = at + 1
        if latin(words[at][0]) in _SERVANT:
            if rest < len(words) and latin(words[rest][0]) in _ARTICLES:
                rest += 1
            if rest < len(words) and len(latin(words[rest][0])) > 2:
                yield _servant_of(words[rest][0]), words[at][1]
                at = rest + 1
                continue
        yield words[at]
        at += 1


def _servant_of(name: str) -> str:
    if script_of(name) == "abjad":
        return _SERVANT_ABJAD + ("" if name == _GOD_ABJAD else ARTICLE) + name
    return "abd" + ("" if latin(name).startswith("allah") else "ul") + name
