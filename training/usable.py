"""Files that were read and cannot be learnt from: said with the column and the fix, at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from training.errors import MissingInput, NotEnoughData

if TYPE_CHECKING:
    from features.formats.mapping import Mapping
    from features.formats.rejects import Read


def check(path: Path, given: Read, mapping: Mapping | None, tell: Callable[[str], None]) -> None:
    """Raise when nothing can be learnt from what was read of a file.

    MissingInput when every row was refused, NotEnoughData when the mapping's label column knows
    one kind only. `tell` hears of columns that were to be carried and are empty.
    """
    if given.rows and given.rejected == given.rows:
        first = given.problems[0]
        raise MissingInput(
            f"{path}: all {given.rows:,} rows were refused, the first at line {first.line}: "
            f"{first.field}={first.value!r}: {first.problem}; {first.fix}"
        )
    if mapping is None:
        return
    if mapping.labels is not None and given.labels is not None and len(given.labels):
        _check_labels(path, given.labels.column("is_fraud"), mapping.labels.columns["is_fraud"])
    _tell_of_empty(path, given, mapping, tell)


def _check_labels(path: Path, marks: pa.ChunkedArray, column: str) -> None:
    frauds = int(pc.sum(pc.cast(marks, pa.int64())).as_py() or 0)
    if 0 < frauds < len(marks):
        return
    kind = "fraud" if frauds else "honest"
    raise NotEnoughData(
        f"{path}: column {column!r} marks all {len(marks):,} rows as {kind}; a model needs both "
        f"kinds: give rows of the other, name another column under [labels], or translate its "
        f"words under [values.is_fraud]"
    )


def _tell_of_empty(path: Path, given: Read, mapping: Mapping, tell: Callable[[str], None]) -> None:
    from features.attributes import PREFIX

    names = mapping.attributes.names
    empty = [one for one, name in names.items() if not given.table.has(f"{PREFIX}{name}")]
    if not empty:
        return
    if len(empty) == len(names) and mapping.parties:
        raise NotEnoughData(
            f"{path}: every column under [attributes] is empty ({', '.join(empty[:5])}), and "
            f"without accounts or users there is nothing else to learn from; correct the file or "
            f"the list"
        )
    tell(
        f"{path}: nothing in {', '.join(empty[:8])}{' …' if len(empty) > 8 else ''} could be read "
        f"as listed under [attributes]; left out"
    )
