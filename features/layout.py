"""Numbers that the kernel and those who prepare its input share: places in a block, operations."""

from __future__ import annotations

MISSING = -(2**63)
"""An absent integer; no identifier hashes to it."""

WINDOWS = 4
"""Windows of a ring, shortest first; one that declares fewer repeats its longest."""
SMALLEST_BLOCK = 4
"""Entries that a new entity gets room for; room doubles up to the ring's cap."""

# A view fills one block of registers. First the statistics of each window …
COUNT, TOTAL, LARGEST, FLAGGED, SAME, DISTINCT, NEW, OUTLIERS = (
    place * WINDOWS for place in range(8)
)
# … then whether events within the longest window were dropped …
SATURATED = 8 * WINDOWS
# … then what is unknown without history.
(
    HISTORY,
    GAP,
    SAME_GAP,
    FLAG_GAP,
    FIRST_FLAG_GAP,
    LAST_FLAG,
    KNOWN,
    LAST_SAME,
    LAST_OTHER,
    ALL_MEAN,
    ALL_STD,
    ALL_MAX,
    ALL_RANK,
    ALL_MEDIAN,
) = range(8 * WINDOWS + 1, 8 * WINDOWS + 15)
BLOCK = 8 * WINDOWS + 15

OUTLIER_RATIO = 3.0
"""A value this many times the ring's median counts as an outlier."""

(
    OP_RATIO,
    OP_PRODUCT,
    OP_COMPLEMENT,
    OP_SAME,
    OP_SMOOTHED,
    OP_ZSCORE,
    OP_SPEED,
) = range(7)

# Columns of the program's tables (`features.program`).
(
    RING_BY,
    RING_VALUE,
    RING_OTHER,
    RING_FLAG,
    RING_WEIGHT,
    RING_WHERE,
    RING_KEEP,
    RING_GRACE,
    RING_CAP,
    RING_HOP,
) = range(10)
(
    VIEW_RING,
    VIEW_KEY,
    VIEW_OTHER,
    VIEW_VALUE,
    VIEW_INCLUDES,
    VIEW_DISTINCT,
    VIEW_HISTORY,
    VIEW_MEDIAN,
    VIEW_REGISTER,
    VIEW_WINDOW,
) = range(10)
OP_CODE, OP_A, OP_B, OP_C, OP_REGISTER = range(5)
OP_PRIOR, OP_WEIGHT = range(2)
# Rows of the table that says where a stream's part of each listing begins.
START_WRITE, START_VIEW, START_OP, START_OUT = range(4)

# Columns of the state's tables (`features.state`).
KEY, RING, ENTITY = range(3)
START, CAPACITY, HEAD, LENGTH, NEWEST, DROPPED, WRITES = range(7)
ENTITY_FIELDS = 7
TIME, VALUE, OTHER, FLAG, WEIGHT = range(5)
ENTRY_FIELDS = 5
MARK_KEY, MARK_STAMP, MARK_WINDOW, MARK_LIST = range(4)
ENTITIES, ENTRIES, STAMP = range(3)
