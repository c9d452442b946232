"""How often a principal may ask: a quota that refills evenly, with what the headers say of it.

The generic cell rate algorithm (ITU-T I.371): one time for each caller, at which its quota would
be whole again. It costs microseconds, and refills evenly, where a window lets twice its quota
through around its edge.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import NamedTuple

from limits import parse

from serving.auth import Principal, Scope
from serving.errors import TooMany

_REMEMBERED = 10_000


class Quota(NamedTuple):
    """What is left to a caller, as the fields RateLimit and RateLimit-Policy say it."""

    name: str
    limit: int
    window: int
    left: int
    whole_in: int
    """Seconds until all of it is there again."""

    def headers(self) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
        """Return the two fields of draft-ietf-httpapi-ratelimit-headers (10)."""
        policy = f'"{self.name}";q={self.limit};w={self.window}'
        left = f'"{self.name}";r={self.left};t={self.whole_in}'
        return (b"ratelimit-policy", policy.encode()), (b"ratelimit", left.encode())


class Spent(TooMany):
    """The quota is used up; `quota` says of what."""

    title = "Too many requests"

    def __init__(self, quota: Quota, retry_after: int) -> None:
        self.quota = quota
        super().__init__(
            f"more than {quota.limit} requests in {quota.window} seconds; "
            f"try again in {retry_after} seconds, or send batches",
            retry_after,
        )


class _Rate:
    def __init__(self, name: str, text: str) -> None:
        item = parse(text)
        self.name, self.limit, self.window = name, item.amount, item.get_expiry()
        self.step = self.window / self.limit
        self.whole_at: dict[tuple[str, str, str], float] = {}


class Rates:
    """Two quotas for each principal: one for sending events, one for everything else."""

    def __init__(
        self, scoring: str, other: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._scoring, self._other = _Rate("scoring", scoring), _Rate("other", other)
        self._clock = clock

    def take(self, principal: Principal, scope: Scope | None = None) -> Quota:
        """Take one request out of the principal's quota; raises `Spent` when nothing is left."""
        rate = self._scoring if scope == "score" else self._other
        key = (principal.kind, principal.member, principal.name)
        at = self._clock()
        whole_at = max(rate.whole_at.get(key, at), at) + rate.step
        over = whole_at - at - rate.window
        # The last step is a sum of floats.
        if over > rate.step * 1e-6:
            spent = Quota(rate.name, rate.limit, rate.window, 0, math.ceil(rate.window))
            raise Spent(spent, max(1, math.ceil(over)))
        if len(rate.whole_at) >= _REMEMBERED and key not in rate.whole_at:
            rate.whole_at = {one: when for one, when in rate.whole_at.items() if when > at}
        rate.whole_at[key] = whole_at
        left = max(0, int(-over / rate.step + 1e-6))
        return Quota(rate.name, rate.limit, rate.window, left, math.ceil(whole_at - at))


def checked(text: str) -> str:
    """Return a rate such as `6000/minute`; raises ValueError with the fix."""
    try:
        item = parse(text)
    except ValueError:
        item = None
    if item is None or item.amount < 1:
        raise ValueError("set it to a rate such as 6000/minute or 100/second")
    return text
