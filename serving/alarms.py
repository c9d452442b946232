"""The alarm of novel events that grow alike: several subjects, one kind of oddness, and more of it.

Novel events of a member gather by stream, by the two families that are most unusual about them and
by corridor. A group raises an alarm when enough events of enough subjects fell into the last days,
and at least twice as many as in as many days before. It is a function of the log and a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from serving.store.novelties import NovelRow
from serving.store.records import moment

DAYS = 7
EVENTS = 5
SUBJECTS = 3
GROWTH = 2.0
_DAY = 86_400_000_000
_Group = tuple[str, str, str, str | None, str | None]


@dataclass(frozen=True)
class Alarm:
    """Novel events that grow alike; `before` is how many there were in the days before."""

    member: str
    stream: str
    families: str
    """What is unusual about them, such as "fan-out + new payee"."""
    debtor_country: str | None
    creditor_country: str | None
    days: int
    events: int
    subjects: int
    before: int
    first_at: datetime
    last_at: datetime

    @property
    def key(self) -> _Group:
        """What tells one alarm from another."""
        corridor = self.debtor_country, self.creditor_country
        return (self.member, self.stream, self.families, *corridor)

    @property
    def corridor(self) -> tuple[str | None, str | None] | None:
        """Its corridor, None where both countries are unknown or it is no payment."""
        pair = self.debtor_country, self.creditor_country
        return None if pair == (None, None) else pair

    def sentence(self) -> str:
        """Say it without anything of a person."""
        way = " to ".join(one or "?" for one in self.corridor) if self.corridor else "no corridor"
        return (
            f"{self.events} novel {self.stream} events of {self.subjects} subjects are alike "
            f"({self.families}; {way}) in {self.days} days, {self.before} in the days before"
        )


def window(now: int, days: int = DAYS) -> int:
    """Return the time (microseconds) from which novel events are looked at."""
    return now - 2 * days * _DAY


def alarms(found: Iterable[tuple[NovelRow, str]], now: int, days: int = DAYS) -> list[Alarm]:
    """Return the alarms of novel events, each given with its subject; the largest first."""
    since = now - days * _DAY
    groups: dict[_Group, list[tuple[NovelRow, str]]] = defaultdict(list)
    for row, subject in found:
        if window(now, days) < row.received_at <= now:
            countries = row.debtor_country, row.creditor_country
            groups[(row.member, row.stream, row.families, *countries)].append((row, subject))
    raised = []
    for key, rows in groups.items():
        recent = [(row, subject) for row, subject in rows if row.received_at > since]
        before = len(rows) - len(recent)
        subjects = {subject for _, subject in recent}
        if len(recent) < max(EVENTS, GROWTH * before) or len(subjects) < SUBJECTS:
            continue
        times = [row.received_at for row, _ in recent]
        ends = moment(min(times)), moment(max(times))
        raised.append(Alarm(*key, days, len(recent), len(subjects), before, *ends))
    return sorted(raised, key=lambda one: (-one.subjects, -one.events, str(one.key)))
