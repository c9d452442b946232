"""Numbers that the kernel and those who prepare its input share: statistics, tables, operations."""

from __future__ import annotations

MISSING = -(2**63)
"""An absent integer; no identifier hashes to it."""

WINDOWS = 4
"""Windows of a ring, shortest first; one that declares fewer repeats its longest."""
SMALLEST_BLOCK = 4
"""Entries that a new entity gets room for; room doubles up to twice the ring's cap."""
OUTLIER_RATIO = 3.0
"""A value this many times the ring's median counts as an outlier."""
ALIKE_SHARE = 10
"""Two values are alike when they differ by at most one part in this many of the event's."""
FOLD_PARTS = 4
"""One part in this many of a full ring, its oldest, is folded into buckets at a time."""

# A view's statistics come in families, each a block of registers: one of when, and one for each
# value, flag and other that it reads. Statistics of windows come first, a register each.
TIMES, VALUES, FLAGS, OTHERS = range(4)
COUNT = 0
SATURATED, HISTORY, GAP = range(WINDOWS, WINDOWS + 3)
TOTAL, LARGEST, OUTLIERS, ALIKE = (place * WINDOWS for place in range(4))
ALL_MEAN, ALL_STD, ALL_MAX, ALL_RANK, ALL_MEDIAN = range(4 * WINDOWS, 4 * WINDOWS + 5)
FLAGGED = 0
FLAG_GAP, FIRST_FLAG_GAP, LAST_FLAG = range(WINDOWS, WINDOWS + 3)
SAME, DISTINCT, NEW = (place * WINDOWS for place in range(3))
SAME_GAP, KNOWN, LAST_SAME, LAST_OTHER = range(3 * WINDOWS, 3 * WINDOWS + 4)
FAMILY_SIZE = (WINDOWS + 3, 4 * WINDOWS + 5, WINDOWS + 3, 3 * WINDOWS + 4)

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
    HISTORY_BY,
    HISTORY_WHERE,
    HISTORY_KEEP,
    HISTORY_GRACE,
    HISTORY_CAP,
    HISTORY_HOP,
    HISTORY_COLUMNS,
    HISTORY_STORED,
    HISTORY_WEIGHT,
    HISTORY_SORTED,
    HISTORY_FOLD,
) = range(11)
# What an entry stores, a column each: which kind, the event's column (or the stored column that it
# is about), and its place in the entries that a full history folds into, -1 when it is lost there.
STORED_KIND, STORED_SOURCE, STORED_FOLDED = range(3)
KIND_TIME, KIND_WEIGHT, KIND_VALUE, KIND_FLAG, KIND_OTHER, KIND_PREVIOUS, KIND_SORTED = range(7)
PROBE_HISTORY, PROBE_KEY, PROBE_BEGIN, PROBE_END = range(4)
PROBE_WINDOW = 4
# A measure: one family of one stored column, against a column of the event; what is asked of it
# (bits), how many of its windows, whether the event itself counts, and which of its places go to
# which registers.
(
    MEASURE_FAMILY,
    MEASURE_STORED,
    MEASURE_OWN,
    MEASURE_NEEDS,
    MEASURE_REACH,
    MEASURE_INCLUDES,
    MEASURE_BEGIN,
    MEASURE_END,
) = range(8)
USED_PLACE, USED_REGISTER = range(2)
(
    NEEDS_WINDOWS,
    NEEDS_OUTLIERS,
    NEEDS_ALIKE,
    NEEDS_MOMENTS,
    NEEDS_ORDER,
    NEEDS_DISTINCT,
    NEEDS_NEW,
    NEEDS_SAME,
    NEEDS_LAST,
    NEEDS_FLAG_GAP,
    NEEDS_LARGEST,
) = (1 << bit for bit in range(11))
# A walk: its kind, window, the registers of its results, the event's columns it starts from
# (debtor, creditor, device, address), and six links, each a history and a stored column of it.
WALK_KIND, WALK_WINDOW, WALK_BEGIN, WALK_END, WALK_KEYS = range(5)
WALK_LINKS = WALK_KEYS + 4
WALK_COLUMNS = WALK_LINKS + 12
WALKS_FLOW, WALKS_LINKS = range(2)
WALK_CIRCLE, WALK_GATHERED, WALK_HOPS, WALK_ACCOUNTS, WALK_SPENT, WALK_SIZE = range(6)
WRITE_HISTORY, WRITE_RETRACTS = range(2)
OP_CODE, OP_A, OP_B, OP_C, OP_REGISTER = range(5)
OP_PRIOR, OP_WEIGHT = range(2)
# Rows of the table that says where a stream's part of each listing begins.
START_WRITE, START_PROBE, START_WALK, START_OWN, START_OP, START_OUT = range(6)

# Columns of the state's tables (`features.state`).
KEY, RING, ENTITY = range(3)
START, CAPACITY, HEAD, LENGTH, NEWEST, DROPPED, WRITES, VALUED = range(8)
ENTITY_FIELDS = 8
ENTITIES, CELLS = range(2)
MOST_COLUMNS = 32
MOST_ACCOUNTS = 64
BLOCK_SIZES = 40
