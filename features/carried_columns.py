"""Attributes of many events at once, as Arrow columns; `features.attributes` has those of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.attributes import NOTHING, number, word


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


def categories_of(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of the batch form as categories, without nulls."""
    if not pa.types.is_string(column.type):
        encoded = column.combine_chunks().dictionary_encode()
        values = [word(value) for value in encoded.dictionary.to_pylist()]
        column = pa.chunked_array([pa.array(values, pa.string()).take(encoded.indices)])
    return column.fill_null(NOTHING)


def places_of(column: pa.ChunkedArray, categories: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return where each category of a column stands among these, NaN for any other."""
    place = pc.index_in(categories_of(column), value_set=pa.array(categories, pa.string()))
    return np.asarray(pc.cast(place, pa.float64()).fill_null(np.nan).to_numpy())
