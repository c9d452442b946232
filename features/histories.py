"""What is kept: declared rings of one key laid together as one history of one key's entries.

Rings that record the same rows of the same stream by the same key share their times, their hash
entry and their memory; each adds the columns that it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from features import layout
from features.definitions import Ring, RingStream, duration
from features.errors import BadDefinition

_FOLD_HOP = duration("1h")
Stored = tuple[int, int]


@dataclass(eq=False)
class History:
    """One key's entries: `stored` lists the columns of an entry as (kind, source).

    The source of a value, flag, other or weight is its column in the recorded row; that of a
    `previous` (time of the entry before with the same other) or `sorted` (values in order of size)
    is the stored column that it is about.
    """

    key: tuple[object, ...]
    ring: Ring
    stored: list[Stored] = field(default_factory=lambda: [(layout.KIND_TIME, -1)])
    rings: list[Ring] = field(default_factory=list)
    number: int = -1
    fold: int = -1

    def place(self, kind: int, source: int) -> int:
        """Return the place of a stored column, made when it is not there yet."""
        if (kind, source) not in self.stored:
            self.stored.append((kind, source))
        return self.stored.index((kind, source))

    @property
    def weight(self) -> int:
        """Place of the stored weight, -1 when every entry stands for one event."""
        return next(
            (n for n, (kind, _) in enumerate(self.stored) if kind == layout.KIND_WEIGHT), -1
        )


class Histories:
    """The histories that some rings need, in order of first use.

    `names` are the columns of each stream's rows.
    """

    def __init__(self, names: Mapping[RingStream, tuple[str, ...]]) -> None:
        self.names = names
        self.all: list[History] = []

    def _place(self, ring: Ring, column: str | None) -> int:
        names = self.names[ring.stream]
        return names.index(column) if column in names else -1

    def of(self, ring: Ring) -> History:
        """Return the history that keeps this ring's entries."""
        key = _shared(ring)
        found = next((history for history in self.all if history.key == key), None)
        if found is None:
            found = History(key, ring, number=len(self.all))
            self.all.append(found)
            if ring.weight or ring.hop:
                found.place(layout.KIND_WEIGHT, self._place(ring, ring.weight))
        if ring not in found.rings:
            found.rings.append(ring)
        return found

    def rows(self) -> tuple[list[list[int]], list[list[int]]]:
        """Return the tables of histories and of what they store, each full one's fold behind."""
        exact = list(self.all)
        tables: list[list[int]] = []
        stored: list[list[int]] = []
        folds: list[tuple[list[int], list[list[int]]]] = []
        for history in exact:
            history.fold = len(exact) + len(folds) if history.ring.hop is None else -1
            kept = [n for n, (kind, _) in enumerate(history.stored) if kind in _SUMMED]
            listing = [
                [kind, source, 2 + kept.index(n) if n in kept else -1]
                for n, (kind, source) in enumerate(history.stored)
            ]
            tables.append(self._row(history, len(stored)))
            stored += listing
            if history.fold >= 0:
                folded = [[layout.KIND_TIME, -1, -1], [layout.KIND_WEIGHT, -1, -1]]
                folded += [[history.stored[n][0], n, -1] for n in kept]
                folds.append((_fold_row(history, len(folded)), folded))
        for row, folded in folds:
            row[layout.HISTORY_STORED] = len(stored)
            tables.append(row)
            stored += folded
        return tables, stored

    def _row(self, history: History, first: int) -> list[int]:
        ring = history.ring
        if len(history.stored) > layout.MOST_COLUMNS:
            raise BadDefinition(
                f"rings {', '.join(r.name for r in history.rings)} together keep "
                f"{len(history.stored)} columns of one entry; {layout.MOST_COLUMNS} are the most"
            )
        ordered = [n for n, (kind, _) in enumerate(history.stored) if kind == layout.KIND_SORTED]
        if len(ordered) > 1:
            raise BadDefinition(
                f"rings {', '.join(r.name for r in history.rings)} ask for order by size of more "
                f"than one value of the same rows; ask for one"
            )
        return [
            self._place(ring, ring.by),
            self._place(ring, ring.where),
            duration(ring.keep),
            duration(ring.grace),
            ring.cap,
            duration(ring.hop) if ring.hop else 0,
            len(history.stored),
            first,
            history.weight,
            ordered[0] if ordered else -1,
            history.fold,
        ]


_SUMMED = (layout.KIND_VALUE, layout.KIND_FLAG)


def _shared(ring: Ring) -> tuple[object, ...]:
    return (
        ring.stream,
        ring.by,
        ring.where,
        ring.weight,
        ring.windows,
        ring.keep,
        ring.grace,
        ring.cap,
        ring.hop,
    )


def _fold_row(history: History, columns: int) -> list[int]:
    """Return the row of the buckets behind a full history: an hour each, for its longest window."""
    longest = duration(history.ring.windows[-1]) + duration(history.ring.grace)
    cap = layout.SMALLEST_BLOCK
    while cap < longest // _FOLD_HOP + 2:
        cap *= 2
    keep, grace = longest + _FOLD_HOP, duration(history.ring.keep)
    return [-1, -1, keep, grace, cap, _FOLD_HOP, columns, -1, 1, -1, -1]
