"""What else is known of two subjects besides their names: birth, countries, identifiers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from models.names.parts import Kind

IDENTIFIER = 0.97
"""Score that an identifier in common gives, whatever the names."""
_OTHER_YEAR = 0.8
_NEAR_YEAR = 0.95
_OTHER_DAY = 0.85
_OTHER_COUNTRY = 0.93
_LIFT = 0.25
_NOT_TELLING = re.compile(r"[^a-z0-9]")


@dataclass(frozen=True)
class Subject:
    """A person or organisation: names, and what may tell it from its namesakes.

    `birth_dates` (or dates of foundation) are `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; `countries` are
    ISO 3166 codes of any connection; `identifiers` are numbers of documents and registers.
    """

    kind: Kind
    names: tuple[str, ...]
    birth_dates: tuple[str, ...] = ()
    countries: frozenset[str] = field(default_factory=frozenset)
    identifiers: frozenset[str] = field(default_factory=frozenset)


def weigh(score: float, a: Subject, b: Subject) -> tuple[float, tuple[str, ...]]:
    """Return the score of two names as what else is known moves it, and why, in words.

    What agrees moves the score up a part of its way to 1; what contradicts takes a part off. What
    is not known on either side moves nothing.
    """
    reasons: list[str] = []
    shared = plain_identifiers(a) & plain_identifiers(b)
    if shared:
        reasons.append(f"the same identifier: {', '.join(sorted(shared))}")
        score = max(score, IDENTIFIER)
    if a.birth_dates and b.birth_dates:
        factor, reason = _dates(a.birth_dates, b.birth_dates)
        reasons.append(reason)
        score = (
            score + (1 - score) * _LIFT if factor > 1 and score > 0.5 else score * min(factor, 1)
        )
    if a.countries and b.countries:
        common = a.countries & b.countries
        if common:
            reasons.append(f"a country in common: {', '.join(sorted(common))}")
            score += (1 - score) * 0.05 if score > 0.5 else 0
        else:
            reasons.append("no country in common")
            score *= _OTHER_COUNTRY
    return round(score, 4), tuple(reasons)


def plain_identifiers(subject: Subject) -> frozenset[str]:
    """Return a subject's identifiers in capitals' despite, without spaces and marks."""
    plain = (_NOT_TELLING.sub("", one.casefold()) for one in subject.identifiers)
    return frozenset(one for one in plain if len(one) > 4)


def _dates(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[float, str]:
    best = (0.0, "")
    for a in first:
        for b in second:
            shortest = min(len(a), len(b))
            if a[:shortest] == b[:shortest]:
                found = (1.1 if shortest > 4 else 1.05, f"the same date of birth: {a}")
            elif a[:4] == b[:4]:
                found = (_OTHER_DAY, f"born in one year, on other days: {a}, {b}")
            elif abs(int(a[:4]) - int(b[:4])) <= 1:
                found = (_NEAR_YEAR, f"born within a year: {a}, {b}")
            else:
                found = (_OTHER_YEAR, f"other years of birth: {a}, {b}")
            best = max(best, found)
    return best
