"""A part of the report that another room adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from training.report.charts import Picture, Table


@dataclass(frozen=True)
class Section:
    """A part that another room adds to the report: its title, a text, tables and pictures."""

    title: str
    text: str
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = ()

    @property
    def anchor(self) -> str:
        """Its name within the page."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.title.lower())
