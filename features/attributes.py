"""What an event carries beyond the schema: the sender's own measures, numbers or words, by name.

In one event they are a small map, in the batch form one `extra_` column each. Both spell a value
alike, so that a model's row is the same from a file and from the service. Sizes are limited: a map
without bounds would be a place to put everything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AfterValidator, AllowInfNan, Field, StrictBool, StrictInt

PREFIX = "extra_"
MOST = 512
LONGEST_NAME = 64
LONGEST_TEXT = 128
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


def numbers(column: pa.Array) -> pa.Array:
    """Return a file's column as float64; what is no finite number becomes null."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_boolean(kind):
        column = pc.cast(column, pa.int8())
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        column = _parsed(column)
    found = pc.cast(column, pa.float64(), safe=False)
    return pc.if_else(pc.is_finite(found), found, None)


def _parsed(texts: pa.Array) -> pa.Array:
    try:
        return pc.cast(texts, pa.float64())
    except pa.ArrowInvalid:
        encoded = texts.dictionary_encode()
        values = [number(text) for text in encoded.dictionary.to_pylist()]
        return pa.array(values, pa.float64()).take(encoded.indices)


def words(column: pa.Array) -> pa.Array:
    """Return a file's column as categories."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    encoded = column.dictionary_encode()
    found = [word(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(found, pa.string()).take(encoded.indices)


def columns_of(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event's attributes under their names in the batch form."""
    return {f"{PREFIX}{name}": value for name, value in attributes.items()}


def column_of(values: list[Any]) -> pa.Array:
    """Return one attribute of many events as a column: numbers when all are, else text."""
    if any(isinstance(value, str | bool) for value in values):
        return pa.array([word(value) for value in values], pa.string())
    return pa.array(values, pa.float64())


def as_floats(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """Return a column of the batch form as numbers, NaN where it holds none."""
    if pa.types.is_string(column.type):
        column = pa.chunked_array([numbers(column.combine_chunks())])
    found = pc.cast(column, pa.float64()).to_numpy()
    return np.where(np.isfinite(found), found, np.nan)
