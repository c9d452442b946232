"""An event as a row of integers: what the kernel reads.

Each column is one function of a few fields. A single event calls it once; a table calls it once for
each distinct combination of values (`features.batch`), so online and offline cannot differ.
Identifiers become 64-bit hashes (xxh3: equal on every machine and in any order), countries and
currencies small numbers, and what is absent becomes MISSING.
"""

from __future__ import annotations

from features.columns.encoder import Encoder
from features.columns.kinds import (
    MICROSECONDS_PER_HOUR,
    Column,
    Computed,
    Given,
    Mapped,
    ReferenceAmount,
    hashed,
    letters,
)
from features.columns.streams import COLUMNS, LABEL_COLUMNS, NAMES

__all__ = [
    "COLUMNS",
    "LABEL_COLUMNS",
    "MICROSECONDS_PER_HOUR",
    "NAMES",
    "Column",
    "Computed",
    "Encoder",
    "Given",
    "Mapped",
    "ReferenceAmount",
    "hashed",
    "letters",
]
