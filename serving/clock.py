"""The service's only clock: everything below gets times as arguments."""

from __future__ import annotations

import time


def now() -> int:
    """Return microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000


class Stamps:
    """Receipt times that only ever rise, even when the machine's clock is set back.

    `last` is the newest stamp the log already holds.
    """

    def __init__(self, last: int = 0) -> None:
        self.last = last

    def next(self) -> int:
        """Return the next stamp, in microseconds: now, or just after the one before."""
        self.last = max(now(), self.last + 1)
        return self.last
