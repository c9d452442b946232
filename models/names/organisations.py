"""An organisation's name taken apart: legal form, weak words and numbers told from the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from models.names.parts import SHORT, WEIGHTS, Name, Part, Role
from models.names.spelling import latin, script_of, sounded, tidy
from models.names.tokens import ARTICLE_BEFORE, QUOTES, WORDS
from models.names.words import OrganisationWords, organisation_words

_Token = tuple[str, str]
_SPELLED = re.compile(r"\b(?:\w\.){2,}(?:\w\b)?")
_WITH_SLASH = re.compile(r"\b([a-z])/([a-z])\b")
_POSSESSIVE = re.compile("[\u2019']s\\b")
_HAN_RUN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+|[^\u3400-\u4dbf\u4e00-\u9fff]+")
_UNSPACED_LEGAL = (
    ("股份有限公司", "stock"),
    ("有限责任公司", "limited"),
    ("有限責任公司", "limited"),
    ("有限公司", "limited"),
    ("株式会社", "stock"),
    ("주식회사", "stock"),
    ("유한회사", "limited"),
    ("公司", "company"),
)


def organisation(text: str) -> Name:
    """Take an organisation's name apart."""
    words = organisation_words()
    clean = _POSSESSIVE.sub("s", tidy(QUOTES.sub(" ", text)))
    clean = _WITH_SLASH.sub(r"\1\2", clean)
    legal: set[str] = set()
    for form, klass in _UNSPACED_LEGAL:
        if form in clean:
            clean = clean.replace(form, " ")
            legal.add(klass)
    parts = _parts(list(_tokens(clean)), words)
    vague = not any(part.role in ("name", "number") for part in parts)
    if vague:
        # Nothing but weak words: they are all that there is to tell it by.
        parts = [part.as_role("name") if part.role == "weak" else part for part in parts]
    if all(part.role in ("legal", "stop") for part in parts):
        parts = [part.as_role("name") for part in parts]
    legal |= {part.klass for part in parts if part.role == "legal" and part.klass}
    return Name(
        text,
        clean,
        "organisation",
        tuple(parts),
        joined="".join(part.latin for part in parts if part.role != "legal"),
        legal=frozenset(legal),
        numbers=frozenset(part.latin for part in parts if part.role == "number"),
        vague=vague,
    )


def _parts(tokens: Sequence[_Token], words: OrganisationWords) -> list[Part]:
    parts: list[Part] = []
    at = 0
    while at < len(tokens):
        width = _legal_form(tokens, at, words)
        if width:
            form = "_".join(plain for _, plain in tokens[at : at + width])
            klass = words.legal.get(form) or words.legal[sounded(form)]
            text = " ".join(word for word, _ in tokens[at : at + width])
            parts.append(_part(text, form.replace("_", ""), "legal", len(parts), klass))
            at += width
            continue
        text, plain = tokens[at]
        parts.append(_word(text, plain, len(parts), len(tokens) > 1, words))
        at += 1
    return parts


def _word(text: str, plain: str, place: int, several: bool, words: OrganisationWords) -> Part:
    if plain.isdigit():
        number = plain.lstrip("0") or "0"
        return _part(text, number, "number", place, number)
    if several and plain in words.numbers:
        number = words.numbers[plain]
        return _part(text, number, "number", place, number)
    if several and plain in words.stop:
        return _part(text, plain, "stop", place, None)
    klass = words.weak.get(plain) or words.weak.get(sounded(plain))
    if klass:
        return _part(text, plain, "weak", place, klass)
    klass = words.translated.get(plain) or words.translated.get(sounded(plain))
    return _part(text, plain, "name", place, klass)


def _part(text: str, plain: str, role: Role, place: int, klass: str | None) -> Part:
    weight = SHORT if role == "name" and len(plain) < 3 else WEIGHTS[role]
    return Part(text, plain, sounded(plain), script_of(text), role, weight, place, None, klass)


def _tokens(clean: str) -> Iterator[_Token]:
    """Yield words and their Latin letters; `S.A.`, `S A` and `SA` are one word."""
    spelled = _SPELLED.sub(lambda found: found[0].replace(".", ""), clean).replace("&", " and ")
    single: list[str] = []
    for word in (one for run in WORDS.findall(spelled) for one in _runs(run)):
        plain = latin(word)
        if len(plain) == 1 and plain.isalpha():
            single.append(plain)
            continue
        if single:
            yield "".join(single), "".join(single)
            single = []
        if plain:
            yield word, plain
    if single:
        yield "".join(single), "".join(single)


def _runs(word: str) -> Iterator[str]:
    script = script_of(word)
    if script in ("han", "hangul"):
        for run in _HAN_RUN.findall(word) if script == "han" else (word,):
            yield from _cut(run)
    elif script == "abjad":
        yield ARTICLE_BEFORE.sub("", word)
    else:
        yield from (part for part in word.split("_") if part)


def _cut(run: str) -> Iterator[str]:
    """Yield a run of Chinese or Korean writing, cut at the words that are known."""
    for piece in _unspaced().split(run):
        if piece:
            yield organisation_words().unspaced.get(piece, piece)


@cache
def _unspaced() -> re.Pattern[str]:
    known = sorted(organisation_words().unspaced, key=len, reverse=True)
    return re.compile(f"({'|'.join(known)})")


def _legal_form(tokens: Sequence[_Token], at: int, words: OrganisationWords) -> int:
    """Return how many words from `at` on are one legal form, 0 when none."""
    if len(tokens) == 1:
        return 0
    for width in range(min(words.longest, len(tokens) - at), 0, -1):
        form = "_".join(plain for _, plain in tokens[at : at + width])
        if form in words.legal or (width == 1 and len(form) > 5 and sounded(form) in words.legal):
            return width
    return 0
