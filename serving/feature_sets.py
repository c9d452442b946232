"""What the numbers of a stored feature vector stand for, kept as long as the vectors are."""

from __future__ import annotations

from collections.abc import Iterable

from features.catalog import CATALOGUES
from features.definitions import Catalogue
from serving.store import served
from serving.store.database import Database

"""A feature's name and version."""


def keep(database: Database, catalogues: Iterable[Catalogue] = CATALOGUES.values()) -> None:
    """Write down the (name, version) pairs of each catalogue that scores from now on."""
    with database.unit() as unit:
        for catalogue in catalogues:
            pairs = [(feature.name, feature.version) for feature in catalogue.features]
            served.add_feature_set(unit.connection, catalogue.version, catalogue.stream, pairs)
