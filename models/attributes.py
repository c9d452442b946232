"""Raw features: what events carry beyond the schema, as columns behind those of the catalogue.

A bundle lists them with their kinds. A number stands as it is. A category stands as its place
among the categories that were seen, in the order of their share of fraud in the slice that they
were learnt from, so that one split parts the risky from the rest; a category never seen there, or
too rarely to say anything, is missing. A file and the service make the same row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from features.attributes import NOTHING, PREFIX, number, word
from features.definitions import Attribute, Catalogue, F
from features.events import AccessEvent, Payment
from models.errors import BadBundle
from models.forest import Float64

if TYPE_CHECKING:
    from features.table import EventTable

Kind = Literal["numeric", "categorical"]
FAMILY = "attributes"
_VERSION = 1
# XGBoost refuses these in a feature's name.
_REFUSED = re.compile(r"[\[\]<]")


@dataclass(frozen=True)
class RawFeature:
    """One attribute as a feature; `categories` of a categorical one, in the order of their code."""

    attribute: str
    kind: Kind
    categories: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name as a column: the attribute's own behind `raw.`."""
        return "raw." + _REFUSED.sub("_", self.attribute)

    @cached_property
    def codes(self) -> dict[str, int]:
        """The code of each category."""
        return {category: code for code, category in enumerate(self.categories)}

    @property
    def declared(self) -> F:
        """The feature as a reviewer reads it."""
        shown = self.attribute.replace("{", "{{").replace("}", "}}")
        categorical = self.kind == "categorical"
        return F(
            name=self.name,
            expression=Attribute(self.attribute),
            unit="code" if categorical else "value",
            family=FAMILY,
            reason=f"{shown} is {{value}}",
            why="a column of your own, of which the model has learnt what is usual",
            missing=f"{shown} is missing" + (" or was hardly seen before" if categorical else ""),
            words=tuple(one or "empty" for one in self.categories) if categorical else (),
            version=_VERSION,
        )

    def code(self, value: Any) -> float:
        """Return the feature's value for one event's attribute."""
        if self.kind == "numeric":
            return number(value)
        return float(self.codes.get(word(value) or NOTHING, np.nan))

    def column(self, table: EventTable) -> Float64:
        """Return the feature's values for a table of events."""
        # Arrow is loaded by those who have tables, and the service has none.
        from features.carried_columns import as_floats, places_of

        name = f"{PREFIX}{self.attribute}"
        if name not in table.table.column_names:
            missing = self.code(None)
            return np.full(len(table), missing)
        if self.kind == "numeric":
            return as_floats(table.table[name])
        return places_of(table.table[name], self.categories)


@dataclass(frozen=True)
class RawFeatures:
    """The raw features of a bundle, in order; falsy when there are none."""

    features: tuple[RawFeature, ...] = ()

    def __len__(self) -> int:
        return len(self.features)

    @property
    def names(self) -> list[str]:
        """Their names as columns."""
        return [one.name for one in self.features]

    def behind(self, catalogue: Catalogue) -> Catalogue:
        """Return the catalogue with these features behind its own."""
        if not self.features:
            return catalogue
        more = tuple(one.declared for one in self.features)
        return Catalogue(f"{catalogue.name}+raw", catalogue.stream, (*catalogue.features, *more))

    def of_table(self, table: EventTable) -> Float64:
        """Return the raw features of each event, float64[n, len(self)]."""
        values = np.empty((len(table), len(self)))
        for place, feature in enumerate(self.features):
            values[:, place] = feature.column(table)
        return values

    def of_event(self, event: Payment | AccessEvent) -> Float64:
        """Return the raw features of one event, float64[len(self)]."""
        given: Mapping[str, Any] = event.attributes or {}
        return np.array([one.code(given.get(one.attribute)) for one in self.features])

    def to_list(self) -> list[dict[str, Any]]:
        """Return them as JSON-able values."""
        return [
            {"attribute": one.attribute, "kind": one.kind, "categories": list(one.categories)}
            for one in self.features
        ]

    @classmethod
    def from_list(cls, given: Sequence[Mapping[str, Any]]) -> RawFeatures:
        """Read what `to_list` returned; raises BadBundle."""
        try:
            features = tuple(_feature(one) for one in given)
        except (KeyError, TypeError) as error:
            raise BadBundle(f"raw features cannot be read ({error!r}); train it again") from error
        return cls(features)

    def only(self, names: Iterable[str]) -> RawFeatures:
        """Return those of these column names."""
        kept = set(names)
        return RawFeatures(tuple(one for one in self.features if one.name in kept))


NO_RAW = RawFeatures()


def _feature(given: Mapping[str, Any]) -> RawFeature:
    if given["kind"] not in ("numeric", "categorical"):
        raise TypeError(f"kind {given['kind']!r}")
    return RawFeature(str(given["attribute"]), given["kind"], tuple(map(str, given["categories"])))
