"""Sharing agreements: which members' history may move one another's scores, and when.

Without one, a member's score rests on what that member sent and on nothing else. An agreement is
an entry of a TOML file:

```toml
[[agreement]]
reference = "PSI-2026-014"
legal_basis = "Regulation (EU) 2024/1624, Article 75"
members = ["bank-a", "bank-b"]
valid_from = 2026-07-01T00:00:00Z
valid_to = 2027-07-01T00:00:00Z     # may be left out
history_from = 2026-06-01T00:00:00Z # may be left out: valid_from
```
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from features.errors import Problem
from features.fields import EPOCH, microseconds
from serving.assessments import SHARED
from serving.errors import Invalid

_FIXES = {
    "reference": 'give each its own, such as reference = "PSI-2026-014"',
    "legal_basis": 'name it, as in legal_basis = "Regulation (EU) 2024/1624, Article 75"',
    "members": 'give two or more, as in members = ["bank-a", "bank-b"]',
    "valid_from": "write 2026-07-01T00:00:00Z, or a date for its first moment (UTC)",
    "valid_to": "give a time with its zone after valid_from, or leave it out",
    "history_from": "give a time with its zone, at valid_from or before, or leave it out",
}


def _time(given: Any) -> int:
    if isinstance(given, datetime):
        if given.tzinfo is not None:
            return microseconds(given)
    elif isinstance(given, date):
        return microseconds(datetime(given.year, given.month, given.day, tzinfo=UTC))
    raise ValueError("is no date, nor a time with its zone")


Words = Annotated[str, Field(strict=True, max_length=200, pattern=r"^\S(.*\S)?$")]
Time = Annotated[int, BeforeValidator(_time)]


class _Entry(BaseModel):
    """An entry of the file as it is written."""

    model_config = ConfigDict(extra="forbid")
    reference: Words
    legal_basis: Words
    members: Annotated[list[Words], Field(min_length=2)]
    valid_from: Time
    valid_to: Time | None = None
    history_from: Time | None = None

    @field_validator("members")
    @classmethod
    def _each_once(cls, members: list[str]) -> list[str]:
        if len(set(members)) < len(members):
            raise ValueError("names a member twice")
        return members

    @field_validator("valid_to", "history_from")
    @classmethod
    def _in_order(cls, time: int, info: ValidationInfo) -> int:
        start = info.data.get("valid_from", time)
        if info.field_name == "valid_to" and time <= start and "valid_from" in info.data:
            raise ValueError("is not after valid_from")
        if info.field_name == "history_from" and time > start:
            raise ValueError("is after valid_from")
        return time


@dataclass(frozen=True)
class Agreement:
    """Members who share their events; times are microseconds since 1970 UTC.

    Events received from `history_from` on, and before `valid_to`, are shared; scores rest on them
    from `valid_from` on, and before `valid_to` (None: no end).
    """

    reference: str
    legal_basis: str
    members: tuple[str, ...]
    valid_from: int
    valid_to: int | None
    history_from: int

    def document(self) -> dict[str, Any]:
        """Return everything but its reference, times in RFC 3339."""
        times = {name: getattr(self, name) for name in ("valid_from", "valid_to", "history_from")}
        return {
            "legal_basis": self.legal_basis,
            "members": list(self.members),
            **{
                name: None if time is None else (EPOCH + timedelta(microseconds=time)).isoformat()
                for name, time in times.items()
            },
        }

    @property
    def pool(self) -> str:
        """The name of the history that its members share."""
        return f"{SHARED}{self.reference}"

    def in_force(self, at: int) -> bool:
        """Tell whether scores of events received at this time rest on the shared history."""
        return self.valid_from <= at and not self.over(at)

    def shares(self, at: int) -> bool:
        """Tell whether events received at this time become part of the shared history."""
        return self.history_from <= at and not self.over(at)

    def over(self, at: int) -> bool:
        """Tell whether it has ended."""
        return self.valid_to is not None and at >= self.valid_to


class Agreements:
    """The agreements of a service; empty ones keep every member apart."""

    def __init__(self, agreements: Iterable[Agreement] = ()) -> None:
        self._all = tuple(agreements)
        self._of: dict[str, list[Agreement]] = defaultdict(list)
        for one in self._all:
            for member in one.members:
                self._of[member].append(one)
        self._together = {member: self._reached(member) for member in self._of}

    def __iter__(self) -> Iterator[Agreement]:
        return iter(self._all)

    def in_force(self, member: str, at: int) -> Agreement | None:
        """Return the one that a member's events of this time are scored under, None without."""
        return next((one for one in self._of.get(member, ()) if one.in_force(at)), None)

    def sharing(self, member: str, at: int) -> list[Agreement]:
        """Return those under which a member's events of this time are shared."""
        return [one for one in self._of.get(member, ()) if one.shares(at)]

    def together(self, members: Collection[str]) -> set[str]:
        """Return these members and all whom agreements tie to them, past and future ones too.

        One process must own them all, because histories of theirs are read and lost together.
        """
        return {one for member in members for one in self._together.get(member, (member,))}

    def not_over(self, at: int) -> Agreements:
        """Return those that have not ended yet: the only ones that a service needs."""
        return Agreements(one for one in self._all if not one.over(at))

    def check_owner(self, members: Collection[str]) -> None:
        """Raise `Invalid` when a service of these members (all, when empty) needs others too."""
        missing = self.together(members) - set(members)
        if missing:
            names = ", ".join(sorted(missing))
            problem = "an agreement ties them to members who are left out"
            fix = f"add {names}: one service has all whose history is shared"
            raise Invalid([Problem("members", ", ".join(members), problem, fix)])

    def _reached(self, member: str) -> tuple[str, ...]:
        found, new = {member}, [member]
        while new:
            for one in self._of[new.pop()]:
                new += set(one.members) - found
                found |= set(one.members)
        return tuple(sorted(found))


NONE = Agreements()


def read(path: Path | None) -> Agreements:
    """Return the agreements of a file, none without one.

    Raises `Invalid` naming every wrong entry and field, and entries that would give a member two
    shared histories at one time.
    """
    if path is None:
        return NONE
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        fix = "give a TOML file of [[agreement]] entries"
        raise Invalid(
            [Problem("agreements", str(path), f"cannot be read ({error})", fix)]
        ) from None
    entries = document.pop("agreement", [])
    if document or not isinstance(entries, list):
        fix = "write each agreement as an entry [[agreement]], and nothing beside them"
        raise Invalid([Problem("agreements", ", ".join(document), "no list of entries", fix)])
    problems: list[Problem] = []
    found = [_entry(number, given, problems) for number, given in enumerate(entries, start=1)]
    agreements = [one for one in found if one is not None]
    if not problems:
        problems = _clashes(agreements)
    if problems:
        raise Invalid(problems)
    return Agreements(agreements)


def _entry(number: int, given: Any, problems: list[Problem]) -> Agreement | None:
    reference = given.get("reference") if isinstance(given, dict) else None
    name = f"agreement {reference or number}"
    try:
        entry = _Entry.model_validate(given)
    except ValidationError as error:
        for wrong in error.errors(include_url=False, include_context=False):
            field = ".".join(str(part) for part in wrong["loc"][:1]) or "valid_from"
            value = "" if wrong["type"] == "missing" else str(wrong["input"])[:80]
            fix = _FIXES.get(field, f"use {', '.join(_FIXES)}")
            problems.append(Problem(f"{name}, {field}", value, _said(wrong["msg"]), fix))
        return None
    start = entry.valid_from if entry.history_from is None else entry.history_from
    members = tuple(sorted(entry.members))
    return Agreement(**{**vars(entry), "members": members, "history_from": start})


def _said(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _clashes(agreements: list[Agreement]) -> list[Problem]:
    problems = []
    for first, second in combinations(agreements, 2):
        name = f"agreement {second.reference}"
        if first.reference == second.reference:
            fix = "give each agreement a reference of its own"
            problems.append(Problem(name, second.reference, "reference used twice", fix))
        shared = sorted(set(first.members) & set(second.members))
        if shared and (first.in_force(second.valid_from) or second.in_force(first.valid_from)):
            problem = f"in force together with {first.reference} for {', '.join(shared)}"
            fix = "end one before the other begins, or make one agreement of all their members"
            problems.append(Problem(f"{name}, valid_from", "", problem, fix))
    return problems
