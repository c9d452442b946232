"""Who looks at which case just now, as far as this process knows; kept in memory alone."""

from __future__ import annotations

import time

SECONDS = 20.0
"""How long somebody is said to look after the last sign."""


class Presence:
    """Who looks at which case. A page says so by its open stream of news."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[tuple[str, str], float]] = {}

    def look(self, member: str, case_id: str, name: str) -> None:
        """Note that somebody looks at a case."""
        self._seen.setdefault(member, {})[case_id, name] = time.monotonic()

    def leave(self, member: str, case_id: str, name: str) -> None:
        """Note that somebody looks at it no more."""
        self._seen.get(member, {}).pop((case_id, name), None)

    def looking(self, member: str) -> dict[str, list[str]]:
        """Return the names of those who look, by case."""
        seen = self._seen.get(member, {})
        oldest = time.monotonic() - SECONDS
        for key in [key for key, at in seen.items() if at < oldest]:
            del seen[key]
        found: dict[str, list[str]] = {}
        for case_id, name in sorted(seen):
            found.setdefault(case_id, []).append(name)
        return found
