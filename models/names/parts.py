"""One word of a name, and a name: what its words are, and how much each tells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from models.names.spelling import Script

Kind = Literal["person", "organisation"]
Role = Literal["name", "initial", "particle", "legal", "weak", "stop", "number"]

WEIGHTS: dict[Role, float] = {
    "name": 1.0,
    "initial": 0.5,
    "particle": 0.05,
    "legal": 0.06,
    "weak": 0.35,
    "stop": 0.04,
    "number": 0.8,
}
"""What a word of each role tells, beside a plain name's 1."""
COMMON = 0.8
SHORT = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One word of a name; `place` counts from 0 in the order that it was written."""

    text: str
    latin: str
    sound: str
    script: Script
    role: Role
    weight: float
    place: int
    family: bool | None = None
    """Whether it is a family name, where the writing says so: `MOROZOV, Sergei`."""
    klass: str | None = None
    """What a legal form or a weak word is one of, whatever its language."""

    def as_role(self, role: Role) -> Part:
        """Return the part in another role, with that role's weight."""
        return replace(self, role=role, weight=WEIGHTS[role])


@dataclass(frozen=True, slots=True)
class Name:
    """A name as written, and its parts; titles are left out, and are kept in `titles`."""

    text: str
    tidy: str
    kind: Kind
    parts: tuple[Part, ...]
    joined: str
    """All parts in Latin letters with nothing between, legal forms left out."""
    titles: tuple[str, ...] = ()
    suffix: str | None = None
    """Generation: jr, sr, ii, iii; persons only."""
    legal: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    vague: bool = False
    """Whether an organisation's name has none but weak words, which many share."""
