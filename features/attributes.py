"""What an event carries beyond the schema: the sender's own measures, numbers or words, by name.

In one event they are a small map, in the batch form one `extra_` column each (see
`features.carried_columns`). Both spell a value alike, so that a model's row is the same from a file
and from the service. Sizes are limited: a map
without bounds would be a place to put everything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, AllowInfNan, Field, StrictBool, StrictInt

PREFIX = "extra_"
MOST = 512
LONGEST_NAME = 64
LONGEST_TEXT = 128
NOTHING = ""
"""The category of events that carry no value."""
_NAME = re.compile(r"[A-Za-z0-9_](?:[ -~]{0,62}[!-~])?")
_SPACE = " \t\r\n\f\v"
_TRUTH = {"true": 1.0, "True": 1.0, "TRUE": 1.0, "false": 0.0, "False": 0.0, "FALSE": 0.0}


def _name(text: str) -> str:
    from features.fields import wrong

    if not _NAME.fullmatch(text):
        raise wrong(
            "not an attribute's name",
            f"use at most {LONGEST_NAME} printable ASCII characters, a letter or digit first",
        )
    return text


def _word(text: str) -> str:
    from features.fields import wrong

    if not text.isprintable():
        raise wrong("holds control characters", "remove them (tabs and line breaks too)")
    return text


AttributeName = Annotated[str, AfterValidator(_name)]
AttributeValue: TypeAlias = (
    StrictBool
    | Annotated[StrictInt, Field(ge=-(2**53), le=2**53)]
    | Annotated[float, Field(strict=True), AllowInfNan(False)]
    | Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_word)]
)
AttributeMap: TypeAlias = Annotated[
    dict[AttributeName, AttributeValue], Field(min_length=1, max_length=MOST)
]


def is_name(text: str) -> bool:
    """Tell whether an attribute may be called so."""
    return _NAME.fullmatch(text) is not None


def number(value: Any) -> float:
    """Return an attribute as a number, NaN where it is none or not finite."""
    if isinstance(value, str):
        text = value.strip(_SPACE)
        try:
            value = _TRUTH[text] if text in _TRUTH else float(text.replace("_", " "))
        except ValueError:
            return math.nan
    if value is None:
        return math.nan
    found = float(value)
    return found if math.isfinite(found) else math.nan


def word(value: Any) -> str | None:
    """Return an attribute as a category: 3, 3.0 and " 3 " are one; None where there is none."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        value = int(value) if value.is_integer() and abs(value) < 2**53 else value
    return _trimmed(str(value))


def _trimmed(text: str) -> str | None:
    text = text.strip(_SPACE)
    if text in _TRUTH:
        return text.lower()
    if text.endswith(".0") and text[:-2].removeprefix("-").isdecimal():
        text = text[:-2]
    return text[:LONGEST_TEXT] or None


def columns_of(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event's attributes under their names in the batch form."""
    return {f"{PREFIX}{name}": value for name, value in attributes.items()}
