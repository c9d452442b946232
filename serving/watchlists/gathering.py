"""The inner loop of the name index: which names hold the words that are like the asked ones."""

from __future__ import annotations

from typing import Any

from numba import njit

compiled: Any = njit(cache=True, nogil=True)


@compiled
def gather(
    starts: Any,
    postings: Any,
    words: Any,
    weights: Any,
    totals: Any,
    asked: float,
    surplus: float,
    least: float,
    sums: Any,
    touched: Any,
    found: Any,
    ranks: Any,
) -> int:
    """Write the names whose words may add up to a match, with their ranks, and return how many.

    `words` (int32) and `weights` (float32) are the words of the index that are like the asked
    ones and what each would tell; `starts` and `postings` (int32) give each word's names; `totals`
    (float32) is every name's weight, `asked` the asked one's. A rank is what is told by the
    weight of the shorter name and `surplus` of what the longer has more. `sums` (float32, one a
    name) is zero before and after; `touched`, `found` and `ranks` are room for as many names.
    """
    count = 0
    for at in range(len(words)):
        word = words[at]
        for place in range(starts[word], starts[word + 1]):
            name = postings[place]
            if sums[name] == 0.0:
                touched[count] = name
                count += 1
            sums[name] += weights[at]
    kept = 0
    for at in range(count):
        name = touched[at]
        total = totals[name]
        shorter = min(asked, total)
        rank = sums[name] / (shorter + surplus * (max(asked, total) - shorter))
        sums[name] = 0.0
        if rank >= least:
            found[kept] = name
            ranks[kept] = rank
            kept += 1
    return kept
