"""Features of an access event, by family."""

from __future__ import annotations

from features.catalog.access.across import ACROSS_FEATURES
from features.catalog.access.action import ACTION_FEATURES
from features.catalog.access.changes import CHANGE_FEATURES
from features.catalog.access.client import CLIENT_FEATURES
from features.catalog.access.failures import FAILURE_FEATURES
from features.catalog.access.novelty import NOVELTY_FEATURES
from features.catalog.access.session import SESSION_FEATURES
from features.catalog.access.spraying import SPRAYING_FEATURES
from features.catalog.access.volume import VOLUME_FEATURES
from features.definitions import Catalogue

ACCESS = Catalogue(
    "access",
    "access",
    ACTION_FEATURES
    + FAILURE_FEATURES
    + SPRAYING_FEATURES
    + NOVELTY_FEATURES
    + CLIENT_FEATURES
    + SESSION_FEATURES
    + VOLUME_FEATURES
    + CHANGE_FEATURES
    + ACROSS_FEATURES,
)
