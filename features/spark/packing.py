"""Rows of numbers as bytes in Arrow: Spark carries one column whatever a row holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Integers = npt.NDArray[np.int64]
_WIDTH = 8


def pack(matrix: npt.NDArray[Any]) -> pa.Array:
    """Return a binary array with the bytes of each row of 64-bit numbers."""
    rows, columns = matrix.shape
    offsets = np.arange(rows + 1, dtype=np.int32) * (columns * _WIDTH)
    data = np.ascontiguousarray(matrix).astype(matrix.dtype.newbyteorder("<"), copy=False)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data.tobytes())]
    return pa.Array.from_buffers(pa.binary(), rows, buffers)


def unpack(packed: pa.Array, chosen: Integers, kind: str) -> npt.NDArray[Any]:
    """Return some rows of a packed array, all as wide as the first; `kind` is i8 or f8."""
    offsets = np.frombuffer(packed.buffers()[1], np.int32)[packed.offset :]
    if len(chosen) == 0:
        return np.zeros((0, 0), f"<{kind}")
    width = int(offsets[chosen[0] + 1] - offsets[chosen[0]])
    data = np.frombuffer(packed.buffers()[2] or b"", np.uint8)
    taken = data[offsets[chosen, None] + np.arange(width)]
    return np.asarray(taken.view(f"<{kind}"))


def column(table: pa.Table, name: str) -> npt.NDArray[Any]:
    """Return a numeric column without nulls."""
    return np.asarray(table.column(name).to_numpy())


def packed_column(table: pa.Table, name: str) -> pa.Array:
    """Return a packed column as one array."""
    return table.column(name).combine_chunks()
