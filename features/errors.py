"""Errors of the feature layer, and the root of every error a user may see.

```
CrossflagError
├── InvalidEvent        an event or label breaks the schema; lists every wrong field
├── UnreadableFile      a file or message cannot be read at all
├── BadMapping          a column mapping names what is not there
├── BadDefinition       a feature, ring or bucket is declared wrongly
├── BadReference        a reference file (overlay, geolocation, rates) cannot be used
├── UnusableSnapshot    a snapshot of histories is damaged, or of another program or data
├── BadFeatureFolder    a folder of features is not one, or of another program or other data
└── NoCluster           Spark is not installed, finds no Java, or does not answer
```
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class CrossflagError(Exception):
    """Anything Crossflag refuses, said in one sentence a person can act on."""


@dataclass(frozen=True)
class Problem:
    """One wrong field: its name, the value as given (shortened), what is wrong and the fix."""

    field: str
    value: str
    problem: str
    fix: str

    def __str__(self) -> str:
        return f"{self.field}={self.value!r}: {self.problem}; {self.fix}"


class InvalidEvent(CrossflagError):
    """An event or label that breaks the schema; `problems` holds every wrong field at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


class UnreadableFile(CrossflagError):
    """A file or message that cannot be read at all, and why."""


class BadMapping(CrossflagError):
    """A column mapping that names a column, field or constant that is not there."""


class BadDefinition(CrossflagError):
    """A feature, ring or bucket that is declared wrongly; names it and the fix."""


class BadReference(CrossflagError):
    """A reference file (IP overlay, geolocation, exchange rates) that cannot be used."""


class UnusableSnapshot(CrossflagError):
    """A snapshot of histories that does not fit; they are made again from the log instead."""


class BadFeatureFolder(CrossflagError):
    """A folder that holds no features, or those of another program or of other data."""


class NoCluster(CrossflagError):
    """Spark cannot be used: not installed, no Java, or no cluster that answers; says which."""
