"""The kinds of column that a row has, and how texts and codes become integers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import xxhash

from features.layout import MISSING
from features.reference import Reference

MICROSECONDS_PER_HOUR = 3_600_000_000


@dataclass(frozen=True)
class Mapped:
    """A column that is a function of reference data and of some fields, taken value by value.

    `function(reference, *values)` gets None for an absent field; it returns an integer or None.
    `time_hour` and `time_day` may be named as fields: whole hours and days since 1970.
    """

    name: str
    fields: tuple[str, ...]
    function: Callable[..., int | None]


@dataclass(frozen=True)
class Computed:
    """A column that is integer arithmetic over earlier columns, the same for one row or many.

    It is missing where any of its inputs is.
    """

    name: str
    columns: tuple[str, ...]
    formula: Callable[..., Any]


@dataclass(frozen=True)
class Given:
    """A column that is an integer field as it stands."""

    name: str
    field: str


@dataclass(frozen=True)
class ReferenceAmount:
    """The amount in cents of the reference currency, by the rate of its day, if there is one."""

    name: str = "amount"


Column = Mapped | Computed | Given | ReferenceAmount


def hashed(text: str) -> int:
    """Return the signed 64-bit xxh3 hash of a text, never MISSING."""
    number = xxhash.xxh3_64_intdigest(text.encode())
    signed = number - 2**64 if number >= 2**63 else number
    return 0 if signed == MISSING else signed


def letters(code: str) -> int:
    """Return a code of capital letters as a number in base 26 (FR is 5 * 26 + 17)."""
    number = 0
    for letter in code:
        number = number * 26 + ord(letter) - ord("A")
    return number


def hash_of(_: Reference, text: str | None) -> int | None:
    """Return a text's hash, for columns that are only ever compared."""
    return None if text is None else hashed(text)


def letters_of(_: Reference, *codes: str | None) -> int | None:
    """Return the first code there is as a number."""
    return next((letters(code) for code in codes if code is not None), None)


def one_of(*words: str) -> Callable[..., int | None]:
    """Return a function that gives a word's place among these."""
    order = {word: place for place, word in enumerate(words)}
    return lambda _, word: order.get(word)


def is_given(_: Reference, value: Any) -> int:
    """Return 1 for a field that is there, else 0."""
    return int(value is not None)
